import Foundation
import HorizonCore
import HorizonPipeline
import HorizonStore
import Synchronization
import Testing

@Suite struct ReplayTests {
  private static let models = [
    "seasonal-naive", "line-30", "theta", "ets", "harmonic-ar", "prophet", "sawtooth", "ensemble-weighted",
  ]

  /// Six servers over 540 days, 2023-01-01 to 2024-06-23: growing towards 80, quiet, with a resize, one that ends and one that begins late.
  private static let csv: String = {
    var text = "server,resource,time,value,capacity\n"
    let first = CivilDate.daysSinceEpoch(year: 2023, month: 1, day: 1)!
    for day in 0..<540 {
      let week = Double((day * 5) % 7) - 3
      let noise = Double((day * 7_919) % 11) / 5
      let date = CivilDate(daysSinceEpoch: first + day)
      func row(_ server: String, _ value: Double, _ capacity: Double = 100) {
        text += "\(server),memory,\(date),\(value),\(capacity)\n"
      }
      row("grows", 30 + 0.12 * Double(day) + week + noise)
      row("jumps", (day < 470 ? 40 : 85) + week + noise)
      row("quiet", 35 + week + noise)
      row("resized", 50 + 0.03 * Double(day) + week + noise, day < 450 ? 90 : 130)
      if day < 430 { row("ended", 45 + week + noise) }
      if day > 160 { row("young", 20 + 0.05 * Double(day) + week + noise) }
    }
    return text
  }()

  private let dates = ["2024-01-31", "2024-02-29", "2024-03-31"]

  private func settings(_ models: [String] = models) -> RunSettings {
    var settings = RunSettings()
    settings.models = models
    return settings
  }

  private func filled(_ sandbox: Sandbox, _ name: String = "workspace") throws -> Workspace {
    let workspace = sandbox.workspace(name)
    _ = try ingestLocked(
      inputs: [try sandbox.file("metrics.csv", ReplayTests.csv)], workspace: workspace, settings: settings(),
      execution: execution())
    return workspace
  }

  private func execution(threads: Int = 2, say: @escaping @Sendable (String) -> Void = { _ in }) -> Execution {
    Execution(threads: threads, chunk: 64, progress: RunProgress(report: { _, _ in }, say: say))
  }

  private func plan(_ dates: [String]) -> ReplayPlan {
    var plan = ReplayPlan()
    plan.at = dates
    return plan
  }

