import Foundation
package import HorizonCore

/// How the contestants did on the folds of one series: logarithms of their losses over steady leads.
///
/// Each loss has a thousandth of the level added, as in the loss ratio of the reports, so that two forecasts that are both all
/// but exact are not told apart.
struct FoldRecord {
  /// Contestants that were scored on every fold that has readings, ascending; the others cannot be chosen.
  let entered: [Int]
  /// Positions of the folds that have readings, oldest first.
  let folds: [Int]
  /// `[entered][fold]`.
  private let losses: [[Double]]
  /// Brier score at the lowest threshold by `[entered][fold]`; all 0 without one.
  private let briers: [[Double]]
  private let weights: [Double]

  /// How much an older fold weighs beside the next: what a series does now counts more.
  private static let ageing = 0.8
  /// A fold that lies behind a level shift as a whole decides only where there is no other.
  private static let leastWeight = 0.01

  /// - Returns: nil when no contestant was scored on every fold that has readings.
  init?(_ digest: SeriesDigest, contestants: Int) {
    let folds = digest.foldCutoffs.indices.filter { fold in
      (0..<contestants).contains { digest.score(model: $0, fold: fold).outcome == .scored }
    }
    let entered = (0..<contestants).filter { model in
      folds.allSatisfy { digest.score(model: model, fold: $0).outcome == .scored }
    }
    guard let first = entered.first, !folds.isEmpty else { return nil }
    self.folds = folds
    self.entered = entered
    losses = entered.map { model in
      folds.map { fold in
        let score = digest.score(model: model, fold: fold)
        let cushion = 0.001 * Double(digest.level) / Double(score.lossUnit)
        return log(max(score.steadyLoss! + cushion, 1e-9))
      }
    }
    briers = entered.map { model in
      folds.map { fold in
        let score = digest.score(model: model, fold: fold)
        return Double(score.sumBrier / score.count)
      }
    }
    weights = folds.indices.map { position in
      pow(FoldRecord.ageing, Double(folds.count - 1 - position))
        * max(digest.score(model: first, fold: folds[position]).steadyShare, FoldRecord.leastWeight)
    }
  }

  /// The mean over folds, seen from a series' typical contestant.
  struct Standing {
    /// Mean log loss less that of the median contestant, by position in `entered`.
    let losses: [Double]
    let briers: [Double]
    /// Folds of full weight that would say as much.
    let folds: Double
  }

  /// - Parameter fold: A position in `folds` that is left out; nil for none.
  /// - Returns: nil when nothing is left.
  func standing(without fold: Int? = nil) -> Standing? {
    var weights = weights
    if let fold { weights[fold] = 0 }
    guard let largest = weights.max(), largest > 0 else { return nil }
    let means = losses.map { FoldRecord.mean($0, weights) }
    let sorted = means.sorted()
    let median = (sorted[sorted.count / 2] + sorted[(sorted.count - 1) / 2]) / 2
    return Standing(
      losses: means.map { $0 - median }, briers: briers.map { FoldRecord.mean($0, weights) },
      folds: weights.reduce(0, +) / largest)
  }

  /// Standard error of the mean difference between two contestants, given by their positions in `entered`; 0 for one fold, where
  /// nothing can be said.
  func standardError(_ a: Int, _ b: Int) -> Double {
    let differences = zip(losses[a], losses[b]).map { $0 - $1 }
    let mean = FoldRecord.mean(differences, weights)
    let total = weights.reduce(0, +)
    let effective = total / weights.max()!
    guard effective > 1 else { return 0 }
    var variance = 0.0
    for (difference, weight) in zip(differences, weights) {
      variance += weight / total * (difference - mean) * (difference - mean)
    }
    return (variance / (effective - 1)).squareRoot()
  }

  private static func mean(_ values: [Double], _ weights: [Double]) -> Double {
    var sum = 0.0
    var total = 0.0
    for (value, weight) in zip(values, weights) {
      sum += weight * value
      total += weight
    }
    return sum / total
  }
}
