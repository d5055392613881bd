import ArgumentParser
import Foundation
import HorizonObjects
import HorizonPipeline

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Checks an install and a workspace, and says how to mend what is wrong.",
    discussion: """
      Changes nothing. Ends with 1 when there is a problem, else with 0; warnings are no problem.

      EXAMPLES
        horizonscale doctor
        horizonscale doctor --workspace fleet --deep
        horizonscale doctor --json | jq '.findings[] | select(.status == "problem")'

      JSON KEYS
        version problems warnings findings[] (check status message remedy); status is ok, info, warning or problem
      """)

  @Flag(help: "Read every output of every run and compare its digest, instead of its size.")
  var deep = false

  @Flag(help: "Print one JSON object instead.")
  var json = false

  @OptionGroup var workspace: WorkspaceOptions

  func run() async throws {
    let environment = ProcessInfo.processInfo.environment
    let findings = try await workspace.use(.everything) {
      Doctor(
        workspace: workspace.folder, machine: .this(columns: Terminal.columns, environment: environment),
        environment: environment, now: Date.now.timeIntervalSince1970, isDeep: deep
      ).findings()
    }
    Terminal.out(json ? try doctorJSON(findings) : doctorText(findings, style: Terminal.style(width: nil)))
    if findings.contains(where: { $0.status == .problem }) { throw ExitStatus(value: 1) }
  }
}
