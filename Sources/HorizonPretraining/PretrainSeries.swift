package import HorizonCore

/// One series of the pretraining family.
///
/// It has no date: the phases of its seasons are random, so its first reading may be placed on any.
package struct PretrainSeries: Sendable {
  /// Oldest first; NaN where a reading is missing, which the first and the last never are.
  package let values: [Float]
  /// Drawn beside the values and independent of them: the label must teach nothing.
  package let kind: ResourceKind
  /// What 100 % is, in the unit of the values, none of which is above it; nil for a plain quantity.
  package let ceiling: Double?

  package init(values: [Float], kind: ResourceKind, ceiling: Double?) {
    self.values = values
    self.kind = kind
    self.ceiling = ceiling
  }
}
