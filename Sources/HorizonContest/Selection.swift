import HorizonCore
package import HorizonModels

/// The champion of one series: least mean scaled loss over folds, recent ones weighing more, ties to the cheaper.
package struct Selection: Sendable {
  /// Position among the contestants.
  package let champion: Int
  /// The one with the least loss over steady leads; another than the champion when a cheaper one tied with it.
  package let best: Int
  /// Mean scaled loss over steady leads by contestant, recent folds weighing more; nil where a fold was refused. What decides.
  package let steadyLosses: [Double?]
  /// Mean scaled loss over all leads by contestant, recent folds weighing more; nil where a fold was refused. What is reported.
  let losses: [Double?]

  /// A challenger at most this much worse may still win by being cheaper.
  private static let tieMargin = 0.02
  /// A fold that lies behind a level shift as a whole decides only where there is no other.
  private static let leastWeight = 0.01

  /// - Returns: nil when no contestant was scored on every fold that has readings.
  init?(_ digest: SeriesDigest, cards: [ModelCard]) {
    let folds = digest.foldCutoffs.count
    let byFold: [[FoldLoss]?] = cards.indices.map { model in
      var losses: [FoldLoss] = []
      for fold in 0..<folds {
        let score = digest.score(model: model, fold: fold)
        switch score.outcome {
        case .scored:
          losses.append(
            FoldLoss(all: score.scaledLoss!, steady: score.steadyLoss!, steadyShare: score.steadyShare))
        case .empty: continue
        case .refused: return nil
        }
      }
      return losses.isEmpty ? nil : losses
    }
    self.init(byFold, cards: cards)
  }

  /// - Parameters:
  ///   - byFold: By contestant one for each fold that has readings, oldest first; nil for a contestant that was refused on one.
  package init?(_ byFold: [[FoldLoss]?], cards: [ModelCard]) {
    let means = byFold.map { $0.map { Selection.recencyMean($0.map(\.steady), weights: $0.map(\.weight)) } }
    let entered = means.indices.filter { means[$0] != nil }
    guard let best = entered.min(by: { (means[$0]!, $0) < (means[$1]!, $1) }) else { return nil }
    losses = byFold.map { $0.map { Selection.recencyMean($0.map(\.all), weights: $0.map { _ in 1 }) } }
    let tied = entered.filter { model in
      let difference = means[model]! - means[best]!
      let error = Selection.standardError(byFold[model]!, byFold[best]!)
      return difference <= error && difference <= Selection.tieMargin * means[best]!
    }
    self.best = best
    steadyLosses = means
    champion = tied.min {
      (cards[$0].cost, means[$0]!, $0) < (cards[$1].cost, means[$1]!, $1)
    }!
  }

  /// How one contestant did on one fold; columns of `leaderboard.parquet`.
  package struct FoldLoss: Sendable, Hashable {
    /// The scaled loss.
    package let all: Double
    /// Over the leads that no level shift precedes: what decides.
    package let steady: Double
    /// Share of the fold that no level shift precedes.
    package let steadyShare: Double

    package init(all: Double, steady: Double, steadyShare: Double) {
      self.all = all
      self.steady = steady
      self.steadyShare = steadyShare
    }

    /// Hardly anything for a fold that lies behind a shift.
    fileprivate var weight: Double { max(steadyShare, leastWeight) }
  }

  /// Mean over folds, oldest first, each older fold weighing 0.8 of the next: what a series does now counts more.
  private static func recencyMean(_ losses: [Double], weights: [Double]) -> Double {
    var sum = 0.0
    var total = 0.0
    for (loss, weight) in zip(losses, weights) {
      sum = sum * 0.8 + weight * loss
      total = total * 0.8 + weight
    }
    return sum / total
  }

  /// Standard error of the mean paired difference; 0 for one fold, where nothing can be said.
  private static func standardError(_ a: [FoldLoss], _ b: [FoldLoss]) -> Double {
    let n = Double(a.count)
    guard n > 1 else { return 0 }
    let differences = zip(a, b).map { $0.steady - $1.steady }
    let mean = differences.reduce(0, +) / n
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
    return (variance / n).squareRoot()
  }
}
