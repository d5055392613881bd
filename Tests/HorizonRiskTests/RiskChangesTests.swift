import HorizonCore
import HorizonRisk
import Testing

@Suite struct RiskChangesTests {
  private func row(
    _ server: String, _ severity: Severity, days: Float?, threshold: Double = 90, resource: String = "disk"
  ) -> RiskRow {
    RiskRow(
      series: SeriesName(server: server, resource: resource), threshold: threshold, severity: severity, tier: .high,
      current: 70, headroom: threshold - 70, pBreach30: nil, pBreach60: nil, pBreach90: nil, pBreach180: nil,
      daysToBreachP10: days, daysToBreachP50: days, daysToBreachP90: days, orderBy: nil, recommendedCapacity: 100,
      reclaimable: 0, reason: "")
  }

  private func changes(_ before: [RiskRow], _ now: [RiskRow], daysLater: Double = 30) -> RiskChanges {
    RiskChanges(
      from: RiskSnapshot(rows: rank(before), asOf: 20_000, horizonDays: 180),
      to: RiskSnapshot(rows: rank(now), asOf: 20_000 + daysLater, horizonDays: 180))
  }

  @Test func sameRisksAreNoChange() {
    let rows = [row("a", .breach("critical"), days: 40), row("b", .watch, days: nil), row("c", .none, days: nil)]
    let none = changes(rows, rows, daysLater: 0)
    #expect(none.appeared.isEmpty && none.gone.isEmpty && none.moved.isEmpty)
  }

  @Test func aDateThatStandsStillIsNoMoveThoughTimePasses() {
    let result = changes([row("a", .breach("critical"), days: 40)], [row("a", .breach("critical"), days: 10)])
    #expect(result.moved.isEmpty)
  }

  @Test func newAndGoneRisksAreThoseOfSeriesNotOfRows() {
    let before = [
      row("a", .breach("critical"), days: 40), row("a", .breach("warning"), days: 20, threshold: 80),
      row("b", .watch, days: nil), row("ended", .watch, days: nil), row("c", .none, days: nil),
    ]
    let now = [
      row("a", .none, days: nil), row("a", .breach("warning"), days: -2, threshold: 80), row("b", .none, days: nil),
      row("c", .breach("critical"), days: 60), row("fresh", .watch, days: 170),
    ]
    let result = changes(before, now)
    #expect(result.appeared.map(\.series.server) == ["c", "fresh"])
    #expect(result.appeared[0].before?.severity == Severity.none && result.appeared[1].before == nil)
    #expect(result.gone.map(\.series.server) == ["b", "ended"])
    #expect(result.gone[0].now?.severity == Severity.none && result.gone[1].now == nil)
  }

  @Test func movesAreMeasuredOnTheCalendarAndSortedByTheirSize() {
    let before = [
      row("sooner", .breach("critical"), days: 85), row("later", .breach("critical"), days: 60),
      row("edge", .breach("critical"), days: 50),
    ]
    let now = [
      row("sooner", .breach("critical"), days: 40), row("later", .breach("critical"), days: 70),
      row("edge", .breach("critical"), days: 34),
    ]
    let result = changes(before, now)
    #expect(result.moved.map(\.series.server) == ["later", "sooner"])
    #expect(result.moved.map(\.movedDays) == [40, -15])
  }

  @Test func aDateBeyondTheHorizonCountsAsItsEnd() {
    let result = changes(
      [row("a", .watch, days: nil), row("both", .watch, days: nil)],
      [row("a", .breach("critical"), days: 60), row("both", .watch, days: nil)])
    #expect(result.moved.map(\.series.server) == ["a"])
    #expect(result.moved[0].movedDays == -90 && result.moved[0].before?.day == nil)
  }

  @Test func whatIsCrossedInBothDoesNotMove() {
    let result = changes(
      [row("old", .breach("critical"), days: -5), row("new", .breach("critical"), days: 60)],
      [row("old", .breach("critical"), days: -90), row("new", .breach("critical"), days: -3)])
    #expect(result.moved.map(\.series.server) == ["new"])
    #expect(result.moved[0].now?.isCrossed == true && result.moved[0].movedDays == -33)
  }
}
