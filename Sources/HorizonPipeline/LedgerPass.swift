import Foundation
import HorizonCore
package import HorizonLedger
import HorizonRisk
package import HorizonStore

/// What became of a ledger that was brought up to date.
package struct LedgerUpdate: Sendable {
  /// As-ofs whose rows were written anew, and those of them whose file could not be read any more.
  package fileprivate(set) var scored: [String] = []
  package fileprivate(set) var mended: [String] = []
  /// Runs that could not be scored and why, as sentences.
  package internal(set) var notes: [String] = []
}

/// Scores what kept runs forecast against the readings that a fleet knows by its as-of, and writes their rows.
///
/// The rows of an as-of are written anew as a whole when its run or the readings that it is held against have changed; those of an
/// as-of without a run stay as they are. Runs made at or after the fleet's as-of are left alone.
///
/// - Parameters:
///   - runs: By as-of, at most one for each.
///   - rebuilding: As-ofs whose rows are written anew in any case.
///   - known: The digest of the fleet's readings where it has been taken already.
/// - Throws: When the master cannot be read or the ledger not be written.
package func extend(
  _ ledger: LedgerFolder, with runs: [RunFolder], origin: LedgerOrigin, fleet: Fleet, rebuilding: Set<String> = [],
  readings known: ReadingsDigest? = nil, execution: Execution
) async throws -> LedgerUpdate {
  var update = LedgerUpdate()
  var kept: [KeptRun] = []
  for folder in runs {
    do {
      let run = try KeptRun(folder, origin: origin, fleet: fleet)
      if run.asOf < fleet.asOf { kept.append(run) }
    } catch let error as Failure { update.notes.append(error.message) }
  }
  guard !kept.isEmpty else { return update }
  let readings: ReadingsDigest
  if let known { readings = known } else { readings = try await ReadingsDigest(fleet, execution: execution) }
  for i in kept.indices { kept[i].sign(with: readings, fleet: fleet) }
  let damaged = rebuilding.union(kept.map(\.name).filter(ledger.isDamaged))
  let pending = kept.filter { run in
    if damaged.contains(run.name) { return true }
    // Readings that an export has left behind cannot be looked up again: what was found of them stays.
    let isBehind = run.asOf < fleet.manifest.firstIndex && !ledger.parts(of: run.name).isEmpty
    return !isBehind && !ledger.isUpToDate(run.name, stamp: run.stamp)
  }
  // So many forecasts are open at a time; the master is read once for them.
  let together = max(1, min(8, 1_000_000 / max(1, fleet.manifest.seriesCount)))
  for start in stride(from: 0, to: pending.count, by: together) {
    let end = min(pending.count, start + together)
    var group = try LedgerGroup(pending[start..<end], ledger: ledger)
    try await group.score(fleet, into: &update, execution: execution)
    execution.progress.report("ledger", Double(end) / Double(pending.count))
  }
  update.mended = update.scored.filter(damaged.contains)
  return update
}

/// As-ofs of those runs whose rows are as `extend` would write them.
func scored(
  _ runs: [RunFolder], in ledger: LedgerFolder, origin: LedgerOrigin, fleet: Fleet, readings: ReadingsDigest
) -> Set<String> {
  Set(
    runs.filter { folder in
      guard var run = try? KeptRun(folder, origin: origin, fleet: fleet) else { return false }
      run.sign(with: readings, fleet: fleet)
      return !ledger.isDamaged(run.name) && ledger.isUpToDate(run.name, stamp: run.stamp)
    }.map(\.asOf))
}

extension Workspace {
  /// Of the finished runs at each as-of the newest: the one whose forecasts count.
  package func runsByAsOf() -> [RunFolder] {
    var newest: [RunFolder] = []
    for run in finishedRuns() {
      if newest.last?.asOf == run.asOf { newest.removeLast() }
      newest.append(run)
    }
    return newest
  }
}

extension LedgerFolder {
  /// Whether a part has lost its footer; its rows are looked at when they are read.
  fileprivate func isDamaged(_ origin: String) -> Bool {
    parts(of: origin).contains { part in
      do throws(StoreError) {
        _ = try LedgerFolder.stamp(of: part)
        return false
      } catch { return true }
    }
  }

  fileprivate func isUpToDate(_ origin: String, stamp: LedgerStamp) -> Bool {
    let parts = parts(of: origin)
    guard parts.count == 1, let known = try? LedgerFolder.stamp(of: parts[0]) else { return false }
    return known.runDigest == stamp.runDigest && known.readingsDigest == stamp.readingsDigest
      && known.knownUntil >= min(stamp.knownUntil, stamp.lastLead)
  }
}

extension Fleet {
  /// The master up to the as-of, as it is stored.
  func masterTiles() throws -> MasterReader {
    MasterReader(folder: master.path, manifest: manifest, asOf: asOf, tileSize: Execution.tileSize)
  }
}

