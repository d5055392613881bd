package import HorizonCore
import Synchronization

/// Finds single series in a master; where they can lie is looked up once, and again when a part was replaced.
package final class MasterIndex: Sendable {
  private struct Part {
    let path: String
    let stamp: FileStamp?
    /// Of the servers in it; nil where a row group has no statistics.
    let bounds: (min: String, max: String)?

    init(_ path: String) throws(StoreError) {
      // Before it is read: one that is replaced meanwhile is read again.
      stamp = FileStamp(path)
      let groups = try ParquetFile(path).rowGroups(column: "server")
      let lows = groups.compactMap(\.min)
      let highs = groups.compactMap(\.max)
      self.path = path
      if lows.count == groups.count, highs.count == groups.count, let low = lows.min(by: utf8Less),
        let high = highs.max(by: utf8Less)
      {
        bounds = (low, high)
      } else {
        bounds = nil
      }
    }

    func canHold(_ servers: Set<String>) -> Bool {
      guard let bounds else { return true }
      return servers.contains { !utf8Less($0, bounds.min) && !utf8Less(bounds.max, $0) }
    }
  }

  private let folder: String
  private let manifest: MasterManifest
  /// By resource.
  private let known = Mutex<[String: [Part]]>([:])

  package init(folder: String, manifest: MasterManifest) {
    self.folder = folder
    self.manifest = manifest
  }

  /// Reads chosen series, touching only the row groups that can hold them.
  ///
  /// - Parameter asOf: Step index; later readings are dropped.
  /// - Returns: An entry for every name that the master knows.
  package func read(_ names: [SeriesName], asOf: Int) throws -> [SeriesName: MasterSeries] {
    var result: [SeriesName: MasterSeries] = [:]
    let limit = manifest.step.microseconds(of: asOf)
    for (resource, members) in Dictionary(grouping: names, by: \.resource).sorted(by: { $0.key < $1.key }) {
      guard let entry = manifest.resources.first(where: { $0.name == resource }) else { continue }
      let wanted = Set(members.map(\.server))
      for part in try parts(of: entry, holding: wanted) {
        let file = try ParquetFile(part.path)
        let groups = try file.rowGroups(column: "server", holding: wanted)
        if groups.isEmpty { continue }
        // A single series is read beside others on other threads, and its few row groups are not worth a second one.
        let reader = try TableReader(
          file, columns: MasterLayout.schema.columns, rowGroups: groups, threads: names.count == 1 ? 1 : 2)
        while let batch = try reader.next() { try collect(batch, reader, wanted, resource, limit, &result) }
      }
    }
    return result
  }

  private func parts(of resource: MasterManifest.Resource, holding servers: Set<String>) throws -> [Part] {
    try known.withLock { known in
      if let parts = known[resource.name]?.filter({ $0.canHold(servers) }),
        parts.allSatisfy({ $0.stamp != nil && $0.stamp == FileStamp($0.path) })
      {
        return parts
      }
      let parts = try MasterLayout.parts(folder: folder, resource: resource).map { try Part($0) }
      known[resource.name] = parts
      return parts.filter { $0.canHold(servers) }
    }
  }

  private func collect(
    _ batch: TableBatch, _ reader: TableReader, _ wanted: Set<String>, _ resource: String, _ limit: Int64,
    _ result: inout [SeriesName: MasterSeries]
  ) throws(StoreError) {
    let codes = batch.codes(0)
    let times = batch.times(1)
    let values = batch.doubles(2)
    let capacity = batch.doubles(3)
    let servers = reader.keyNames(0)
    var row = 0
    while row < batch.rowCount {
      let code = codes[row]
      var end = row
      while end < batch.rowCount, codes[end] == code { end += 1 }
      guard code >= 0 else { throw damagedPart(reader.path) }
      let server = servers[Int(code)]
      if wanted.contains(server) {
        var cut = row
        while cut < end, times[cut] <= limit { cut += 1 }
        let name = SeriesName(server: server, resource: resource)
        if cut > row {
          let before = result[name]?.times.last ?? manifest.step.microseconds(of: manifest.firstIndex) - 1
          guard times[row] > before, UnsafeBufferPointer(rebasing: times[row..<cut]).isAscending else {
            throw damagedPart(reader.path)
          }
        }
        if cut > row || result[name] != nil {
          result[name, default: MasterSeries()].times.append(contentsOf: times[row..<cut])
          result[name]!.values.append(contentsOf: values[row..<cut])
          result[name]!.capacity.append(contentsOf: capacity[row..<cut])
        }
      }
      row = end
    }
  }
}
