package import HorizonCore
import HorizonNumerics

/// The random universe on which shipped weights are trained: laws of time series in general, none of servers.
///
/// This module sees nothing of the synthetic fleets that forecasts are judged on, so that it cannot share a behaviour with
/// them. What is in it, and how widely it is drawn, stands in `docs/method/pretraining.md`.
package struct PretrainFamily: Sendable {
  package let seed: UInt64

  /// The seed with its bits mixed: as it is, it differs from its neighbour's in the lowest bits only, which a hash cannot
  /// tell from another first digit of the index.
  private let key: UInt64

  package init(seed: UInt64) {
    self.seed = seed
    var random = SplitMix64(seed: seed)
    key = random.next()
  }

  /// The series of one index: a function of seed, index, step and length alone.
  ///
  /// - Parameters:
  ///   - index: Any; neighbours have nothing in common.
  ///   - step: Decides which seasons are likely.
  ///   - length: Number of readings, missing ones included; at least 2. Another length is another series, not a longer one.
  /// - Complexity: O(*length*).
  package func series(_ index: Int, step: Step, length: Int) -> PretrainSeries {
    precondition(length >= 2, "a series has at least two readings")
    var random = SplitMix64(seed: stableHash("\(index)/\(step.seconds)/\(length)", seed: key))
    let kinds = ResourceKind.allCases
    let kind = kinds[random.integer(0...(kinds.count - 1))]
    let course = Course(step: step, count: length, &random)
    let readout = Readout(course, &random)
    return PretrainSeries(values: readout.values, kind: kind, ceiling: readout.ceiling)
  }

  /// A length for the series of one index: at least 30 readings (or `longest`), half of them below the geometric middle.
  ///
  /// - Parameter longest: At least 2, in readings.
  package func length(_ index: Int, longest: Int) -> Int {
    var random = SplitMix64(seed: stableHash("\(index)/length", seed: key))
    return longest <= 30 ? longest : min(longest, Int(random.logUniform(30, Double(longest + 1))))
  }
}
