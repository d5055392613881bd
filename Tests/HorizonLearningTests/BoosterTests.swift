import Foundation
import HorizonLearning
import HorizonNumerics
import Testing

@Suite struct BoosterTests {
  private static let levels: [Float] = [0.1, 0.5, 0.9]

  /// Two features that matter (a step in the first, which the second turns around), one that does not; spread 1 above the step,
  /// 0.2 below; a tenth of the first feature is missing, and those rows lie 5 higher.
  private static func rows(_ count: Int, seed: UInt64, weights: [Float]? = nil) throws -> TrainingRows {
    var random = SplitMix64(seed: seed)
    var (features, labels): ([Float], [Float]) = ([], [])
    for _ in 0..<count {
      let (a, b, c) = (random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-1, 1))
      let isMissing = random.uniform() < 0.1
      features += [isMissing ? .nan : Float(a), Float(b), Float(c)]
      labels.append(Float(centre(a, b, isMissing: isMissing) + spread(a, isMissing: isMissing) * random.normal()))
    }
    return try TrainingRows(names: ["a", "b", "c"], features: features, labels: labels, weights: weights)
  }

  private static func centre(_ a: Double, _ b: Double, isMissing: Bool) -> Double {
    isMissing ? 5 : (a > 0 ? 1 : -1) * (b > 0 ? 2 : -2)
  }

  private static func spread(_ a: Double, isMissing: Bool) -> Double { isMissing ? 0.2 : a > 0 ? 1 : 0.2 }

  private static func parameters(_ change: (inout BoosterParameters) -> Void = { _ in }) -> BoosterParameters {
    var parameters = BoosterParameters(levels: levels)
    parameters.rounds = 40
    parameters.depth = 4
    parameters.learningRate = 0.3
    change(&parameters)
    return parameters
  }

  @Test func quantilesOfAStepThatAnotherFeatureTurnsAroundAreRecovered() throws {
    let booster = try Booster.trained(
      on: BoosterTests.rows(6_000, seed: 1), validation: BoosterTests.rows(1_000, seed: 2),
      parameters: BoosterTests.parameters())
    for (a, b) in [(0.5, 0.5), (0.5, -0.5), (-0.5, 0.5), (-0.5, -0.5), (Double.nan, 0.5)] {
      let found = try booster.predict(rows: [Float(a), Float(b), 0], count: 1)
      for (level, quantile) in zip(BoosterTests.levels, found) {
        let spread = BoosterTests.spread(a, isMissing: a.isNaN)
        let expected = BoosterTests.centre(a, b, isMissing: a.isNaN) + spread * normalQuantile(Double(level))
        #expect(abs(Double(quantile) - expected) < 0.15 + 0.25 * spread, "\(a) \(b) \(level): \(quantile), \(expected)")
      }
    }
  }
}
