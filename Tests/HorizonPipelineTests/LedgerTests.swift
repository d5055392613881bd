import Foundation
import HorizonCore
import HorizonLedger
import HorizonPipeline
import HorizonStore
import Synchronization
import Testing

/// Runs at day 100, then at day 150 of the same two servers, one of which fills by half a point a day.
@Suite struct LedgerTests {
  /// What a run said.
  private final class Talk: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    var progress: RunProgress {
      RunProgress(report: { _, _ in }, say: { line in self.lines.withLock { $0.append(line) } })
    }
    func says(_ part: String) -> Bool { all.contains { $0.contains(part) } }
  }

  private static let first = CivilDate(daysSinceEpoch: 20_100).description
  private static let last = CivilDate(daysSinceEpoch: 20_150).description

  private static func value(_ server: Int, _ day: Int) -> Double {
    server == 0 ? Double(20 + day % 7 + day * day % 5) : 10 + 0.5 * Double(day) + Double(day * 7 % 3)
  }

  private static func csv(
    _ servers: [String] = ["web-1", "web-2"], days: Int = 151, value: (Int, Int) -> Double = value
  ) -> String {
    dailyCSV(servers, days: days) { "\(value($0, $1))" }
  }

  private func run(
    _ sandbox: Sandbox, csv: String? = LedgerTests.csv(), asOf: String? = nil, threads: Int = 2, keepDays: Int = 35,
    talk: Talk = Talk(), change: (inout RunSettings) -> Void = { _ in }
  ) async throws -> RunOutcome {
    var settings = RunSettings()
    settings.models = ["seasonal-naive", "line-30"]
    settings.units = ["*": "%"]
    settings.asOf = asOf
    change(&settings)
    let execution = Execution(threads: threads, chunk: 64, progress: talk.progress, keepRunsDays: keepDays)
    guard let csv else {
      return try await forecastLocked(workspace: sandbox.workspace, settings: settings, execution: execution)
    }
    return try await runAll(
      inputs: [try sandbox.file("usage.csv", csv)], workspace: sandbox.workspace, settings: settings,
      execution: execution)
  }

  private func ledger(_ sandbox: Sandbox) -> LedgerFolder { LedgerFolder(sandbox.workspace.ledger) }

  private func rows(_ sandbox: Sandbox, _ origin: String = first) throws -> [LedgerRow] {
    var rows: [LedgerRow] = []
    for part in ledger(sandbox).parts(of: origin) { try LedgerFolder.read(part) { rows.append($0) } }
    return rows
  }

  /// Readings that were scored of each server and lead bucket, in the order of the rows: `web-1 1-30: 30`.
  private func scored(_ sandbox: Sandbox, _ origin: String = first) throws -> [String] {
    var sums: [(String, Int)] = []
    for row in try rows(sandbox, origin) {
      let key = "\(row.name.server) \(row.bucket.label)"
      // Where the tier changes inside a bucket there are two rows.
      if sums.last?.0 == key { sums[sums.count - 1].1 += row.n } else { sums.append((key, row.n)) }
    }
    return sums.map { "\($0.0): \($0.1)" }
  }

  private func bytes(_ sandbox: Sandbox, _ origin: String = first) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: #require(ledger(sandbox).parts(of: origin).first)))
  }

  // The sandbox is handed over, not its workspace: the folder lives as long as the sandbox does.
  private func record(_ sandbox: Sandbox, before day: Int64) throws -> TrackRecord {
    try withExtendedLifetime(sandbox) {
      try TrackRecord(reading: sandbox.workspace, before: day * 86_400_000_000)
    }
  }

  private func summary(_ sandbox: Sandbox, by grouping: LedgerSummary.Grouping? = nil) throws -> LedgerSummary {
    try withExtendedLifetime(sandbox) { try LedgerSummary(of: sandbox.workspace, by: grouping) }
  }

  private func update(_ sandbox: Sandbox) async throws -> LedgerUpdate {
    defer { withExtendedLifetime(sandbox) {} }
    let workspace = sandbox.workspace
    return try await extend(
      LedgerFolder(workspace.ledger), with: workspace.runsByAsOf(), origin: .run,
      fleet: try Fleet(workspace: workspace, settings: RunSettings()),
      execution: Execution(threads: 2, chunk: 64, progress: .silent))
  }

  /// A workspace with a run at day 100 and one at day 150.
  private func twoRuns() async throws -> (sandbox: Sandbox, early: RunOutcome, late: RunOutcome) {
    let sandbox = try Sandbox()
    let early = try await run(sandbox, asOf: LedgerTests.first)
    return (sandbox, early, try await run(sandbox, csv: nil))
  }

  @Test func aRunHoldsEarlierForecastsAgainstTheReadingsThatCame() async throws {
    let (sandbox, early, late) = try await twoRuns()
    let rows = try rows(sandbox)
    #expect(try scored(sandbox) == ["web-1 1-30: 30", "web-1 31-60: 20", "web-2 1-30: 30", "web-2 31-60: 20"])
    #expect(rows.allSatisfy { $0.origin == .run })
    // The obvious way: row by row of the table against the readings.
    let columns = ["server"].map { Column($0, .key) } + ["mean", "q10", "q90"].map { Column($0, .float) }
    let reader = try TableReader(parquet: early.folder.appending(path: "forecasts.parquet").path, columns: columns)
    let batch = try #require(try reader.next())
    var inside = [0, 0]
    var error = [0.0, 0.0]
    var lead = [0, 0]
    for i in 0..<batch.rowCount {
      let s = reader.keyNames(0)[Int(batch.codes(0)[i])] == "web-1" ? 0 : 1
      lead[s] += 1
      if lead[s] > 30 { continue }
      let actual = Float(LedgerTests.value(s, 100 + lead[s]))
      if actual >= batch.floats(2)[i] && actual <= batch.floats(3)[i] { inside[s] += 1 }
      error[s] += Double(abs(actual - batch.floats(1)[i]))
    }
    #expect(rows.filter { $0.bucket == .days1to30 }.map(\.inside80) == inside)
    #expect(rows.filter { $0.bucket == .days1to30 }.map(\.sumAbsoluteError) == error)
    // Days 31 to 60 are not over.
    #expect(early.manifest.ledger == nil && late.manifest.ledger?.rows == 2 && late.manifest.ledger?.origins == 1)
    let known = try record(sandbox, before: 20_150)
    #expect(known.counts(bucket: .days1to30).inside80 == inside[0] + inside[1])
    #expect(known.counts(bucket: .days31to60).n == 0)
    let page = try writtenReport(of: late.folder)
    #expect(page.contains(#""origins":["\#(LedgerTests.first)"]"#))
    #expect(try writtenReport(of: early.folder).contains(#""origins":[]"#))
  }

  @Test func aBreachThatWasCalledAndCameIsAHit() async throws {
    let sandbox = try Sandbox()
    // 45 and rising by a point a day: over 80 after 35 days.
    let csv = LedgerTests.csv { s, day in s == 0 ? 90 : max(1, Double(day) - 55 + Double(day % 2)) }
    _ = try await run(sandbox, csv: csv, asOf: LedgerTests.first) {
      $0.models = ["seasonal-naive", "line-30", "drift"]
    }
    _ = try await run(sandbox, csv: csv)
    let rows = try rows(sandbox)
    // The first server had crossed before.
    #expect(rows.filter { $0.name.server == "web-1" }.allSatisfy { $0.breachCalled == nil && $0.breachHappened == nil })
    let filling = rows.filter { $0.name.server == "web-2" }
    #expect(filling.map(\.breachHappened).prefix(2) == [false, true])
    #expect(filling[1].breachCalled == true)
  }

  @Test func aRunInThePastSeesNothingOfWhatCameAfterAndForgetsNothing() async throws {
    let (sandbox, _, _) = try await twoRuns()
    let before = try bytes(sandbox)
    let past = try await run(sandbox, csv: nil, asOf: CivilDate(daysSinceEpoch: 20_129).description)
    #expect(past.manifest.ledger == nil)
    #expect(try bytes(sandbox) == before)
    let due = try await run(sandbox, csv: nil, asOf: CivilDate(daysSinceEpoch: 20_130).description)
    #expect(due.manifest.ledger?.rows == 2)
  }

  @Test func freshReadsNothingOfTheLedger() async throws {
    let (sandbox, _, late) = try await twoRuns()
    let fresh = try await run(sandbox, csv: nil) { $0.fresh = true }
    #expect(fresh.manifest.ledger == nil && fresh.manifest.digest != late.manifest.digest)
    let alone = try Sandbox()
    #expect(try await run(alone).manifest.digest == fresh.manifest.digest)
  }

  @Test func aDeletedLedgerIsRebuiltToTheByteForAnyNumberOfThreads() async throws {
    let (sandbox, _, late) = try await twoRuns()
    let before = try bytes(sandbox)
    try FileManager.default.removeItem(at: sandbox.workspace.ledger)
    let again = try await run(sandbox, csv: nil, threads: 5)
    #expect(try bytes(sandbox) == before)
    #expect(again.manifest.ledger?.sha256 == late.manifest.ledger?.sha256)
  }

  @Test func rowsOfADeletedRunStayAndCount() async throws {
    let (sandbox, early, late) = try await twoRuns()
    let before = try bytes(sandbox)
    try FileManager.default.removeItem(at: early.folder)
    let again = try await run(sandbox, csv: nil)
    #expect(try bytes(sandbox) == before && again.manifest.ledger?.sha256 == late.manifest.ledger?.sha256)
  }

  @Test func onlyWhatHasChangedIsScoredAgain() async throws {
    let (sandbox, _, _) = try await twoRuns()
    #expect(try await update(sandbox).scored == [])
    // One more day belongs to the run of day 100 and to that of day 150.
    _ = try await run(sandbox, csv: LedgerTests.csv(days: 152))
    let grown = ["web-1 1-30: 30", "web-1 31-60: 21", "web-2 1-30: 30", "web-2 31-60: 21"]
    #expect(try scored(sandbox) == grown)
    #expect(try scored(sandbox, LedgerTests.last) == ["web-1 1-30: 1", "web-2 1-30: 1"])
    // An older reading is revised: what came after it and what looks back on it is scored again.
    let before = try bytes(sandbox)
    let revised = LedgerTests.csv(days: 152) { LedgerTests.value($0, $1) + ($0 == 0 && $1 == 120 ? 50 : 0) }
    _ = try await run(sandbox, csv: revised)
    #expect(try bytes(sandbox) != before && scored(sandbox) == grown)
    #expect(try await update(sandbox).scored == [])
  }

  @Test func ofSeveralRunsAtOneAsOfTheNewestCounts() async throws {
    let sandbox = try Sandbox()
    _ = try await run(sandbox, asOf: LedgerTests.first)
    _ = try await run(sandbox, csv: nil, asOf: LedgerTests.first) { $0.horizon = 20 }
    let late = try await run(sandbox, csv: nil)
    #expect(try rows(sandbox).map(\.n) == [20, 20] && late.manifest.ledger?.rows == 2)
    let part = try #require(ledger(sandbox).parts(of: LedgerTests.first).first)
    #expect(try LedgerFolder.stamp(of: part)?.run == "\(LedgerTests.first).2")
  }

  @Test func theLedgerOfAnotherFleetIsSaidAndDoesNotCount() async throws {
    let (sandbox, _, _) = try await twoRuns()
    let other = try Sandbox()
    let csv = LedgerTests.csv(["db-1", "db-2"])
    _ = try await run(other, csv: csv)
    try FileManager.default.copyItem(at: sandbox.workspace.ledger, to: other.workspace.ledger)
    let talk = Talk()
    let outcome = try await run(other, csv: nil, talk: talk)
    #expect(outcome.manifest.ledger == nil && talk.says("is the ledger of another fleet"))
    #expect(try bytes(other) == bytes(sandbox))
    #expect(try summary(other).remarks.count == 1)
  }

  @Test func aDamagedPartIsMadeAnewWhereItsRunIsKeptAndElseSaid() async throws {
    let (sandbox, early, late) = try await twoRuns()
    let part = URL(fileURLWithPath: try #require(ledger(sandbox).parts(of: LedgerTests.first).first))
    let whole = try Data(contentsOf: part)
    func damage() throws {
      // The footer stays: only whoever reads the rows finds out.
      var bytes = whole
      for i in 4..<24 { bytes[i] ^= 0xff }
      try bytes.write(to: part)
    }
    try damage()
    let talk = Talk()
    let mended = try await run(sandbox, csv: nil, talk: talk)
    #expect(talk.says("was damaged; it has been made anew from its run") && mended.manifest.ledger?.rows == 2)
    #expect(try Data(contentsOf: part) == whole)
    try damage()
    try FileManager.default.removeItem(at: early.folder)
    let other = Talk()
    let lost = try await run(sandbox, csv: nil, talk: other)
    #expect(lost.manifest.ledger == nil && late.manifest.ledger != nil)
    #expect(other.says("\(part.path) cannot be read") && other.says("Remove "))
  }

  @Test func aRunOfAnotherStepOrThatCannotBeReadIsSaidAndLeftOut() async throws {
    let (sandbox, early, _) = try await twoRuns()
    try FileManager.default.removeItem(at: sandbox.workspace.ledger)
    let file = early.folder.appending(path: "run.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    try text.replacing(#""step" : "day""#, with: #""step" : "hour""#).write(to: file, atomically: true, encoding: .utf8)
    let talk = Talk()
    #expect(try await run(sandbox, csv: nil, talk: talk).manifest.ledger == nil)
    #expect(talk.says("it forecast by the hour, the master holds readings by the day"))
    try text.write(to: file, atomically: true, encoding: .utf8)
    try Data("no table".utf8).write(to: early.folder.appending(path: "forecasts.parquet"))
    let other = Talk()
    #expect(try await run(sandbox, csv: nil, talk: other).manifest.ledger == nil)
    #expect(other.says("Run \(LedgerTests.first) is not scored: "))
    #expect(try rows(sandbox).isEmpty)
  }

  @Test func whatAnExportHasLeftBehindStays() async throws {
    let (sandbox, _, _) = try await twoRuns()
    let before = try bytes(sandbox)
    let newest = dailyCSV(["web-1", "web-2"], days: 152) { "\(LedgerTests.value($0, $1))" }
      .split(separator: "\n").filter { $0.hasPrefix("server") || $0.split(separator: ",")[2] >= "2025-02-01" }
    let outcome = try await run(sandbox, csv: newest.joined(separator: "\n"))
    #expect(try bytes(sandbox) == before && outcome.manifest.ledger?.origins == 1)
  }

  @Test func rowsOfAnotherStepDoNotCount() async throws {
    let (sandbox, early, _) = try await twoRuns()
    try FileManager.default.removeItem(at: early.folder)
    let weeks = Talk()
    let outcome = try await run(sandbox, talk: weeks) {
      $0.step = "week"
      $0.horizon = 4
    }
    #expect(outcome.manifest.ledger == nil && weeks.says("count readings by the day"))
  }

  @Test func rowsOfSeriesThatTheMasterLostStay() async throws {
    let (sandbox, _, _) = try await twoRuns()
    let gone = try rows(sandbox).filter { $0.name.server == "web-2" }
    _ = try await run(sandbox, csv: LedgerTests.csv(["web-1"], days: 152))
    #expect(try rows(sandbox).filter { $0.name.server == "web-2" } == gone)
    let known = try record(sandbox, before: 20_151)
    #expect(known.counts().series == 1)
  }

  @Test func theCommandTellsWhenTheFirstRowsComeAndThenWhatHappened() async throws {
    let sandbox = try Sandbox()
    _ = try await run(sandbox, asOf: LedgerTests.first)
    let due = CivilDate(daysSinceEpoch: 20_130).description
    #expect(
      try summary(sandbox).text(.table).contains(
        "The first rows come when the master has readings up to \(due)"))
    #expect(try summary(sandbox).text(.json) == "[\n\n]")
    _ = try await run(sandbox, csv: nil)
    let csv = try summary(sandbox, by: .madeAt).text(.csv).split(separator: "\n")
    #expect(csv[0].hasPrefix("made_at,runs,forecasts,readings,coverage50,coverage80,coverage90,mase,called"))
    #expect(csv.count == 2 && csv[1].hasPrefix("\(LedgerTests.first),1,2,60,"))
    let table = try summary(sandbox).text(.table)
    #expect(table.hasPrefix("trust") && table.contains("1-30") && table.contains("From one run"))
    #expect(try Executable.run(["ledger", "--by", "tear"], workspace: sandbox.workspace.folder.path).code == 64)
  }

  @Test func runsThatHaveServedTheirTimeGoAndWhatTheyPromisedStays() async throws {
    let sandbox = try Sandbox()
    // Days 100 to 150 are 2025-01-12 to 2025-03-03.
    let days = [20_100, 20_101, 20_110, 20_149].map { CivilDate(daysSinceEpoch: $0).description }
    for day in days { _ = try await run(sandbox, asOf: day, keepDays: 0) }
    let talk = Talk()
    let newest = try await run(sandbox, csv: nil, talk: talk)
    let kept = sandbox.workspace.finishedRuns().map(\.asOf)
    #expect(kept == [days[2], days[3], newest.folder.lastPathComponent])
    #expect(talk.says("Removed 2 runs"))
    #expect(ledger(sandbox).origins() == days)
    #expect(try sandbox.leftovers().isEmpty)
    // The rows of the runs that are gone still count.
    #expect(try await run(sandbox, csv: nil).manifest.ledger?.origins == 3)
  }

  @Test func theNewestRunOfAMonthStaysAndSoDoesWhatHasNoRows() {
    func folders(_ names: [String]) -> [RunFolder] {
      names.compactMap { RunFolder(url: URL(fileURLWithPath: "/w/runs/\($0)")) }
    }
    let runs = folders([
      "2025-10-30", "2025-10-31", "2025-10-31.2", "2025-11-20", "2025-11-25", "2025-11-26", "2025-12-31",
    ])
    #expect(
      expired(runs, after: 35).map(\.url.lastPathComponent) == ["2025-10-30", "2025-10-31", "2025-11-20", "2025-11-25"])
    #expect(expired(runs, after: 41).map(\.url.lastPathComponent) == ["2025-10-30", "2025-10-31"])
    #expect(expired(runs, after: 0).isEmpty && expired([], after: 35).isEmpty)
    let hours = folders(["2025-10-30T0100Z", "2025-10-30T0200Z", "2025-12-31T0000Z"])
    #expect(expired(hours, after: 35).map(\.asOf) == ["2025-10-30T0100Z"])
  }

  @Test func doctorLooksAtTheLedger() async throws {
    let (sandbox, early, _) = try await twoRuns()
    func finding() throws -> Finding {
      let doctor = Doctor(
        workspace: sandbox.workspace,
        machine: Machine(
          executable: "/opt/x", libraries: [], treeLibrary: .success(.init(name: "XGBoost", path: "/x", version: "1")),
          cores: 2, memory: 8_000_000_000, columns: 80), environment: [:], now: 1_900_000_000)
      return try #require(doctor.findings().first { $0.check == "ledger" })
    }
    #expect(try finding().status == .ok && finding().message.contains("1 run, 2 forecasts complete"))
    try Data("no table".utf8).write(
      to: URL(fileURLWithPath: try #require(ledger(sandbox).parts(of: LedgerTests.first).first)))
    #expect(try finding().status == .warning && finding().remedy?.contains("The next run makes it anew") == true)
    try FileManager.default.removeItem(at: early.folder)
    #expect(try finding().remedy?.hasPrefix("Remove ") == true)
  }
}
