package import HorizonCore
package import HorizonRisk

/// One series of a stress test: what was forecast, and what is known to come.
package struct StressedSeries: Sendable {
  package var name: SeriesName
  /// What 100 % is at the as-of, in the unit of the readings.
  package var capacity: Double
  package var rule: BreachRule
  /// Length of a step in days.
  package var stepDays: Double
  /// Readings up to the last one before the forecast, NaN where missing; the newest 400 are enough.
  package var history: ArraySlice<Float>
  /// The path without noise over the last steps of the history, as many as the breach rule looks at, and over all leads.
  package var pathBefore: [Float]
  package var path: [Float]
  /// The readings that follow, by lead.
  package var actual: [Float]
  /// Whether the series is live at the as-of: only then it can be a risk.
  package var isLive: Bool
  /// Quantiles [lead][level] of what was published and of the two baselines; nil without a forecast.
  package var published: [Float]?
  package var naive: [Float]
  package var line: [Float]
  /// The line's own path, by lead.
  package var lineMean: [Float]
  /// The row of the lowest threshold; nil when there is none.
  package var risk: RiskRow?
  /// Whether some row says why there is no forecast.
  package var isExplained: Bool

  package init(
    name: SeriesName, capacity: Double, rule: BreachRule, stepDays: Double, history: ArraySlice<Float>,
    pathBefore: [Float], path: [Float], actual: [Float], isLive: Bool, published: [Float]?, naive: [Float],
    line: [Float], lineMean: [Float], risk: RiskRow?, isExplained: Bool
  ) {
    self.name = name
    self.capacity = capacity
    self.rule = rule
    self.stepDays = stepDays
    self.history = history
    self.pathBefore = pathBefore
    self.path = path
    self.actual = actual
    self.isLive = isLive
    self.published = published
    self.naive = naive
    self.line = line
    self.lineMean = lineMean
    self.risk = risk
    self.isExplained = isExplained
  }

  /// Days from the as-of until the rule first holds on some future; nil when it does not within the leads.
  ///
  /// - Parameter before: What the rule's first windows see of the past.
  func daysToBreach(of future: [Float], after before: ArraySlice<Float>, threshold: Double) -> Double? {
    let readings = before.suffix(4 * rule.of) + future
    let first = readings.endIndex - future.count
    guard
      let at = rule.firstBreach(in: readings[...], threshold: Float(threshold / 100 * capacity), from: first)
    else { return nil }
    return Double(at - first + 1) * stepDays
  }
}
