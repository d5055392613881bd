import Foundation
import HorizonPipeline
import HorizonStress
import HorizonSynthetic
import Testing

@Suite struct StressRunTests {
  private func result(threads: Int, floors: StressFloors = StressFloors()) async throws -> StressResult {
    var settings = RunSettings()
    settings.models = ["seasonal-naive", "line-30"]
    let test = StressTest(
      servers: 6, days: 300, seed: 9, scenarios: [.decommissions, .resize], settings: settings, floors: floors)
    return try await test.run(execution: Execution(threads: threads, chunk: 1_024, progress: .silent))
  }

  @Test func everyScenarioIsScoredAndNoSeriesIsLost() async throws {
    let result = try await result(threads: 2)
    #expect(result.rows.map(\.scenario) == ["decommissions", "resize"])
    for row in result.rows {
      #expect(row.score.series == 24 && row.score.lost == 0)
      #expect((0.01...1).contains(row.score.wql ?? 0) && (row.score.coverage80 ?? 0) > 0.3)
    }
    // All of cpu, memory and disk are built to cross; those above the limit already at the as-of are left out.
    #expect((10...18).contains(result.rows[1].score.crossing) && result.rows[1].score.watched <= 24)
  }

  @Test func theResultHasTheSameBytesForAnyNumberOfThreads() async throws {
    let (a, b) = (try await result(threads: 1), try await result(threads: 3))
    #expect(try a.json() == b.json())
    #expect(a.text == b.text)
  }

  @Test func aFloorThatIsMissedIsFound() async throws {
    let found = try await result(threads: 2, floors: StressFloors(["coverage90": 1.1])).findings
    #expect(found.filter { $0.measure == .coverage90 }.map(\.scenario) == ["decommissions", "resize"])
  }
}
