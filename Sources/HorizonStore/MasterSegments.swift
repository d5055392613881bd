import HorizonCore

/// Readings of one series that lie together in a part of the master.
package struct MasterSegment {
  package let server: String
  /// Microseconds since the epoch, ascending, later than those of the series' segments before it.
  package let times: UnsafeBufferPointer<Int64>
  package let values: UnsafeBufferPointer<Double>
  /// NaN where unknown.
  package let capacity: UnsafeBufferPointer<Double>
}

/// Streams a resource of a master by server, then time, across its parts and those appended to it.
package final class MasterSegments {
  /// The parts of one `ingest`, each of which goes by server.
  private final class Run {
    private var parts: ArraySlice<String>
    private var reader: TableReader?
    private var batch: TableBatch?
    private var start = 0
    private var end = 0
    private(set) var server: String?

    init(_ parts: [String]) throws(StoreError) {
      self.parts = parts[...]
      try advance()
    }

    /// Of the segment at hand.
    var path: String { reader!.path }
    var segment: MasterSegment {
      MasterSegment(
        server: server!, times: UnsafeBufferPointer(rebasing: batch!.times(1)[start..<end]),
        values: UnsafeBufferPointer(rebasing: batch!.doubles(2)[start..<end]),
        capacity: UnsafeBufferPointer(rebasing: batch!.doubles(3)[start..<end]))
    }

    /// Moves to the next segment; without a server at the end.
    func advance() throws(StoreError) {
      start = end
      while batch == nil || start == batch!.rowCount {
        (start, end) = (0, 0)
        batch = try reader?.next()
        if batch == nil {
          guard let part = parts.popFirst() else {
            server = nil
            return
          }
          reader = try TableReader(parquet: part, columns: MasterLayout.schema.columns)
        }
      }
      let codes = batch!.codes(0)
      let code = codes[start]
      guard code >= 0 else { throw damagedPart(path) }
      end = start
      while end < codes.count, codes[end] == code { end += 1 }
      server = reader!.keyName(0, code)
    }
  }

  private let runs: [Run]
  /// Of the segment given out last.
  private var current: Run?
  private var server: String?
  private var lastTime = Int64.min
  private let before: Int64

  package init(folder: String, manifest: MasterManifest, resource: Int) throws {
    let resource = manifest.resources[resource]
    let parts = try MasterLayout.parts(folder: folder, resource: resource)
    runs = try Dictionary(grouping: parts, by: MasterLayout.append).sorted { $0.key < $1.key }.map { try Run($0.value) }
    before = manifest.step.microseconds(of: manifest.firstIndex) - 1
  }

  /// The next segment, whose readings are there until the next call; nil at the end.
  package func next() throws(StoreError) -> MasterSegment? {
    try current?.advance()
    current = nil
    for run in runs {
      guard let name = run.server else { continue }
      // Of equal names the one that was appended later comes later.
      if let best = current?.server, !utf8Less(name, best) { continue }
      current = run
    }
    guard let current else { return nil }
    let segment = current.segment
    if segment.server != server {
      server = segment.server
      lastTime = before
    }
    guard segment.times[0] > lastTime, segment.times.isAscending else { throw damagedPart(current.path) }
    lastTime = segment.times[segment.times.count - 1]
    return segment
  }
}

/// What is not as the manifest says would be written outside of a tile.
func damagedPart(_ path: String) -> StoreError {
  StoreError(
    .foreign, path: path, message: "this part of the master is damaged",
    remedy: "Fill the master anew with 'horizonscale ingest INPUT'.")
}

extension UnsafeBufferPointer<Int64> {
  var isAscending: Bool { zip(self, dropFirst()).allSatisfy(<) }
}

extension TableReader {
  fileprivate func keyName(_ column: Int, _ code: Int32) -> String { keyNames(column)[Int(code)] }
}
