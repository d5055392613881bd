import Foundation
import HorizonCore
import HorizonPipeline
import HorizonStore
import Testing

@Suite struct ScenarioTests {
  static let folder = Executable.packageRoot.appending(path: "Tests/Scenarios")

  static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".scenario") }.sorted()
  }()

  @Test func thereAreScenarios() { #expect(ScenarioTests.names.count >= 5) }

  @Test(arguments: names)
  func theScenarioComesOutAsItSays(name: String) async throws {
    let scenario = try Scenario(String(contentsOf: ScenarioTests.folder.appending(path: name), encoding: .utf8))
    let sandbox = try Sandbox()
    let readings = scenario.readings()
    let csv = dailyCSV([scenario.server], resource: scenario.resource, days: scenario.days) { _, day in
      "\(readings[day])"
    }
    let run = try await sandbox.run(try sandbox.file("\(name).csv", csv)) {
      $0.folds = scenario.folds
      $0.horizon = scenario.horizon
    }
    let risks = try Risk.read(run.folder)
    for (text, expectation) in scenario.expectations {
      let (holds, found) = try judge(expectation, run: run, risks: risks, future: Array(readings[scenario.days...]))
      #expect(holds, "\(name): expected \(text), found \(found)")
    }
  }

  private struct Risk {
    let threshold: Double
    let severity: String
    let median: Double?
    let reclaimable: Double

    static func read(_ run: URL) throws -> [Risk] {
      let reader = try TableReader(
        parquet: run.appending(path: "risks.parquet").path,
        columns: [
          Column("threshold", .double), Column("severity", .text), Column("days_to_breach_p50", .double),
          Column("reclaimable", .double),
        ])
      guard let batch = try reader.next() else { return [] }
      return (0..<batch.rowCount).map { i in
        let median = batch.doubles(2)[i]
        return Risk(
          threshold: batch.doubles(0)[i], severity: batch.strings(1)[i] ?? "", median: median.isNaN ? nil : median,
          reclaimable: batch.doubles(3)[i])
      }
    }
  }

  private func judge(
    _ expectation: Scenario.Expectation, run: RunOutcome, risks: [Risk], future: [Double]
  ) throws -> (Bool, String) {
    func median(_ threshold: Double) -> Double? { risks.first { $0.threshold == threshold }?.median }
    func told(_ days: Double?) -> String { days.map { "day \($0)" } ?? "none within the horizon" }
    let severities = risks.map(\.severity)
    switch expectation {
    case .breach(let threshold, let days):
      return (median(threshold).map(days.contains) ?? false, told(median(threshold)))
    case .crossed(let threshold): return ((median(threshold) ?? 1) <= 0, told(median(threshold)))
    case .nothingAtRisk:
      return (!risks.isEmpty && severities.allSatisfy { $0 == "none" }, severities.joined(separator: ", "))
    case .severity(let name): return (severities.contains(name), severities.joined(separator: ", "))
    case .coverage(let range):
      let share = try coverage(run, of: future)
      return (range.contains(share), "\(share)")
    case .reclaimable(let least):
      let points = risks.map(\.reclaimable).min() ?? 0
      return (points >= least, "\(points)")
    case .betterThanSeasonalNaive:
      let ratio = run.manifest.championLossRatio
      return ((ratio ?? 1) < 1, "a loss of \(ratio.map { "\($0)" } ?? "no contest")")
    }
  }

  /// Share of the days to come between q10 and q90.
  private func coverage(_ run: RunOutcome, of future: [Double]) throws -> Double {
    let reader = try TableReader(
      parquet: run.folder.appending(path: "forecasts.parquet").path,
      columns: [Column("q10", .double), Column("q90", .double)])
    var inside = 0
    var at = 0
    while let batch = try reader.next() {
      for i in 0..<batch.rowCount {
        if future[at] >= batch.doubles(0)[i] && future[at] <= batch.doubles(1)[i] { inside += 1 }
        at += 1
      }
    }
    return Double(inside) / Double(at)
  }
}
