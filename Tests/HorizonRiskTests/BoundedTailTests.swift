import HorizonCore
import HorizonRisk
import Testing

/// Quantiles of a disk whose phase is lost: even between a floor and a ceiling.
private func lost(floor: Float, ceiling: Float, horizon: Int) -> [Float] {
  (0..<horizon).flatMap { _ in Levels.all.map { floor + $0 * (ceiling - floor) } }
}

@Suite struct BoundedTailTests {
  private let disk = BreachRule(count: 1, of: 1)

  private func chance(_ quantiles: [Float], _ tail: TailShape) throws -> Float {
    var asked = input(quantiles, history: [30], bounded: true, persistence: 0, rule: disk)
    asked.tail = tail
    return try #require(try assess(asked)[0].pBreach90)
  }

  @Test func aSawToothBelowTheThresholdIsNoAlarmAndOneAboveItIs() throws {
    #expect(try chance(lost(floor: 40, ceiling: 79.5, horizon: 120), .bounded) == 0)
    #expect(try chance(lost(floor: 40, ceiling: 82, horizon: 120), .bounded) > 0.9)
    #expect(try chance(lost(floor: 40, ceiling: 79.5, horizon: 120), .exponential) > 0.5)
  }

  @Test func ofWhatPassesTheThresholdOnceInAHundredReadingsMostBreachInNinety() throws {
    // One reading in a hundred lies above 80: 1 - 0.99^90 = 0.6 when every reading is drawn anew.
    let p = try chance(lost(floor: 40, ceiling: 80.404, horizon: 120), .bounded)
    #expect(abs(p - 0.6) < 0.12, "\(p)")
  }

  @Test(arguments: TailShape.allCases) func atEveryLeadOneTenthOfThePathsLieAboveQ90(tail: TailShape) throws {
    let quantiles = lost(floor: 10, ceiling: 60, horizon: 90)
    let future = try FutureValues(quantiles: quantiles[...], floor: 0, tail: tail)
    for lead in 1...90 {
      let above = (0..<RankPathBank.paths).count { future.value(lead: lead, rank: $0) > quantiles[5] }
      #expect(abs(above - RankPathBank.paths / 10) <= 1)
    }
  }

  @Test func noPathLeavesABoundedTail() throws {
    let future = try FutureValues(quantiles: lost(floor: 10, ceiling: 60, horizon: 30)[...], floor: nil, tail: .bounded)
    #expect(future.largest < 60 && future.largest > 59.5)
    #expect(future.smallest > 10 && future.smallest < 10.5)
  }

  @Test func aCleanUpBetweenTheOuterQuantilesIsNoRoomAboveThem() throws {
    // On one day of thirty, seven paths in a hundred are not cleaned yet.
    var quantiles = lost(floor: 40, ceiling: 79, horizon: 30)
    quantiles.replaceSubrange(70..<77, with: [41, 42, 43, 44, 45, 46, 78])
    let future = try FutureValues(quantiles: quantiles[...], floor: 0, tail: .bounded)
    #expect(future.largest < 80)
  }

  @Test func theRecommendedCapacityFollowsFromTheSameTails() throws {
    var asked = input(
      lost(floor: 40, ceiling: 90, horizon: 120), history: [50], bounded: true, persistence: 0, rule: disk)
    asked.tail = .bounded
    let row = try assess(asked)[0]
    // The ceiling of 90 is to be 80 % of it at most, and hardly less: one in ten may pass.
    #expect(row.recommendedCapacity > 110 && row.recommendedCapacity <= 112.5, "\(row.recommendedCapacity)")
    asked.tail = .exponential
    #expect(try assess(asked)[0].recommendedCapacity > 120)
  }
}