  /// Every file of a replay with its digest.
  private func files(_ workspace: Workspace) throws -> [String: String] {
    let walker = FileManager.default.enumerator(atPath: workspace.replay.path)!
    var files: [String: String] = [:]
    for case let name as String in walker {
      let path = workspace.replay.appending(path: name).path
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
        files[name] = try sha256(ofFile: path)
      }
    }
    return files
  }

  @Test func aReplayedDateSaysWhatARunOnThatDayWouldHaveSaid() async throws {
    let sandbox = try Sandbox()
    let workspace = try filled(sandbox)
    let models = allModels
    _ = try await replay(
      workspace: workspace, plan: plan(dates), settings: settings(models), keepsForecasts: true, execution: execution())
    #expect(!FileManager.default.fileExists(atPath: workspace.runs.path))
    let then = try filled(sandbox, "then")
    for date in dates {
      var settings = settings(models)
      settings.asOf = date
      let run = try await forecastLocked(workspace: then, settings: settings, execution: execution())
      for table in ["decisions", "leaderboard", "calibration", "risks", "forecasts"] {
        let replayed = workspace.replay.appending(path: "\(date)/\(table).parquet").path
        let published = run.folder.appending(path: "\(table).parquet").path
        #expect(try sha256(ofFile: replayed) == sha256(ofFile: published), "\(table) of \(date)")
      }
    }
  }

  @Test func aReplayIsTheSameAgainForAnyNumberOfThreadsAndAfterAnInterruption() async throws {
    let sandbox = try Sandbox()
    let whole = try filled(sandbox)
    let summary = try await replay(workspace: whole, plan: plan(dates), settings: settings(), execution: execution())
    let other = try filled(sandbox, "other")
    // As if it had been stopped after the first date.
    _ = try await replay(
      workspace: other, plan: plan([dates[0]]), settings: settings(), execution: execution(threads: 1))
    #expect(
      try await replay(workspace: other, plan: plan(dates), settings: settings(), execution: execution(threads: 1))
        == summary)
    let before = try files(whole)
    #expect(try files(other) == before)
    #expect(before.keys.contains("summary.json"))

    let talk = Talk()
    _ = try await replay(workspace: whole, plan: plan(dates), settings: settings(), execution: execution(say: talk.add))
    #expect(talk.lines.isEmpty, "nothing is made twice")
    #expect(try files(whole) == before)
    #expect(try ReplaySummary(readingFrom: whole) == summary)
  }

  @Test func aDamagedDateIsMadeAnewAndAnotherMasterMakesAllAnew() async throws {
    let sandbox = try Sandbox()
    let workspace = try filled(sandbox)
    _ = try await replay(workspace: workspace, plan: plan(dates), settings: settings(), execution: execution())
    let before = try files(workspace)
    try Data("half".utf8).write(to: workspace.replay.appending(path: "\(dates[1])/risks.parquet"))
    let talk = Talk()
    _ = try await replay(
      workspace: workspace, plan: plan(dates), settings: settings(), execution: execution(say: talk.add))
    #expect(talk.lines.first == "\(dates[1]) is replayed anew: risks.parquet is damaged or gone.")
    #expect(talk.lines.count == 2, "the date after it is as it would be")
    #expect(try files(workspace) == before)

    _ = try ingestLocked(
      inputs: [try sandbox.file("other.csv", ReplayTests.csv.replacing("quiet", with: "calm"))], workspace: workspace,
      settings: settings(), execution: execution())
    let anew = Talk()
    _ = try await replay(
      workspace: workspace, plan: plan(dates), settings: settings(), execution: execution(say: anew.add))
    #expect(anew.lines.count { $0.contains("have changed") } == dates.count)
  }

  @Test func forecastsStayOnlyUntilAllOfThemHaveComeTrueOrNot() async throws {
    let sandbox = try Sandbox()
    let workspace = try filled(sandbox)
    let dates = ["2023-11-30", "2024-03-31"]
    _ = try await replay(workspace: workspace, plan: plan(dates), settings: settings(), execution: execution())
    func hasForecasts(_ date: String) -> Bool {
      FileManager.default.fileExists(atPath: workspace.replay.appending(path: "\(date)/forecasts.parquet").path)
    }
    #expect(!hasForecasts(dates[0]))
    #expect(hasForecasts(dates[1]))
    let ledger = LedgerFolder(workspace.replay.appending(path: "ledger"))
    #expect(ledger.origins() == dates)
    #expect(LedgerFolder(workspace.ledger).origins().isEmpty)
  }

  @Test func alarmsAreHeldAgainstTheBreachesThatCame() async throws {
    let sandbox = try Sandbox()
    let workspace = try filled(sandbox)
    var plan = ReplayPlan()
    plan.from = "2023-10"
    plan.to = "2024-03"
    let summary = try await replay(workspace: workspace, plan: plan, settings: settings(), execution: execution())
    let json = try #require(JSONSerialization.jsonObject(with: Data(try summary.json().utf8)) as? [String: Any])
    #expect(json["dates"] as? Int == 6)
    // The window of the last date ends after the readings.
    #expect(json["counted"] as? Int == 5)
    let product = try #require(json["product"] as? [String: Any])
    let line = try #require(json["line_30"] as? [String: Any])
    // 'grows' and 'jumps' cross 80 within the window of some date.
    #expect(product["breaches"] as? Int == 2)
    #expect(line["breaches"] as? Int == 2)
    #expect(product["hits"] as? Int == 1, "nobody sees a jump come")
    #expect(line["missed"] as? Int == 1)
    #expect(try summary.text(.table).contains("came true"))
    #expect(try summary.text(.csv).split(separator: "\n").count == 1 + 2 * (1 + 3 + 5))
  }

  @Test func datesOutsideTheHistoryAreToldWithThePossibleOnes() async throws {
    let sandbox = try Sandbox()
    let workspace = try filled(sandbox)
    func message(_ from: String?, _ to: String?, at: [String] = []) async -> String {
      var plan = ReplayPlan()
      plan.from = from
      plan.to = to
      plan.at = at
      do {
        _ = try await replay(workspace: workspace, plan: plan, settings: settings(), execution: execution())
        return ""
      } catch { return "\(error)" }
    }
    #expect(await message("2022-05", "2023-03").contains("The first possible month is 2023-01."))
    #expect(await message("2024-03", "2024-01").contains("lies after --to"))
    #expect(await message("2024-01", "2024-06").contains("The last possible month is 2024-05."))
    #expect(await message("May", nil).contains("'May' is no month and no date"))
    #expect(await message(nil, nil, at: ["2025-01-31"]).contains("has not ended"))
    #expect(!FileManager.default.fileExists(atPath: workspace.replay.path))
  }

  @Test func theCalendarDecidesTheDates() throws {
    let sandbox = try Sandbox()
    let fleet = try Fleet(workspace: try filled(sandbox), settings: settings())
    func dates(_ from: String?, _ to: String?, _ every: ReplayPlan.Every) throws -> [String] {
      var plan = ReplayPlan()
      plan.from = from
      plan.to = to
      plan.every = every
      return try plan.asOfs(in: fleet).map { ISOTime.string(fleet.step.microseconds(of: $0)) }
    }
    #expect(try dates("2024-01", "2024-03", .month) == ["2024-01-31", "2024-02-29", "2024-03-31"])
    #expect(try dates("2023-02", "2023-12", .quarter) == ["2023-03-31", "2023-06-30", "2023-09-30", "2023-12-31"])
    #expect(try dates("2024-01-01", "2024-01-20", .week) == ["2024-01-07", "2024-01-14"])
    #expect(try dates("2024-01-01", "2024-01-12", .days(5)) == ["2024-01-01", "2024-01-06", "2024-01-11"])
    #expect(try dates(nil, nil, .month).first == "2023-01-31")
    #expect(try dates(nil, nil, .month).last == "2024-05-31")
  }
}

