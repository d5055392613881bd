import HorizonCore
import HorizonLedger
import Testing

@Suite struct PromiseTests {
  private let name = SeriesName(server: "web-1", resource: "cpu")

  /// Quantiles 10, 20, ... 70 and a mean of 41 at each lead.
  private func promise(tiers: [TrustTier], cutoff: Int = 100, breach: [Float?]? = nil) -> Promise {
    Promise(
      name: name, model: "naive", cutoff: cutoff, tiers: tiers,
      values: ([41] + (1...7).map { Float(10 * $0) }).flatMap { [Float](repeating: $0, count: tiers.count) },
      breach: breach.map { BreachPromise(threshold: 80, probabilities: $0) })
  }

  /// Readings from step 101 on.
  private func rows(
    _ promise: Promise, _ readings: [Float], asOf: Int = 100, breach: Int? = nil, staleAfter: Int = 14
  ) -> [LedgerRow] {
    promise.rows(
      against: Outcome(
        readings: readings[...], firstIndex: 101, scale: 2, breach: breach, staleAfter: staleAfter),
      asOf: asOf, step: .day, origin: .run)
  }

  @Test func endsOfAnIntervalLieInsideAndMissingReadingsDoNotCount() {
    let row = rows(promise(tiers: .init(repeating: .high, count: 60)), [10, 70, 20, 60, 30, 50, .nan, 9, 71])[0]
    #expect(row.n == 8 && row.inside90 == 6 && row.inside80 == 4 && row.inside50 == 2)
    #expect(row.sumAbsoluteError == [10, 70, 20, 60, 30, 50, 9, 71].reduce(0) { $0 + abs($1 - 41) })
    #expect(row.sumScale == 16)
    #expect(row.madeAt == 100 * 86_400_000_000)
  }

  @Test func pinballIsThatOfTheGlossary() {
    let row = rows(promise(tiers: [.high]), [45])[0]
    let expected = zip(Levels.all, (1...7).map { Float(10 * $0) })
      .reduce(Float(0)) { $0 + Metrics.pinball(actual: 45, forecast: $1.1, level: $1.0) }
    #expect(row.sumPinball == Double(expected))
  }

  @Test func bucketsEndAtThirtySixtyNinetyAndAHundredAndEightyDays() {
    let all = rows(promise(tiers: .init(repeating: .low, count: 250)), .init(repeating: 40, count: 250))
    #expect(all.map(\.bucket) == LeadBucket.allCases)
    #expect(all.map(\.n) == [30, 30, 30, 90])
    let some = rows(promise(tiers: .init(repeating: .low, count: 250)), .init(repeating: 40, count: 45))
    #expect(some.map(\.n) == [30, 15])
  }

  @Test func aChangeOfTierInsideABucketMakesTwoRowsAndBreachesStandInTheFirst() {
    let tiers = [TrustTier](repeating: .medium, count: 20) + .init(repeating: .low, count: 10)
    let all = rows(promise(tiers: tiers, breach: [0.7, nil, nil, nil]), .init(repeating: 40, count: 40))
    #expect(all.map(\.tier) == [.medium, .low] && all.map(\.n) == [20, 10])
    #expect(all.map(\.breachCalled) == [true, nil] && all.map(\.breachHappened) == [false, nil])
  }

  @Test func aBreachThatCameIsTrueAtOnceAndOneThatDidNotIsOpenUntilTheBucketEnds() {
    let promise = promise(tiers: .init(repeating: .high, count: 180), breach: [0.4, 0.5, 0.9, nil])
    let early = rows(promise, .init(repeating: 40, count: 40), breach: 135)
    #expect(early.map(\.breachCalled) == [false, true])
    #expect(early.map(\.breachHappened) == [false, true])
    let open = rows(promise, .init(repeating: 40, count: 40))
    #expect(open.map(\.breachHappened) == [false, nil])
  }

  @Test func aSeriesThatStoppedSaysNothingOfBreachesAfterwards() {
    let readings = [Float](repeating: 40, count: 10) + .init(repeating: .nan, count: 30)
    let stopped = rows(
      promise(tiers: .init(repeating: .high, count: 60), breach: [0.9, 0.9, nil, nil]), readings)
    #expect(stopped.map(\.breachHappened) == [nil])
    let paused = rows(
      promise(tiers: .init(repeating: .high, count: 60), breach: [0.9, 0.9, nil, nil]), readings, staleAfter: 20)
    #expect(paused.map(\.breachHappened) == [false])
  }

  @Test func aSeriesThatEndedBeforeTheAsOfCountsFromItsOwnReadingsAndOnlyAfterTheAsOf() {
    let all = rows(
      promise(tiers: .init(repeating: .low, count: 60), cutoff: 100), .init(repeating: 40, count: 40), asOf: 120)
    #expect(all.map(\.n) == [10, 10] && all[0].madeAt == 120 * 86_400_000_000)
  }
}
