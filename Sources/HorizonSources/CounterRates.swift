import HorizonCore

/// Counters, which only ever grow until they start again, become rates per second.
///
/// A disk that fills is no counter: a resource is taken for one only by name or unit *and* behaviour (`CounterSurvey`), or by
/// `--unit network=counter`.
enum CounterRates {
  struct Outcome: Sendable, Hashable {
    var resets = 0
    var wraps = 0
    /// Readings that have become rates.
    var rates = 0
    var firstReset: Int64?
  }

  /// Where counters of 32 and of 64 bits begin anew.
  static let limits = [4_294_967_296.0, 18_446_744_073_709_551_616.0]

  /// How one series behaves as a counter.
  struct Shape: Sendable, Hashable {
    /// It grows at more than half of its steps, and every fall is a reset or a wrap, at most one in ten steps.
    var isMonotone = false
    var resets = 0
    var wraps = 0
  }

  /// How many of the largest increments a reset may leave behind or a wrap may bring: the first reading after it holds what
  /// one step can add.
  private static let slack = 2.0
  static let minimumReadings = 20

  /// - Returns: Not monotone below 20 readings, or when a reading is negative or no whole number.
  static func shape(times: UnsafeBufferPointer<Int64>, values: UnsafeBufferPointer<Double>) -> Shape {
    let n = values.count
    var shape = Shape()
    guard n >= minimumReadings else { return shape }
    var (growing, falling) = (0, 0)
    for k in 0..<n where values[k] < 0 || values[k] != values[k].rounded() { return shape }
    for k in 1..<n {
      if values[k] > values[k - 1] { growing += 1 } else if values[k] < values[k - 1] { falling += 1 }
    }
    // A counter of nothing stands still.
    guard growing * 2 > n || (growing == 0 && falling == 0), falling * 10 <= n - 1 else { return shape }
    let fastest = fastestRate(times, values)
    let limit = limit(of: values)
    for k in 1..<n where values[k] < values[k - 1] {
      let bound = slack * fastest * seconds(times, k)
      if let limit, limit - values[k - 1] + values[k] <= bound {
        shape.wraps += 1
      } else if values[k] <= bound, values[k] < 0.5 * values[k - 1] {
        shape.resets += 1
      } else {
        return Shape()
      }
    }
    shape.isMonotone = true
    return shape
  }

  /// Turns readings into rates per second, in place: the first reading, and the one after each reset, says nothing and is
  /// dropped; a wrap is computed through.
  ///
  /// - Returns: What happened, and how many readings are left.
  static func convert(
    times: UnsafeMutablePointer<Int64>, values: UnsafeMutablePointer<Double>, capacity: UnsafeMutablePointer<Double>?,
    count n: Int
  ) -> (Outcome, count: Int) {
    var outcome = Outcome()
    guard n > 0 else { return (outcome, 0) }
    let all = UnsafeBufferPointer(start: values, count: n)
    let allTimes = UnsafeBufferPointer(start: times, count: n)
    let fastest = fastestRate(allTimes, all)
    let limit = limit(of: all)
    var (previous, previousTime) = (values[0], times[0])
    var kept = 0
    for k in 1..<n {
      let (time, value) = (times[k], values[k])
      let elapsed = Double(time - previousTime) / 1_000_000
      var difference = value - previous
      (previous, previousTime) = (value, time)
      if difference < 0, let limit, difference + limit <= slack * fastest * elapsed {
        difference += limit
        outcome.wraps += 1
      }
      if difference < 0 {
        outcome.resets += 1
        if outcome.firstReset == nil { outcome.firstReset = time }
      } else {
        (values[kept], times[kept]) = (difference / elapsed, time)
        if let capacity { capacity[kept] = capacity[k] }
        kept += 1
      }
    }
    outcome.rates = kept
    return (outcome, kept)
  }

  private static func seconds(_ times: UnsafeBufferPointer<Int64>, _ k: Int) -> Double {
    Double(times[k] - times[k - 1]) / 1_000_000
  }

  private static func fastestRate(_ times: UnsafeBufferPointer<Int64>, _ values: UnsafeBufferPointer<Double>) -> Double
  {
    var fastest = 0.0
    for k in 1..<max(1, values.count) where values[k] > values[k - 1] {
      fastest = max(fastest, (values[k] - values[k - 1]) / seconds(times, k))
    }
    return fastest
  }

  /// The smallest limit that the readings stay below, when they come near it: only then can they have wrapped.
  private static func limit(of values: UnsafeBufferPointer<Double>) -> Double? {
    let highest = values.max() ?? 0
    return limits.first { highest < $0 }.flatMap { highest > 0.5 * $0 ? $0 : nil }
  }
}
