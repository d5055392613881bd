import HorizonCore
import HorizonNumerics
import HorizonRisk
import Testing

@Suite struct BreachTests {
  @Test func countingRanksAgreesWithWritingEveryPathOut() throws {
    var random = SplitMix64(seed: 11)
    for _ in 0..<60 {
      let input = wild(&random)
      let simulation = BreachSimulation(
        future: try FutureValues(quantiles: input.quantiles, floor: input.floor),
        history: BreachHistory(input.history, rule: input.rule), bank: dayBank,
        persistence: input.persistence)
      for threshold in [60, 80, 90] as [Float] where !simulation.history.isBreached(threshold) {
        let slow = try slowBreached(input, threshold: threshold, bank: dayBank)
        #expect(simulation.breached(threshold: threshold) == slow)
      }
    }
  }

  @Test func aRuleOfOneOfOneBreachesAtTheFirstReadingAndFourOfSevenAtTheFourth() {
    let readings: [Float] = [70, 85, 70, 85, 85, 70, 85, 70]
    #expect(BreachRule(count: 1, of: 1).firstBreach(in: readings[...], threshold: 80, from: 0) == 1)
    #expect(BreachRule(count: 4, of: 7).firstBreach(in: readings[...], threshold: 80, from: 0) == 6)
    #expect(BreachRule(count: 4, of: 5).firstBreach(in: readings[...], threshold: 80, from: 0) == nil)
    #expect(BreachRule(count: 1, of: 1).firstBreach(in: readings[...], threshold: 80, from: 5) == 6)
  }

  @Test func aReadingAtTheThresholdCounts() {
    #expect(BreachHistory([80], rule: BreachRule(count: 1, of: 1)).isBreached(80))
    #expect(!BreachHistory([80], rule: BreachRule(count: 1, of: 1)).isBreached(Float(80).nextUp))
  }

  @Test func gapsNeitherBeginNorEndABreach() {
    let rule = BreachRule(count: 2, of: 3)
    let high: Float = 95
    let history = BreachHistory([10, high, high, .nan, .nan, .nan, .nan, high, .nan], rule: rule)
    #expect(history.level == high)
    #expect(history.episode(90)?.stepsAgo == 6)
    #expect(history.episode(90)?.orEarlier == false)
    #expect(BreachHistory([.nan, high, .nan], rule: rule).episode(90) == nil)
    #expect(BreachHistory([.nan, .nan], rule: rule).level == nil)
  }

  @Test func theEpisodeIsTheCurrentOneOnly() {
    let rule = BreachRule(count: 1, of: 1)
    #expect(BreachHistory([95, 95, 10, 95, 95], rule: rule).episode(90)?.stepsAgo == 1)
    #expect(BreachHistory([95, 95, 10], rule: rule).episode(90) == nil)
    let whole = BreachHistory([95, 95], rule: rule).episode(90)
    #expect(whole?.stepsAgo == 1)
    #expect(whole?.orEarlier == true)
  }

  @Test func theEpisodeAgreesWithReplayingTheRuleReadingByReading() {
    var random = SplitMix64(seed: 21)
    for _ in 0..<300 {
      let of = Int(random.uniform(1, 9))
      let rule = BreachRule(count: Int(random.uniform(1, Double(of) + 1)), of: of)
      let history = (0..<40).map { _ in random.uniform() < 0.15 ? Float.nan : Float(random.uniform(70, 95)) }
      var begin: Int?
      for end in 1...history.count where !history[end - 1].isNaN {
        let holds = BreachHistory(history[..<end], rule: rule).isBreached(80)
        begin = holds ? begin ?? (end - 1) : nil
      }
      #expect(BreachHistory(history[...], rule: rule).episode(80)?.stepsAgo == begin.map { 39 - $0 })
    }
  }
}
