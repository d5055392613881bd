import ArgumentParser
import HorizonObjects
import HorizonPipeline

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "From readings to ranked risks and report.html, in one go.",
    discussion: """
      EXAMPLES
        horizonscale run usage.parquet
        horizonscale run exports/ --inventory servers.csv --workspace fleet
        horizonscale run today.csv --append
        horizonscale run s3://lake/usage/ --workspace s3://lake/horizonscale
        zcat usage.csv.gz | horizonscale run - --step day --horizon 90
      """)

  @Argument(help: "CSV or Parquet files, folders, s3:// addresses, or - for standard input.")
  var inputs: [String]

  @OptionGroup var workspace: WorkspaceOptions
  @OptionGroup var ingest: IngestOptionsGroup
  @OptionGroup var forecast: ForecastOptionsGroup
  @OptionGroup var execution: ExecutionOptionsGroup
  @OptionGroup var appending: AppendOptions
  @OptionGroup var resuming: ResumeOptions

  func run() async throws {
    try resuming.check(in: workspace)
    let outcome = try await workspace.use(.run(appends: appending.append)) {
      let sources = try SettingSources(ingest.flags, forecast.flags, execution.flags, in: workspace)
      var settings = try sources.settings()
      settings.fresh = forecast.fresh ? true : nil
      return try await runAll(
        inputs: inputs, appends: appending.append, workspace: workspace.folder, settings: settings,
        execution: try sources.execution(workspace.progress, resumes: resuming.resume))
    }
    Terminal.out(outcome.summary(columns: Terminal.columns))
    try outcome.check(strict: forecast.strict)
  }
}

struct ForecastCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forecast", abstract: "Contest, decisions, forecasts and risks from the master: one whole run folder.",
    discussion: """
      EXAMPLE
        horizonscale forecast --as-of 2025-06-30 --horizon 90
      """)

  @Flag(help: "Write the champions' own, uncalibrated quantiles as well (forecasts-raw.parquet).")
  var raw = false

  @OptionGroup var workspace: WorkspaceOptions
  @OptionGroup var forecast: ForecastOptionsGroup
  @OptionGroup var execution: ExecutionOptionsGroup
  @OptionGroup var resuming: ResumeOptions

  func run() async throws {
    try resuming.check(in: workspace)
    let outcome = try await workspace.use(.forecast) {
      let sources = try SettingSources(forecast.flags, execution.flags, in: workspace)
      var settings = try sources.settings()
      settings.raw = raw
      settings.fresh = forecast.fresh ? true : nil
      return try await forecastLocked(
        workspace: workspace.folder, settings: settings,
        execution: try sources.execution(workspace.progress, resumes: resuming.resume))
    }
    Terminal.out(outcome.summary(columns: Terminal.columns))
    try outcome.check(strict: forecast.strict)
  }
}

struct BacktestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backtest", abstract: "The contest alone: how every model did on every fold.",
    discussion: """
      EXAMPLE
        horizonscale backtest --models theta,harmonic --folds 4 --keep-forecasts
      """)

  @Flag(help: "Keep every fold forecast beside what happened (backtest.parquet).")
  var keepForecasts = false

  @OptionGroup var workspace: WorkspaceOptions
  @OptionGroup var forecast: ForecastOptionsGroup
  @OptionGroup var execution: ExecutionOptionsGroup

  func run() async throws {
    let standings = try await workspace.use(.forecast) {
      let sources = try SettingSources(forecast.flags, execution.flags, in: workspace)
      var settings = try sources.settings()
      settings.keepForecasts = keepForecasts
      return try await backtest(
        workspace: workspace.folder, settings: settings, execution: try sources.execution(workspace.progress))
    }
    Terminal.out(standings)
  }
}

extension RunOutcome {
  /// - Throws: Status 3 under `--strict` when a champion failed.
  func check(strict: Bool) throws {
    if strict && manifest.counts.standIns > 0 { throw ExitStatus(value: 3) }
  }
}
