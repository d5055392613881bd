import Foundation
import HorizonContest
import HorizonCore
import HorizonPipeline
import HorizonStore
import Synchronization
import Testing

@Suite struct ResumeTests {
  private func forecast(
    _ workspace: Workspace, resumes: Bool, said: Said = Said(), change: (inout RunSettings) -> Void = { _ in }
  ) async throws -> RunOutcome {
    var settings = RunSettings()
    settings.models = allModels
    change(&settings)
    return try await forecastLocked(
      workspace: workspace, settings: settings,
      execution: Execution(threads: 2, chunk: 64, progress: said.progress, resumes: resumes))
  }

  private func ingested(_ sandbox: Sandbox, _ name: String, _ fleet: String) throws -> Workspace {
    let workspace = sandbox.workspace(name)
    _ = try ingestLocked(
      inputs: [fleet], workspace: workspace, settings: RunSettings(),
      execution: Execution(threads: 2, chunk: 64, progress: .silent))
    return workspace
  }

  /// Ends a forecast as a killed process would, when it has written some tiles.
  private func cutShort(_ workspace: Workspace, after tiles: Int) async throws {
    var watch = Stopwatch()
    var settings = RunSettings()
    settings.models = allModels
    let execution = Execution(threads: 2, chunk: 64, progress: .silent)
    let journal = try await ContestJournal(
      at: workspace.unfinishedRun, workspace: workspace, settings: settings, execution: execution, watch: &watch)
    let reader = try journal.prepared.fleet.tiles(seed: settings.seed)
    for _ in 0..<tiles {
      let tile = try #require(try reader.next())
      let digests = HorizonContest.contest(tile.contest, settings: journal.prepared.contest)
      try journal.spill.append(digests.words, count: digests.count)
    }
    journal.spill.finish()
  }

  @Test func aResumedRunIsTheRunThatWasCutShort() async throws {
    let sandbox = try Sandbox()
    let fleet = try await sandbox.fleet(servers: 20, days: 200)
    let whole = try await forecast(ingested(sandbox, "whole", fleet), resumes: false)
    let workspace = try ingested(sandbox, "cut", fleet)
    // Before the first tile, in the middle, with half a tile at the end, and after the last one.
    for (tiles, lost) in [(0, 0), (2, 0), (2, 1_001), (4, 0)] {
      try await cutShort(workspace, after: tiles)
      let file = workspace.unfinishedRun.appending(path: "digests.bin")
      let handle = try FileHandle(forUpdating: file)
      let bytes = try handle.seekToEnd()
      try handle.truncate(atOffset: bytes - UInt64(min(Int(bytes), lost)))
      try handle.close()
      let said = Said()
      let resumed = try await forecast(workspace, resumes: true, said: said) { $0.fresh = true }
      #expect(resumed.manifest.digest == whole.manifest.digest)
      let series = 20 * (lost > 0 ? tiles - 1 : tiles)
      #expect(said.lines.contains { $0.contains("\(series) of 80 series") }, "\(said.lines)")
      #expect(!FileManager.default.fileExists(atPath: workspace.unfinishedRun.path))
      try FileManager.default.removeItem(at: workspace.runs)
    }
  }

  @Test func whatBelongsToAnotherRunIsNotGoneOnWith() async throws {
    let sandbox = try Sandbox()
    let fleet = try await sandbox.fleet(servers: 8, days: 200)
    let workspace = try ingested(sandbox, "workspace", fleet)
    for change in [{ $0.seed = 7 }, { $0.horizon = 30 }, { $0.asOf = "2025-12-30" }] as [(inout RunSettings) -> Void] {
      try await cutShort(workspace, after: 1)
      let said = Said()
      _ = try await forecast(workspace, resumes: true, said: said, change: change)
      #expect(said.lines.contains { $0.contains("no unfinished run") }, "\(said.lines)")
    }
    // A damaged training is not trusted either.
    try await cutShort(workspace, after: 1)
    let names = try FileManager.default.contentsOfDirectory(atPath: workspace.unfinishedRun.path)
    let training = try #require(names.first { $0.hasPrefix("lstm") })
    try Data("?".utf8).write(to: workspace.unfinishedRun.appending(path: training))
    let said = Said()
    _ = try await forecast(workspace, resumes: true, said: said)
    #expect(said.lines.contains { $0.contains("no unfinished run") })
  }

