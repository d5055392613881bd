import Foundation
import HorizonCore
import HorizonModels

/// The champion of one series: the contestant with the least loss to be expected on readings that nobody has seen.
///
/// What its folds say is shrunk towards what wins for series like it: six overlapping folds are a noisy judge, and the
/// best of twenty on them is best by luck as well. Contestants within one standard error of the fold differences (and within
/// `tieMargin`) tie: then the champion of the run before stays, else the better Brier score at the lowest threshold wins, else
/// the cheaper model.
///
/// Shrinkage as of James and Stein; Efron and Morris, "Data analysis using Stein's estimator and its generalizations", 1975.
package struct Selection: Sendable {
  /// Position among the contestants.
  package let champion: Int
  /// The one with the least expected loss.
  package let best: Int
  package let reason: Reason
  /// Expected loss over the baseline's by contestant; nil for one that cannot be chosen, and where the baseline cannot.
  package let expected: [Double?]

  /// What made the champion.
  package enum Reason: String, Sendable, CaseIterable {
    /// The least expected loss, and no tie that another won.
    case least
    /// Tied, and it was the champion of the run before.
    case incumbent
    /// Tied, and its chances of reaching the lowest threshold were better.
    case brier
    /// Tied, and it costs less.
    case cost
  }

  /// A challenger at most this much worse may still win a tie.
  package static let tieMargin = 0.02

  /// - Parameters:
  ///   - expectations: Of series like it.
  ///   - fold: A position in the record's folds that is not looked at.
  ///   - incumbent: The champion of the run before.
  /// - Returns: nil when no fold is left.
  init?(
    _ record: FoldRecord, expectations: CohortPriors.Expectations, cards: [ModelCard], baseline: Int,
    incumbent: Int? = nil,
    without fold: Int? = nil
  ) {
    guard let standing = record.standing(without: fold) else { return nil }
    let trust = standing.folds / (standing.folds + expectations.folds)
    let losses = record.entered.indices.map { position in
      trust * standing.losses[position] + (1 - trust) * expectations.losses[record.entered[position]]
    }
    let best = losses.indices.min { (losses[$0], $0) < (losses[$1], $1) }!
    let tied = losses.indices.filter { position in
      position == best
        || losses[position] - losses[best]
          <= min(trust * record.standardError(position, best), log(1 + Selection.tieMargin))
    }
    let leastBrier = tied.map { standing.briers[$0] }.min()!
    let sharpest = tied.filter { standing.briers[$0] <= 1.05 * leastBrier + 1e-4 }
    let cheapest = sharpest.min {
      (cards[record.entered[$0]].cost, losses[$0], $0) < (cards[record.entered[$1]].cost, losses[$1], $1)
    }!
    if let kept = tied.first(where: { record.entered[$0] == incumbent }) {
      champion = record.entered[kept]
      reason = kept == best ? .least : .incumbent
    } else {
      champion = record.entered[cheapest]
      reason = cheapest == best ? .least : sharpest.contains(best) ? .cost : .brier
    }
    self.best = record.entered[best]
    var expected = [Double?](repeating: nil, count: cards.count)
    if let reference = record.entered.firstIndex(of: baseline) {
      for (position, model) in record.entered.enumerated() {
        expected[model] = exp(losses[position] - losses[reference])
      }
    }
    self.expected = expected
  }
}
