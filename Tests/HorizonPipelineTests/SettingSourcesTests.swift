import Foundation
import HorizonCore
import HorizonModels
import HorizonPipeline
import HorizonStore
import Testing

@Suite struct SettingSourcesTests {
  private func settings(
    flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
  ) throws -> RunSettings {
    let sandbox = try Sandbox()
    if let file { try sandbox.file("workspace/horizonscale.yaml", file) }
    return try SettingSources(flags: flags, environment: environment, workspace: sandbox.workspace).settings()
  }

  private func failure(
    flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
  ) -> Failure? {
    do { _ = try settings(flags: flags, environment: environment, file: file) } catch { return error as? Failure }
    return nil
  }

  @Test func flagsWinOverTheEnvironmentThatWinsOverTheFileThatWinsOverDefaults() throws {
    let flags = ["horizon": "10"]
    let environment = ["HORIZONSCALE_HORIZON": "20", "HORIZONSCALE_FOLDS": "2"]
    let file = "horizon: 30\nfolds: 3\nseed: 7\n"
    let merged = try settings(flags: flags, environment: environment, file: file)
    #expect(merged.horizon == 10)
    #expect(merged.folds == 2)
    #expect(merged.seed == 7)
    #expect(merged.maxBadRows == RunSettings().maxBadRows)
  }

