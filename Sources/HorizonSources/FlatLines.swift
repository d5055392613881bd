import HorizonCore

/// Long repetitions of one value in a series that otherwise changes from reading to reading: an agent that hangs and reports its
/// last value for ever.
enum FlatLines {
  struct Run: Equatable {
    let range: Range<Int>
    /// False where a machine may really stand still: a disk that nobody writes to, or a value at the edge of the range.
    let isSure: Bool
  }

  static let minimumReadings = 7
  static let minimumMicroseconds: Int64 = 86_400_000_000
  /// A run is this much longer than any that the series has otherwise.
  static let excess = 4
  /// Share of steps at which the rest of the series changes.
  static let restless = 0.9
  static let minimumRest = 28
  /// More long runs are a way of working.
  static let maximumRuns = 10

  /// - Parameters:
  ///   - ceiling: Of readings without a capacity, NaN when there is none: a saturated machine is no hanging agent. Nor is one
  ///     at zero.
  ///   - capacity: Per reading, NaN where unknown.
  static func find(
    times: UnsafeBufferPointer<Int64>, values: UnsafeBufferPointer<Double>, capacity: UnsafePointer<Double>?,
    ceiling: Double, kind: ResourceKind
  ) -> [Run] {
    let n = values.count
    guard n >= minimumReadings + minimumRest else { return [] }
    var runs: [Range<Int>] = []
    var longestOther = 1
    var start = 0
    func close(_ end: Int) {
      if end - start >= minimumReadings, times[end - 1] - times[start] >= minimumMicroseconds {
        runs.append(start..<end)
      } else {
        longestOther = max(longestOther, end - start)
      }
      start = end
    }
    for k in 1..<n where values[k] != values[k - 1] { close(k) }
    close(n)
    guard !runs.isEmpty, runs.count <= maximumRuns else { return [] }

    var (low, high) = (Double.infinity, -Double.infinity)
    var (rest, changes) = (0, 0)
    var from = 0
    for run in runs + [n..<n] {
      for k in from..<run.lowerBound {
        rest += 1
        if k > 0, values[k] != values[k - 1] { changes += 1 }
        low = min(low, values[k])
        high = max(high, values[k])
      }
      from = run.upperBound
    }
    guard rest >= minimumRest, Double(changes) >= restless * Double(rest - 1) else { return [] }
    return runs.compactMap { run in
      let value = values[run.lowerBound]
      let own = capacity.map { $0[run.lowerBound] } ?? .nan
      let top = own.isNaN ? ceiling : own
      guard run.count >= excess * longestOther, value != 0, !(value >= CeilingRule.nearly * top) else { return nil }
      return Run(range: run, isSure: kind != .disk && value > low && value < high)
    }
  }
}

/// When a reading is at the ceiling.
enum CeilingRule {
  /// Share of the ceiling from which a reading counts as being at it: what rounding leaves.
  static let nearly = 0.995
  /// Above this share a reading lies above it.
  static let above = 1.000_001
}