  @Test func aRunThatIsNotToGoOnStartsOver() async throws {
    let sandbox = try Sandbox()
    let workspace = try ingested(sandbox, "workspace", try await sandbox.fleet(servers: 8, days: 200))
    try await cutShort(workspace, after: 1)
    _ = try await forecast(workspace, resumes: false)
    #expect(!FileManager.default.fileExists(atPath: workspace.unfinishedRun.path))
  }
}

/// What a run says.
final class Said: Sendable {
  private let said = Mutex<[String]>([])
  var lines: [String] { said.withLock { $0 } }
  var progress: RunProgress {
    RunProgress(report: { _, _ in }, say: { line in self.said.withLock { $0.append(line) } })
  }
}

/// A daily run beside one that starts from nothing.
@Suite struct FoldReuseTests {
  private func forecast(_ workspace: Workspace, asOf: String, reuses: Bool = true) async throws -> RunOutcome {
    var settings = RunSettings()
    settings.models = allModels
    settings.asOf = asOf
    // What an earlier run has decided is an input of its own.
    let execution = Execution(
      threads: 2, chunk: 64, progress: .silent, mostFoldBytes: reuses ? Execution.mostFoldBytes : 0)
    return try await forecastLocked(workspace: workspace, settings: settings, execution: execution)
  }

  @Test func aDailyRunGivesTheBytesOfOneFromNothing() async throws {
    let sandbox = try Sandbox()
    let fleet = try await sandbox.fleet(servers: 20, days: 260)
    func ingested(_ name: String) throws -> Workspace {
      let workspace = sandbox.workspace(name)
      _ = try ingestLocked(
        inputs: [fleet], workspace: workspace, settings: RunSettings(),
        execution: Execution(threads: 2, chunk: 64, progress: .silent))
      return workspace
    }
    let (daily, fresh) = (try ingested("daily"), try ingested("fresh"))
    // Neighbouring days, a day on which a fold has come true, and one on which the plan moves on.
    for day in ["2025-11-20", "2025-11-21", "2025-11-22", "2025-11-30", "2025-12-31"] {
      let own = try await forecast(daily, asOf: day)
      let other = try await forecast(fresh, asOf: day, reuses: false)
      #expect(own.manifest.digest == other.manifest.digest, "\(day)")
      #expect(FileManager.default.fileExists(atPath: daily.finishedFolds.path))
      if day == "2025-11-21" {
        // A damaged training costs the time to learn it again.
        let training = daily.finishedFolds.appending(path: "lstm-0.trained")
        #expect(FileManager.default.fileExists(atPath: training.path))
        try Data("?".utf8).write(to: training)
      }
      #expect(!FileManager.default.fileExists(atPath: fresh.finishedFolds.path))
    }
  }

