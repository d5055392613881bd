import Foundation
import HorizonCore
import HorizonStore
import Synchronization

extension RemoteWorkspace {
  /// Reads the index and fetches what is needed of it; again when somebody replaces it meanwhile.
  func fill() async throws {
    try await readIndex()
    if lockIsHeld { try await removePending() }
    try await fetchNeeded()
    for entry in needed() {
      let file = workspace.folder.appending(path: entry.path)
      guard try cache.link(entry.sha256, to: file) else { throw gone(entry) }
      fetched[entry.path] = FileStamp(file.path)
    }
    try await getSettings()
    if need == .serving { try getScenarios() }
    try workspace.updateLatest()
    cache.prune(keeping: index)
  }

  private var lockIsHeld: Bool { need.isWriter }

  private func needed() -> [RemoteIndex.Entry] {
    let runs = index.runs
    return index.files.filter { need.wants($0.path, runs: runs) }
  }

  private func readIndex() async throws {
    let place = address.appending(RemoteIndex.fileName)
    guard let found = try await door.get(place) else {
      tag = nil
      index = RemoteIndex()
      guard need.acceptsNothing else {
        throw Failure(
          .missingInput, "There is no workspace at \(address): no object \(place).",
          remedy: "Check the address, or make one with 'horizonscale run INPUT --workspace \(address)'.")
      }
      if need.isWriter { try requireEmpty() }
      return
    }
    index = try RemoteIndex(json: found.bytes, at: place)
    tag = found.tag
  }

  /// Objects of somebody else are not to be written over.
  private func requireEmpty() throws {
    let start = address.key.isEmpty ? 0 : address.key.utf8.count + 1
    let foreign = try ObjectStore(address, settings).list(address).first { object in
      let name = String(decoding: object.address.key.utf8.dropFirst(start), as: UTF8.self)
      return RemoteIndex.roots.contains(String(name.split(separator: "/").first ?? ""))
    }
    guard let foreign else { return }
    // What a killed first writer has left is known by its list.
    if try ObjectStore(address, settings).find(address.appending(RemoteWorkspace.pending)) != nil { return }
    throw Failure(
      .cannotCreate, "\(address) holds \(foreign.address) but no \(RemoteIndex.fileName): it is no workspace of ours.",
      remedy: "Choose another address with --workspace.")
  }

  /// Gets into the cache what it does not hold yet.
  private func fetchNeeded() async throws {
    // Each round a writer was faster.
    for round in 1... {
      let missing = needed().filter { !cache.holds($0) }
      if missing.isEmpty { return }
      let before = tag
      do { return try fetch(missing) } catch let failure as Failure
        where [.missingInput, .unusableData].contains(failure.code) && round < 5
      {
        try await readIndex()
        if tag == before { throw failure }
      }
    }
  }

  private func fetch(_ entries: [RemoteIndex.Entry]) throws {
    let bytes = entries.reduce(0) { $0 + $1.bytes }
    let talk = TransferTalk(
      "fetch", line: "Fetching \(TransferTalk.amount(entries.count, bytes)) from \(address).", total: bytes,
      report: talk.report, say: talk.say)
    try transfer(entries) { [address, cache] entry, store in
      let object = ObjectStore.Object(address: address.appending(entry.object), bytes: entry.bytes)
      let file = cache.incoming()
      defer { unlink(file.path) }
      try store.get(object, into: file.path, transferred: talk.moved)
      guard try sha256(ofFile: file.path) == entry.sha256 else {
        throw Failure(
          .unusableData, "\(object.address) is not what \(RemoteIndex.fileName) says: its digest differs.",
          remedy: "Make a new run, or restore the object from an earlier version.")
      }
      guard rename(file.path, cache.object(entry.sha256).path) == 0 else {
        throw Failure(
          .writingFailed, "\(file.path) cannot be moved: \(String(cString: strerror(errno))).",
          remedy: "Check permissions and free disk, or choose another folder with --cache.")
      }
    }
  }

  /// Runs transfers on a few threads, each with a connection of its own.
  func transfer(
    _ entries: [RemoteIndex.Entry], _ body: @Sendable (RemoteIndex.Entry, ObjectStore) throws -> Void
  ) throws {
    let next = Atomic(0)
    let count = min(RemoteWorkspace.threads, entries.count)
    try inParallel(threads: count, count: count) { [address, settings] _, _ in
      let store = try ObjectStore(address, settings)
      while true {
        let k = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if k >= entries.count { return }
        try body(entries[k], store)
      }
    }
  }

  private func gone(_ entry: RemoteIndex.Entry) -> Failure {
    Failure(
      .unusableData, "\(cache.object(entry.sha256).path) was removed while it was needed.", remedy: "Try again.")
  }

