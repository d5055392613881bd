import Foundation
import HorizonCore

/// How the contestants did over all series.
package struct ContestSummary: Sendable {
  /// Series of which each contestant is the champion.
  package private(set) var wins: [Int]
  package private(set) var contested = 0
  private var logRatios: [Double]
  private var counts: [Int]
  private var championLogRatio = 0.0

  init(models: Int) {
    wins = [Int](repeating: 0, count: models)
    logRatios = [Double](repeating: 0, count: models)
    counts = [Int](repeating: 0, count: models)
  }

  mutating func add(_ digest: SeriesDigest, champion: Int, baseline: Int) {
    guard digest.lossRatio(of: baseline, to: baseline) != nil else { return }
    contested += 1
    wins[champion] += 1
    for model in wins.indices {
      guard let ratio = digest.lossRatio(of: model, to: baseline) else { continue }
      logRatios[model] += log(ratio)
      counts[model] += 1
      if model == champion { championLogRatio += log(ratio) }
    }
  }

  /// Geometric mean over series of a contestant's loss over the baseline's; nil when it was never scored.
  package func ratio(model: Int) -> Double? { counts[model] > 0 ? exp(logRatios[model] / Double(counts[model])) : nil }

  /// The same for the champions; nil without a contest.
  package var championRatio: Double? { contested > 0 ? exp(championLogRatio / Double(contested)) : nil }
}
