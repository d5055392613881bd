import ArgumentParser
import Foundation
import HorizonCore
import HorizonObjects
import HorizonPipeline
import HorizonStore
import HorizonSynthetic

/// What a synthetic fleet is like.
struct FleetOptions: ParsableArguments {
  @Option(help: "Servers, each with cpu, memory, disk and network.")
  var servers = 2_000

  @Option(help: "Days of history.")
  var days = 1_095

  @Option(help: "day or hour.")
  var step = "day"

  @Option(help: "Behaviours instead of the mix: \(Scenario.allCases.map(\.rawValue).joined(separator: ", ")).")
  var scenario: [String] = []

  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 42

  func plan() throws -> FleetPlan {
    guard let step = Step(parsing: step), step == .day || step == .hour else {
      throw Failure(.badUsage, "--step: '\(self.step)' is not understood.", remedy: "Use day or hour.")
    }
    return FleetPlan(
      servers: servers, days: days, step: step, seed: seed, scenarios: try Scenario.chosen(scenario))
  }
}

extension Scenario {
  /// What names on the command line stand for, several of them also in one word with commas; nil when there are none.
  static func chosen(_ names: [String]) throws -> [Scenario]? {
    let scenarios = try names.flatMap { $0.split(separator: ",") }.map { name in
      guard let scenario = Scenario(rawValue: String(name)) else {
        throw Failure(
          .badUsage, "--scenario: there is no '\(name)'.",
          remedy: "Choose from \(Scenario.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
      return scenario
    }
    return scenarios.isEmpty ? nil : scenarios
  }
}

struct SynthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synth", abstract: "Makes a seeded synthetic fleet with known truth, or series to train on.",
    discussion: """
      The family 'pretrain' is what shipped weights are trained on: random
      series that share nothing with fleets, one a server, each of 30 readings
      to --days. It writes metrics.parquet alone.

      EXAMPLES
        horizonscale synth --out fleet --servers 200
        horizonscale synth --out disks --scenario sawtooth-disk --days 730
        horizonscale synth --out universe --family pretrain --step hour --days 60
      """)

  enum Family: String, CaseIterable, ExpressibleByArgument {
    case fleet, pretrain
  }

  @Option(help: "Folder for metrics.parquet and, of a fleet, inventory.parquet and truth.parquet.")
  var out: String

  @Option(help: "What to make.")
  var family = Family.fleet

  @OptionGroup var fleet: FleetOptions

  @Option(help: "Threads. (default: all cores)")
  var threads: Int?

  @Flag(help: "Say nothing but errors.")
  var quiet = false

  func run() async throws {
    let progress = Terminal.progress(quiet: quiet)
    let plan = try fleet.plan()
    if let threads, threads < 1 {
      throw Failure(.badUsage, "--threads: \(threads) is no number of threads.", remedy: "Use at least 1.")
    }
    func report(_ done: Int) throws {
      progress.report("synth", Double(done) / Double(plan.servers))
      try Interruption.check()
    }
    switch family {
    case .fleet:
      let threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
      try await SyntheticFleet(plan).write(to: out, threads: threads, progress: report)
      progress.say("Wrote metrics.parquet, inventory.parquet and truth.parquet to \(out).")
    case .pretrain:
      guard plan.scenarios == nil else {
        throw Failure(
          .badUsage, "--scenario: the family 'pretrain' has no scenarios.",
          remedy: "Leave out --scenario, or --family pretrain.")
      }
      try PretrainFiles(seed: plan.seed, servers: plan.servers, days: plan.days, step: plan.step)
        .write(to: out, progress: report)
      progress.say("Wrote metrics.parquet to \(out).")
    }
  }
}

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Makes a synthetic fleet and runs the main job on it.",
    discussion: """
      EXAMPLE
        horizonscale demo --servers 500 --workspace demo-workspace
      """)

  @OptionGroup var fleet: FleetOptions
  @OptionGroup var workspace: WorkspaceOptions
  @OptionGroup var execution: ExecutionOptionsGroup

  func run() async throws {
    let outcome = try await workspace.use(.run(appends: false)) { try await made() }
    Terminal.out(outcome.summary(columns: Terminal.columns))
  }

  private func made() async throws -> RunOutcome {
    let sources = try SettingSources(execution.flags, in: workspace)
    let progress = workspace.progress
    let execution = try sources.execution(progress)
    let folder = workspace.folder.folder.appending(path: "demo-fleet").path
    let plan = try fleet.plan()
    try workspace.folder.create()
    progress.say("Making \(plan.servers) servers with \(plan.days) days of history, seed \(plan.seed).")
    try await SyntheticFleet(plan).write(to: folder, threads: execution.threads) { done in
      progress.report("synth", Double(done) / Double(plan.servers))
      try Interruption.check()
    }
    var settings = try sources.settings()
    settings.seed = plan.seed
    return try await runAll(
      inputs: [folder], workspace: workspace.folder, settings: settings, execution: execution)
  }
}
