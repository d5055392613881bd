import Foundation
import HorizonCore
import HorizonStore
import Synchronization

/// Readings that join a master: later ones as parts beside its own, others by writing it anew.
///
/// Parts beside lie in the same folders and are readings like any others; a reader takes those that the manifest knows of, which is
/// written last.
struct MasterAppend {
  let base: MasterBase
  let build: MasterBuild
  /// Of the new readings alone.
  let manifest: MasterManifest
  /// Servers that the master knows, by resource of the new readings.
  let servers: [String: Set<String>]
  /// Whether nothing of the master has to be read or written again.
  let isBeside: Bool

  /// Parts of more appends are written together: every reader opens each of them.
  private static let mostAppends = 15

  /// - Parameters:
  ///   - build: New series that have readings.
  ///   - manifest: Of them alone.
  init(to base: MasterBase, _ build: MasterBuild, _ manifest: MasterManifest) throws {
    self.base = base
    self.build = build
    self.manifest = manifest
    var servers: [String: Set<String>] = [:]
    for resource in manifest.resources {
      guard let known = base.resource(resource.name) else { continue }
      servers[resource.name] = try MasterLayout.servers(folder: base.folder, resource: known)
    }
    self.servers = servers
    isBeside =
      manifest.firstIndex > base.manifest.lastIndex
      && manifest.resources.allSatisfy { (base.resource($0.name)?.appends ?? 0) < MasterAppend.mostAppends }
  }

  func knows(_ name: SeriesName) -> Bool { servers[name.resource]?.contains(name.server) == true }

  /// - Returns: The manifest of the whole.
  func write(
    into folder: String, threads: Int, progress: @Sendable (Double) throws -> Void
  ) throws -> MasterManifest {
    guard isBeside else { return try writeAnew(into: folder, threads: threads, progress: progress) }
    try build.write(into: folder, append: append, threads: threads, progress: progress)
    var resources = base.manifest.resources
    for new in manifest.resources {
      guard let k = resources.firstIndex(where: { $0.name == new.name }) else {
        resources.append(new)
        continue
      }
      resources[k].seriesCount += build.entries.count { $0.name.resource == new.name && !knows($0.name) }
      resources[k].readingCount += new.readingCount
      resources[k].minimum = min(resources[k].minimum, new.minimum)
      resources[k].maximum = max(resources[k].maximum, new.maximum)
      resources[k].appends = append(new.name)
    }
    return joined(resources)
  }

  /// Which append to a resource this one is; a resource that is new is written whole.
  private func append(_ resource: String) -> Int { base.resource(resource).map { ($0.appends ?? 0) + 1 } ?? 0 }

  private func joined(_ resources: [MasterManifest.Resource]) -> MasterManifest {
    var whole = base.manifest
    whole.resources = resources.sorted { utf8Less($0.name, $1.name) }
    whole.seriesCount = resources.reduce(0) { $0 + $1.seriesCount }
    whole.readingCount = resources.reduce(0) { $0 + $1.readingCount }
    whole.firstIndex = min(whole.firstIndex, manifest.firstIndex)
    whole.lastIndex = max(whole.lastIndex, manifest.lastIndex)
    let digests = Set(whole.inputs.map(\.sha256))
    whole.inputs += manifest.inputs.filter { !digests.contains($0.sha256) }
    whole.notes += manifest.notes.filter { !whole.notes.contains($0) }
    return whole
  }

