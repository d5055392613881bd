import ArgumentParser
import HorizonCore
import HorizonObjects
import HorizonPipeline
import HorizonStore

struct LedgerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "What past forecasts promised, and what happened.",
    discussion: """
      Each run holds the forecasts of earlier ones against the readings that have come since. A row counts when all readings of
      its days ahead were due; intervals of an honest forecast hold about as many readings as they promise.

      EXAMPLES
        horizonscale ledger                        by trust tier and days ahead
        horizonscale ledger --by made_at           run by run
        horizonscale ledger --by resource --format csv > ledger.csv
      """)

  @Option(help: "resource, bucket (days ahead), tier or made_at (run). (default: tier and bucket)")
  var by: String?

  @Option(help: "table, csv or json.")
  var format = "table"

  @OptionGroup var workspace: WorkspaceOptions

  func run() async throws {
    guard let format = RiskList.Format(rawValue: format) else {
      throw Failure(.badUsage, "--format: '\(format)' is not understood.", remedy: "Use table, csv or json.")
    }
    let grouping = try by.map { text in
      guard let grouping = LedgerSummary.Grouping(rawValue: text) else {
        throw Failure(
          .badUsage, "--by: '\(text)' is not understood.", remedy: "Use resource, bucket, tier or made_at.")
      }
      return grouping
    }
    let summary = try await workspace.use(.ledger) { try LedgerSummary(of: workspace.folder, by: grouping) }
    for remark in summary.remarks { workspace.progress.say(remark) }
    Terminal.out(try summary.text(format, columns: Terminal.columns))
  }
}
