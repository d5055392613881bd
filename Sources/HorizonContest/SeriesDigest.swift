package import HorizonCore
package import HorizonModels

/// What the contest keeps of one series: a few kilobytes from which every decision is made.
package struct SeriesDigest: Sendable {
  package var name: SeriesName
  package var firstIndex: Int
  /// Step index from which leads of the published forecast count.
  package var cutoff: Int
  package var isLive: Bool
  package var readings: Int
  /// Share of the steps between first and newest reading that have none.
  package var gapShare: Float
  /// Mean absolute level of the last 365 readings.
  package var level: Float
  /// Scale of the scaled loss at the cutoff; 0 when the history has none.
  package var scale: Float
  /// Median of the last seven readings, the level that headroom refers to.
  package var current: Float
  /// What 100 % is in the unit of the readings; NaN when there is none.
  package var ceiling: Float
  package var foldCutoffs: [Int]
  package var foldHorizon: Int
  /// `[model][fold]` in the order of the contestants.
  package var scores: [FoldScore]
  /// What each combination would be made of in the published forecast, in the order of the contestants; nil for models, empty
  /// without a contest.
  package var recipes: [Recipe?] = []

  package func score(model: Int, fold: Int) -> FoldScore { scores[model * foldCutoffs.count + fold] }
}

/// How one model did on one fold of one series.
package struct FoldScore: Sendable {
  package enum Outcome: Sendable, Hashable {
    case scored
    /// The fold has no reading to score.
    case empty
    case refused(ModelError)
  }
  package var outcome: Outcome = .empty
  /// Scale of MASE at the fold's cutoff; 0 when the history has none (all zero).
  package var scale: Float = 0
  package var sumAbsoluteError: Float = 0
  package var sumSquaredError: Float = 0
  package var sumError: Float = 0
  package var sumAbsoluteActual: Float = 0
  /// Products of neighbouring errors around the median, over their squares: how persistent errors are.
  package var sumErrorProducts: Float = 0
  package var sumMedianErrorSquares: Float = 0
  /// Leads before the next level shift or resize, and their pinball loss summed over the seven levels: nobody could have forecast what
  /// comes behind one, so models are not compared by it.
  package var steadyCount: Float = 0
  package var steadyPinball: Float = 0
  /// Squared errors of the chance to reach the lowest threshold, summed over the scored leads; 0 without one.
  package var sumBrier: Float = 0
  package var breach = FoldBreach()
  /// How far the medians of the same dates moved since the fold before, and over how many leads.
  package var sumChange: Float = 0
  package var changeCount: Float = 0
  package var buckets = [Bucket](repeating: Bucket(), count: LeadBucket.allCases.count)
  /// The actual's `StandardScore` at the digest's leads; NaN where there is no reading.
  package var standardErrors: [Float] = []
  /// How many of the digest's leads come before the next level shift.
  package var steadyErrors = 0

  /// Sums over the scored leads of one bucket.
  package struct Bucket: Sendable {
    package var count: Float = 0
    /// Sum over leads and the seven levels.
    package var sumPinball: Float = 0
    package var inside80: Float = 0
    /// Sum of the model's own spread over leads.
    package var sumSpread: Float = 0
  }

  package var count: Float { buckets.reduce(0) { $0 + $1.count } }
  package var sumPinball: Float { buckets.reduce(0) { $0 + $1.sumPinball } }
  package var inside80: Float { buckets.reduce(0) { $0 + $1.inside80 } }

  /// Mean pinball loss over leads and levels divided by the scale; nil unless scored.
  package var scaledLoss: Double? {
    guard case .scored = outcome else { return nil }
    return Double(sumPinball) / (Double(count) * Double(Levels.count) * Double(lossUnit))
  }

  /// The same over steady leads; over all where none is steady.
  package var steadyLoss: Double? {
    guard steadyCount > 0 else { return scaledLoss }
    return Double(steadyPinball) / (Double(steadyCount) * Double(Levels.count) * Double(lossUnit))
  }

  /// Share of the scored leads that no level shift precedes.
  package var steadyShare: Double { count > 0 ? Double(steadyCount / count) : 0 }

  /// What losses are divided by: the scale, or 1 for a history without one (all zero).
  package var lossUnit: Float { scale > 0 ? scale : 1 }
}

/// The normal-equivalent deviation of a forecast at one lead: width of the 80 % interval over 2.563, kept above a small share of
/// the scale so that errors stay comparable.
@inline(__always)
package func forecastSpread(_ quantiles: UnsafePointer<Float>, scale: Float) -> Float {
  max((quantiles[Levels.upper80] - quantiles[Levels.lower80]) / 2.563_103, 0.02 * scale, .leastNormalMagnitude)
}
