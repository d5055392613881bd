package import HorizonCore

/// One series of a synthetic fleet with what is never known of a real one: the path without noise, and the future.
///
/// `truth + noise` is the demand; a true reading is the demand held between 0 and the capacity at that step, so
/// `value == min(max(truth + noise, 0), capacity)` up to rounding in the last binary place. Both go on for 365 days beyond the last
/// reading; capacity stays as it was last, level shifts and capacity changes lie in the history only, bursts and clean-ups go on.
/// The truth contains the expected load of bursts, so that the noise has mean 0. Where an agent was flat-lined, `value` repeats
/// what it read last and the truth goes on.
package struct SyntheticSeries: Sendable {
  package let server: String
  package let resource: SyntheticResource
  package let behaviour: Behaviour
  package let variant: Variant
  package let step: Step
  /// Step index of the first reading.
  package let firstIndex: Int
  /// Positions of the history that have a row in the metrics, ascending; what lies between was never reported.
  package let reported: [Range<Int>]
  /// In `unit`, one a reading.
  package let capacity: [Double]
  /// Readings in `unit`, between 0 and the capacity.
  package let value: [Double]
  /// The path without noise in `unit`, between 0 and the capacity; readings and continuation.
  package let truth: [Double]
  /// Mean 0, in `unit`; as long as `truth`, what it says of the future is what will be read there.
  package let noise: [Double]
  /// As long as `truth`. Bursts are marked at every step they last, all else where it begins.
  package let events: [SyntheticEvent]

  /// Unit of value, capacity, truth and noise.
  package var unit: String { resource.unit }

  /// What would have been read at a step, had the agent worked, in `unit`.
  package func trueReading(at position: Int) -> Double {
    min(max(truth[position] + noise[position], 0), capacity[min(position, capacity.count - 1)])
  }

  /// The reading that belongs to a step of the history or of the continuation, in `unit`.
  package func reading(at position: Int) -> Double {
    position < value.count ? value[position] : trueReading(at: position)
  }
}