  /// Gives the parts their places beside the master's own; nobody looks at them before the manifest names them.
  func place(_ folder: String, manifest whole: MasterManifest) throws {
    let files = FileManager.default
    for new in manifest.resources {
      let target = "\(base.folder)/\(new.folder)"
      try files.createDirectory(atPath: target, withIntermediateDirectories: true)
      // What an append has left that did not come to its end.
      for part in try MasterLayout.strayParts(folder: base.folder, resource: new, known: base.resource(new.name)) {
        try files.removeItem(atPath: part)
      }
      for part in try files.contentsOfDirectory(atPath: "\(folder)/\(new.folder)") {
        guard rename("\(folder)/\(new.folder)/\(part)", "\(target)/\(part)") == 0 else {
          throw Failure(
            .writingFailed, "\(target)/\(part) cannot be written: \(String(cString: strerror(errno))).",
            remedy: "Check permissions and free disk, then try again.")
        }
      }
      try syncFolder(target)
    }
    try whole.write(into: base.folder)
  }

  // MARK: Anew

  /// Old and new readings of every resource, series by series; of two for one step the new one stays.
  private func writeAnew(
    into folder: String, threads: Int, progress: @Sendable (Double) throws -> Void
  ) throws -> MasterManifest {
    let news = Dictionary(
      uniqueKeysWithValues: MasterBuild.ranges(build.entries).map { (build.entries[$0.lowerBound].name.resource, $0) })
    let resources = (base.manifest.resources + manifest.resources.filter { base.resource($0.name) == nil })
      .sorted { utf8Less($0.name, $1.name) }
    let finished = Mutex(resources)
    let done = Mutex(0)
    try inParallel(threads: threads, count: resources.count) { _, k in
      var resource = resources[k]
      let old = base.manifest.resources.firstIndex { $0.name == resource.name }
      let writer = try MasterPartWriter(
        folder: "\(folder)/\(resource.folder)", rows: resource.readingCount + (news[resource.name]?.count ?? 0))
      try merge(old: old, new: news[resource.name] ?? 0..<0, into: writer)
      try writer.close()
      resource.appends = nil
      (resource.seriesCount, resource.readingCount) = (writer.seriesCount, writer.readingCount)
      (resource.minimum, resource.maximum) = (writer.minimum, writer.maximum)
      finished.withLock { $0[k] = resource }
      let share = done.withLock {
        $0 += 1
        return Double($0) / Double(resources.count)
      }
      try progress(share)
    }
    return joined(finished.withLock { $0 })
  }

  /// - Parameters:
  ///   - old: Index in the resources of the master; nil where it has none of this name.
  ///   - new: Range of entries.
  private func merge(old: Int?, new: Range<Int>, into writer: MasterPartWriter) throws {
    let segments = try old.map {
      try MasterSegments(folder: base.folder, manifest: base.manifest, resource: $0)
    }
    var left = new
    var server: String?
    var series = MasterSeries()
    func finish() throws {
      guard let name = server else { return }
      // New series that stand before it, and its own new readings.
      while let k = left.first, utf8Less(build.entries[k].name.server, name) {
        try writer.add(build.entries[k].name.server, try build.readings(of: k))
        left.removeFirst()
      }
      if let k = left.first, build.entries[k].name.server == name {
        series = series.joined(with: try build.readings(of: k))
        left.removeFirst()
      }
      try writer.add(name, series)
      series = MasterSeries()
    }
    while let segment = try segments?.next() {
      if segment.server != server { try finish() }
      server = segment.server
      series.times += segment.times
      series.values += segment.values
      series.capacity += segment.capacity
    }
    try finish()
    for k in left { try writer.add(build.entries[k].name.server, try build.readings(of: k)) }
  }
}

extension MasterSeries {
  /// Both by time; of two readings for one step the later series' stays.
  func joined(with later: MasterSeries) -> MasterSeries {
    var result = MasterSeries()
    var (a, b) = (0, 0)
    while a < times.count || b < later.times.count {
      let isLater = a == times.count || (b < later.times.count && later.times[b] <= times[a])
      if isLater, a < times.count, later.times[b] == times[a] { a += 1 }
      let (source, k) = isLater ? (later, b) : (self, a)
      result.times.append(source.times[k])
      result.values.append(source.values[k])
      result.capacity.append(source.capacity[k])
      if isLater { b += 1 } else { a += 1 }
    }
    return result
  }
}
