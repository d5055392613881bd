import HorizonCore

/// The middle one of all models, quantile by quantile: a model that fails badly does not move it.
struct EnsembleMedian: ForecastCombination {
  static let card = ModelCard(
    name: "ensemble-median",
    summary: "Median, level by level, of the quantiles of all models but the lines and yardsticks of today.",
    minimumHistory: 1, cost: .combined,
    reference: "Petropoulos, Svetunkov, \"A simple combination of univariate models\", 2020")

  func recipe(_ record: PastLosses, errors: ([Int]) -> PastErrors?) -> Recipe {
    Recipe(members: record.contenders, blend: .median)
  }
}
