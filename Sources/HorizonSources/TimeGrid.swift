import HorizonCore

/// What the times of a series alone tell.
enum TimeGrid {
  /// Successive distances that are alike, from which a stretch counts.
  static let minimumAlike = 7

  /// Whether readings came at one distance first and at another, at least twice or at most half as long, later.
  ///
  /// Exports of recent months often hold every reading where older ones hold a value a day.
  static func mixedSteps(_ times: UnsafeBufferPointer<Int64>) -> SeriesFindings.MixedSteps? {
    let n = times.count
    guard n > 2 * minimumAlike, !isEven(times) else { return nil }
    func isAlike(_ a: Int64, _ b: Int64) -> Bool { abs(a - b) * 5 <= max(a, b) }
    func distance(_ k: Int) -> Int64 { times[k + 1] - times[k] }
    func stretch(from start: Int, by step: Int) -> (distance: Int64, end: Int)? {
      var k = start
      while k >= 0, k < n - 1 {
        var end = k
        while end >= 0, end < n - 1, isAlike(distance(end), distance(k)) { end += step }
        if abs(end - k) >= minimumAlike { return (distance(k), end) }
        k = end
      }
      return nil
    }
    guard let first = stretch(from: 0, by: 1), let last = stretch(from: n - 2, by: -1) else { return nil }
    let (slow, fast) = (max(first.distance, last.distance), min(first.distance, last.distance))
    guard fast > 0, slow >= 2 * fast else { return nil }
    return .init(before: first.distance / 1_000_000, after: last.distance / 1_000_000, since: times[last.end + 1])
  }

  /// All distances are the same: the usual case, told in one look.
  private static func isEven(_ times: UnsafeBufferPointer<Int64>) -> Bool {
    let distance = times[1] - times[0]
    for k in 2..<times.count where times[k] - times[k - 1] != distance { return false }
    return true
  }

  /// Missing steps after which a name may have been given to another machine.
  static let longAbsence = 60
  /// Readings or capacities on both sides are compared over this many steps.
  private static let window = 28

  /// The newest long absence after which a series is on another level or has another capacity.
  ///
  /// - Parameters:
  ///   - places: Step of each reading, ascending.
  ///   - capacity: Per reading, NaN where unknown.
  static func reuse(
    places: UnsafeBufferPointer<Int32>, values: UnsafeBufferPointer<Double>, capacity: UnsafePointer<Double>?
  ) -> (at: Int, before: Double, after: Double, isCapacity: Bool)? {
    for k in stride(from: places.count - 1, to: 0, by: -1) where Int(places[k] - places[k - 1]) - 1 > longAbsence {
      if let capacity, abs(capacity[k] - capacity[k - 1]) > 0.01 * capacity[k - 1] {
        return (k, capacity[k - 1], capacity[k], true)
      }
      let before = values[max(0, k - window)..<k].sorted()
      let after = values[k..<min(places.count, k + window)].sorted()
      guard before.count >= minimumAlike, after.count >= minimumAlike else { continue }
      let (a, b) = (before[before.count / 2], after[after.count / 2])
      let spread = max(deviation(before), deviation(after))
      if abs(a - b) > 3 * spread, max(abs(a), abs(b)) > 1.5 * min(abs(a), abs(b)) { return (k, a, b, false) }
    }
    return nil
  }

  /// Median absolute deviation, as a standard deviation.
  private static func deviation(_ sorted: [Double]) -> Double {
    let middle = sorted[sorted.count / 2]
    let distances = sorted.map { abs($0 - middle) }.sorted()
    return 1.4826 * distances[distances.count / 2]
  }
}
