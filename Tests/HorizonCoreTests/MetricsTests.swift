import HorizonCore
import Testing

private func history(_ values: [Float]) -> History {
  History(values: values[...], firstIndex: 0, step: .day, seed: 0)
}

@Suite struct MetricsTests {
  @Test func pinballIsTheTextbookFormula() {
    #expect(Metrics.pinball(actual: 10, forecast: 8, level: 0.9) == 1.8)
    #expect(abs(Metrics.pinball(actual: 8, forecast: 10, level: 0.9) - 0.2) < 1e-6)
    #expect(Metrics.pinball(actual: 5, forecast: 5, level: 0.5) == 0)
  }

  @Test func scaleIsTheMeanSeasonalDifference() {
    let values: [Float] = (0..<28).map { (t: Int) -> Float in Float(t / 7 * 2) }
    #expect(Metrics.scale(of: history(values)) == 2)
  }

  @Test func scaleIsAtLeastOnePercentOfTheLevel() {
    #expect(Metrics.scale(of: history([Float](repeating: 50, count: 30))) == 0.5)
    #expect(Metrics.scale(of: history([Float](repeating: 0, count: 30))) == nil)
  }

  @Test func ratiosAreCushionedAndClipped() {
    #expect(Metrics.ratio(loss: 0, baseline: 0, level: 10) == 1)
    #expect(Metrics.ratio(loss: 1_000, baseline: 0, level: 1) == 100)
    #expect(abs(Metrics.ratio(loss: 1, baseline: 2, level: 0) - 0.5) < 1e-12)
  }

  @Test func boundsComeFromWhatTheHistoryRespected() {
    let inside = Bounds(history: history([1, 5, .nan, 9]), ceiling: 10)
    #expect(inside.clamp(12) == 10 && inside.clamp(-1) == 0)
    let outside = Bounds(history: history([-1, 11]), ceiling: 10)
    #expect(outside.clamp(12) == 12 && outside.clamp(-5) == -5)
    #expect(Bounds(history: history([1, 2]), ceiling: .nan).clamp(99) == 99)
  }

  @Test func aCutPanelKnowsNothingOfTheFuture() {
    let panel = Panel(step: .day, firstIndex: 100, length: 4, values: [.nan, 1, 2, 3], seeds: [0])
    let cut = panel.cut(at: 102)
    #expect(Array(cut.history(0).values) == [1, 2] && cut.history(0).firstIndex == 101)
    #expect(cut.actual(0, at: 103).isNaN && panel.actual(0, at: 103) == 3)
    #expect(panel.cut(at: 100).history(0).count == 0)
  }

  @Test func gapsAreFilledFromTheSeasonBefore() {
    let filled = history([1, 2, 3, .nan, .nan]).filled(season: 3)
    #expect(filled == [1, 2, 3, 1, 2])
  }

  @Test func breachRulesAreRead() {
    #expect(BreachRule(parsing: "4/7") == BreachRule(count: 4, of: 7))
    for bad in ["", "4", "8/7", "0/3", "a/b", "1/65", "1/2/3"] { #expect(BreachRule(parsing: bad) == nil) }
  }
}
