import Foundation
import HorizonCore

/// Weights inverse to a power of the loss on earlier folds; models far behind the best are left out.
struct EnsembleWeighted: ForecastCombination {
  static let card = ModelCard(
    name: "ensemble-weighted",
    summary: "Average of quantiles in which models that were better on earlier folds weigh more.",
    minimumHistory: 1, cost: .combined,
    reference: "Bates, Granger, \"The Combination of Forecasts\", 1969, with quantile losses for variances")

  /// Weights go as the loss to minus this.
  static let exponent = 8.0
  /// A model that lost more than this times the best is left out.
  static let furthest = 1.5
  /// Added to each loss, in scales, so that one that was never off does not take all.
  static let cushion = 0.001

  func recipe(_ record: PastLosses, errors: ([Int]) -> PastErrors?) -> Recipe {
    let contenders = record.contenders
    let known = contenders.compactMap { at in record.losses[at].map { (at: at, loss: $0 + Self.cushion) } }
    guard let best = known.map(\.loss).min() else {
      // Nothing to rank by: what no single bad model can spoil.
      return Recipe(members: record.favourites, blend: .median)
    }
    let kept = known.filter { $0.loss <= Self.furthest * best }
    return Recipe(members: kept.map(\.at), weights: kept.map { pow($0.loss / best, -Self.exponent) })
  }
}
