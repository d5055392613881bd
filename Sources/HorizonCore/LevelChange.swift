/// A lasting change of a series' level that is no growth: a migration, or a resize of what 100 % is.
package struct LevelChange: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Codable {
    /// Found in the readings.
    case shift
    /// Found in the capacity column, or given in a table.
    case capacity
  }

  package let kind: Kind
  /// Step index of the first reading on the new level.
  package let index: Int
  /// New level over old one, above 0.
  package let factor: Double

  package init(kind: Kind, index: Int, factor: Double) {
    self.kind = kind
    self.index = index
    self.factor = factor
  }
}
