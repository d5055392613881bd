package import Foundation
import HorizonContest
import HorizonCore
package import HorizonStore

/// What the driver of a distributed engine does around the workers: plan, decide, finish.
private enum ClusterFiles {
  static let digests = "digests.bin"
  static let decisions = "decisions.bin"
  static let failed = "failed.json"
}

/// Pass (a): prepares a run and writes all that workers need into a folder of its own.
///
/// - Parameter folder: Replaced when it is a plan already.
package func makePlan(
  workspace: Workspace, settings: RunSettings, at folder: URL, execution: Execution
) async throws {
  let files = FileManager.default
  if files.fileExists(atPath: folder.path) {
    let content = (try? files.contentsOfDirectory(atPath: folder.path)) ?? ["?"]
    guard content.isEmpty || content.contains(RunPlan.fileName) else {
      throw Failure(.cannotCreate, "\(folder.path) holds something else than a plan.", remedy: "Name an empty folder.")
    }
    try files.removeItem(at: folder)
  }
  let master = Workspace(folder.path).master
  do { try files.createDirectory(at: master, withIntermediateDirectories: true) } catch {
    throw Failure(.cannotCreate, "\(folder.path) cannot be created.", remedy: "Check permissions and free disk.")
  }
  var watch = Stopwatch()
  let prepared = try await prepare(workspace: workspace, settings: settings, execution: execution, watch: &watch)
  // A worker needs to know the master, not to have it.
  try prepared.fleet.manifest.write(into: master.path)
  if files.fileExists(atPath: workspace.inventory.path) {
    try atomicWrite(try Data(contentsOf: workspace.inventory), to: Workspace(folder.path).inventory.path)
  }
  try settings.ship(to: folder)
  let method = try methodKey(workspace, settings)
  var plan = RunPlan(
    prepared, settings: settings, key: try contestKey(workspace, prepared.fleet, settings, method: method),
    method: method)
  try plan.write(prepared.contestants, to: folder)
  execution.progress.say(
    "Planned \(prepared.survey.seriesCount) series as of \(prepared.fleet.asOfName), \(prepared.horizon) steps ahead: \(folder.path)."
  )
}

/// A plan with the workspace that it was made from.
private struct PlannedRun {
  let folder: URL
  let plan: RunPlan
  let prepared: PreparedRun
  let workspace: Workspace

  init(_ folder: URL, _ workspace: Workspace) throws {
    plan = try RunPlan(readingFrom: folder)
    prepared = try plan.prepared(in: folder, workspace: workspace, local: plan.settings)
    self.folder = folder
    self.workspace = workspace
    let known = try MasterManifest.read(from: Workspace(folder.path).master.path)
    guard known == prepared.fleet.manifest else {
      throw Failure(
        .unusableData, "The master has changed since \(folder.path) was made.", remedy: "Make the plan anew.")
    }
  }

  var digests: URL { folder.appending(path: ClusterFiles.digests) }

  func decided(_ spill: DigestSpill, execution: Execution, watch: inout Stopwatch) async throws -> DecidedRun {
    try await prepared.decided(
      spill, in: workspace, settings: plan.settings, execution: execution, watch: &watch)
  }
}

/// A series that came to nothing in a worker, as the driver remembers it.
private struct FailedSeries: Codable {
  let server: String
  let resource: String
  let reason: String

  /// - Returns: Nil where none has failed.
  static func note(_ failed: [FailedSeries]) -> String? {
    guard let first = failed.first else { return nil }
    return "\(failed.count) series failed in the workers and \(failed.count == 1 ? "has" : "have") no forecast: "
      + "\(first.server)/\(first.resource) (\(first.reason))\(failed.count > 1 ? " and others" : "")."
  }
}

