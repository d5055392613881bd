import Foundation
import HorizonCore
package import HorizonStore

/// What is told of the work with a store while it happens.
package struct RemoteTalk: Sendable {
  let report: @Sendable (String, Double) throws -> Void
  let say: @Sendable (String) -> Void

  /// - Parameters:
  ///   - report: Told the stage and the share done, from one thread at a time; what it throws ends the work.
  ///   - say: A line of talk for people.
  package init(
    report: @escaping @Sendable (String, Double) throws -> Void, say: @escaping @Sendable (String) -> Void
  ) {
    (self.report, self.say) = (report, say)
  }
}

/// A workspace in an object store, as a folder on this machine for as long as one command works with it.
///
/// A reader gets the files it needs, of one state. A writer holds the lock, and what it has made goes back with `commit`:
/// files first, `index.json` last and only if nobody has replaced it, so that a reader sees all of it or nothing.
package actor RemoteWorkspace {
  nonisolated package let address: ObjectAddress
  /// The folder.
  nonisolated package let workspace: Workspace
  let need: WorkspaceNeed
  let settings: ObjectSettings
  let door: ObjectDoor
  let cache: ObjectCache
  let talk: RemoteTalk
  private let view: CacheView
  private let lock: Lock?

  /// As it was read, or as it has been written.
  var index = RemoteIndex()
  /// Of `index.json`; nil where there is none.
  var tag: String?
  /// What the folder was given, by path.
  var fetched: [String: FileStamp] = [:]
  var hasSettings = false
  /// As they stand in the store.
  var scenarios: [String: FileStamp] = [:]

  /// Transfers at a time.
  static let threads = 4

  /// The right to write: of this machine's cache, and of the store.
  struct Lock: Sendable {
    let local: WorkspaceLock
    let remote: RemoteLock

    init(_ address: ObjectAddress, _ cache: ObjectCache, _ door: ObjectDoor, _ talk: RemoteTalk) async throws {
      local = try WorkspaceLock(Workspace(cache.folder.path))
      do {
        remote = try await RemoteLock(address, through: door, cache: try cache.identity(), say: talk.say)
      } catch {
        local.release()
        throw error
      }
    }

    func release() async {
      await remote.release()
      local.release()
    }
  }

  /// Fetches what a command needs; a writer takes the lock before.
  ///
  /// - Parameters:
  ///   - text: The address.
  ///   - parent: The folder of caches; nil for that of the environment.
  package static func opened(
    _ text: String, for need: WorkspaceNeed, cache parent: String?, environment: [String: String], talk: RemoteTalk
  ) async throws -> RemoteWorkspace {
    let address = try ObjectAddress(text)
    let settings = try ObjectSettings(address, environment: environment)
    let folder =
      parent.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? ObjectCache.standard(environment: environment)
    let cache = try ObjectCache(of: address, endpoint: settings.endpoint, under: folder)
    let door = try ObjectDoor(address, settings)
    var lock: Lock?
    var view: CacheView?
    do {
      if need.isWriter { lock = try await Lock(address, cache, door, talk) }
      let made = try cache.view(named: address.key.split(separator: "/").last.map(String.init) ?? address.bucket)
      view = made
      let opened = RemoteWorkspace(address, need, settings, door, cache, talk, view: made, lock: lock)
      try await opened.fill()
      return opened
    } catch {
      view?.remove()
      await lock?.release()
      await door.close()
      throw error
    }
  }

  private init(
    _ address: ObjectAddress, _ need: WorkspaceNeed, _ settings: ObjectSettings, _ door: ObjectDoor,
    _ cache: ObjectCache, _ talk: RemoteTalk, view: CacheView, lock: Lock?
  ) {
    (self.address, self.need, self.settings, self.door, self.cache) = (address, need, settings, door, cache)
    (self.talk, self.view, self.lock) = (talk, view, lock)
    workspace = Workspace(view.folder.path)
  }

  /// Gives lock and folder back; what was not committed is gone.
  package func close() async {
    if need == .serving { try? await putScenarios() }
    await lock?.release()
    view.remove()
    await door.close()
  }

  /// Puts what the command has made into the store.
  ///
  /// - Throws: When it does not get there whole. The store shows the state of before then, and the folder is kept.
  package func commit() async throws {
    do { try await put() } catch let failure as Failure {
      guard let place = try? cache.saved(view) else { throw failure }
      throw Failure(
        failure.code, failure.message,
        remedy: failure.remedy + " What was made is whole in \(place.path), a workspace as any other.")
    }
  }
}
