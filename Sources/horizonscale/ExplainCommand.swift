import ArgumentParser
import Foundation
import HorizonCore
import HorizonObjects
import HorizonPipeline

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract:
      "Why a series is forecast as it is: risk, chart, what moved its date, contest, trust, data quality, changes.",
    discussion: """
      Reads the latest finished run, or the one named by --run, and writes nothing. Names are case-sensitive.

      EXAMPLES
        horizonscale explain shop-db-00010 memory
        horizonscale explain shop-db-00010 memory --run 2025-06-30 --width 60
        horizonscale explain shop-db-00010 memory --json | jq .risks

      JSON KEYS
        server resource run as_of step horizon unit capacity capacity_decision breach_rule live
        risks[]      the columns of risks.parquet
        contest      models[] (name status reason loss relative_loss relative_losses coverage80 is_champion),
                     champion, members, weights, published_by, folds, loss_ratio, why
        trust[]      days tier code reason
        quality      readings first_reading last_reading gap_steps longest_gap steps_since_last verdict remarks
        changes[]    kind (shift, capacity) date factor from_capacity to_capacity
        profile      level trend_per_month recent_mean recent_change noise cycles[] (name strength deviations)
                     clean_ups (days before after) words
        components   model members members_with_parts parts[] (name kind is_multiplicative is_flat pattern ahead words),
                     trend (per_month changes[] (date per_month_before per_month_after jump)), holidays[] (name date
                     amount), sums[] (what time total amounts), learned[] (model time alone added
                     contributions[] (family amount) words), words, note; null where no model can tell
        move         run threshold before now (date is_crossed chance) moved_days within_days parts[] (cause moved_days
                     changed_chance outlook words), words, note; null for what is never at risk
        history[]    time value
        forecast[]   time lead q10 q50 q90 tier
        sources[]    what file columns
      """)

  @Argument(help: "Name of the server.")
  var server: String

  @Argument(help: "Name of the resource, such as cpu or disk.")
  var resource: String

  @Option(name: .customLong("run"), help: "Name of a run in the workspace's folder runs. (default: the latest)")
  var runName: String?

  @Flag(help: "Print one JSON object instead.")
  var json = false

  @Option(help: "Columns of the text, at least 40. (default: those of the terminal, else 80)")
  var width: Int?

  @OptionGroup var workspace: WorkspaceOptions

  func run() async throws {
    if let width, !(40...1_000).contains(width) {
      throw Failure(.badUsage, "--width: \(width) is no width.", remedy: "Use 40 to 1000 columns.")
    }
    let explanation = try await workspace.use(.explanation(run: runName)) {
      try explained(SeriesName(server: server, resource: resource), run: runName, workspace: workspace.folder)
    }
    Terminal.out(json ? try explanation.json() : explanation.text(Terminal.style(width: width)))
  }
}
