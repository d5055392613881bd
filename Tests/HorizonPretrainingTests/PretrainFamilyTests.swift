import HorizonCore
import HorizonPretraining
import Testing

@Suite struct PretrainFamilyTests {
  private let family = PretrainFamily(seed: 5)

  /// Bits, because a missing reading is not equal to itself.
  private func bits(_ series: PretrainSeries) -> [UInt32] { series.values.map(\.bitPattern) }

  private func sample(_ step: Step, count: Int = 400) -> [PretrainSeries] {
    (0..<count).map { family.series($0, step: step, length: family.length($0, longest: 900)) }
  }

  @Test(arguments: [Step.day, .hour])
  func theSameSeedGivesTheSameBitsInAnyOrder(step: Step) {
    let forward = (0..<60).map { family.series($0, step: step, length: 200) }
    for index in (0..<60).reversed() {
      let again = PretrainFamily(seed: 5).series(index, step: step, length: 200)
      #expect(bits(again) == bits(forward[index]))
      #expect(again.kind == forward[index].kind && again.ceiling == forward[index].ceiling)
    }
  }

  @Test func anotherSeedIndexStepOrLengthIsAnotherSeries() {
    let first = bits(family.series(1, step: .day, length: 90))
    #expect(bits(PretrainFamily(seed: 6).series(1, step: .day, length: 90)) != first)
    #expect(bits(family.series(2, step: .day, length: 90)) != first)
    #expect(bits(family.series(1, step: .hour, length: 90)) != first)
    #expect(Array(bits(family.series(1, step: .day, length: 91)).prefix(90)) != first)
  }

  @Test func neighbouringSeedsShareNoSeries() {
    let families = (2_020..<2_028).map { PretrainFamily(seed: $0) }
    let all = families.flatMap { family in (0..<120).map { bits(family.series($0, step: .day, length: 30)) } }
    // Series that never change have few bits to differ in.
    let lively = all.filter { Set($0).count > 10 }
    #expect(lively.count > 600 && Set(lively).count == lively.count)
  }

  @Test(arguments: [Step.day, .hour])
  func readingsAreFiniteOrMissingAndTheOutermostAreThere(step: Step) {
    for series in sample(step) {
      #expect(series.values.allSatisfy { $0.isFinite || $0.isNaN })
      #expect(series.values.first?.isFinite == true && series.values.last?.isFinite == true)
    }
  }

  @Test func noReadingIsAboveTheCeilingAndFewSeriesGoBelowZero() {
    let all = sample(.day)
    for series in all {
      guard let ceiling = series.ceiling else { continue }
      #expect(ceiling > 0 && series.values.allSatisfy { !(Double($0) > ceiling) })
    }
    let below = all.filter { $0.values.contains { $0 < 0 } }
    #expect(!below.isEmpty && below.count < all.count / 20)
    let limited = all.filter { $0.ceiling != nil }
    #expect(limited.count > all.count / 3 && limited.count < all.count * 2 / 3)
  }

  @Test func aSixthOfTheSeriesHasGaps() {
    let all = sample(.day)
    let gappy = all.filter { $0.values.contains { $0.isNaN } }
    #expect(gappy.count > all.count / 10 && gappy.count < all.count / 4)
  }

  @Test func sizesSpanTenOrdersOfMagnitudeAndFewSeriesAreConstant() {
    let largest = sample(.day).map { $0.values.filter(\.isFinite).map(abs).max()! }.filter { $0 > 0 }
    #expect(largest.max()! / largest.min()! > 1e10)
    let constant = sample(.day).filter { series in series.values.allSatisfy { $0 == series.values[0] || $0.isNaN } }
    #expect(!constant.isEmpty && constant.count < 24)
  }

  @Test func theLabelSaysNothingOfTheValues() {
    let kinds = Dictionary(grouping: (0..<2_000).map { family.series($0, step: .day, length: 30) }, by: \.kind)
    for kind in ResourceKind.allCases {
      let series = kinds[kind, default: []]
      #expect(abs(Double(series.count) - 400) < 5 * 18)
      let share = Double(series.count { $0.ceiling != nil }) / Double(series.count)
      #expect(abs(share - 0.55) < 0.125)
    }
  }

  @Test func lengthsReachFromThirtyToTheLongestAndHalfAreShort() {
    let lengths = (0..<2_000).map { family.length($0, longest: 1_500) }
    #expect(lengths.min()! == 30 && lengths.max()! > 1_450 && lengths.max()! <= 1_500)
    #expect(lengths.sorted()[1_000] < 260)
    #expect(family.length(3, longest: 12) == 12)
  }
}
