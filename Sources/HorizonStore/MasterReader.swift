package import HorizonCore

/// Up to 64 series of one resource on one calendar.
package struct MasterTile: Sendable {
  /// Index in the manifest's resources.
  package let resource: Int
  package let servers: [String]
  /// Step index of column 0: the oldest reading of the tile.
  package let firstIndex: Int
  /// Columns up to and including the as-of.
  package let length: Int
  /// Row-major [series][length], NaN where missing.
  package let values: [Float]
  /// Last known at the as-of, NaN where unknown.
  package let capacity: [Double]
  /// Per series the resizes up to the as-of, oldest first; a factor is the old capacity over the new one.
  package let capacityChanges: [[LevelChange]]
  /// Step index of the newest reading at or before the as-of.
  package let lastReading: [Int]
}

/// Readings of one series as stored.
package struct MasterSeries: Sendable, Hashable {
  /// Microseconds since the epoch, ascending; a missing step has no entry.
  package var times: [Int64] = []
  package var values: [Double] = []
  /// NaN where unknown.
  package var capacity: [Double] = []

  package init(times: [Int64] = [], values: [Double] = [], capacity: [Double] = []) {
    self.times = times
    self.values = values
    self.capacity = capacity
  }
}

/// Streams a master in order (resource, server) as tiles of whole series that know nothing after the as-of.
///
/// Tile boundaries count kept series only, so they depend on the data and the as-of, never on row groups.
package final class MasterReader {
  private let folder: String
  private let manifest: MasterManifest
  private let asOf: Int
  private let tileSize: Int

  private var resource = -1
  private var parts: ArraySlice<String> = []
  private var reader: TableReader?
  private var batch: TableBatch?
  private var row = 0
  private var openCode: Int32 = -1
  /// Of the open series so far.
  private var lastTime = Int64.min
  private var stage = MasterTileBuilder()

  /// - Parameter asOf: Step index; later readings are dropped.
  package init(folder: String, manifest: MasterManifest, asOf: Int, tileSize: Int = 64) {
    precondition(tileSize > 0, "a tile holds at least one series")
    self.folder = folder
    self.manifest = manifest
    self.asOf = asOf
    self.tileSize = tileSize
  }

  /// The next tile; nil at the end. Series without a reading at or before the as-of are left out.
  package func next() throws -> MasterTile? {
    while true {
      if batch == nil, !(try advance()) {
        stage.closeSeries()
        if stage.count > 0 { return emit() }
        guard try openNextResource() else { return nil }
        continue
      }
      if try stageRows() { return emit() }
      batch = nil
    }
  }

  private func emit() -> MasterTile { stage.tile(resource: resource, asOf: asOf) }

  private func openNextResource() throws -> Bool {
    resource += 1
    guard resource < manifest.resources.count else { return false }
    parts = try MasterLayout.parts(folder: folder, resource: manifest.resources[resource])[...]
    return true
  }

  /// Moves to the next batch, across the parts of one resource; false at its end.
  private func advance() throws -> Bool {
    while true {
      if let next = try reader?.next() {
        batch = next
        row = 0
        return true
      }
      stage.closeSeries()
      openCode = -1
      reader = nil
      guard let part = parts.popFirst() else { return false }
      reader = try TableReader(parquet: part, columns: MasterLayout.schema.columns)
    }
  }

  /// Stages rows until the tile is full (true) or the batch is at its end (false).
  private func stageRows() throws -> Bool {
    let codes = batch!.codes(0)
    let times = batch!.times(1)
    let values = batch!.doubles(2)
    let capacity = batch!.doubles(3)
    let count = batch!.rowCount
    let limit = manifest.step.microseconds(of: asOf)
    while row < count {
      let code = codes[row]
      if code != openCode {
        stage.closeSeries()
        openCode = code
        lastTime = manifest.step.microseconds(of: manifest.firstIndex) - 1
        if stage.count == tileSize { return true }
      }
      var end = row
      while end < count, codes[end] == code { end += 1 }
      var cut = row
      while cut < end, times[cut] <= limit { cut += 1 }
      if cut > row {
        let times = UnsafeBufferPointer(rebasing: times[row..<cut])
        guard code >= 0, times[0] > lastTime, times.isAscending else { throw damagedPart(reader!.path) }
        lastTime = times[times.count - 1]
        if !stage.isOpen { stage.openSeries(reader!.keyName(0, code)) }
        stage.append(
          times: times,
          values: UnsafeBufferPointer(rebasing: values[row..<cut]),
          capacity: UnsafeBufferPointer(rebasing: capacity[row..<cut]), step: manifest.step)
      }
      row = end
    }
    return false
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
