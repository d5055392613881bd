import ArgumentParser
import Glibc
import HorizonCore
import HorizonPipeline
import HorizonStore

@main
struct HorizonScaleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "horizonscale",
    abstract: "Which server runs out of what, when, how sure that is, and what to do about it.",
    discussion: """
      EXAMPLES
        horizonscale demo                        a synthetic fleet, from readings to report
        horizonscale run usage.parquet           your export: forecasts, ranked risks, report.html
        horizonscale risk --within 60d           the ranked list of the latest run
      """,
    version: productVersion,
    subcommands: [
      RunCommand.self, DemoCommand.self, SynthCommand.self, IngestCommand.self, BacktestCommand.self,
      ForecastCommand.self, RiskCommand.self, ReportCommand.self, ModelsCommand.self,
      StressCommand.self,
    ])

  static func main() async {
    Interruption.install()
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
    } catch let failure as Failure {
      Terminal.error(failure.description)
      Glibc.exit(failure.code.rawValue)
    } catch let error as StoreError {
      Terminal.error(error.failure.description)
      Glibc.exit(error.exitCode.rawValue)
    } catch let code as ExitStatus {
      Glibc.exit(code.value)
    } catch let error where Self.isOurs(error) {
      exit(withError: error)
    } catch {
      Terminal.error("This is a defect in HorizonScale: \(error)")
      Glibc.exit(ExitCode.defect.rawValue)
    }
  }

  /// Errors of the argument parser know how to present themselves.
  private static func isOurs(_ error: any Error) -> Bool {
    exitCode(for: error) != .failure || error is CleanExit || error is ValidationError
  }
}

/// Ends the process with a status that is an answer, not an error.
struct ExitStatus: Error {
  let value: Int32
}