/// A run whose forecasts are held against what came.
private struct KeptRun: Sendable {
  let url: URL
  /// The as-of, as folders are called.
  let name: String
  let asOf: Int
  let origin: LedgerOrigin
  /// Step index of the last lead.
  let last: Int
  let step: Step
  let staleAfter: Int
  let risk: RiskSettings
  private(set) var stamp: LedgerStamp

  /// Readings before the as-of that may count for a breach after it.
  static let lookback = 400

  /// - Throws: A sentence on why it cannot be scored.
  init(_ folder: RunFolder, origin: LedgerOrigin, fleet: Fleet) throws {
    let manifest: RunManifest
    do { manifest = try RunManifest(readingFrom: folder.url) } catch let error as Failure {
      throw Failure(
        error.code, "Run \(folder.url.lastPathComponent) is not scored: \(error.message)", remedy: error.remedy)
    }
    step = fleet.step
    guard manifest.step == step.name, let time = ISOTime.parse(manifest.asOf) else {
      throw Failure(
        .unusableData,
        "Run \(folder.url.lastPathComponent) is not scored: it forecast by the \(manifest.step), the master holds readings by the \(step.name).",
        remedy: "")
    }
    url = folder.url
    name = folder.asOf
    self.origin = origin
    asOf = step.index(ofMicroseconds: time.microseconds)
    last = asOf + manifest.horizon
    staleAfter = manifest.settings.staleAfter ?? step.staleAfter
    risk = try manifest.settings.risk()
    stamp = LedgerStamp(
      run: folder.url.lastPathComponent,
      runDigest: try sha256(ofFile: folder.url.appending(path: "run.json").path), step: step.name, readingsDigest: "",
      knownUntil: step.microseconds(of: fleet.asOf), lastLead: step.microseconds(of: last))
  }

  mutating func sign(with readings: ReadingsDigest, fleet: Fleet) {
    let longest = asOf + Int(Double(LeadBucket.days91on.lastDay) / step.days)
    // Breaches look a window back; older readings change no promise and no outcome.
    stamp.readingsDigest = readings.digest(of: (asOf - 63)...max(asOf, min(fleet.asOf, max(last, longest))))
  }

  /// The rows of one series of a tile.
  func rows(of promise: Promise, series s: Int, in tile: MasterTile, resource: MasterManifest.Resource) -> [LedgerRow] {
    let row = tile.values[(s * tile.length)..<((s + 1) * tile.length)]
    func slice(_ from: Int, through to: Int) -> ArraySlice<Float> {
      let lower = row.startIndex + min(max(0, from - tile.firstIndex), tile.length)
      return row[lower..<max(lower, min(row.endIndex, row.startIndex + to - tile.firstIndex + 1))]
    }
    let past = slice(tile.firstIndex, through: promise.cutoff)
    let start = past.firstIndex { !$0.isNaN } ?? past.endIndex
    let scale = Metrics.scale(
      of: History(
        values: past[start...], firstIndex: tile.firstIndex + start - past.startIndex, step: step, seed: 0))
    return promise.rows(
      against: Outcome(
        readings: row, firstIndex: tile.firstIndex, scale: scale,
        breach: promise.breach.flatMap { breach -> Int? in
          let first = max(tile.firstIndex, asOf + 1 - KeptRun.lookback)
          let readings = slice(first, through: tile.firstIndex + tile.length - 1)
          let capacity = tile.ceiling(of: s, at: asOf, in: resource)
          return risk.rule(for: resource.name).firstBreach(
            in: readings, threshold: Float(capacity * (breach.threshold / 100)),
            from: readings.startIndex + max(0, asOf + 1 - first)
          ).map { first + $0 - readings.startIndex }
        }, staleAfter: staleAfter),
      asOf: asOf, step: step, origin: origin)
  }
}

extension MasterTile {
  /// What 100 % was at a step: the last known then.
  func ceiling(of s: Int, at index: Int, in resource: MasterManifest.Resource) -> Double {
    switch resource.ceiling {
    case .constant(let value): value
    case .none: .nan
    case .capacity:
      capacityChanges[s].lazy.filter { $0.index > index }.reduce(capacity[s]) { $0 * $1.factor }
    }
  }
}

/// Runs that are scored in one read of the master.
private struct LedgerGroup {
  private var runs: [Scoring] = []
  private let ledger: LedgerFolder
  private let temporary: URL

  /// One run with its forecasts and the part that it gets.
  private struct Scoring {
    let run: KeptRun
    var cursor: ForecastCursor?
    var breaches: BreachPromises?
    var writer: TableWriter?
    var columns = LedgerColumns()
    /// Series that the master no longer has.
    var missing: Set<UInt64> = []
    /// Why this run is left out.
    var failure: String?

    static let rowsTogether = 32_768
  }

