import Foundation
import HorizonCore
import HorizonObjects
import HorizonStore
import Synchronization
import Testing

/// Over a fake store; what a real server makes of it stands in `Tests/ObjectStores`.
@Suite(.serialized) struct RemoteWorkspaceTests {
  /// A store and this machine's caches, for one test.
  private final class Lake: Sendable {
    let store = FakeStore()
    let folder = FileManager.default.temporaryDirectory.appending(path: "horizonscale-lake-\(UUID().uuidString)")
    let said = Mutex<[String]>([])

    deinit {
      store.stop()
      try? FileManager.default.removeItem(at: folder)
    }

    func open(_ need: WorkspaceNeed, machine: String = "a") async throws -> RemoteWorkspace {
      try await RemoteWorkspace.opened(
        store.address("fleet"), for: need, cache: folder.appending(path: machine).path,
        environment: ["HORIZONSCALE_S3_TIMEOUT": "5", "HORIZONSCALE_S3_ATTEMPTS": "3"],
        talk: RemoteTalk(report: { _, _ in }, say: { [self] line in said.withLock { $0.append(line) } }))
    }

    /// Lets many writers try at once. - Returns: Those that got the lock.
    func openMany() async -> [RemoteWorkspace] {
      await withTaskGroup(of: RemoteWorkspace?.self) { group in
        for k in 0..<8 { group.addTask { [self] in try? await open(.forecast, machine: "machine-\(k)") } }
        var taken: [RemoteWorkspace] = []
        for await remote in group { if let remote { taken.append(remote) } }
        return taken
      }
    }

    /// Does what a run does: writes files and puts them.
    func write(_ files: KeyValuePairs<String, String>, need: WorkspaceNeed = .forecast, machine: String = "a")
      async throws
    {
      let remote = try await open(need, machine: machine)
      do {
        for (path, text) in files { try put(text, path, in: remote) }
        try await remote.commit()
        await remote.close()
      } catch {
        await remote.close()
        throw error
      }
    }

    func put(_ text: String, _ path: String, in remote: RemoteWorkspace) throws {
      let file = remote.workspace.folder.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try atomicWrite(text, to: file.path)
    }

    func read(_ path: String, in remote: RemoteWorkspace) -> String? {
      try? String(contentsOf: remote.workspace.folder.appending(path: path), encoding: .utf8)
    }
  }

  @Test func whatAWriterPutsAReaderOnAnotherMachineGets() async throws {
    let lake = Lake()
    try await lake.write([
      "horizonscale.yaml": "seed: 1\n", "master/manifest.json": "m", "runs/2025-12-31/run.json": "r",
      "runs/2025-12-31/risks.parquet": "x", "runs/2025-12-31/forecasts.parquet": "f",
    ])
    #expect(lake.store["fleet/latest"] == "runs/2025-12-31\n")
    #expect(!lake.store.keys.contains("fleet/lock") && !lake.store.keys.contains("fleet/pending.json"))
    let remote = try await lake.open(.risks, machine: "b")
    #expect(lake.read("runs/2025-12-31/risks.parquet", in: remote) == "x")
    #expect(lake.read("latest/run.json", in: remote) == "r")
    #expect(lake.read("horizonscale.yaml", in: remote) == "seed: 1\n")
    #expect(lake.read("runs/2025-12-31/forecasts.parquet", in: remote) == nil)
    await remote.close()
    #expect(!FileManager.default.fileExists(atPath: remote.workspace.folder.path))
  }

  @Test func settingsThatSomebodyEditedAreNotWrittenOver() async throws {
    let lake = Lake()
    lake.store["fleet/horizonscale.yaml"] = "seed: 7\n"
    let remote = try await lake.open(.forecast)
    #expect(lake.read("horizonscale.yaml", in: remote) == "seed: 7\n")
    try lake.put("seed: 8\n", "horizonscale.yaml", in: remote)
    try await remote.commit()
    await remote.close()
    #expect(lake.store["fleet/horizonscale.yaml"] == "seed: 7\n")
  }

  @Test func ofManyWritersAtOnceOneGetsTheLock() async throws {
    let lake = Lake()
    let taken = await lake.openMany()
    #expect(taken.count == 1)
    let failure = await #expect(throws: Failure.self) { try await lake.open(.forecast, machine: "late") }
    #expect(failure?.code == .workspaceInUse)
    for remote in taken { await remote.close() }
    #expect(!lake.store.keys.contains("fleet/lock"))
    try await lake.write(["quality.json": "q"])
  }

  @Test func ofManyThatSeeADeadOwnerOneTakesTheLockOver() async throws {
    let lake = Lake()
    let own = RemoteLock.Owner.own(cache: "")
    // A process of this machine that has ended.
    let dead = RemoteLock.Owner(
      host: own.host, process: 999_999_999, started: "", cache: "gone", system: own.system, claim: "")
    try #require(own.system != nil)
    lake.store["fleet/lock"] = String(decoding: try JSONEncoder().encode(dead), as: UTF8.self)
    let taken = await lake.openMany()
    #expect(taken.count == 1)
    #expect(lake.said.withLock { $0.count { $0.contains("taken over") } } == 1)
    for remote in taken { await remote.close() }
  }