  @Test func howLongRunsAreKeptIsASettingAndZeroKeepsAll() throws {
    let sandbox = try Sandbox()
    func days(_ value: String?) throws -> Int {
      try SettingSources(
        flags: [:], environment: value.map { ["HORIZONSCALE_KEEP_RUNS_DAYS": $0] } ?? [:], workspace: sandbox.workspace
      ).keepRunsDays()
    }
    #expect(try days(nil) == 35 && days("0") == 0 && days("400") == 400)
    for wrong in ["-1", "soon", "3.5"] {
      #expect { try days(wrong) } throws: {
        ($0 as? Failure)?.code == .badSetting
          && ($0 as? Failure)?.message.contains("HORIZONSCALE_KEEP_RUNS_DAYS") == true
      }
    }
    try sandbox.file("workspace/horizonscale.yaml", "keep_runs_days: 90\n")
    #expect(try days(nil) == 90)
  }

  @Test func theFileLeftByTheFirstRunChangesNothing() throws {
    let defaults = try settings()
    let written = try settings(file: settingsTemplate)
    #expect(written.thresholds.map(\.percent) == defaults.thresholds.map(\.percent))
    #expect(written.horizon == defaults.horizon && written.folds == defaults.folds && written.models == defaults.models)
  }

  @Test func aFileThatRepeatsItselfIsRefusedBeforeItFillsTheMemory() throws {
    var text = "map: &a [x, x, x, x, x, x, x, x, x]\n"
    for (name, other) in zip("bcdefghi", "abcdefgh") {
      text += "\(name): &\(name) [\((0..<9).map { _ in "*\(other)" }.joined(separator: ", "))]\n"
    }
    let refusal = try #require(failure(file: text))
    #expect(refusal.code == .badSetting && refusal.message.contains("at most 10000 parts"))
    #expect(try settings(file: "map: &m {server: host}\nunit: {}\n").map == ["server": "host"])
  }

  @Test(arguments: ["? seed: 7\n", "? [seed, folds]\n: 7\n", "breach: {{cpu: 1}: 4/7}\n"])
  func aNameInTheFileIsText(_ text: String) throws {
    let refusal = try #require(failure(file: text))
    #expect(refusal.code == .badSetting && refusal.message.contains("cannot be a list or a map"))
  }

  @Test func mapsAndListsOfTheFileAreReadAsFlagsAre() throws {
    let merged = try settings(
      file: "breach: {default: 3/5, disk: 2/2}\nthresholds: {amber: 70, red: 85}\nmodels: [theta, naive]\n")
    #expect(merged.breach["*"] == BreachRule(count: 3, of: 5))
    #expect(merged.breach["disk"] == BreachRule(count: 2, of: 2))
    #expect(merged.thresholds.map(\.name) == ["amber", "red"])
    #expect(merged.models == ["seasonal-naive", "naive", "theta"])
  }

  @Test(arguments: [
    ("horizon", "0"), ("horizon", "soon"), ("folds", "0"), ("folds", "61"), ("breach", "9/7"), ("breach", "x"),
    ("timezone", "Mars/Olympus"), ("step", "fortnight"), ("aggregate", "cpu=loudest"), ("models", "oracle"),
    ("models", ""), ("seed", "-1"), ("max_bad_rows", "2"), ("as_of", "yesterday"), ("stale_after", "0"),
    ("within", "soon"), ("map", "server"), ("thresholds", "warning=high"),
  ])
  func aSettingThatMakesNoSenseIsNamedWhereItWasWritten(name: String, value: String) throws {
    let flag = try #require(failure(flags: [name: value]))
    #expect(flag.code == .badUsage)
    #expect(flag.message.hasPrefix("--\(name.replacing("_", with: "-")): "))
    #expect(!flag.remedy.isEmpty)
    let variable = try #require(failure(environment: ["HORIZONSCALE_\(name.uppercased())": value]))
    #expect(variable.code == .badSetting)
    #expect(variable.message.hasPrefix("HORIZONSCALE_\(name.uppercased()): "))
    let line = try #require(failure(file: "# mine\n\(name): '\(value)'\n"))
    #expect(line.code == .badSetting)
    #expect(line.message.contains("horizonscale.yaml, line 2, \(name): "))
  }

  @Test(arguments: ["horizon: [1", "just words", "- a\n- b\n", "horizon: 5\nhorizon: 6\n", "horizn: 5\n"])
  func aFileThatIsNoListOfSettingsIsRefused(text: String) throws {
    let refused = try #require(failure(file: text))
    #expect(refused.code == .badSetting)
    #expect(refused.message.contains("horizonscale.yaml"))
  }

  @Test func theProphetBlockIsReadWithThePackagesNames() throws {
    let block = """
      prophet:
        growth: logistic
        cap: 90
        floor: 5
        changepoints: [2024-03-01, '2024-06-01T12:00']
        n_changepoints: 10
        changepoint_range: 0.9
        changepoint_prior_scale: 0.1
        yearly_seasonality: true
        weekly_seasonality: 5
        daily_seasonality: false
        seasonalities:
          - {name: monthly, period: 30.5, fourier_order: 4, prior_scale: 2, mode: multiplicative}
        seasonality_mode: multiplicative
        seasonality_prior_scale: 3
        holidays_mode: additive
        holidays_prior_scale: 4
        regressors: {orders: {prior_scale: 5, mode: additive, standardize: false}}
        scaling: minmax
      """
    var wanted = ProphetOptions()
    wanted.growth = .logistic
    wanted.cap = 90
    wanted.floor = 5
    wanted.changepoints = [1_709_251_200_000_000, 1_717_243_200_000_000]
    wanted.changepointCount = 10
    wanted.changepointRange = 0.9
    wanted.changepointPriorScale = 0.1
    (wanted.yearly, wanted.weekly, wanted.daily) = (.waves(10), .waves(5), .waves(0))
    wanted.seasonalities = [.init(name: "monthly", period: 30.5, order: 4, priorScale: 2, mode: .multiplicative)]
    wanted.seasonalityMode = .multiplicative
    wanted.seasonalityPriorScale = 3
    wanted.holidaysMode = .additive
    wanted.holidaysPriorScale = 4
    wanted.regressors = ["orders": .init(priorScale: 5, mode: .additive, standardize: false)]
    wanted.scaling = .minmax
    let read = try settings(file: block)
    #expect(read.prophet == wanted)
    #expect(try JSONDecoder().decode(RunSettings.self, from: JSONEncoder().encode(read)).prophet == wanted)
  }

  @Test func prophetsDefaultsAreNotRecorded() throws {
    let read = try settings(file: "prophet: {growth: linear, yearly_seasonality: auto, changepoint_range: 0.8}\n")
    #expect(read.prophet == nil)
    #expect(!String(decoding: try JSONEncoder().encode(read), as: UTF8.self).contains("prophet\":{"))
  }

  @Test(arguments: [
    ("growth: fast", "linear, logistic, flat"), ("cap: 90", "logistic"), ("changepoint_range: 1.5", "from 0.0 to 1.0"),
    ("changepoint_prior_scale: 0", "above 0"), ("seasonality_prior_scale: nan", "number"),
    ("n_changepoints: -1", "0 to"),
    ("n_changepoints: 2.5", "whole"), ("weekly_seasonality: -3", "auto, true, false"),
    ("scaling: log", "absmax, minmax"),
    ("holidays_mode: loud", "additive, multiplicative"), ("changepoints: [soon]", "2024-03-01"),
    ("changepoints: 3", "list"), ("grwth: flat", "growth, cap, floor"), ("seasonalities: [{name: m}]", "fourier_order"),
    ("seasonalities: [{name: trend, period: 9, fourier_order: 2}]", "another name"),
    ("seasonalities: [{name: m, period: 0, fourier_order: 2}]", "number from"),
    ("seasonalities: [{name: m, period: 9, fourier_order: 2}, {name: m, period: 8, fourier_order: 1}]", "another name"),
    ("regressors: {orders: {scale: 3}}", "prior_scale, mode, standardize"),
    ("regressors: {orders: {prior_scale: -3}}", "above 0"),
  ])
  func aProphetOptionThatMakesNoSenseIsNamedWithItsLine(line: String, says: String) throws {
    let refused = try #require(
      failure(
        file: "seed: 7\nprophet:\n  scaling_of_mine: 1\n".replacing(
          "scaling_of_mine: 1", with: line)))
    #expect(refused.code == .badSetting)
    #expect(refused.message.contains("horizonscale.yaml, line 3, prophet: "), "\(refused.message)")
    #expect((refused.message + " " + refused.remedy).contains(says), "\(refused.message) \(refused.remedy)")
  }

  @Test func aProphetBlockThatIsNoTableIsRefused() throws {
    #expect(failure(file: "prophet: logistic\n")?.message.contains("line 1, prophet: ") == true)
  }

  @Test func aSeriesWithoutACapIsForecastByOthers() async throws {
    let sandbox = try Sandbox()
    try sandbox.file(
      "workspace/horizonscale.yaml", "prophet: {growth: logistic}\nmodels: prophet\nunit: {cpu: percent}\n")
    let input = try sandbox.file(
      "mixed.csv",
      dailyCSV(["web-1"], days: 200) { _, day in "\(20 + day % 7)" }
        + dailyCSV(["web-1"], resource: "queue", days: 200) { _, day in "\(4_000 + day % 7)" }
        .split(separator: "\n").dropFirst().joined(separator: "\n") + "\n")
    let merged = try SettingSources(flags: [:], environment: [:], workspace: sandbox.workspace).settings()
    let run = try await sandbox.run(input) { $0 = merged }
    #expect(run.manifest.settings.prophet?.growth == .logistic)
    #expect(run.manifest.counts.series == 2 && run.manifest.counts.withoutCeiling == 1)
    #expect(run.manifest.counts.forecastRows == 2 * run.manifest.horizon)
    let record = try SeriesRecord(
      SeriesName(server: "web-1", resource: "queue"), run: nil, workspace: sandbox.workspace)
    let told = Explanation(record).text(TerminalStyle(width: 200, isUnicode: true, hasColour: false))
    #expect(told.contains("logistic growth needs a cap"), "\(told)")
  }
}
