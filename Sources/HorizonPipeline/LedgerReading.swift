import Foundation
package import HorizonCore
package import HorizonLedger
package import HorizonStore

/// What was read of a ledger at one as-of.
package struct LedgerReading: Sendable {
  package fileprivate(set) var record = TrackRecord()
  /// Rows of complete buckets, those that count and those of series that this fleet does not have.
  package fileprivate(set) var rows = 0
  package fileprivate(set) var strangers = 0
  /// As-ofs whose rows cannot be read, with what is wrong.
  var damaged: [(origin: String, error: StoreError)] = []
  /// As-ofs whose rows do not say how far they were scored.
  fileprivate(set) var unstamped: [String] = []
  /// As-ofs whose rows count readings of another step, with that step.
  fileprivate(set) var incomparable: [(origin: String, step: String)] = []

  init() {}

  /// Reads the rows of runs made before an as-of whose buckets had ended by then.
  ///
  /// A part that cannot be read does not count and is named, the others do.
  ///
  /// - Parameters:
  ///   - asOf: Microseconds since the epoch.
  ///   - origins: As-ofs whose rows may count; nil for all.
  ///   - known: The series of this fleet; the rows of others do not count.
  package init(_ ledger: LedgerFolder, before asOf: Int64, origins: Set<String>? = nil, of known: KnownSeries) {
    var sums = TrackRecord.Sums()
    for origin in ledger.origins() where origins?.contains(origin) ?? true {
      do throws(StoreError) {
        var rows: [LedgerRow] = []
        for part in ledger.parts(of: origin) {
          guard let stamp = try LedgerFolder.stamp(of: part) else {
            unstamped.append(origin)
            continue
          }
          guard stamp.step == known.step.name else {
            incomparable.append((origin, stamp.step))
            continue
          }
          try LedgerFolder.read(part) { row in
            guard row.madeAt < asOf, stamp.isComplete(row.bucket, madeAt: row.madeAt, at: asOf) else { return }
            rows.append(row)
          }
        }
        self.rows += rows.count
        for row in rows {
          if known.contains(row.name) { sums.add(row) } else { strangers += 1 }
        }
      } catch { damaged.append((origin, error)) }
    }
    record = sums.record
  }
}

/// Brings the ledger of a workspace up to date with its runs and the master, then reads what counts at the as-of.
///
/// What cannot be scored or read is said and does not count; it is no reason to lose the run that is being made.
///
/// - Returns: Nil when nothing is to be read of earlier runs.
func trackRecord(
  of fleet: Fleet, in workspace: Workspace, settings: RunSettings, execution: Execution
) async throws -> LedgerReading? {
  let ledger = LedgerFolder(workspace.ledger)
  let runs = workspace.runsByAsOf()
  func update(rebuilding: Set<String> = []) async throws -> LedgerUpdate {
    // What a run in the past must not see does not count for it; written it is for those that come after.
    try await extend(
      ledger, with: runs, origin: .run, fleet: fleet.upToDate, rebuilding: rebuilding, execution: execution)
  }
  func say(_ update: LedgerUpdate) {
    for note in update.notes { execution.progress.say(note) }
    for origin in update.mended {
      execution.progress.say("\(ledger.folder(of: origin).path) was damaged; it has been made anew from its run.")
    }
  }
  say(try await update())
  if settings.fresh == true { return nil }
  if ledger.origins().isEmpty { return LedgerReading() }
  let known = try KnownSeries(workspace)
  func read() -> LedgerReading { LedgerReading(ledger, before: fleet.asOfTime, of: known) }
  var reading = read()
  let broken = Set(reading.damaged.map(\.origin)).intersection(runs.map(\.asOf))
  if !broken.isEmpty {
    var mended = try await update(rebuilding: broken)
    mended.notes = []
    say(mended)
    reading = read()
  }
  for remark in reading.remarks(ledger) { execution.progress.say("\(remark.message) \(remark.remedy)") }
  return reading
}

extension LedgerReading {
  /// What a user should know of rows that do not count.
  func remarks(_ ledger: LedgerFolder) -> [Failure] {
    var remarks = damaged.map { origin, error in
      Failure(
        .unusableData,
        "\(error.path) cannot be read, so what was forecast then does not count: \(error.message).",
        remedy: "Remove \(ledger.folder(of: origin).path), or bring it back from a copy.")
    }
    remarks += unstamped.map { origin in
      Failure(
        .unusableData,
        "The rows in \(ledger.folder(of: origin).path) do not say how far they were scored, so they do not count.",
        remedy: "Remove the folder; where the run is kept, its rows are made anew.")
    }
    remarks += incomparable.map { origin, step in
      Failure(
        .unusableData,
        "The rows in \(ledger.folder(of: origin).path) count readings by the \(step), the master holds others, so they do not count.",
        remedy: "They do in a workspace with that step.")
    }
    if rows > 0 && strangers == rows {
      remarks.append(
        Failure(
          .unusableData,
          "\(ledger.url.path) is the ledger of another fleet: none of its series is in the master. It does not count.",
          remedy: "Move it away, or give the workspace of its fleet."))
    }
    return remarks
  }
}

extension RunManifest.LedgerItem {
  /// - Returns: Nil where nothing counts.
  init?(_ reading: LedgerReading) throws {
    if reading.record.isEmpty { return nil }
    self.init(
      rows: reading.rows - reading.strangers, origins: reading.record.origins.count,
      sha256: HorizonStore.sha256(of: try JSONEncoder.pretty.encode(reading.record)))
  }
}

extension TrackRecord {
  /// What counts in a workspace's ledger before an as-of, in microseconds since the epoch.
  ///
  /// - Throws: When there is no master, whose series are those that count.
  package init(reading workspace: Workspace, before asOf: Int64) throws {
    let known = try KnownSeries(workspace)
    self = LedgerReading(LedgerFolder(workspace.ledger), before: asOf, of: known).record
  }
}

/// The series of a master, as hashes of their names: 8 bytes each.
package struct KnownSeries: Sendable {
  package let step: Step
  private var hashes: Set<UInt64> = []

  /// - Complexity: Reads one column of the master.
  package init(_ workspace: Workspace) throws {
    let manifest = try MasterManifest.read(from: workspace.master.path)
    step = manifest.step
    hashes.reserveCapacity(manifest.seriesCount)
    for resource in manifest.resources {
      for server in try MasterLayout.servers(folder: workspace.master.path, resource: resource) {
        insert(SeriesName(server: server, resource: resource.name))
      }
    }
  }

  private mutating func insert(_ name: SeriesName) { hashes.insert(stableHash(name.description)) }

  package func contains(_ name: SeriesName) -> Bool { hashes.contains(stableHash(name.description)) }
}
