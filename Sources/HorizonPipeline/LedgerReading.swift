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
  fileprivate(set) var damaged: [(origin: String, error: StoreError)] = []
  /// As-ofs whose rows do not say how far they were scored.
  fileprivate(set) var unstamped: [String] = []

  /// Reads the rows of runs made before an as-of whose buckets had ended by then.
  ///
  /// A part that cannot be read does not count and is named, the others do.
  ///
  /// - Parameters:
  ///   - asOf: Microseconds since the epoch.
  ///   - isKnown: Whether a series belongs to this fleet; the rows of others do not count.
  package init(_ ledger: LedgerFolder, before asOf: Int64, isKnown: (SeriesName) -> Bool) {
    var sums = TrackRecord.Sums()
    for origin in ledger.origins() {
      do throws(StoreError) {
        var rows: [LedgerRow] = []
        for part in ledger.parts(of: origin) {
          guard let stamp = try LedgerFolder.stamp(of: part) else {
            unstamped.append(origin)
            continue
          }
          try LedgerFolder.read(part) { row in
            guard row.madeAt < asOf, stamp.isComplete(row.bucket, madeAt: row.madeAt, at: asOf) else { return }
            rows.append(row)
          }
        }
        self.rows += rows.count
        for row in rows {
          if isKnown(row.name) { sums.add(row) } else { strangers += 1 }
        }
      } catch { damaged.append((origin, error)) }
    }
    record = sums.record
  }
}

extension RunManifest.LedgerItem {
  /// - Returns: Nil where nothing counts.
  init?(_ reading: LedgerReading) throws {
    if reading.record.isEmpty { return nil }
    self.init(
      rows: reading.rows - reading.strangers, origins: reading.record.origins.count,
      sha256: HorizonStore.sha256(of: try RunManifest.encoder().encode(reading.record)))
  }
}

extension TrackRecord {
  /// What counts in a workspace's ledger before an as-of, in microseconds since the epoch.
  ///
  /// - Throws: When there is no master, whose series are those that count.
  package init(reading workspace: Workspace, before asOf: Int64) throws {
    let known = try KnownSeries(workspace)
    self = LedgerReading(LedgerFolder(workspace.ledger), before: asOf, isKnown: known.contains).record
  }
}

/// The series of a master, as hashes of their names: 8 bytes each.
package struct KnownSeries: Sendable {
  private var hashes: Set<UInt64> = []

  /// - Complexity: Reads one column of the master.
  package init(_ workspace: Workspace) throws {
    let manifest = try MasterManifest.read(from: workspace.master.path)
    hashes.reserveCapacity(manifest.seriesCount)
    for resource in manifest.resources {
      for part in try MasterLayout.parts(folder: workspace.master.path, resource: resource) {
        let reader = try TableReader(parquet: part, columns: [Column("server", .key)])
        while try reader.next() != nil {}
        for server in reader.keyNames(0) { insert(SeriesName(server: server, resource: resource.name)) }
      }
    }
  }

  private mutating func insert(_ name: SeriesName) { hashes.insert(stableHash(name.description)) }

  package func contains(_ name: SeriesName) -> Bool { hashes.contains(stableHash(name.description)) }
}
