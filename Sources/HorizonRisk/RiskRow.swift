package import HorizonCore

/// How urgent a risk is.
package enum Severity: Sendable, Hashable, CustomStringConvertible {
  case none
  /// A breach within the window is possible: a chance of at least 20 %.
  case watch
  /// The threshold of this name is breached, or more likely than not will be within the window.
  case breach(String)

  /// - Parameter probability: Of a breach within the window.
  package init(threshold: String, crossed: Bool, probability: Double) {
    self = crossed || probability >= 0.5 ? .breach(threshold) : probability >= 0.2 ? .watch : .none
  }

  /// Reads what `description` writes.
  package init(_ text: String) {
    switch text {
    case "none": self = .none
    case "watch": self = .watch
    default: self = .breach(text)
    }
  }

  /// `none`, `watch` or the threshold's name.
  package var description: String {
    switch self {
    case .none: "none"
    case .watch: "watch"
    case .breach(let name): name
    }
  }
}

/// What is at stake for one series and one threshold: a row of `risks.parquet`.
package struct RiskRow: Sendable, Hashable {
  package var series: SeriesName
  /// Percent of capacity.
  package var threshold: Double
  package var severity: Severity
  package var tier: TrustTier
  /// The level that the breach rule sees at the as-of, percent of capacity.
  package var current: Double
  /// Threshold minus current, points.
  package var headroom: Double
  /// Probability of a breach within 30 days; nil if the horizon ends before, 1 if crossed already.
  package var pBreach30: Float?
  package var pBreach60: Float?
  package var pBreach90: Float?
  package var pBreach180: Float?
  /// Days to the first breach, not exceeded with probability 0.1; nil when not within the horizon. Crossed already: minus the
  /// days since, the same in all three.
  package var daysToBreachP10: Float?
  package var daysToBreachP50: Float?
  package var daysToBreachP90: Float?
  /// The day to order by, in days since 1970-01-01.
  package var orderBy: Int?
  /// The least capacity, in the unit of the readings, with a chance of a breach within the horizon of at most 0.1.
  package var recommendedCapacity: Double
  /// Capacity that can be given back while q95 stays under the lowest threshold, in the unit of the readings; at least 0.
  package var reclaimable: Double
  /// One sentence.
  package var reason: String

  package init(
    series: SeriesName, threshold: Double, severity: Severity, tier: TrustTier, current: Double, headroom: Double,
    pBreach30: Float?, pBreach60: Float?, pBreach90: Float?, pBreach180: Float?, daysToBreachP10: Float?,
    daysToBreachP50: Float?, daysToBreachP90: Float?, orderBy: Int?, recommendedCapacity: Double, reclaimable: Double,
    reason: String
  ) {
    self.series = series
    self.threshold = threshold
    self.severity = severity
    self.tier = tier
    self.current = current
    self.headroom = headroom
    self.pBreach30 = pBreach30
    self.pBreach60 = pBreach60
    self.pBreach90 = pBreach90
    self.pBreach180 = pBreach180
    self.daysToBreachP10 = daysToBreachP10
    self.daysToBreachP50 = daysToBreachP50
    self.daysToBreachP90 = daysToBreachP90
    self.orderBy = orderBy
    self.recommendedCapacity = recommendedCapacity
    self.reclaimable = reclaimable
    self.reason = reason
  }

  /// Whether the threshold is breached at the as-of.
  package var isCrossed: Bool { (daysToBreachP50 ?? 1) <= 0 }
}