/// Pass (c): decides on the digests that come as a stream in the order of resource, then server, both by their bytes.
///
/// - Returns: What to say.
package func decidePlan(
  _ folder: URL, workspace: Workspace, from input: Int32, execution: Execution
) async throws -> String {
  execution.claimThreads()
  let planned = try PlannedRun(folder, workspace)
  let spill = try DigestSpill(at: planned.digests, threads: execution.threads, isKept: true)
  let reader = try TableReader(stream: input, named: "standard input", columns: WorkerTables.contested.columns)
  var order = SeriesOrder()
  var failed: [FailedSeries] = []
  while let batch = try reader.next() {
    let (servers, resources) = (batch.strings(0), batch.strings(1))
    let (status, reasons) = (batch.strings(2), batch.strings(3))
    var words: [UInt32] = []
    var count = 0
    for i in 0..<batch.rowCount {
      let name = SeriesName(server: servers[i] ?? "", resource: resources[i] ?? "")
      switch WorkerStatus(rawValue: status[i] ?? "") {
      case .contested:
        try order.check(name)
        words += try digest(batch.bytes(4, row: i), of: name)
        count += 1
      case .skipped: break
      default: failed.append(FailedSeries(server: name.server, resource: name.resource, reason: reasons[i] ?? "?"))
      }
    }
    if count > 0 { try spill.append(words, count: count) }
    execution.progress.report("digests", Double(spill.count) / Double(max(1, planned.prepared.survey.seriesCount)))
  }
  guard spill.count > 0 else {
    throw Failure(.unusableData, "No series came through the contest.", remedy: "See the reasons in the workers' rows.")
  }
  try atomicWrite(try JSONEncoder().encode(failed), to: folder.appending(path: ClusterFiles.failed).path)
  var watch = Stopwatch()
  let decided = try await planned.decided(spill, execution: execution, watch: &watch)
  let file = folder.appending(path: ClusterFiles.decisions)
  try DecisionFile.write(
    decided.decisions, models: decided.contestants.contest.count, horizon: decided.horizon, to: file)
  spill.finish()
  return "Decided on \(decided.decisions.series.count) series: \(file.path)."
    + (FailedSeries.note(failed).map { " " + $0 } ?? "")
}

/// A digest as a worker wrote it.
private func digest(_ bytes: UnsafeRawBufferPointer?, of name: SeriesName) throws(Failure) -> [UInt32] {
  guard let bytes, bytes.count >= 12, bytes.count % 4 == 0 else { throw damaged(name) }
  let words = [UInt32](unsafeUninitializedCapacity: bytes.count / 4) { buffer, count in
    UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
    count = bytes.count / 4
  }
  let digest = words.dropLast(2)
  guard Int(words[0]) == digest.count - 1, checksum(digest) == Array(words.suffix(2)) else { throw damaged(name) }
  return Array(digest)
}

private func damaged(_ name: SeriesName) -> Failure {
  Failure(.unusableData, "The row of \(name) is damaged.", remedy: "Give the workers' rows as they came.")
}

/// Series as they must come: ascending, each once.
private struct SeriesOrder {
  private var last: SeriesName?

  mutating func check(_ name: SeriesName) throws(Failure) {
    if let last, !(last < name) {
      throw Failure(
        .unusableData, "\(name) comes after \(last).",
        remedy: "Sort the rows by resource, then server, by their bytes; each series once.")
    }
    last = name
  }
}

