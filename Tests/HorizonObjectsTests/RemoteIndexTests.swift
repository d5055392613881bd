import HorizonCore
import HorizonObjects
import HorizonStore
import Testing

@Suite struct RemoteIndexTests {
  typealias File = RemoteIndex.File

  /// Files whose digests are told apart by a letter.
  private func files(_ contents: KeyValuePairs<String, Character>) -> [File] {
    contents.map { File(path: $0.key, bytes: 1, sha256: String(repeating: $0.value, count: 64)) }
  }

  /// What stands after files were put into an empty store.
  private func index(_ contents: KeyValuePairs<String, Character>) -> RemoteIndex {
    RemoteIndex().plan(for: files(contents), fetched: []).index
  }

  @Test func aFirstRunKeepsItsNamesAndItsManifestGoesLast() {
    let plan = RemoteIndex().plan(
      for: files(["runs/2025-12-31/run.json": "a", "runs/2025-12-31/z.parquet": "b", "quality.json": "c"]), fetched: [])
    #expect(plan.uploads.map(\.path) == ["runs/2025-12-31/z.parquet", "quality.json", "runs/2025-12-31/run.json"])
    #expect(
      plan.index.files.map(\.object) == [
        "quality-cccccccccccccccc.json", "runs/2025-12-31/run.json", "runs/2025-12-31/z.parquet",
      ])
    #expect(plan.garbage.isEmpty)
  }

  @Test func whatIsUnchangedIsNotSentAgain() {
    let old = index(["quality.json": "c", "master/manifest.json": "m"])
    let plan = old.plan(
      for: files(["quality.json": "c", "master/manifest.json": "m", "runs/2025-12-31/run.json": "a"]),
      fetched: ["quality.json", "master/manifest.json"])
    #expect(plan.uploads.map(\.path) == ["runs/2025-12-31/run.json"])
    #expect(plan.garbage.isEmpty)
  }

  @Test func aNewMasterTakesOtherNamesAndTheOldOneGoesWhole() {
    let old = index(["master/resource=cpu/part-00000.parquet": "a", "master/resource=disk/part-00000.parquet": "b"])
    // It was not fetched, for it is replaced.
    let plan = old.plan(for: files(["master/resource=cpu/part-00000.parquet": "c"]), fetched: [])
    #expect(plan.uploads.map(\.object) == ["master/resource=cpu/part-00000-cccccccccccccccc.parquet"])
    #expect(plan.index.files.map(\.path) == ["master/resource=cpu/part-00000.parquet"])
    #expect(
      Set(plan.garbage) == [
        "master/resource=cpu/part-00000-aaaaaaaaaaaaaaaa.parquet",
        "master/resource=disk/part-00000-bbbbbbbbbbbbbbbb.parquet",
      ])
  }

  @Test func appendedPartsAreAllThatIsSent() {
    let old = index(["master/resource=cpu/part-00000.parquet": "a", "master/manifest.json": "m"])
    let plan = old.plan(
      for: files([
        "master/resource=cpu/part-00000.parquet": "a", "master/resource=cpu/part-00001.parquet": "b",
        "master/manifest.json": "n",
      ]), fetched: Set(old.files.map(\.path)))
    #expect(plan.uploads.map(\.path) == ["master/resource=cpu/part-00001.parquet", "master/manifest.json"])
    #expect(plan.garbage == ["master/manifest-mmmmmmmmmmmmmmmm.json"])
  }

  @Test func aBacktestThatIsMadeAgainTakesThePlaceOfTheOneBefore() {
    let old = index(["backtests/2025-12-31/backtest.parquet": "a", "backtests/2025-12-31/leaderboard.parquet": "b"])
    // The same table comes out, the fold forecasts were not asked for.
    let plan = old.plan(for: files(["backtests/2025-12-31/leaderboard.parquet": "b"]), fetched: [])
    #expect(plan.index.files.map(\.path) == ["backtests/2025-12-31/leaderboard.parquet"])
    #expect(plan.uploads.isEmpty && plan.garbage.count == 1)
  }

  @Test func whatWasNotFetchedStays() {
    let old = index([
      "runs/2025-11-30/run.json": "a", "runs/2025-11-30/report.html": "b", "ledger/made_at=1/part-00000.parquet": "c",
    ])
    let plan = old.plan(for: files(["runs/2025-11-30/run.json": "a"]), fetched: ["runs/2025-11-30/run.json"])
    #expect(plan.index == old)
    #expect(plan.uploads.isEmpty && plan.garbage.isEmpty)
  }

  @Test func anExpiredRunGoesWithPartsThatWereNotFetchedAndItsManifestFirst() {
    let old = index(["runs/2025-11-30/a.html": "b", "runs/2025-11-30/run.json": "a", "runs/2025-12-31/run.json": "c"])
    let plan = old.plan(
      for: files(["runs/2025-12-31/run.json": "c"]),
      fetched: ["runs/2025-11-30/run.json", "runs/2025-12-31/run.json"])
    #expect(plan.index.files.map(\.path) == ["runs/2025-12-31/run.json"])
    #expect(plan.garbage == ["runs/2025-11-30/run.json", "runs/2025-11-30/a.html"])
  }

  @Test func aRunOfANameThatAnotherHasTakesOtherNames() {
    let old = index(["runs/2025-12-31/run.json": "a"])
    let plan = old.plan(for: files(["runs/2025-12-31/run.json": "b"]), fetched: ["runs/2025-12-31/run.json"])
    #expect(plan.uploads.map(\.object) == ["runs/2025-12-31/run-bbbbbbbbbbbbbbbb.json"])
    #expect(plan.garbage == ["runs/2025-12-31/run.json"])
  }

  @Test func theLatestRunIsTheOneWithTheNewestAsOfThenNumber() {
    let runs = index([
      "runs/2025-12-31.10/run.json": "a", "runs/2025-12-31.2/run.json": "b", "runs/2025-12-31/run.json": "c",
      "runs/2024-01-31/run.json": "d", "runs/2026-01-01/forecasts.parquet": "e",
    ]).runs
    #expect(runs == ["2024-01-31", "2025-12-31", "2025-12-31.2", "2025-12-31.10"])
  }

  @Test(arguments: ["../x", "runs/../x", "/etc/passwd", "runs//run.json", "runs/.tmp-1/run.json", "lock", ""])
  func pathsThatLeadElsewhereAreRefused(path: String) {
    let text = """
      {"version": 1, "files": [{"path": "\(path)", "object": "x", "bytes": 1, "sha256": "a"}]}
      """
    #expect(throws: Failure.self) {
      try RemoteIndex(json: Array(text.utf8), at: try ObjectAddress("s3://bucket/index.json"))
    }
  }

  @Test func anIndexIsReadAsItWasWritten() throws {
    let index = index(["quality.json": "c", "runs/2025-12-31/run.json": "a"])
    #expect(try RemoteIndex(json: index.json(), at: ObjectAddress("s3://bucket/index.json")) == index)
  }

  @Test func anIndexOfANewerVersionIsNamedAsOne() throws {
    let address = try ObjectAddress("s3://bucket/index.json")
    let failure = #expect(throws: Failure.self) { try RemoteIndex(json: Array("{\"version\": 2}".utf8), at: address) }
    #expect(failure?.message.contains("newer HorizonScale") == true)
  }

  @Test func onlyObjectsOfOursAreCleared() {
    #expect(RemoteIndex.isObject("runs/2025-12-31/run.json"))
    #expect(RemoteIndex.isObject("quality-0123.json"))
    #expect(!RemoteIndex.isObject("exports/usage.csv"))
    #expect(!RemoteIndex.isObject("../runs/x"))
  }
}

