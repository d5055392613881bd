import Foundation
import HorizonCore
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

  @Test func theFileLeftByTheFirstRunChangesNothing() throws {
    let defaults = try settings()
    let written = try settings(file: settingsTemplate)
    #expect(written.thresholds.map(\.percent) == defaults.thresholds.map(\.percent))
    #expect(written.horizon == defaults.horizon && written.folds == defaults.folds && written.models == defaults.models)
  }

  @Test func theProphetBlockHasThePackagesNames() throws {
    let block = try settings(
      file: """
        prophet:
          growth: logistic
          cap: 90
          n_changepoints: 10
          changepoints: ['2024-03-01', 2025-01-15]
          weekly_seasonality: false
          yearly_seasonality: 6
          seasonalities: [{name: monthly, period: 30.5, fourier_order: 3, mode: multiplicative}]
          regressors: {users: {prior_scale: 2, standardize: false}}
        """)
    let options = try #require(block.prophet)
    #expect(options.growth == .logistic && options.cap == 90 && options.changepointCount == 10)
    #expect(options.changepoints?.count == 2 && options.weekly == .waves(0) && options.yearly == .waves(6))
    #expect(options.seasonalities == [.init(name: "monthly", period: 30.5, order: 3, mode: .multiplicative)])
    #expect(options.regressors["users"] == .init(priorScale: 2, standardize: false))
    #expect(try settings(file: "prophet: {growth: linear}\n").prophet == nil)
  }

  @Test(arguments: [
    ("seed: 1\nprophet:\n  growth: round\n", "line 3"), ("prophet: {caps: 3}\n", "'caps'"),
    ("prophet: 3\n", "line 1"), ("prophet: {changepoint_range: 2}\n", "changepoint_range"),
    ("prophet: {cap: 1, floor: 2}\n", "cap"), ("prophet: {changepoints: [soon]}\n", "'soon'"),
    ("prophet: {seasonalities: [{name: monthly}]}\n", "period"),
    ("prophet: {regressors: {users: {scale: 1}}}\n", "'scale'"),
  ])
  func whatIsWrongInTheProphetBlockIsSaidWithItsLine(file: String, part: String) {
    let failure = failure(file: file)
    #expect(failure?.code == .badSetting && failure!.message.contains(part) && !failure!.remedy.isEmpty)
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
}