  /// Three days, each appended and forecast, beside one ingest of all.
  @Test func daysThatAreAppendedGiveTheBytesOfOneIngest() async throws {
    let sandbox = try Sandbox()
    let days = ["2025-12-29", "2025-12-30", "2025-12-31"]
    let rows = try self.rows(ofFleet: try await sandbox.fleet(servers: 20, days: 260))
    let header = "server,resource,time,value,capacity,unit\n"
    let daily = sandbox.workspace("daily")
    var settings = RunSettings()
    settings.models = allModels
    func run(_ input: String, appends: Bool, in workspace: Workspace) async throws -> RunOutcome {
      try await runAll(
        inputs: [input], appends: appends, workspace: workspace, settings: settings,
        execution: Execution(threads: 2, chunk: 64, progress: .silent))
    }
    let old = rows.filter { $0.key < days[0] }.sorted { $0.key < $1.key }.map(\.value).joined()
    _ = try ingestLocked(
      inputs: [try sandbox.file("old.csv", header + old)], workspace: daily, settings: settings,
      execution: Execution(threads: 2, chunk: 64, progress: .silent))
    var last: [String: String] = [:]
    for day in days {
      let outcome = try await run(try sandbox.file("\(day).csv", header + rows[day]!), appends: true, in: daily)
      #expect(outcome.manifest.asOf == day)
      last = try tables(outcome)
    }
    let fresh = sandbox.workspace("fresh")
    let all = try sandbox.file("all.csv", header + old + days.map { rows[$0]! }.joined())
    _ = try ingestLocked(
      inputs: [all], workspace: fresh, settings: settings,
      execution: Execution(threads: 2, chunk: 64, progress: .silent))
    // What earlier runs have decided and what came of it is an input of its own.
    for day in days {
      let outcome = try await forecast(fresh, asOf: day, reuses: false)
      if day == days.last { #expect(try tables(outcome) == last) }
    }
  }

  /// Digests of what a run consists of, but for what tells when and from which files it was made.
  private func tables(_ run: RunOutcome) throws -> [String: String] {
    let names = run.manifest.outputs.map(\.name).filter { $0 != "timings.parquet" && $0 != "report.html" }
    return try Dictionary(
      uniqueKeysWithValues: names.map { ($0, try sha256(ofFile: run.folder.appending(path: $0).path)) })
  }

  /// Lines of CSV by day.
  private func rows(ofFleet folder: String) throws -> [String: String] {
    let reader = try TableReader(
      parquet: "\(folder)/metrics.parquet",
      columns: [
        Column("server", .key), Column("resource", .key), Column("time", .time), Column("value", .double),
        Column("capacity", .double, nullable: true), Column("unit", .key),
      ])
    var rows: [String: String] = [:]
    while let batch = try reader.next() {
      let (servers, resources, units) = (reader.keyNames(0), reader.keyNames(1), reader.keyNames(5))
      for k in 0..<batch.rowCount {
        let day = String(ISOTime.string(batch.times(2)[k]).prefix(10))
        let capacity = batch.doubles(4)[k]
        rows[day, default: ""] +=
          "\(servers[Int(batch.codes(0)[k])]),\(resources[Int(batch.codes(1)[k])]),\(day),\(batch.doubles(3)[k]),"
          + "\(capacity.isNaN ? "" : "\(capacity)"),\(units[Int(batch.codes(5)[k])])\n"
      }
    }
    return rows
  }

  /// That the days above do go on from something.
  @Test func finishedFoldsAreTakenWhereNothingOfThemHasChanged() async throws {
    let sandbox = try Sandbox()
    let workspace = sandbox.workspace("workspace")
    _ = try ingestLocked(
      inputs: [try await sandbox.fleet(servers: 6, days: 260)], workspace: workspace, settings: RunSettings(),
      execution: Execution(threads: 2, chunk: 64, progress: .silent))
    var settings = RunSettings()
    settings.models = fastModels
    var taken: [String: Int] = [:]
    var before: [SeriesName: FinishedFolds] = [:]
    for day in ["2025-11-20", "2025-11-21"] {
      settings.asOf = day
      let execution = Execution(threads: 2, chunk: 64, progress: .silent)
      var watch = Stopwatch()
      let prepared = try await prepare(
        workspace: workspace, settings: settings, execution: execution, watch: &watch)
      let reader = try prepared.fleet.tiles(seed: settings.seed)
      while let tile = try reader.next()?.contest {
        let offered = tile.names.map { before[$0] }
        let result = contest(tile, settings: prepared.contest, from: offered)
        let plain = contest(tile, settings: prepared.contest)
        #expect(result.digests.words == plain.words)
        for (name, folds) in zip(tile.names, result.finished) {
          guard let folds else { continue }
          // The words of a file and back.
          var words: [UInt32] = []
          folds.encode(into: &words)
          let read = words.withUnsafeBufferPointer { FinishedFolds(decoding: $0, at: 0) }
          if before[name]?.key == read.key { taken[day, default: 0] += 1 }
          before[name] = read
        }
      }
    }
    #expect(before.count >= 20)
    #expect(taken["2025-11-21", default: 0] >= 20, "\(taken)")
  }
}
