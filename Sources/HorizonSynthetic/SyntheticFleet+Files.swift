import Foundation
import HorizonCore
import HorizonStore

extension SyntheticFleet {
  /// Writes `metrics.parquet`, `inventory.parquet` and `truth.parquet`, sorted by server name, resource and time.
  ///
  /// The bytes are the same for any number of threads.
  ///
  /// - Parameters:
  ///   - folder: Made when it is not there.
  ///   - threads: Jobs that run at once, at least 1.
  ///   - progress: Told the number of servers in the files so far; what it throws ends the work.
  /// - Throws: `Failure` or `StoreError` when a file cannot be written, `CancellationError`.
  package func write(to folder: String, threads: Int, progress: (Int) throws -> Void = { _ in }) async throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw Failure(.cannotCreate, "The folder '\(folder)' cannot be made.", remedy: "Choose another with --out.")
    }
    let servers = (0..<plan.servers).map { (index: $0, server: server($0)) }
      .sorted { $0.server.name.utf8.lexicographicallyPrecedes($1.server.name.utf8) }
    try writeInventory(servers.map(\.server), to: folder + "/inventory.parquet")

    let order = servers.map(\.index)
    let size = min(64, max(1, 400_000 / (plan.truthSteps * SyntheticResource.allCases.count)))
    let count = (order.count + size - 1) / size
    let metrics = try FleetFile(folder + "/metrics.parquet", FleetTables.metrics)
    let truth = try FleetFile(folder + "/truth.parquet", FleetTables.truth)
    var schedule = BlockSchedule(blocks: count, limit: threads + 2)
    var blocks: [Int: FleetBlock] = [:]
    try await withThrowingTaskGroup(of: (BlockSchedule.Job, FleetBlock?).self) { group in
      var running = 0
      while true {
        while running < max(1, threads), let job = schedule.next() {
          running += 1
          switch job {
          case .make(let n):
            let part = order[(n * size)..<min((n + 1) * size, order.count)]
            group.addTask { (job, FleetBlock(fleet: self, servers: part)) }
          case .appendMetrics(let n):
            let columns = blocks[n]!.metrics
            group.addTask {
              try await metrics.append(columns)
              return (job, nil)
            }
          case .appendTruth(let n):
            let columns = blocks[n]!.truth
            group.addTask {
              try await truth.append(columns)
              return (job, nil)
            }
          }
        }
        guard let (job, made) = try await group.next() else { break }
        try Task.checkCancellation()
        running -= 1
        if case .make(let n) = job { blocks[n] = made }
        if let finished = schedule.end(job) {
          blocks[finished] = nil
          try progress(min(schedule.finished * size, order.count))
        }
      }
    }
    try await metrics.close()
    try await truth.close()
  }

  private func writeInventory(_ servers: [SyntheticServer], to path: String) throws {
    func keys(_ column: KeyPath<SyntheticServer, String>) -> ColumnValues {
      var keys = KeyColumn()
      for server in servers { keys.append(server[keyPath: column]) }
      return keys.values
    }
    let writer = try TableWriter(parquet: path, schema: FleetTables.inventory)
    try writer.append([
      .text(servers.map(\.name)), keys(\.region), keys(\.department), keys(\.application), keys(\.cluster),
      keys(\.environment),
    ])
    try writer.close()
  }
}

/// One file that grows block by block; an actor because the writer behind it is no value.
private actor FleetFile {
  private let writer: TableWriter

  init(_ path: String, _ schema: TableSchema) throws {
    writer = try TableWriter(parquet: path, schema: schema)
  }

  func append(_ columns: [ColumnValues]) throws { try writer.append(columns) }
  func close() throws { try writer.close() }
}
