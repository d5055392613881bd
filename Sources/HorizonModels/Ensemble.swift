import HorizonCore

/// A method that combines the forecasts of other models of the same contest.
package protocol ForecastCombination: Sendable {
  static var card: ModelCard { get }
  init()
  /// Positions of the members for one series.
  ///
  /// - Parameters:
  ///   - cards: The models that forecast this series, in the catalog's order.
  ///   - losses: Mean loss of each on what was known before the cutoff; nil where nothing is known yet.
  func members(cards: [ModelCard], losses: [Double?]) -> [Int]
}

/// Equal weight of the three best models so far, quantile by quantile.
struct Ensemble: ForecastCombination {
  static let card = ModelCard(
    name: "ensemble", summary: "Average of the quantiles of the three models that were best on earlier folds.",
    minimumHistory: 1, cost: .combined,
    reference: "Lichtendahl, Grushka-Cockayne, Winkler, \"Is it better to average probabilities or quantiles?\", 2013")

  func members(cards: [ModelCard], losses: [Double?]) -> [Int] {
    let known = losses.indices.filter { losses[$0] != nil }
    guard known.count >= 3 else {
      // Nothing to rank by: the dearest models stand in for the best.
      let order = cards.indices.sorted {
        (cards[$0].isBaseline ? 1 : 0, -cards[$0].cost.rawValue, $0)
          < (cards[$1].isBaseline ? 1 : 0, -cards[$1].cost.rawValue, $1)
      }
      return order.prefix(3).sorted()
    }
    return known.sorted { (losses[$0]!, $0) < (losses[$1]!, $1) }.prefix(3).sorted()
  }
}
