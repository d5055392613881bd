package import HorizonCore

/// What a model says of itself; help, leaderboard, legend, docs and contract tests come from it.
package struct ModelCard: Sendable, Hashable {
  /// Name in tables and in `--models`; lower case with hyphens.
  package let name: String
  /// One sentence for people.
  package let summary: String
  /// Least number of readings that a fit needs.
  package let minimumHistory: Int
  package let cost: Cost
  /// Where the method is described.
  package let reference: String
  /// A line that users have today, or the yardstick of skill.
  package let isBaseline: Bool
  /// Whether it is fitted to readings as they are, with level shifts and bursts, because that is what users compare it with.
  package let seesRawReadings: Bool
  /// How its quantiles go on beyond q05 and q95.
  package let tail: TailShape

  /// What a fit costs, by order of magnitude: decides ties and budgets instead of a clock.
  package enum Cost: Int, Sendable, Comparable, CaseIterable {
    /// A few microseconds.
    case instant
    /// Below a millisecond.
    case cheap
    /// Several fits of other models.
    case combined
    /// Milliseconds and more.
    case dear

    package static func < (a: Cost, b: Cost) -> Bool { a.rawValue < b.rawValue }
  }

  package init(
    name: String, summary: String, minimumHistory: Int, cost: Cost, reference: String, isBaseline: Bool = false,
    seesRawReadings: Bool? = nil, tail: TailShape = .exponential
  ) {
    self.name = name
    self.summary = summary
    self.minimumHistory = minimumHistory
    self.cost = cost
    self.reference = reference
    self.isBaseline = isBaseline
    self.seesRawReadings = seesRawReadings ?? isBaseline
    self.tail = tail
  }
}
