import Foundation
import HorizonCore
import HorizonObjects
import HorizonStore
import Testing

@Suite struct ObjectCacheTests {
  private func inCache<Result>(_ body: (ObjectCache) throws -> Result) throws -> Result {
    let parent = FileManager.default.temporaryDirectory.appending(path: "horizonscale-cache-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: parent) }
    return try body(ObjectCache(of: ObjectAddress("s3://bucket/fleet"), endpoint: nil, under: parent))
  }

  /// Puts a file into the cache. - Returns: Its digest.
  private func put(_ text: String, into cache: ObjectCache) throws -> String {
    let digest = sha256(of: Array(text.utf8))
    try atomicWrite(text, to: cache.object(digest).path)
    return digest
  }

  @Test func aFolderOfACommandGoesAndTheFilesStayInTheCache() throws {
    try inCache { cache in
      let digest = try put("x", into: cache)
      let view = try cache.view(named: "fleet")
      #expect(view.folder.lastPathComponent == "fleet")
      #expect(try cache.link(digest, to: view.folder.appending(path: "runs/1/run.json")))
      #expect(try String(contentsOf: view.folder.appending(path: "runs/1/run.json"), encoding: .utf8) == "x")
      view.remove()
      #expect(!FileManager.default.fileExists(atPath: view.folder.path))
      #expect(cache.holds(.init(path: "", object: "", bytes: 1, sha256: digest)))
    }
  }

  @Test func whatTheCacheDoesNotHoldIsSaidSo() throws {
    try inCache { cache in
      let view = try cache.view(named: "fleet")
      defer { view.remove() }
      #expect(try !cache.link("nothing", to: view.folder.appending(path: "a")))
      #expect(!cache.holds(.init(path: "", object: "", bytes: 1, sha256: "nothing")))
    }
  }

  @Test func foldersOfTheDeadGoAndThoseOfTheLivingStay() throws {
    try inCache { cache in
      let living = try cache.view(named: "fleet")
      defer { living.remove() }
      let views = cache.folder.appending(path: "views")
      try FileManager.default.createDirectory(
        at: views.appending(path: "1-dead/fleet"), withIntermediateDirectories: true)
      #expect(FileManager.default.createFile(atPath: views.appending(path: "1-dead.alive").path, contents: nil))
      let other = try cache.view(named: "fleet")
      defer { other.remove() }
      #expect(!FileManager.default.fileExists(atPath: views.appending(path: "1-dead").path))
      #expect(!FileManager.default.fileExists(atPath: views.appending(path: "1-dead.alive").path))
      #expect(FileManager.default.fileExists(atPath: living.folder.path))
    }
  }

  @Test func oldFilesThatNobodyNamesGo() throws {
    try inCache { cache in
      let (old, used, named, fresh) = try (
        put("old", into: cache), put("used", into: cache), put("named", into: cache), put("fresh", into: cache)
      )
      for digest in [old, used, named] {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: cache.object(digest).path)
      }
      let view = try cache.view(named: "fleet")
      defer { view.remove() }
      #expect(try cache.link(used, to: view.folder.appending(path: "a")))
      cache.prune(keeping: RemoteIndex(files: [.init(path: "", object: "", bytes: 5, sha256: named)]))
      let left = [old, used, named, fresh].map { FileManager.default.fileExists(atPath: cache.object($0).path) }
      #expect(left == [false, true, true, true])
    }
  }

  @Test func anOwnerIsGoneOnlyWhereThatCanBeSeen() {
    let own = RemoteLock.Owner.own(cache: "here")
    func owner(process: Int32, cache: String, system: String?) -> RemoteLock.Owner {
      RemoteLock.Owner(host: own.host, process: process, started: "", cache: cache, system: system, claim: "")
    }
    // Whoever holds the cache's own lock knows that its owner before has ended, whatever became of the number.
    #expect(own.knowsGone(owner(process: 1, cache: "here", system: nil)))
    #expect(!own.knowsGone(owner(process: 1, cache: "there", system: own.system)))
    #expect(!own.knowsGone(owner(process: 999_999_999, cache: "there", system: "another boot")))
    #expect(!own.knowsGone(owner(process: 999_999_999, cache: "there", system: nil)))
    if own.system != nil { #expect(own.knowsGone(owner(process: 999_999_999, cache: "there", system: own.system))) }
  }
}
