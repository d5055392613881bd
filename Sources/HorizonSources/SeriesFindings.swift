/// What was found in one series beside gaps, duplicates and disorder; times in microseconds, UTC.
struct SeriesFindings: Sendable, Hashable {
  /// Readings before any was dropped; not a finding.
  var given = 0
  var conflicts = 0
  var firstConflict: Conflict?
  var counter: CounterRates.Outcome?
  /// Stretches that were brought to the scale of the others, oldest first.
  var unitStretches: [UnitStretch] = []
  /// A jump that looks like another unit but is not close enough to be repaired.
  var doubtfulJump: DoubtfulJump?
  /// Oldest first.
  var flatStretches: [FlatStretch] = []
  var mixedSteps: MixedSteps?
  var reuse: Reuse?
  /// Stored readings at and above the constant ceiling that the resource may have, and likewise for known capacities.
  var constantCeiling = CeilingCounts()
  var capacityCeiling = CeilingCounts()

  struct Conflict: Sendable, Hashable {
    let time: Int64
    /// In the order of the input; the last one was kept.
    let earlier: Double
    let later: Double
  }

  struct UnitStretch: Sendable, Hashable {
    let from: Int64
    let to: Int64
    let readings: Int
    /// What its readings were multiplied by.
    let factor: Double
  }

  struct DoubtfulJump: Sendable, Hashable {
    let time: Int64
    let before: Double
    let after: Double
  }

  struct FlatStretch: Sendable, Hashable {
    let from: Int64
    let to: Int64
    let readings: Int
    let value: Double
    /// Whether its readings but the first became a gap.
    let isRepaired: Bool
  }

  struct MixedSteps: Sendable, Hashable {
    /// In seconds.
    let before: Int64
    let after: Int64
    let since: Int64
  }

  struct Reuse: Sendable, Hashable {
    let lastBefore: Int64
    let firstAfter: Int64
    let gap: Int
    /// Medians of the readings on both sides, or capacities.
    let before: Double
    let after: Double
    let isCapacity: Bool
  }

  struct CeilingCounts: Sendable, Hashable {
    var at = 0
    var above = 0
  }

  var isEmpty: Bool {
    var none = SeriesFindings()
    none.given = given
    return self == none
  }
  var unitReadings: Int { unitStretches.reduce(0) { $0 + $1.readings } }
  /// Readings that became a gap.
  var flatReadings: Int { flatStretches.reduce(0) { $0 + ($1.isRepaired ? $1.readings - 1 : 0) } }
}

/// A value on the heap, for the few series that have one.
final class Boxed<Value: Sendable>: Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
