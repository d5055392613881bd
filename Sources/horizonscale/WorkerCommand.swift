import ArgumentParser
import Foundation
import HorizonCore
import HorizonPipeline

struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "The passes of a run as a distributed engine calls them.",
    discussion: """
      plan, decide and finish run once, where the workspace is; contest and publish run anywhere, on any split of the series, with
      readings as an Arrow stream on standard input and a row for each series as another one on standard output.

      EXAMPLE
        horizonscale worker --phase plan --plan plan --workspace fleet
        horizonscale worker --phase contest --plan plan < readings.arrows > digests.arrows
        horizonscale worker --phase decide --plan plan --workspace fleet < digests.arrows
        horizonscale worker --phase publish --plan plan --decisions plan/decisions.bin < readings.arrows > published.arrows
        horizonscale worker --phase finish --plan plan --workspace fleet < published.arrows
      """)

  enum Phase: String, ExpressibleByArgument, CaseIterable {
    case plan, contest, decide, publish, finish
  }

  @Option(help: "plan, contest, decide, publish or finish.")
  var phase: Phase

  @Option(help: ArgumentHelp("What the run is made from: written by plan, read by the others.", valueName: "folder"))
  var plan: String

  @Option(help: ArgumentHelp("What decide made of it, for publish.", valueName: "file"))
  var decisions: String?

  @OptionGroup var workspace: WorkspaceOptions
  @OptionGroup var forecast: ForecastOptionsGroup
  @OptionGroup var execution: ExecutionOptionsGroup

  func validate() throws {
    if (phase == .publish) != (decisions != nil) {
      throw ValidationError(
        phase == .publish ? "publish needs --decisions FILE." : "--decisions is for --phase publish.")
    }
    if phase != .plan, let (flag, _) = forecast.flags.first(where: { $0.value != nil }) {
      throw ValidationError(
        "--\(flag.replacingOccurrences(of: "_", with: "-")) is for --phase plan: the plan has the settings.")
    }
  }

  func run() async throws {
    let folder = URL(fileURLWithPath: plan, isDirectory: true)
    switch phase {
    case .contest:
      try await Worker(plan: folder, execution: try resolved()).contest(from: STDIN_FILENO, to: STDOUT_FILENO)
    case .publish:
      try await Worker(plan: folder, execution: try resolved()).publish(
        decisions: URL(fileURLWithPath: decisions!), from: STDIN_FILENO, to: STDOUT_FILENO)
    case .plan:
      try await workspace.use(.forecast) {
        var settings = try SettingSources(forecast.flags, in: workspace).settings()
        settings.fresh = forecast.fresh ? true : nil
        try await makePlan(
          workspace: workspace.folder, settings: settings, at: folder, execution: try resolved())
      }
    case .decide:
      workspace.progress.say(
        try await workspace.use(.forecast) {
          try await decidePlan(
            folder, workspace: workspace.folder, from: STDIN_FILENO, execution: try resolved())
        })
    case .finish:
      let outcome = try await workspace.use(.forecast) {
        try await finishPlan(folder, workspace: workspace.folder, from: STDIN_FILENO, execution: try resolved())
      }
      Terminal.out(outcome.summary(columns: Terminal.columns))
      try outcome.check(strict: forecast.strict)
    }
  }

  private func resolved() throws -> Execution {
    try SettingSources(execution.flags, in: workspace).execution(workspace.progress)
  }
}