  init(_ runs: ArraySlice<KeptRun>, ledger: LedgerFolder) throws {
    self.ledger = ledger
    temporary = ledger.url.appending(path: ".tmp-\(ProcessInfo.processInfo.processIdentifier)")
    for run in runs {
      var scoring = Scoring(run: run)
      do {
        scoring.cursor = try ForecastCursor(run: run.url, step: run.step)
        scoring.breaches = try BreachPromises(run: run.url)
      } catch let error as StoreError { scoring.failure = error.failure.message }
      self.runs.append(scoring)
    }
  }

  private func part(_ scoring: Scoring) -> URL {
    temporary.appending(path: scoring.run.name).appending(path: MasterLayout.part(0))
  }

  mutating func score(_ fleet: Fleet, into update: inout LedgerUpdate, execution: Execution) async throws {
    defer { try? FileManager.default.removeItem(at: temporary) }
    for i in runs.indices {
      let part = part(runs[i])
      do {
        try FileManager.default.createDirectory(at: part.deletingLastPathComponent(), withIntermediateDirectories: true)
      } catch {
        throw Failure(
          .cannotCreate, "\(part.path) cannot be created: \(error.localizedDescription)",
          remedy: "Check permissions and free disk.")
      }
      runs[i].writer = try LedgerFolder.writer(of: part.path, stamp: runs[i].run.stamp)
    }
    try await stream(fleet, execution: execution)
    for i in runs.indices {
      if let failure = runs[i].failure {
        update.notes.append("Run \(runs[i].run.url.lastPathComponent) is not scored: \(failure)")
        continue
      }
      try finish(i)
      update.scored.append(runs[i].run.name)
    }
  }

  /// Series of a tile with what each run promised of them.
  private struct Joined: Sendable {
    let tile: MasterTile
    /// By run, then by series of the tile.
    let promises: [[Promise?]]
  }

  private mutating func stream(_ fleet: Fleet, execution: Execution) async throws {
    let reader = try fleet.masterTiles()
    let resources = fleet.manifest.resources
    let kept = runs.map(\.run)
    var group = self
    try await mapInOrder(threads: execution.threads, window: 2 * execution.threads) { () -> Joined? in
      guard let tile = try reader.next() else { return nil }
      let names = tile.servers.map { SeriesName(server: $0, resource: resources[tile.resource].name) }
      return Joined(tile: tile, promises: group.runs.indices.map { group.promises(of: names, run: $0) })
    } transform: { joined -> [[LedgerRow]] in
      let resource = resources[joined.tile.resource]
      return zip(kept, joined.promises).map { run, promises in
        var rows: [LedgerRow] = []
        for (s, promise) in promises.enumerated() {
          if let promise { rows += run.rows(of: promise, series: s, in: joined.tile, resource: resource) }
        }
        return rows
      }
    } consume: { (rows: [[LedgerRow]]) in
      for (i, rows) in rows.enumerated() { try group.append(rows, run: i) }
    }
    for i in group.runs.indices { group.skip(in: i, until: nil) }
    self = group
  }

  private mutating func promises(of names: [SeriesName], run i: Int) -> [Promise?] {
    names.map { name in
      skip(in: i, until: name)
      guard runs[i].failure == nil, runs[i].cursor?.next == name else { return nil }
      do throws(StoreError) {
        var promise = try runs[i].cursor!.take()
        promise.breach = runs[i].breaches?[name]
        return promise
      } catch {
        runs[i].failure = error.failure.message
        return nil
      }
    }
  }

  /// Passes over series of a run that come before `name`: the master does not have them.
  private mutating func skip(in i: Int, until name: SeriesName?) {
    while runs[i].failure == nil, let next = runs[i].cursor?.next, name.map({ next < $0 }) ?? true {
      runs[i].missing.insert(stableHash(next.description))
      do throws(StoreError) { _ = try runs[i].cursor!.take() } catch { runs[i].failure = error.failure.message }
    }
  }

  private mutating func append(_ rows: [LedgerRow], run i: Int) throws {
    for row in rows { runs[i].columns.append(row) }
    if runs[i].columns.count >= Scoring.rowsTogether { try flush(i) }
  }

  private mutating func flush(_ i: Int) throws {
    try runs[i].writer!.append(runs[i].columns.columns)
    runs[i].columns = LedgerColumns()
  }

  /// Brings in what the earlier rows say of series that are gone, and puts the part in its place.
  private mutating func finish(_ i: Int) throws {
    let origin = runs[i].run.name
    if !runs[i].missing.isEmpty {
      var rows: [LedgerRow] = []
      let missing = runs[i].missing
      for part in ledger.parts(of: origin) {
        // What cannot be read cannot be kept.
        try? LedgerFolder.read(part) { if missing.contains(stableHash($0.name.description)) { rows.append($0) } }
      }
      try append(rows, run: i)
    }
    try flush(i)
    try runs[i].writer!.close()
    let folder = part(runs[i]).deletingLastPathComponent()
    try ledger.replace(origin, with: folder)
  }
}
