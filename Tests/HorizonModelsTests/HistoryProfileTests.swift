import HorizonCore
import HorizonModels
import Testing

@Suite struct HistoryProfileTests {
  /// 2021-01-01 on, daily.
  private func history(_ days: Int, _ value: (Int) -> Double) -> History {
    let first = CivilDate.daysSinceEpoch(year: 2021, month: 1, day: 1)!
    return History(values: (0..<days).map { Float(value(first + $0)) }[...], firstIndex: first, step: .day, seed: 0)
  }

  @Test func aSteadyClimbIsToldAsPointsAMonth() throws {
    let profile = try #require(HistoryProfile(history(730) { 20 + Double($0 - 18_628) * 2 / 30.44 }))
    #expect(abs(profile.trendPerMonth - 2) < 0.05)
    #expect(abs(profile.level - (20 + 729 * 2 / 30.44)) < 0.5)
  }

  @Test func quietSundaysAreFound() throws {
    // 1970-01-04 was a Sunday.
    let profile = try #require(HistoryProfile(history(730) { ($0 - 3) % 7 == 0 ? 35 : 50 }))
    let week = try #require(profile.week)
    #expect(week.strength > 0.9)
    let least = week.deviations.indices.min { week.deviations[$0] < week.deviations[$1] }
    #expect(least == 6)
    #expect(week.deviations[6] < -10)
  }

  @Test func aPeakInDecemberIsFound() throws {
    let profile = try #require(
      HistoryProfile(history(1_095) { CivilDate(daysSinceEpoch: $0).month == 12 ? 70.0 : 40 }))
    let year = try #require(profile.year)
    #expect(year.deviations.indices.max { year.deviations[$0] < year.deviations[$1] } == 11)
  }

  @Test func aCycleThatIsNotThereHasNoStrength() throws {
    var state: UInt64 = 7
    let profile = try #require(
      HistoryProfile(
        history(730) { _ in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return 50 + Double(state >> 40) / Double(1 << 24) * 10
        }))
    #expect(try #require(profile.week).strength < 0.1)
    #expect(try #require(profile.year).strength < 0.1)
  }

  @Test func gapsDoNotBendTheTrend() throws {
    let whole = try #require(HistoryProfile(history(730) { Double($0 - 18_628) / 10 }))
    let gappy = try #require(
      HistoryProfile(history(730) { $0 % 5 == 0 && $0 > 18_628 ? .nan : Double($0 - 18_628) / 10 }))
    #expect(abs(whole.trendPerMonth - gappy.trendPerMonth) < 0.02)
  }

  @Test func tooFewReadingsHaveNoProfile() { #expect(HistoryProfile(history(11) { Double($0) }) == nil) }
}