  @Test func anUploadThatFailsShowsTheStateOfBeforeAndKeepsTheWork() async throws {
    let lake = Lake()
    try await lake.write(["runs/2025-11-30/run.json": "old", "runs/2025-11-30/risks.parquet": "old"])
    let before = lake.store["fleet/index.json"]
    lake.store.setFault { method, key in method == "PUT" && key.hasSuffix("12-31/risks.parquet") ? 503 : nil }
    let failure = await #expect(throws: Failure.self) {
      try await lake.write(["runs/2025-12-31/risks.parquet": "new", "runs/2025-12-31/run.json": "new"])
    }
    #expect(failure?.code == .writingFailed)
    #expect(lake.store["fleet/index.json"] == before)
    #expect(lake.store["fleet/runs/2025-12-31/run.json"] == nil)
    let place = try #require(failure?.remedy.firstMatch(of: /whole in (\S+),/)?.output.1)
    #expect(try String(contentsOfFile: "\(place)/runs/2025-12-31/risks.parquet", encoding: .utf8) == "new")
    lake.store.setFault(nil)
    try await lake.write(["quality.json": "q"])
    #expect(!lake.store.keys.contains("fleet/pending.json"))
    let remote = try await lake.open(.risks, machine: "b")
    #expect(lake.read("latest/risks.parquet", in: remote) == "old")
    await remote.close()
  }

  @Test func aStoreThatIsBusyForAWhileIsAskedAgain() async throws {
    let lake = Lake()
    let seen = Mutex<Set<String>>([])
    lake.store.setFault { method, key in seen.withLock { $0.insert("\(method) \(key)").inserted } ? 503 : nil }
    try await lake.write(["runs/2025-12-31/run.json": "r", "runs/2025-12-31/risks.parquet": "x"])
    let remote = try await lake.open(.risks, machine: "b")
    #expect(lake.read("latest/risks.parquet", in: remote) == "x")
    await remote.close()
  }

  @Test func whoWritesWithoutTheLockIsNotWrittenOver() async throws {
    let lake = Lake()
    try await lake.write(["quality.json": "one"])
    let remote = try await lake.open(.forecast)
    try lake.put("two", "quality.json", in: remote)
    let foreign = (lake.store["fleet/index.json"] ?? "") + "\n"
    lake.store["fleet/index.json"] = foreign
    let failure = await #expect(throws: Failure.self) { try await remote.commit() }
    #expect(failure?.code == .workspaceInUse)
    await remote.close()
    #expect(lake.store["fleet/index.json"] == foreign)
  }

  @Test func aReaderThatIsOvertakenGetsTheNewStateWhole() async throws {
    let lake = Lake()
    try await lake.write(["runs/2025-11-30/run.json": "old", "runs/2025-11-30/risks.parquet": "old"])
    let isOvertaken = Atomic(false)
    let newer = RemoteIndex().plan(
      for: ["run.json", "risks.parquet"].map {
        RemoteIndex.File(path: "runs/2025-12-31/\($0)", bytes: 3, sha256: sha256(of: Array("new".utf8)))
      }, fetched: []
    ).index
    let json = String(decoding: try newer.json(), as: UTF8.self)
    lake.store.setFault { [store = lake.store] method, key in
      guard method == "GET", key.hasSuffix("11-30/risks.parquet"), !isOvertaken.exchange(true, ordering: .relaxed)
      else {
        return nil
      }
      // A writer comes to its end, the file that the reader is after goes.
      for name in ["run.json", "risks.parquet"] {
        store["fleet/runs/2025-12-31/\(name)"] = "new"
        store["fleet/runs/2025-11-30/\(name)"] = nil
      }
      store["fleet/index.json"] = json
      return nil
    }
    let remote = try await lake.open(.risks, machine: "b")
    #expect(lake.read("latest/risks.parquet", in: remote) == "new")
    await remote.close()
  }

  @Test func aServerFollows() async throws {
    let lake = Lake()
    try await lake.write(["runs/2025-11-30/run.json": "1", "master/manifest.json": "1", "quality.json": "1"])
    let remote = try await lake.open(.serving, machine: "b")
    #expect(try await !remote.refresh())
    try await lake.write(["runs/2025-12-31/run.json": "2", "master/manifest.json": "2", "quality.json": "2"])
    #expect(try await remote.refresh())
    for path in ["latest/run.json", "master/manifest.json", "quality.json"] {
      #expect(lake.read(path, in: remote) == "2")
    }
    #expect(lake.read("runs/2025-11-30/run.json", in: remote) == "1")
    try lake.put("{}", "scenarios/more.json", in: remote)
    try await remote.putScenarios()
    #expect(lake.store["fleet/scenarios/more.json"] == "{}")
    await remote.close()
    let other = try await lake.open(.serving, machine: "c")
    #expect(lake.read("scenarios/more.json", in: other) == "{}")
    try FileManager.default.removeItem(at: other.workspace.folder.appending(path: "scenarios/more.json"))
    await other.close()
    #expect(lake.store["fleet/scenarios/more.json"] == nil)
  }

  @Test func aDamagedObjectIsNoticed() async throws {
    let lake = Lake()
    try await lake.write(["runs/2025-12-31/run.json": "r", "runs/2025-12-31/risks.parquet": "x"])
    lake.store["fleet/runs/2025-12-31/risks.parquet"] = "y"
    let failure = await #expect(throws: Failure.self) { try await lake.open(.risks, machine: "b") }
    #expect(failure?.code == .unusableData)
    #expect(failure?.message.contains("its digest differs") == true)
  }

  @Test func objectsOfOthersAreNotWrittenOver() async throws {
    let lake = Lake()
    lake.store["fleet/runs/notes.txt"] = "x"
    let failure = await #expect(throws: Failure.self) { try await lake.open(.forecast) }
    #expect(failure?.code == .cannotCreate)
    #expect(lake.store.keys == ["fleet/runs/notes.txt"])
  }

  @Test func thereIsNothingToReadWhereThereIsNoWorkspace() async throws {
    let lake = Lake()
    let failure = await #expect(throws: Failure.self) { try await lake.open(.risks) }
    #expect(failure?.code == .missingInput)
    let remote = try await lake.open(.serving)
    await remote.close()
  }
}
