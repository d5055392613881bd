import Foundation
import HorizonContest
import HorizonCore
import HorizonModels
import HorizonPipeline
import HorizonStore
import Testing

@Suite struct WorkerTests {
  private static let execution = Execution(threads: 2, chunk: 64, progress: .silent)

  /// Rows of `WorkerTables.readings` of one series.
  struct Readings {
    var name: SeriesName
    var times: [Int64]
    var values: [Double]
    var capacity: [Double]
  }

  /// A planned fleet, and what its workspace holds.
  private struct Planned {
    let sandbox: Sandbox
    let workspace: Workspace
    let plan: URL
    var readings: [Readings]
  }

  private func planned(_ sandbox: Sandbox, _ input: String, models: [String] = fastModels) async throws -> Planned {
    let workspace = sandbox.workspace("spread")
    var settings = RunSettings()
    settings.models = models
    _ = try ingestLocked(inputs: [input], workspace: workspace, settings: settings, execution: Self.execution)
    let plan = sandbox.folder.appending(path: "plan")
    try await makePlan(workspace: workspace, settings: settings, at: plan, execution: Self.execution)
    let manifest = try MasterManifest.read(from: workspace.master.path)
    var readings: [Readings] = []
    for resource in manifest.resources {
      for part in try MasterLayout.parts(folder: workspace.master.path, resource: resource) {
        let reader = try TableReader(parquet: part, columns: MasterLayout.schema.columns)
        while let batch = try reader.next() {
          for i in 0..<batch.rowCount {
            let name = SeriesName(server: reader.keyNames(0)[Int(batch.codes(0)[i])], resource: resource.name)
            if readings.last?.name != name {
              readings.append(Readings(name: name, times: [], values: [], capacity: []))
            }
            readings[readings.count - 1].times.append(batch.times(1)[i])
            readings[readings.count - 1].values.append(batch.doubles(2)[i])
            readings[readings.count - 1].capacity.append(batch.doubles(3)[i])
          }
        }
      }
    }
    return Planned(sandbox: sandbox, workspace: workspace, plan: plan, readings: readings)
  }

  /// An Arrow stream in a file, in batches of so many rows.
  private func stream(_ readings: [Readings], rows: Int, at path: String) throws -> String {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    let writer = try TableWriter(stream: descriptor, named: path, schema: TableSchema(WorkerTables.readings))
    let flat = readings.flatMap { r in r.times.indices.map { (r.name, r.times[$0], r.values[$0], r.capacity[$0]) } }
    for start in stride(from: 0, to: flat.count, by: rows) {
      let part = flat[start..<min(flat.count, start + rows)]
      try writer.append([
        .text(part.map(\.0.server)), .text(part.map(\.0.resource)), .times(part.map(\.1)), .doubles(part.map(\.2)),
        .doubles(part.map(\.3)),
      ])
    }
    try writer.close()
    return path
  }

  /// Runs a phase on a file into another one.
  private func through(
    _ input: String, to output: String, _ phase: (Int32, Int32) async throws -> Void
  ) async throws -> String {
    let from = open(input, O_RDONLY)
    let to = open(output, O_RDWR | O_CREAT | O_TRUNC, 0o600)
    defer {
      close(from)
      close(to)
    }
    try await phase(from, to)
    return output
  }

  /// What a worker said of each series: status, reason, digest.
  ///
  /// Of a series that comes in pieces, the last row counts.
  private func contested(_ path: String) throws -> [SeriesName: (status: String, reason: String?, digest: [UInt8])] {
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    let reader = try TableReader(stream: descriptor, named: path, columns: WorkerTables.contested.columns)
    var rows: [SeriesName: (String, String?, [UInt8])] = [:]
    while let batch = try reader.next() {
      for i in 0..<batch.rowCount {
        let name = SeriesName(server: batch.strings(0)[i] ?? "", resource: batch.strings(1)[i] ?? "")
        rows[name] = (batch.strings(2)[i] ?? "", batch.strings(3)[i], batch.bytes(4, row: i).map { Array($0) } ?? [])
      }
    }
    return rows
  }

  @Test func aRunThroughWorkersIsTheRunOfOneMachine() async throws {
    let sandbox = try Sandbox()
    let fleet = try await sandbox.fleet(servers: 70, days: 200)
    let single = try await sandbox.run(fleet, in: sandbox.workspace("single")) { $0.models = allModels }
    let planned = try await planned(sandbox, fleet, models: allModels)
    let worker = try Worker(plan: planned.plan, execution: Self.execution)
    // Two workers, each with every second series, in small batches; then sorted as an engine would.
    var digests: [SeriesName: [UInt8]] = [:]
    for half in 0..<2 {
      let part = planned.readings.indices.filter { $0 % 2 == half }.map { planned.readings[$0] }
      let output = try await through(
        stream(half == 0 ? part : part.shuffled(), rows: 777, at: sandbox.path("readings")),
        to: sandbox.path("digests"), worker.contest)
      for (name, row) in try contested(output) {
        #expect(row.status == "contested")
        digests[name] = row.digest
      }
    }
    #expect(digests.count == planned.readings.count)
    let sorted = sandbox.path("sorted")
    let descriptor = open(sorted, O_WRONLY | O_CREAT, 0o600)
    let writer = try TableWriter(stream: descriptor, named: sorted, schema: WorkerTables.contested)
    let names = digests.keys.sorted()
    for start in stride(from: 0, to: names.count, by: 100) {
      let part = names[start..<min(names.count, start + 100)]
      try writer.append([
        .text(part.map(\.server)), .text(part.map(\.resource)), .text(part.map { _ in "contested" }),
        .text(part.map { _ in nil }), .binary(part.map { digests[$0]! }),
      ])
    }
    try writer.close()
    close(descriptor)
    _ = try await through(sorted, to: "/dev/null") { input, _ in
      _ = try await decidePlan(
        planned.plan, workspace: planned.workspace, from: input, execution: Self.execution)
    }
    let published = try await through(
      stream(planned.readings, rows: 10_000, at: sandbox.path("readings")), to: sandbox.path("published")
    ) { input, output in
      try await worker.publish(
        decisions: planned.plan.appending(path: "decisions.bin"), from: input, to: output)
    }
    var outcome: RunOutcome?
    _ = try await through(published, to: "/dev/null") { input, _ in
      outcome = try await finishPlan(
        planned.plan, workspace: planned.workspace, from: input, execution: Self.execution)
    }
    #expect(outcome?.manifest.digest == single.manifest.digest)
  }

