import Foundation
import HorizonCore
import HorizonSources
import HorizonStore
import Testing

@Suite struct VerdictTests {
  let box = Sandbox()

  @Test func wholeSeriesAreGoodAndNotListed() throws {
    let result = try box.run(box.series(Readings(level: 50, count: 200).values))
    #expect(
      result.quality.verdicts == QualityReport.Verdicts(good: 1, usable: 0, poor: 0) && result.quality.series.isEmpty)
  }

  @Test(arguments: [(200, 15, SeriesVerdict.good), (200, 30, .usable), (200, 120, .poor)])
  func missingStepsDecide(_ count: Int, _ missing: Int, _ expected: SeriesVerdict) throws {
    // Holes all over the history, the first and the last reading kept.
    let values = Readings(level: 50, count: count).values.enumerated().map { k, v in
      (1..<count - 1).contains(k) && (k * missing) % count < missing ? .nan : v
    }
    #expect(try box.run(box.series(values)) { $0.step = .day }.verdict() == expected)
  }

  @Test(arguments: [(13, SeriesVerdict.poor), (14, .usable), (59, .usable), (60, .good)])
  func lengthDecides(_ count: Int, _ expected: SeriesVerdict) throws {
    #expect(try box.run(box.series(Readings(level: 50, count: count).values)).verdict() == expected)
  }

  @Test func readingsAboveAHundredPercentAreKeptAndCounted() throws {
    var values = Readings(level: 60, count: 200).values
    for k in [20, 90] { values[k] = 130 }
    let result = try box.run(box.series(values, unit: "percent"))
    #expect(try box.stored()["a/cpu"]?.values == values)
    #expect(result.quality.count(.aboveCeiling) == 2 && result.verdict() == .good)
    #expect(result.remarks() == "2 readings (1 %) are above the ceiling, up to 130; they are kept.")
    #expect(result.quality.series.first?.aboveCeiling == 2)
  }

  @Test func demandAtTheCeilingIsCensored() throws {
    let values = Readings(level: 80, noise: 0.6, count: 200).values.map { min($0, 100) }
    let full = values.count { $0 >= 99.5 }
    let result = try box.run(box.series(values, unit: "percent"))
    #expect(full > 10 && result.quality.count(.atCeiling) == full && result.verdict() == .usable)
    #expect(result.remarks().contains("are at the ceiling: demand above it is not seen"))
    #expect(result.quality.series.first?.atCeiling == full)
    // A plain quantity has no ceiling.
    #expect(try box.run(box.series(values, resource: "queue")).quality.verdicts?.good == 1)
  }

  @Test func capacityIsACeilingToo() throws {
    let values = Readings(level: 7, noise: 0.6, count: 200).values.map { min($0, 8) }
    let result = try box.run(box.series(values, unit: "cores", capacity: values.map { _ in 8 }))
    #expect(result.quality.count(.atCeiling) == values.count { $0 >= 0.995 * 8 } && result.verdict() == .usable)
  }

  @Test func seriesThatAreNotGoodAreListedBeforeOthers() throws {
    let path = box.file(
      "m.csv",
      "server,resource,time,value\n"
        + (0..<QualityReport.seriesLimit + 5).map { "s\($0),cpu,2024-01-01,1\n" }.joined()
        + (0..<100).filter { $0 != 50 }.map { "a,cpu,\(CivilDate(daysSinceEpoch: 19_000 + $0)),\($0)\n" }.joined())
    let quality = try box.run(path).quality
    #expect(quality.series.count == QualityReport.seriesLimit && !quality.series.contains { $0.server == "a" })
    #expect(quality.verdicts == QualityReport.Verdicts(good: 1, usable: 0, poor: QualityReport.seriesLimit + 5))
    #expect(quality.seriesWithIssues == QualityReport.seriesLimit + 6)
  }

  @Test func reportsOfEarlierVersionsAreRead() throws {
    let text = """
      {"notes": [], "reasons": [{"count": 2, "examples": [], "kind": "repaired", "reason": "duplicate time"}],
       "rowsRead": 5, "rowsRejected": 0, "series": [{"aggregated": 0, "duplicates": 2, "gapSteps": 1, "longestGap": 1,
       "outOfOrder": 0, "readings": 3, "resource": "cpu", "server": "a"}], "seriesFound": 1, "seriesStored": 1,
       "seriesWithIssues": 1, "seriesWithoutReadings": 0}
      """
    let quality = try JSONDecoder().decode(QualityReport.self, from: Data(text.utf8))
    #expect(quality.verdicts == nil && quality.series[0].verdict == nil && quality.count(.duplicateTime) == 2)
  }

  @Test func aFileThatIsWrittenToMeanwhileIsRefused() throws {
    let path = box.file("m.csv", daily("server,resource,time,value", count: 50) { "a,cpu,\($0),\($1)" })
    let failure = box.failure(path) {
      $0.progress = { share in
        guard share >= 0.65, let handle = FileHandle(forWritingAtPath: path) else { return }
        _ = try? handle.seekToEnd()
        try? handle.write(contentsOf: Data("a,cpu,2031-01-01,5\n".utf8))
        try? handle.close()
      }
    }
    #expect(failure?.message == "\(path) changed while it was being read.")
    #expect(!FileManager.default.fileExists(atPath: box.workspace + "/master"))
  }
}
