import Foundation
import HorizonCore
import HorizonStore

extension RemoteWorkspace {
  /// What a writer is about to put and to remove, written before: the next one clears up behind one that was killed.
  static let pending = "pending.json"

  private struct Pending: Codable {
    var objects: [String]
  }

  /// Removes what a killed writer has put without coming to an end, and what it did not come to remove.
  func removePending() async throws {
    let place = address.appending(RemoteWorkspace.pending)
    guard let found = try await door.get(place) else { return }
    let needed = Set(index.files.map(\.object))
    let left = (try? JSONDecoder().decode(Pending.self, from: Data(found.bytes)))?.objects ?? []
    try await remove(left.filter { !needed.contains($0) && RemoteIndex.isObject($0) })
    try await door.remove(place)
  }

  /// - Parameter objects: Below the address, in the order of removal.
  private func remove(_ objects: [String]) async throws {
    for object in objects {
      try talk.report("remove", 0)
      try await door.remove(address.appending(object))
    }
  }

  /// What the folder holds now, with the digests of what is new in it.
  private func files() throws -> [RemoteIndex.File] {
    let known = Dictionary(uniqueKeysWithValues: index.files.map { ($0.path, $0) })
    let folder = workspace.folder.path
    var files: [RemoteIndex.File] = []
    for root in RemoteIndex.roots.sorted() where FileManager.default.fileExists(atPath: "\(folder)/\(root)") {
      let below = FileManager.default.subpaths(atPath: "\(folder)/\(root)") ?? []
      for path in below.isEmpty ? [root] : below.map({ "\(root)/\($0)" }) where RemoteIndex.isPath(path) {
        let file = "\(folder)/\(path)"
        var information = stat()
        guard stat(file, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { continue }
        if let entry = known[path], let stamp = fetched[path], stamp == FileStamp(file) {
          files.append(RemoteIndex.File(path: path, bytes: entry.bytes, sha256: entry.sha256))
        } else {
          files.append(
            RemoteIndex.File(path: path, bytes: Int(information.st_size), sha256: try sha256(ofFile: file)))
        }
      }
    }
    return files
  }

  /// Puts files first, then manifests of runs, then the index; then removes what nobody needs any more.
  func put() async throws {
    let plan = index.plan(for: try files(), fetched: Set(fetched.keys))
    let place = address.appending(RemoteIndex.fileName)
    if plan.index != index {
      let pending = Pending(objects: plan.uploads.map(\.object) + plan.garbage)
      _ = try await door.put(
        Array(try JSONEncoder().encode(pending)), to: address.appending(RemoteWorkspace.pending))
      try upload(plan.uploads)
      let bytes = try plan.index.json()
      try talk.report("put", 1)
      if let tag = try await door.put(bytes, to: place, if: tag.map { .hasTag($0) } ?? .isAbsent) {
        self.tag = tag
      } else if let found = try await door.get(place), found.bytes == bytes {
        // The answer to our own request was lost.
        tag = found.tag
      } else {
        throw Failure(
          .workspaceInUse, "Somebody else has changed \(address) meanwhile, without the lock.",
          remedy: "Run again, and remove a lock only when its owner is gone.")
      }
      index = plan.index
    }
    try await putBeside(plan.garbage)
    cache.prune(keeping: index)
  }

  private func upload(_ entries: [RemoteIndex.Entry]) throws {
    let bytes = entries.reduce(0) { $0 + $1.bytes }
    let talk = TransferTalk(
      "put", line: "Putting \(TransferTalk.amount(entries.count, bytes)) into \(address).", total: bytes,
      report: talk.report, say: talk.say)
    let manifests = entries.drop { !$0.path.hasSuffix("/run.json") }
    for part in [entries.dropLast(manifests.count), manifests] where !part.isEmpty {
      try transfer(Array(part)) { [address, workspace, cache] entry, store in
        let file = workspace.folder.appending(path: entry.path)
        try store.put(file.path, to: address.appending(entry.object), transferred: talk.moved)
        cache.keep(file, sha256: entry.sha256)
      }
    }
  }

  /// What others than ourselves read, and what is not needed: the work is done, so that a failure is only told.
  private func putBeside(_ garbage: [String]) async throws {
    do {
      if !hasSettings, let text = FileManager.default.contents(atPath: workspace.settings.path) {
        _ = try await door.put(
          Array(text), to: address.appending(workspace.settings.lastPathComponent), if: .isAbsent)
      }
      if let newest = index.runs.last {
        _ = try await door.put(Array("runs/\(newest)\n".utf8), to: address.appending("latest"))
      }
      try await remove(garbage)
      try await door.remove(address.appending(RemoteWorkspace.pending))
    } catch let failure as Failure where failure.code != .interrupted {
      talk.say("All is in \(address), but it could not be tidied up: \(failure) The next run does it.")
    }
  }
}
