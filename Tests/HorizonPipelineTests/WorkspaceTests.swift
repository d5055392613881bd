import Foundation
import HorizonCore
import HorizonPipeline
import HorizonStore
import Testing

@Suite struct WorkspaceTests {
  private func latest(_ sandbox: Sandbox) throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: sandbox.workspace.latest.path)
  }

  @Test func aSecondRunAtTheSameAsOfStandsBesideTheFirst() async throws {
    let sandbox = try Sandbox()
    let input = try sandbox.file("quiet.csv", quietCSV)
    let first = try await sandbox.run(input)
    let second = try await sandbox.run(input)
    #expect(second.folder.lastPathComponent == first.folder.lastPathComponent + ".2")
    #expect(try latest(sandbox) == "runs/\(second.folder.lastPathComponent)")
    #expect(try sandbox.leftovers().isEmpty)
  }

  @Test func aRunInThePastDoesNotMoveLatest() async throws {
    let sandbox = try Sandbox()
    let input = try sandbox.file("quiet.csv", quietCSV)
    let first = try await sandbox.run(input)
    let past = try await sandbox.run(input) { $0.asOf = "2024-10-25" }
    #expect(past.folder.lastPathComponent == "2024-10-25")
    #expect(try latest(sandbox) == "runs/\(first.folder.lastPathComponent)")
  }

  @Test func anAsOfAfterTheNewestReadingCountsLeadsFromItself() async throws {
    let sandbox = try Sandbox()
    let outcome = try await sandbox.run(try sandbox.file("quiet.csv", quietCSV)) { $0.asOf = "2024-12-05" }
    #expect(outcome.folder.lastPathComponent == "2024-12-05")
    #expect(outcome.manifest.counts.live == 2)
    let table = try TableReader(
      parquet: outcome.folder.appending(path: "forecasts.parquet").path, columns: [Column("time", .time)])
    #expect(try table.next()?.times(0).first == 20_063 * 86_400_000_000)
  }

  @Test func theReportOfARunSurvivesAnotherMaster() async throws {
    let sandbox = try Sandbox()
    let run = try await sandbox.run(try sandbox.file("quiet.csv", quietCSV))
    let other = try sandbox.file("other.csv", dailyCSV(["db-1"]) { _, day in "\(day)" })
    _ = try ingestLocked(
      inputs: [other], workspace: sandbox.workspace, settings: RunSettings(),
      execution: Execution(threads: 1, chunk: 64, progress: .silent))
    #expect(try writtenReport(of: run.folder).contains("web-1"))
  }

  @Test func aBacktestReplacesTheOneBefore() async throws {
    let sandbox = try Sandbox()
    _ = try await sandbox.run(try sandbox.file("quiet.csv", quietCSV))
    var settings = RunSettings()
    let execution = Execution(threads: 2, chunk: 64, progress: .silent)
    _ = try await backtest(workspace: sandbox.workspace, settings: settings, execution: execution)
    settings.keepForecasts = true
    _ = try await backtest(workspace: sandbox.workspace, settings: settings, execution: execution)
    #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.workspace.backtests.path) == ["2024-12-02"])
    let kept = sandbox.workspace.backtests.appending(path: "2024-12-02/backtest.parquet").path
    #expect(FileManager.default.fileExists(atPath: kept))
    #expect(try sandbox.leftovers().isEmpty)
  }
}