/// The tables, risks and report of a run from what workers published, in the order of resource, then server; the run gets its place.
package func finishPlan(
  _ folder: URL, workspace: Workspace, from input: Int32, execution: Execution
) async throws -> RunOutcome {
  let lock = try WorkspaceLock(workspace)
  defer { lock.release() }
  execution.claimThreads()
  var watch = Stopwatch()
  let planned = try PlannedRun(folder, workspace)
  let temporary = try workspace.temporaryFolder(under: workspace.runs)
  defer { try? FileManager.default.removeItem(at: temporary) }
  let decided = try await planned.decided(
    try DigestSpill(continuing: planned.digests, threads: execution.threads), execution: execution, watch: &watch)
  let remembered = FileManager.default.contents(atPath: folder.appending(path: ClusterFiles.failed).path)
  var failed = try remembered.map { try JSONDecoder().decode([FailedSeries].self, from: $0) } ?? []
  let known = Set(failed.map { SeriesName(server: $0.server, resource: $0.resource) })
  var (manifest, risks) = try await decided.written(
    to: temporary, settings: planned.plan.settings, workspace: workspace, watch: &watch
  ) { tables in
    let reader = try TableReader(stream: input, named: "standard input", columns: WorkerTables.published.columns)
    var order = SeriesOrder()
    // Row groups as a single machine writes them: a tile each.
    var tile: [PublishedSeries] = []
    while let batch = try reader.next() {
      let rows = try publishedRows(batch, reader, step: decided.fleet.step, horizon: decided.horizon) {
        let name = SeriesName(server: $0.server, resource: $0.resource)
        if !known.contains(name) { failed.append($0) }
      }
      for series in rows {
        try order.check(series.name)
        if tile.count == Execution.tileSize || tile.last.map({ $0.name.resource != series.name.resource }) == true {
          try tables.append(PublishedTile(tile, step: decided.fleet.step))
          tile = []
        }
        tile.append(series)
      }
      execution.progress.report("publish", Double(tables.series) / Double(decided.decisions.series.count))
    }
    if !tile.isEmpty { try tables.append(PublishedTile(tile, step: decided.fleet.step)) }
  }
  if let note = FailedSeries.note(failed) {
    manifest.notes.append(note)
    execution.progress.say(note)
  }
  return try await decided.placed(
    temporary, (manifest, risks), settings: planned.plan.settings, workspace: workspace, execution: execution,
    watch: &watch)
}

/// The series of a batch that were published.
private func publishedRows(
  _ batch: TableBatch, _ reader: TableReader, step: Step, horizon: Int, failed: (FailedSeries) -> Void
) throws -> [PublishedSeries] {
  let texts = (0..<5).map { batch.strings($0) }
  let cutoffs = batch.times(5)
  let leads = batch.offsets(6)
  let mean = batch.floats(6)
  let levels = (0..<Levels.count).map { batch.floats(7 + $0) }
  let tier = 7 + Levels.count
  let tierNames = reader.keyNames(tier).map { TrustTier(rawValue: $0) ?? .low }
  let first = WorkerTables.firstRisk
  let thresholds = batch.offsets(first)
  var result: [PublishedSeries] = []
  for i in 0..<batch.rowCount {
    let name = SeriesName(server: texts[0][i] ?? "", resource: texts[1][i] ?? "")
    let status = WorkerStatus(rawValue: texts[2][i] ?? "")
    if status == .skipped { continue }
    guard status == .published || status == .standIn else {
      failed(FailedSeries(server: name.server, resource: name.resource, reason: texts[3][i] ?? "?"))
      continue
    }
    let range = Int(leads[i])..<Int(leads[i + 1])
    let isWhole = (6..<first).allSatisfy { column in
      Int(batch.offsets(column)[i + 1] - batch.offsets(column)[i]) == horizon
    }
    guard isWhole, let model = texts[4][i], cutoffs[i] != .min,
      (first..<(first + RiskFiles.measures.count)).allSatisfy({
        batch.offsets($0)[i] == thresholds[i] && batch.offsets($0)[i + 1] == thresholds[i + 1]
      })
    else { throw damaged(name) }
    result.append(
      PublishedSeries(
        name: name, model: model, isStandIn: status == .standIn, cutoff: step.index(ofMicroseconds: cutoffs[i]),
        mean: Array(mean[range]), quantiles: range.flatMap { lead in levels.map { $0[lead] } },
        tiers: range.map { tierNames[Int(batch.codes(tier)[$0])] },
        risks: RiskFiles.rows(
          of: batch, Int(thresholds[i])..<Int(thresholds[i + 1]), reader, measuresFrom: first, series: { _ in name })))
  }
  return result
}
