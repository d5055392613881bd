import HorizonCore

/// Equal weight of every model, quantile by quantile.
struct EnsembleMean: ForecastCombination {
  static let card = ModelCard(
    name: "ensemble-mean", summary: "Average of the quantiles of all models but the lines and yardsticks of today.",
    minimumHistory: 1, cost: .combined, reference: "Timmermann, \"Forecast Combinations\", 2006")

  func recipe(_ record: PastLosses, errors: ([Int]) -> PastErrors?) -> Recipe {
    let members = record.contenders
    return Recipe(members: members, blend: .equal(members.count))
  }
}
