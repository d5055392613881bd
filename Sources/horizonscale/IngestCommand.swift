import ArgumentParser
import HorizonObjects
import HorizonPipeline

struct IngestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest", abstract: "Fills the master from CSV or Parquet and prints what the data is like.",
    discussion: """
      EXAMPLES
        horizonscale ingest usage.csv
        horizonscale ingest exports/ --map server=hostname,value=p95_util --step day
        horizonscale ingest today.csv --append
      """)

  @Argument(help: "CSV or Parquet files, folders, s3:// addresses, or - for standard input.")
  var inputs: [String]

  @OptionGroup var workspace: WorkspaceOptions
  @OptionGroup var ingest: IngestOptionsGroup
  @OptionGroup var execution: ExecutionOptionsGroup
  @OptionGroup var appending: AppendOptions

  func run() async throws {
    let quality = try await workspace.use(.ingest(appends: appending.append)) {
      let sources = try SettingSources(ingest.flags, execution.flags, in: workspace)
      return try ingestLocked(
        inputs: inputs, appends: appending.append, workspace: workspace.folder, settings: try sources.settings(),
        execution: try sources.execution(workspace.progress))
    }
    Terminal.out(quality)
  }
}
