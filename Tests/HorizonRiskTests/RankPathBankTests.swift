import HorizonCore
import HorizonNumerics
import HorizonRisk
import Testing

@Suite struct RankPathBankTests {
  @Test func everyRankOccursOncePerLeadInEveryClass() {
    for c in RankPathBank.persistenceClasses.indices {
      for lead in 1...dayBank.horizon {
        let ranks = Set((0..<256).map { dayBank.rank(classIndex: c, lead: lead, path: $0) })
        #expect(ranks.count == 256)
      }
    }
  }

  @Test func equalSeedsGiveEqualPathsAndOthersDoNot() {
    func all(_ bank: RankPathBank) -> [Int] { (0..<256).map { bank.rank(classIndex: 2, lead: 90, path: $0) } }
    #expect(all(dayBank) == all(RankPathBank(seed: 7, horizon: 180, step: .day)))
    #expect(all(dayBank) != all(RankPathBank(seed: 8, horizon: 180, step: .day)))
  }

  @Test func aLongerHorizonDoesNotChangeTheFirstLeads() {
    let short = RankPathBank(seed: 7, horizon: 20, step: .day)
    for path in 0..<256 {
      #expect(
        short.rank(classIndex: 3, lead: 20, path: path) == dayBank.rank(classIndex: 3, lead: 20, path: path))
    }
  }

  @Test func ranksPersistAsTheirClassSays() {
    /// Correlation of ranks some leads apart, averaged over leads.
    func correlation(_ bank: RankPathBank, _ c: Int, apart: Int) -> Double {
      var sum = 0.0
      for lead in 1...(bank.horizon - apart) {
        for path in 0..<256 {
          let a = Double(bank.rank(classIndex: c, lead: lead, path: path)) - 127.5
          let b = Double(bank.rank(classIndex: c, lead: lead + apart, path: path)) - 127.5
          sum += a * b
        }
      }
      return sum / Double(256 * (bank.horizon - apart)) / (65_535.0 / 12)
    }
    for (c, rho) in RankPathBank.persistenceClasses.enumerated() {
      #expect(abs(correlation(dayBank, c, apart: 10) - Double(rho)) < 0.06)  // what comes and goes is gone: 0.3^10
    }
    let hours = RankPathBank(seed: 7, horizon: 480, step: .hour)
    // 0.3^(1/24) from one hour to the next.
    #expect(abs(correlation(hours, 2, apart: 1) - (0.5 + 0.5 * 0.951)) < 0.06)
    #expect(abs(correlation(hours, 4, apart: 240) - 0.95) < 0.08)
  }

  @Test func theNearestClassIsTaken() {
    #expect(RankPathBank.classIndex(persistence: -1) == 0)
    #expect(RankPathBank.classIndex(persistence: 0.4) == 2)
    #expect(RankPathBank.classIndex(persistence: 0.9) == 4)
    #expect(RankPathBank.classIndex(persistence: 0.99) == 5)
  }

  @Test func whatIntervalsWidenByPersists() throws {
    // Half as wide again from lead to lead, the first seven alike.
    let widths: [Float] = Array(repeating: 1, count: 7) + [2, 4]
    let quantiles = widths.flatMap { w in [-2, -1, -0.5, 0, 0.5, 1, 2].map { 50 + $0 * w } }
    let future = try FutureValues(quantiles: quantiles[...], floor: nil)
    #expect(future.persistence(near: 0.25) == Array(repeating: 0.25, count: 7) + [0.8125, 0.953125])
    #expect(future.persistence(near: .nan) == Array(repeating: 0.5, count: 7) + [0.875, 0.96875])
    let cycle = try FutureValues(quantiles: quantiles[...], floor: nil, tail: .bounded)
    #expect(cycle.persistence(near: 0) == Array(repeating: 0, count: 9))
  }
}

@Suite struct QuantileCurveTests {
  let quantiles: [Float] = [1, 2, 4, 7, 9, 12, 15]

  @Test func valuesAscendWithTheRankAndKeepEachLevelsShare() throws {
    let future = try FutureValues(quantiles: quantiles[...], floor: nil)
    let values = (0..<256).map { future.value(lead: 1, rank: $0) }
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 })
    for (level, quantile) in zip(Levels.all, quantiles) {
      let above = values.filter { $0 > quantile }.count
      #expect(abs(Float(above) - 256 * (1 - level)) < 1)
    }
  }

  @Test func tailsHalveTheirChanceByTheDistanceBetweenTheLastTwoLevels() throws {
    let future = try FutureValues(quantiles: quantiles[...], floor: nil)
    // 15 + 3 d has a chance of 5 % / 2^d above it.
    for d in 0...3 {
      let above = (0..<256).filter { future.value(lead: 1, rank: $0) > 15 + 3 * Float(d) }.count
      #expect(abs(Double(above) - 12.8 / Double(1 << d)) <= 1)
    }
  }

  @Test func countingRanksAgreesWithLookingAtEveryValue() throws {
    var random = SplitMix64(seed: 3)
    for round in 0..<400 {
      var q = (0..<7).map { _ in Float(random.uniform(0, 10)).rounded(round % 2 == 0 ? .down : .toNearestOrEven) }
      q.sort()
      let floor: Float? = round % 3 == 0 ? 2 : nil
      let future = try FutureValues(quantiles: q[...], floor: floor)
      for limit in q + [-20, 0, 2, 5.5, 11, 30] + [Float(random.uniform(-5, 20))] {
        var cuts = [0]
        future.writeRanksBelow(limit, to: &cuts, from: 0)
        #expect(cuts[0] == (0..<256).filter { future.value(lead: 1, rank: $0) < limit }.count)
      }
    }
  }

  @Test func aMissingOrInfiniteQuantileIsAnError() {
    #expect(throws: RiskError.notFinite) { try FutureValues(quantiles: [1, 2, 3, .nan, 5, 6, 7], floor: nil) }
    #expect(throws: RiskError.notFinite) { try FutureValues(quantiles: [1, 2, 3, 4, 5, 6, .infinity], floor: nil) }
  }
}
