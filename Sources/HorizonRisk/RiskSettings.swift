package import HorizonCore

/// A share of capacity that is not to be exceeded, with the name that a breach of it goes by.
package struct RiskThreshold: Sendable, Hashable, Codable {
  package let name: String
  package let percent: Double

  package init(name: String, percent: Double) {
    self.name = name
    self.percent = percent
  }
}

/// What counts as a risk, and how early to order.
package struct RiskSettings: Sendable, Hashable {
  /// Ascending by percent.
  package let thresholds: [RiskThreshold]
  /// The window that severity looks at, in days.
  package let within: Double
  package let procurementDays: Double
  /// Breach rules by resource name; other resources take `everyRule`, or their kind's default.
  package let rules: [String: BreachRule]
  /// The rule of every resource that `rules` does not name.
  package let everyRule: BreachRule?

  package static let defaultThresholds = [
    RiskThreshold(name: "warning", percent: 80), RiskThreshold(name: "critical", percent: 90),
  ]

  /// - Throws: `Failure` when a setting makes no sense.
  package init(
    thresholds: [RiskThreshold] = defaultThresholds, within: Double = 90, procurementDays: Double = 30,
    rules: [String: BreachRule] = [:], everyRule: BreachRule? = nil
  ) throws(Failure) {
    guard !thresholds.isEmpty, thresholds.allSatisfy({ $0.percent > 0 && $0.percent.isFinite }) else {
      throw Failure(.badSetting, "A threshold is not a percentage above 0.", remedy: "Write it like 'warning: 80'.")
    }
    guard zip(thresholds, thresholds.dropFirst()).allSatisfy({ $0.percent < $1.percent }) else {
      throw Failure(
        .badSetting, "The thresholds do not ascend.", remedy: "List each percentage once, the lowest first.")
    }
    let names = thresholds.map(\.name)
    guard Set(names).count == names.count, !names.contains(where: { ["", "none", "watch"].contains($0) }) else {
      throw Failure(
        .badSetting, "The thresholds' names are \(names.joined(separator: ", ")).",
        remedy: "Give each its own name, other than 'none' and 'watch'.")
    }
    guard within > 0, within.isFinite else {
      throw Failure(.badSetting, "The window of risks is \(within) days.", remedy: "Give it at least a day.")
    }
    guard procurementDays >= 0, procurementDays.isFinite else {
      throw Failure(.badSetting, "Procurement takes \(procurementDays) days.", remedy: "Give it 0 days or more.")
    }
    self.thresholds = thresholds
    self.within = within
    self.procurementDays = procurementDays
    self.rules = rules
    self.everyRule = everyRule
  }

  /// The breach rule of a resource.
  package func rule(for resource: String) -> BreachRule {
    rules[resource] ?? everyRule ?? ResourceKind(resource: resource).defaultBreachRule
  }
}
