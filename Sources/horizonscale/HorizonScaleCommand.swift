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
        horizonscale explain shop-db-00010 cpu   why one server's forecast is as it is
        horizonscale serve                       the dashboard, at 127.0.0.1:8080
        horizonscale ledger                      what past forecasts promised, and what happened
        horizonscale doctor                      what is wrong with an install or a workspace, and how to mend it
      """,
    version: productVersion,
    subcommands: [
      RunCommand.self, DemoCommand.self, StressCommand.self, SynthCommand.self, IngestCommand.self,
      BacktestCommand.self, ForecastCommand.self, RiskCommand.self, ExplainCommand.self, ReportCommand.self,
      ServeCommand.self, LedgerCommand.self, ReplayCommand.self, WorkerCommand.self, ModelsCommand.self,
      DoctorCommand.self,
    ])

  static func main() async {
    Interruption.install()
    Terminal.claimStandardStreams()
    do {
      try requireReadableNames()
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
      let code = exitCode(for: error)
      let text = fullMessage(for: error)
      if code.isSuccess { Terminal.out(text) } else if !text.isEmpty { Terminal.say(text) }
      Glibc.exit(code.rawValue)
    } catch {
      Terminal.error("This is a defect in HorizonScale: \(error)")
      Glibc.exit(ExitCode.defect.rawValue)
    }
  }

  /// Text in Swift is Unicode: other bytes would be replaced, and the work done on another file than the one that was named.
  private static func requireReadableNames() throws(Failure) {
    for i in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[i], String(validatingCString: argument) == nil else { continue }
      throw Failure(
        .badUsage, "Argument \(i), '\(String(cString: argument))', is not UTF-8.",
        remedy: "Rename the file or folder, or reach it through a link with a plain name.")
    }
    guard let here = getcwd(nil, 0) else { return }
    defer { free(here) }
    if String(validatingCString: here) == nil {
      throw Failure(
        .badUsage, "The name of the current folder, '\(String(cString: here))', is not UTF-8.",
        remedy: "Rename it, or go there through a link with a plain name.")
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
