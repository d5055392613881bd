import HorizonCore

/// A method that combines the forecasts of other models of the same contest.
package protocol ForecastCombination: Sendable {
  static var card: ModelCard { get }
  init()
  /// What the forecast of one series is made of; members are positions in `record`.
  ///
  /// - Parameters:
  ///   - record: What had come true before the cutoff.
  ///   - errors: Of the models at the given positions; nil where they have no fold in common. Dear, so asked for when needed.
  func recipe(_ record: PastLosses, errors: (_ models: [Int]) -> PastErrors?) -> Recipe
}

/// How the models that forecast a series did on folds before.
package struct PastLosses: Sendable {
  /// In the catalog's order, no combination among them; at least one.
  package let cards: [ModelCard]
  /// Mean loss of each in scales; nil where nothing has come true yet.
  package let losses: [Double?]

  package init(cards: [ModelCard], losses: [Double?]) {
    self.cards = cards
    self.losses = losses
  }

  /// Positions of the models that no user has today; of all where there are no others.
  package var contenders: [Int] {
    let found = cards.indices.filter { !cards[$0].isBaseline }
    return found.isEmpty ? Array(cards.indices) : found
  }

  /// The dearest of them, who stand in for the best while nothing is known; all where those are fewer than three.
  package var favourites: [Int] {
    let dearest = contenders.map { cards[$0].cost }.max()
    let found = contenders.filter { cards[$0].cost == dearest }
    return found.count < 3 ? contenders : found
  }
}

/// By how much the quantiles of some models missed what came true, in scales.
package struct PastErrors: Sendable {
  /// Forecast minus reading, by `[model][point]`; a point is a level at a lead of a fold.
  package var errors: [[Float]]
  /// Loss of each point for every unit that its quantile lies above the reading, and below it.
  package var above: [Float]
  package var below: [Float]

  package init(errors: [[Float]], above: [Float], below: [Float]) {
    self.errors = errors
    self.above = above
    self.below = below
  }
}

/// Equal weight of the three best models so far, quantile by quantile.
struct Ensemble: ForecastCombination {
  static let card = ModelCard(
    name: "ensemble", summary: "Average of the quantiles of the three models that were best on earlier folds.",
    minimumHistory: 1, cost: .combined,
    reference: "Lichtendahl, Grushka-Cockayne, Winkler, \"Is it better to average probabilities or quantiles?\", 2013")

  func recipe(_ record: PastLosses, errors: ([Int]) -> PastErrors?) -> Recipe {
    let members = members(record)
    return Recipe(members: members, blend: .equal(members.count))
  }

  private func members(_ record: PastLosses) -> [Int] {
    let (cards, losses) = (record.cards, record.losses)
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
