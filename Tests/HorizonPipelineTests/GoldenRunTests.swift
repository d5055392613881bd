import Foundation
import HorizonPipeline
import Testing

@Suite struct GoldenRunTests {
  /// A missing golden file is recorded, and fails: look at it before it is kept.
  @Test func theTinyFleetIsRankedAsItWas() async throws {
    let sandbox = try Sandbox()
    let run = try await sandbox.run(try await sandbox.fleet(servers: 20, days: 300)) { $0.models = allModels }
    let counts = run.manifest.counts
    let standings = run.manifest.contest.map { standing in
      "\(standing.model): \(standing.lossRatio.map { String(format: "%.2f", $0) } ?? "-")"
    }
    let text = """
      as of \(run.manifest.asOf), \(run.manifest.horizon) \(run.manifest.step)s ahead
      \(counts.servers) servers, \(counts.series) series, \(counts.live) live, \(counts.contested) contested

      loss beside seasonal naive's
      \(standings.joined(separator: "\n"))
      champions: \(run.manifest.championLossRatio.map { String(format: "%.2f", $0) } ?? "-")

      \(try RiskList(of: run.folder, within: nil, tier: nil).text(.table))

      """
    let golden = Executable.packageRoot.appending(path: "Tests/Golden/tiny-run.txt")
    guard let kept = try? String(contentsOf: golden, encoding: .utf8) else {
      try text.write(to: golden, atomically: true, encoding: .utf8)
      Issue.record("\(golden.path) was missing and has been recorded.")
      return
    }
    #expect(text == kept)
  }
}
