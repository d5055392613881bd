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

  mutating func add(_ digest: SeriesDigest, selection: Selection, settings: DecisionSettings) {
    guard let baseline = selection.losses[settings.baseline] else { return }
    contested += 1
    wins[selection.champion] += 1
    let unit = Double(digest.scale > 0 ? digest.scale : 1)
    for (model, loss) in selection.losses.enumerated() {
      guard let loss else { continue }
      let ratio = log(Metrics.ratio(loss: loss * unit, baseline: baseline * unit, level: Double(digest.level)))
      logRatios[model] += ratio
      counts[model] += 1
      if model == selection.champion { championLogRatio += ratio }
    }
  }

  /// Geometric mean over series of a contestant's loss over the baseline's; nil when it was never scored.
  package func ratio(model: Int) -> Double? { counts[model] > 0 ? exp(logRatios[model] / Double(counts[model])) : nil }

  /// The same for the champions; nil without a contest.
  package var championRatio: Double? { contested > 0 ? exp(championLogRatio / Double(contested)) : nil }
}
