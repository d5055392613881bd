import ArgumentParser
import HorizonCore
import HorizonObjects
import HorizonPipeline
import HorizonStore

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "The past as if each month's end were today: what would have been said, and what came of it.",
    discussion: """
      Each date sees only the readings, decisions and scored forecasts of before, and is written under replay/ in the workspace: the
      tables of a run, without report. Dates that are there already and were made from the same are left as they are, so an
      interrupted replay goes on where it was. The result is counted beside the straight line over 30 days that most alerts draw.

      EXAMPLES
        horizonscale replay                                         month by month, up to two years back
        horizonscale replay --from 2024-01 --to 2025-12 --every month
        horizonscale replay --from 2025-01-05 --every week --models fast
        horizonscale replay --at 2024-06-30,2024-12-31
        horizonscale replay --show --format csv > replay.csv
      """)

  @Option(help: "First month or date. (default: two years before the end, or where the history begins)")
  var from: String?

  @Option(help: "Last month or date. (default: the newest reading)")
  var to: String?

  @Option(help: "month, week, quarter, or a number of days such as 10d.")
  var every = "month"

  @Option(help: ArgumentHelp("These dates instead, separated by commas.", valueName: "dates"))
  var at: String?

  @Flag(help: "Keep every date's forecasts.parquet, not only until all of it has come true or not.")
  var keepForecasts = false

  @Flag(help: "Print the result of the last replay again, without work.")
  var show = false

  @Option(help: "table, csv or json.")
  var format = "table"

  @OptionGroup var workspace: WorkspaceOptions
  @OptionGroup var forecast: ForecastOptionsGroup
  @OptionGroup var execution: ExecutionOptionsGroup

  func run() async throws {
    guard let format = RiskList.Format(rawValue: format) else {
      throw Failure(.badUsage, "--format: '\(format)' is not understood.", remedy: "Use table, csv or json.")
    }
    let summary = try await workspace.use(show ? .replayed : .replay) {
      show ? try ReplaySummary(readingFrom: workspace.folder) : try await replayed()
    }
    Terminal.out(try summary.text(format, columns: Terminal.columns))
    if forecast.strict && summary.standIns > 0 { throw ExitStatus(value: 3) }
  }

  private func replayed() async throws -> ReplaySummary {
    var plan = ReplayPlan()
    guard let every = ReplayPlan.Every(parsing: every) else {
      throw Failure(
        .badUsage, "--every: '\(every)' is not understood.", remedy: "Use month, week, quarter, or days such as 10d.")
    }
    if at != nil && (from != nil || to != nil) {
      throw Failure(.badUsage, "--at names the dates, --from and --to a time.", remedy: "Give the one or the other.")
    }
    plan.from = from
    plan.to = to
    plan.every = every
    plan.at = at?.split(separator: ",").map { $0.filter { $0 != " " } } ?? []
    let sources = try SettingSources(forecast.flags, execution.flags, in: workspace)
    var settings = try sources.settings()
    settings.fresh = forecast.fresh ? true : nil
    return try await replay(
      workspace: workspace.folder, plan: plan, settings: settings, keepsForecasts: keepForecasts,
      execution: try sources.execution(workspace.progress))
  }
}
