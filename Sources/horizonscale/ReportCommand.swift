import ArgumentParser
import HorizonCore
import HorizonObjects
import HorizonPipeline
import HorizonStore

struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Writes the latest run as one HTML file that opens without a network.",
    discussion: """
      EXAMPLE
        horizonscale report --out capacity.html
      """)

  @Option(help: "The file; - for standard output.")
  var out = "report.html"

  @OptionGroup var workspace: WorkspaceOptions

  func run() async throws {
    let page = try await workspace.use(.report) { try writtenReport(of: workspace.folder.latestRun()) }
    if out == "-" { return Terminal.out(page) }
    try write(page, where: out)
    workspace.progress.say("Wrote \(out).")
  }
}

struct RiskCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "risk", abstract: "The ranked list of the latest run.",
    discussion: """
      EXAMPLES
        horizonscale risk --within 60d --tier high
        horizonscale risk --format json --fail-on critical

      Why one of them is listed: horizonscale explain SERVER RESOURCE
      """)

  @Option(help: "Days ahead that decide a severity, such as 90d. (default: that of the run)")
  var within: String?

  @Option(help: "Only this trust tier: high, medium or low.")
  var tier: String?

  @Option(help: "table, csv or json.")
  var format = "table"

  @Option(help: "End with 1 when something at or above this severity is listed.")
  var failOn: String?

  @OptionGroup var workspace: WorkspaceOptions

  func run() async throws {
    guard let format = RiskList.Format(rawValue: format) else {
      throw badUsage("--format", format, "Use table, csv or json.")
    }
    let tier = try tier.map { text in
      guard let tier = TrustTier(rawValue: text) else { throw badUsage("--tier", text, "Use high, medium or low.") }
      return tier
    }
    let days = try within.map { text in
      guard let days = Double(text.hasSuffix("d") ? String(text.dropLast()) : text), days > 0, days.isFinite else {
        throw badUsage("--within", text, "Use a number of days, such as 60d.")
      }
      return days
    }
    let list = try await workspace.use(.risks) {
      try RiskList(of: workspace.folder.latestRun(), within: days, tier: tier)
    }
    if let failOn { try list.requireSeverity(failOn) }
    Terminal.out(try list.text(format, columns: Terminal.columns))
    if let failOn, list.hasAny(atLeast: failOn) { throw ExitStatus(value: 1) }
  }
}

private func badUsage(_ flag: String, _ value: String, _ remedy: String) -> Failure {
  Failure(.badUsage, "\(flag): '\(value)' is not understood.", remedy: remedy)
}

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "The catalog of models, from their own cards.",
    discussion: """
      EXAMPLE
        horizonscale models
      """)

  func run() { Terminal.out(modelCatalog(columns: Terminal.columns)) }
}