  /// The one file that people edit: an object of its own name, as it is now.
  private func getSettings() async throws {
    guard let found = try await door.get(address.appending(workspace.settings.lastPathComponent)) else {
      hasSettings = false
      return
    }
    hasSettings = true
    try atomicWrite(found.bytes, to: workspace.settings.path)
  }

  // MARK: Following

  /// Brings a newer state into the folder of a reader; what it reads at that time stays whole.
  ///
  /// - Returns: Whether there was one.
  package func refresh() async throws -> Bool {
    let before = index
    let known = tag
    try await readIndex()
    if tag == known { return false }
    try await fetchNeeded()
    let wanted = Dictionary(uniqueKeysWithValues: needed().map { ($0.path, $0) })
    let old = Set(fetched.keys)
    let changed = wanted.values.filter { entry in
      !old.contains(entry.path) || before.files.first { $0.path == entry.path }?.sha256 != entry.sha256
    }
    let groups = Set(changed.map { RemoteIndex.group($0.path) })
      .union(old.subtracting(wanted.keys).map(RemoteIndex.group))
    // The master before the runs that were made from it.
    for group in groups.sorted(by: { ($0.hasPrefix("runs/") ? 1 : 0, $0) < ($1.hasPrefix("runs/") ? 1 : 0, $1) }) {
      try replace(group, with: wanted.values.filter { RemoteIndex.group($0.path) == group })
    }
    fetched = [:]
    for path in wanted.keys { fetched[path] = FileStamp(workspace.folder.appending(path: path).path) }
    try workspace.updateLatest()
    return true
  }

  private func replace(_ group: String, with entries: [RemoteIndex.Entry]) throws {
    let place = workspace.folder.appending(path: group)
    guard !entries.isEmpty else {
      try? FileManager.default.removeItem(at: place)
      return
    }
    let temporary = workspace.folder.appending(path: ".new-\(UUID().uuidString.prefix(8))")
    defer { try? FileManager.default.removeItem(at: temporary) }
    for entry in entries {
      let file = temporary.appending(path: String(entry.path.dropFirst(group.count)))
      guard try cache.link(entry.sha256, to: entry.path == group ? temporary : file) else { throw gone(entry) }
    }
    try? FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    if entries.count == 1, entries[0].path == group {
      guard rename(temporary.path, place.path) == 0 else {
        throw Failure(
          .writingFailed, "\(place.path) cannot be replaced: \(String(cString: strerror(errno))).",
          remedy: "Check permissions and free disk.")
      }
    } else {
      try replaceFolder(place.path, with: temporary.path)
    }
  }

  /// Looks for newer runs until it is cancelled, and keeps the scenarios of a server in the store.
  ///
  /// - Parameter interval: Seconds between two looks.
  package func follow(every interval: Double) async {
    var said: String?
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(interval))
      if Task.isCancelled { return }
      do {
        _ = try await refresh()
        try await putScenarios()
        said = nil
      } catch {
        let text = "\(error)"
        if text != said { talk.say("The workspace cannot be followed for now: \(text)") }
        said = text
      }
    }
  }

  // MARK: Scenarios

  private var scenarioFolder: URL { workspace.folder.appending(path: "scenarios", directoryHint: .isDirectory) }

  /// What-if scenarios are objects of their own: a server writes them, without the lock.
  private func getScenarios() throws {
    let store = try ObjectStore(address, settings)
    for object in try store.list(address.appending("scenarios")) where object.address.key.hasSuffix(".json") {
      let file = scenarioFolder.appending(path: String(object.address.key.split(separator: "/").last!))
      try? FileManager.default.createDirectory(at: scenarioFolder, withIntermediateDirectories: true)
      try store.get(object, into: file.path)
      scenarios[file.lastPathComponent] = FileStamp(file.path)
    }
  }

  package func putScenarios() async throws {
    var now: [String: FileStamp] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: scenarioFolder.path)) ?? []
    where name.hasSuffix(".json") && !name.hasPrefix(".") {
      now[name] = FileStamp(scenarioFolder.appending(path: name).path)
    }
    for (name, stamp) in now.sorted(by: { $0.key < $1.key }) where scenarios[name] != stamp {
      guard let bytes = FileManager.default.contents(atPath: scenarioFolder.appending(path: name).path) else {
        continue
      }
      _ = try await door.put(Array(bytes), to: address.appending("scenarios/\(name)"))
    }
    for name in scenarios.keys.sorted() where now[name] == nil {
      try await door.remove(address.appending("scenarios/\(name)"))
    }
    scenarios = now
  }
}
