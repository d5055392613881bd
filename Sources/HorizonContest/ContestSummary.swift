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

  /// How the contestants did on one series: logarithms of their losses over the baseline's, nil where one was refused.
  ///
  /// - Returns: nil where the baseline itself was refused.
  static func logRatios(_ digest: SeriesDigest, models: Int, baseline: Int) -> [Double?]? {
    guard digest.lossRatio(of: baseline, to: baseline) != nil else { return nil }
    return (0..<models).map { digest.lossRatio(of: $0, to: baseline).map { log($0) } }
  }

  mutating func add(_ ratios: [Double?], champion: Int) {
    contested += 1
    wins[champion] += 1
    for (model, ratio) in ratios.enumerated() {
      guard let ratio else { continue }
      logRatios[model] += ratio
      counts[model] += 1
      if model == champion { championLogRatio += ratio }
    }
  }

  /// Geometric mean over series of a contestant's loss over the baseline's; nil when it was never scored.
  package func ratio(model: Int) -> Double? { counts[model] > 0 ? exp(logRatios[model] / Double(counts[model])) : nil }

  /// The same for the champions; nil without a contest.
  package var championRatio: Double? { contested > 0 ? exp(championLogRatio / Double(contested)) : nil }
}
