import HorizonCore

/// Maps instants to steps: by UTC below a day, by the local date from a day on.
struct StepClock: Sendable {
  let step: Step
  /// `LocalClock.utc` when the step is shorter than a day or all times are dates.
  let clock: LocalClock

  @inline(__always)
  func index(_ microseconds: Int64, hint: inout Int) -> Int {
    step.index(ofMicroseconds: microseconds &+ clock.offset(atUTC: microseconds, hint: &hint))
  }
}

/// The input's own step and the step that follows from it.
enum StepChoice {
  static let day: Int64 = 86_400
  static let month: Int64 = 2_629_746
  private static let usual: [Int64] = [
    1, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 28_800,
    43_200,
    86_400, 604_800, month,
  ]

  /// Median of the distances between successive times; nil with fewer than two different times.
  static func medianDistance(_ times: UnsafeBufferPointer<Int64>) -> Double? {
    var distances: [Int64] = []
    distances.reserveCapacity(times.count)
    for k in stride(from: 1, to: times.count, by: 1) where times[k] > times[k - 1] {
      distances.append(times[k] - times[k - 1])
    }
    guard !distances.isEmpty else { return nil }
    distances.sort()
    return Double(distances[distances.count / 2]) / 1_000_000
  }

  /// A usual length within 5 % of the median of the series' distances, else the median in whole seconds, in whole days above one.
  static func own(_ distances: [Double]) -> Int64? {
    guard !distances.isEmpty else { return nil }
    let median = distances.sorted()[distances.count / 2]
    // Months of 28 to 31 days count as one length.
    if median >= 27.9 * 86_400 && median <= 31.1 * 86_400 { return month }
    if let near = usual.min(by: { abs(Double($0) - median) < abs(Double($1) - median) }),
      abs(Double(near) - median) <= 0.05 * median
    {
      return near
    }
    let seconds = max(1, Int64(median.rounded()))
    return seconds > day ? max(1, Int64((median / Double(day)).rounded())) * day : seconds
  }

  /// The input's own step from a day on; else a day, an hour, or its own by how long the input is.
  static func seconds(own: Int64?, span: Double) -> Int64 {
    guard let own else { return day }
    if own >= day { return own }
    let whole = span + Double(own)
    if whole >= 60 * Double(day) { return day }
    return whole >= 4 * Double(day) ? max(own, 3_600) : own
  }

  /// Where steps longer than a day begin so that readings do not straddle them: right after the widest empty stretch.
  static func phase(of localSeconds: [Int64], seconds: Int64) -> Int64 {
    guard seconds > day, !localSeconds.isEmpty else { return 0 }
    let places = Set(localSeconds.map { (($0 % seconds) + seconds) % seconds / day * day }).sorted()
    // Readings on every day favour no beginning; a week then begins on Monday.
    if places.count == Int(seconds / day) { return seconds == 7 * day ? 4 * day : 0 }
    var best = places[0]
    var widest = places[0] + seconds - places.last!
    for (a, b) in zip(places, places.dropFirst()) where b - a > widest {
      widest = b - a
      best = b
    }
    return best
  }
}