@Suite struct WorkspaceNeedTests {
  private let runs = ["2025-10-31", "2025-11-30", "2025-12-31"]

  private func wanted(_ need: WorkspaceNeed) -> [String] {
    [
      "master/manifest.json", "inventory.parquet", "ledger/made_at=1/part-00000.parquet", "replay/summary.json",
      "runs/2025-10-31/run.json", "runs/2025-10-31/forecasts.parquet", "runs/2025-11-30/forecasts.parquet",
      "runs/2025-12-31/run.json", "runs/2025-12-31/risks.parquet", "runs/2025-12-31/report.html",
    ].filter { need.wants($0, runs: runs) }
  }

  @Test func aListTakesTwoFilesOfTheLatestRun() {
    #expect(wanted(.risks) == ["runs/2025-12-31/run.json", "runs/2025-12-31/risks.parquet"])
    #expect(wanted(.report) == ["runs/2025-12-31/run.json", "runs/2025-12-31/report.html"])
  }

  @Test func anExplanationTakesItsRunAndTheOneBefore() {
    #expect(wanted(.explanation(run: "2025-11-30")).filter { $0.hasSuffix("forecasts.parquet") }.count == 2)
    #expect(wanted(.explanation(run: nil)).contains("runs/2025-11-30/forecasts.parquet"))
    #expect(!wanted(.explanation(run: nil)).contains("runs/2025-10-31/forecasts.parquet"))
    #expect(!WorkspaceNeed.explanation(run: nil).wants("runs/2025-12-31/a.parquet", runs: []))
  }

  @Test func aNewMasterIsMadeWithoutTheOldOneUnlessRowsAreAppended() {
    #expect(!wanted(.run(appends: false)).contains("master/manifest.json"))
    #expect(wanted(.run(appends: true)).contains("master/manifest.json"))
    #expect(wanted(.forecast).contains("master/manifest.json"))
  }

  @Test func aRunReadsEarlierForecastsButNoReports() {
    #expect(wanted(.run(appends: false)).contains("runs/2025-10-31/forecasts.parquet"))
    #expect(!wanted(.run(appends: false)).contains("runs/2025-12-31/report.html"))
  }
}
