import ArgumentParser
import Foundation
import HorizonCore
import HorizonObjects
import HorizonPipeline
import HorizonStore
import HorizonStress
import HorizonSynthetic

struct StressCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stress",
    abstract: "Makes every scenario, runs the pipeline on it and scores it against the known future.",
    discussion: """
      Ends with 1 when a figure is below its floor: setting stress_floors in horizonscale.yaml.

      EXAMPLES
        horizonscale stress
        horizonscale stress --scenario migration --scenario resize --servers 200 --json
      """)

  @Option(help: "Servers in each scenario, each with cpu, memory, disk and network.")
  var servers = 60

  @Option(help: "Days of history.")
  var days = 1_095

  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 42

  @Option(help: "Only these: \(Scenario.allCases.map(\.rawValue).joined(separator: ", ")). (default: all)")
  var scenario: [String] = []

  @Option(help: "all, fast, or names separated by commas; see 'horizonscale models'. (default: all)")
  var models: String?

  @Option(help: ArgumentHelp("Writes stress.json and stress.txt there.", valueName: "dir"))
  var out: String?

  @Flag(help: "Print JSON instead of the table.")
  var json = false

  @OptionGroup var workspace: WorkspaceOptions
  @OptionGroup var execution: ExecutionOptionsGroup

  func run() async throws { try await workspace.use(.settings) { try await stress() } }

  private func stress() async throws {
    let sources = try SettingSources(["models": models], execution.flags, in: workspace)
    let floors = StressFloors(try sources.stressFloors(isName: StressFloors.isName))
    let chosen = try Scenario.chosen(scenario) ?? Scenario.allCases
    if let out { try Workspace(out).create() }
    let test = StressTest(
      servers: servers, days: days, seed: seed, scenarios: chosen, settings: try sources.settings(), floors: floors)
    let result = try await test.run(execution: try sources.execution(workspace.progress))
    let text = try result.json()
    if let out {
      try atomicWrite(text + "\n", to: out + "/stress.json")
      try atomicWrite(result.text + "\n", to: out + "/stress.txt")
    }
    Terminal.out(json ? text : result.text)
    if !result.findings.isEmpty { throw ExitStatus(value: 1) }
  }
}