  @Test func whatIsWrongWithASeriesCostsThatSeries() async throws {
    let sandbox = try Sandbox()
    var planned = try await planned(sandbox, try await sandbox.fleet(servers: 4, days: 120))
    let whole = planned.readings
    let worker = try Worker(plan: planned.plan, execution: Self.execution)
    func name(_ server: String, _ resource: String = "cpu") -> SeriesName {
      SeriesName(server: server, resource: resource)
    }
    func bent(_ server: String, _ change: (inout Readings) -> Void) -> Readings {
      var readings = whole[0]
      readings.name = name(server)
      change(&readings)
      return readings
    }
    let again = Readings(
      name: whole[1].name, times: Array(whole[1].times.prefix(5)), values: Array(whole[1].values.prefix(5)),
      capacity: Array(whole[1].capacity.prefix(5)))
    planned.readings =
      [
        bent("infinite") { $0.values[3] = .infinity }, bent("backwards") { $0.times.reverse() },
        bent("between") { $0.times[7] += 1 }, bent("twice") { $0.times[7] = $0.times[6] },
        bent("elsewhere") { $0.name = name("elsewhere", "gpu") }, bent("ancient") { $0.times[0] = 0 },
        bent("empty") { $0.values = $0.values.map { _ in .nan } },
      ] + whole + [again]
    let rows = try contested(
      await through(
        stream(planned.readings, rows: 50, at: sandbox.path("readings")), to: sandbox.path("digests"), worker.contest))
    func reason(_ name: SeriesName) -> String { "\(rows[name]?.status ?? "-"): \(rows[name]?.reason ?? "-")" }
    #expect(reason(name("infinite")) == "failed: a value that is not finite")
    #expect(reason(name("backwards")) == "failed: its times do not ascend")
    #expect(reason(name("twice")) == "failed: its times do not ascend")
    #expect(reason(name("between")) == "failed: a time between two steps")
    #expect(reason(name("elsewhere", "gpu")) == "failed: the master has no resource 'gpu'")
    #expect(reason(name("ancient")) == "failed: a time outside the master's")
    #expect(reason(name("empty")) == "skipped: no reading at or before the as-of")
    #expect(reason(whole[1].name) == "failed: its rows do not stand together")
    #expect(rows.values.count { $0.status == "contested" } == whole.count - 1)
  }

  @Test func whatIsNoStreamOrOutOfOrderIsTold() async throws {
    let sandbox = try Sandbox()
    let planned = try await planned(sandbox, try await sandbox.fleet(servers: 4, days: 120))
    let worker = try Worker(plan: planned.plan, execution: Self.execution)
    let text = try sandbox.file("text", "server,resource\n")
    await #expect(throws: StoreError.self) {
      _ = try await through(text, to: sandbox.path("out"), worker.contest)
    }
    await #expect(throws: Failure.self) { try Worker(plan: sandbox.folder, execution: Self.execution) }
    await #expect(throws: Failure.self) {
      _ = try DecisionFile(URL(fileURLWithPath: text))
    }
    // A digest of which a bit has turned over.
    let sound = try await through(
      stream(planned.readings, rows: 50, at: sandbox.path("readings")), to: sandbox.path("digests"), worker.contest)
    var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: sound)))
    bytes[bytes.count * 2 / 3] ^= 1
    try Data(bytes).write(to: sandbox.folder.appending(path: "turned"))
    let turned = await #expect(throws: Failure.self) {
      _ = try await through(sandbox.path("turned"), to: "/dev/null") { input, _ in
        _ = try await decidePlan(planned.plan, workspace: planned.workspace, from: input, execution: Self.execution)
      }
    }
    #expect(turned?.message.contains("is damaged") == true, "\(String(describing: turned))")
    // Digests in the order that the readings had, which is not sorted.
    let digests = try await through(
      stream(planned.readings.reversed(), rows: 50, at: sandbox.path("readings")), to: sandbox.path("digests"),
      worker.contest)
    let error = await #expect(throws: Failure.self) {
      _ = try await through(digests, to: "/dev/null") { input, _ in
        _ = try await decidePlan(
          planned.plan, workspace: planned.workspace, from: input, execution: Self.execution)
      }
    }
    #expect(error?.remedy.contains("Sort the rows") == true, "\(String(describing: error))")
  }
}
