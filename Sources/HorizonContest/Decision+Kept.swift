package import HorizonCore
package import HorizonModels

extension Decision {
  /// What a finished run kept of a decision, as far as a forecast depends on it: without tiers.
  ///
  /// - Parameter champion: Like the recipe's members a position among the contestants of now.
  package init(
    name: SeriesName, champion: Int, recipe: Recipe?, isContested: Bool, ceiling: Double, spreadFactor: Float,
    group: ErrorGroup, persistence: Float, testedLead: Int, tail: TailShape
  ) {
    self.init(
      name: name, champion: champion, recipe: recipe, isContested: isContested, isLive: true, folds: 0,
      ceiling: Float(ceiling), spreadFactor: spreadFactor, group: group, persistence: persistence,
      testedLead: testedLead, tail: tail, tiers: [], lossRatio: nil)
  }
}
