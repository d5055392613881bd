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
  private var segments: MasterSegments?
  /// Read, and not yet staged.
  private var pending: MasterSegment?
  private var openServer: String?
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
      guard let segment = try pending ?? segments?.next() else {
        closeSeries()
        if stage.count > 0 { return emit() }
        guard try openNextResource() else { return nil }
        continue
      }
      pending = segment
      if segment.server != openServer {
        closeSeries()
        if stage.count == tileSize { return emit() }
        openServer = segment.server
      }
      stageReadings(of: segment)
      pending = nil
    }
  }

  private func emit() -> MasterTile { stage.tile(resource: resource, asOf: asOf) }

  private func closeSeries() {
    stage.closeSeries()
    openServer = nil
  }

  private func openNextResource() throws -> Bool {
    resource += 1
    guard resource < manifest.resources.count else { return false }
    segments = try MasterSegments(folder: folder, manifest: manifest, resource: resource)
    return true
  }

  private func stageReadings(of segment: MasterSegment) {
    let limit = manifest.step.microseconds(of: asOf)
    var count = segment.times.count
    while count > 0, segment.times[count - 1] > limit { count -= 1 }
    guard count > 0 else { return }
    if !stage.isOpen { stage.openSeries(segment.server) }
    stage.append(
      times: UnsafeBufferPointer(rebasing: segment.times[..<count]),
      values: UnsafeBufferPointer(rebasing: segment.values[..<count]),
      capacity: UnsafeBufferPointer(rebasing: segment.capacity[..<count]), step: manifest.step)
  }
}