@Suite struct ReplayEpisodeTests {
  private let asOfs = [0, 30, 60, 90, 120]
  private let step = Step(parsing: "day")!

  private func outcome(_ month: Int, called: Double?, breach: Int?) -> ReplayOutcome {
    ReplayOutcome(series: 0, month: month, tier: .high, product: called, line: nil, breach: breach)
  }

  private func score(_ outcomes: [ReplayOutcome]) -> ReplayScore {
    ReplayEpisodes(outcomes, asOfs: asOfs, step: step, call: \.product).score(serverMonths: 100)
  }

  @Test func alarmsOfConsecutiveDatesAreOne() {
    let score = score([
      outcome(0, called: 80, breach: nil), outcome(1, called: 70, breach: 100), outcome(2, called: 50, breach: 100),
    ])
    #expect(score.alarms == 1)
    #expect(score.hits == 1)
    #expect(score.breaches == 1)
    // From the first date whose own window held the breach.
    #expect(score.leadDays == 70)
    #expect(score.dateErrorDays == 0)
  }

  @Test func anAlarmAfterABreachIsAnother() {
    let score = score([outcome(0, called: 20, breach: 25), outcome(1, called: 20, breach: nil)])
    #expect(score.alarms == 2)
    #expect(score.hits == 1)
    #expect(score.falseAlarms == 1)
    #expect(score.falseAlarmsPer1000ServerMonths == 10)
  }

  @Test func aBreachCountsOnceAndThatNobodyAnnouncedItOnceToo() {
    let twice = score([
      outcome(0, called: 80, breach: 85), outcome(1, called: nil, breach: 85), outcome(2, called: 9, breach: 85),
    ])
    #expect(twice.alarms == 1)
    #expect(twice.hits == 1)
    #expect(twice.missed == 0)
    let never = score([outcome(1, called: nil, breach: 100), outcome(2, called: nil, breach: 100)])
    #expect(never.missed == 1)
    #expect(never.recall == 0)
    #expect(never.precision == nil)
  }
}

/// Lines that were said.
private final class Talk: Sendable {
  private let said = Mutex<[String]>([])
  var lines: [String] { said.withLock { $0 } }
  func add(_ line: String) { said.withLock { $0.append(line) } }
}
