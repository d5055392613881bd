import HorizonCore

/// The clean-ups in a history and the cycle that they keep, or none.
///
/// A clean-up is a run of falling readings, far deeper than any single rise and short beside the time until the next one:
/// a weekend falls as fast as Monday rises, a wave falls as long as it rises, noise and bursts do both.
package struct CleanUpCycles: Sendable {
  /// Columns of the last reading before each fall and of the first one after it.
  package private(set) var peaks: [Int] = []
  package private(set) var lows: [Int] = []
  /// Typical number of steps from one low to the next.
  package private(set) var length = 0.0

  /// Newest clean-ups that are looked at.
  private static let most = 200
  private static let fewest = 4

  /// - Complexity: O(*n*); a history without clean-ups is told by one pass.
  package init?(_ values: ArraySlice<Float>) {
    guard let depth = values.withUnsafeBufferPointer(CleanUpCycles.depth) else { return nil }
    guard collect(values, depth: depth), findLength(), isRegular(end: values.count - 1) else { return nil }
  }

  // MARK: Whether there can be clean-ups at all

  /// The largest of three depths, shares of the range, that readings fall by four times and more often than they rise by it.
  private static func depth(_ v: UnsafeBufferPointer<Float>) -> Float? {
    guard let range = range(v), range > 0 else { return nil }
    let deep = 0.4 * range
    let middle = 0.2 * range
    let shallow = 0.1 * range
    var falls = SIMD4<Int32>.zero
    var rises = SIMD4<Int32>.zero
    let limits = SIMD4<Float>(deep, middle, shallow, .greatestFiniteMagnitude)
    let one = SIMD4<Int32>(repeating: 1)
    var last = v[0]
    for t in 1..<v.count {
      let now = v[t]
      if now.isNaN { continue }
      let change = now - last
      last = now
      if abs(change) < shallow { continue }
      falls.replace(with: falls &+ one, where: SIMD4(repeating: -change) .>= limits)
      rises.replace(with: rises &+ one, where: SIMD4(repeating: change) .>= limits)
    }
    for k in 0..<3 where Int(falls[k]) >= fewest && 4 * rises[k] <= falls[k] { return limits[k] }
    return nil
  }

  /// The distance between the 5 % and the 95 % quantile of readings picked by a golden walk, which keeps no step with any season.
  private static func range(_ v: UnsafeBufferPointer<Float>) -> Float? {
    let most = 96
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: most) { picked in
      var count = 0
      var place = 0.5
      for _ in 0..<most {
        let value = v[Int(place * Double(v.count))]
        if !value.isNaN {
          picked[count] = value
          count += 1
        }
        place += 0.618_033_988_749_894_9
        if place >= 1 { place -= 1 }
      }
      guard count >= most / 2 else { return nil }
      var sorted = UnsafeMutableBufferPointer(rebasing: picked[..<count])
      sorted.sort()
      return sorted[count - 1 - count / 20] - sorted[count / 20]
    }
  }

  // MARK: The clean-ups

  /// Collects the falls of at least 0.4 of the usual depth; false when rises are nearly as steep or falls as long as the fills.
  private mutating func collect(_ values: ArraySlice<Float>, depth: Float) -> Bool {
    var falls = CleanUpCycles.falls(values, depth: depth)
    guard falls.count >= CleanUpCycles.fewest else { return false }
    let depths = falls.map(\.depth).sorted()
    let usual = 0.4 * depths[depths.count / 2]
    var limit = depth
    if usual < depth || usual > 1.2 * depth {
      let other = CleanUpCycles.falls(values, depth: usual)
      if 4 * CleanUpCycles.rises(values, height: usual) <= other.count {
        falls = other
        limit = usual
      }
    }
    guard falls.count >= CleanUpCycles.fewest, 4 * CleanUpCycles.rises(values, height: limit) <= falls.count else {
      return false
    }
    falls = falls.suffix(CleanUpCycles.most)
    let durations = falls.map { $0.low - $0.peak }.sorted()
    let spacing = Double(falls.last!.low - falls[0].low) / Double(falls.count - 1)
    guard Double(durations[durations.count / 2]) <= max(1, 0.2 * spacing) else { return false }
    peaks = falls.map(\.peak)
    lows = falls.map(\.low)
    return true
  }

  private struct Fall {
    let peak: Int
    let low: Int
    let depth: Float
  }

  private static func falls(_ values: ArraySlice<Float>, depth: Float) -> [Fall] {
    var falls: [Fall] = []
    values.withUnsafeBufferPointer { v in
      var top = 0
      var last = 0
      for t in 1..<v.count where !v[t].isNaN {
        if v[t] >= v[last] {
          if v[top] - v[last] >= depth { falls.append(Fall(peak: top, low: last, depth: v[top] - v[last])) }
          top = t
        }
        last = t
      }
      if v[top] - v[last] >= depth { falls.append(Fall(peak: top, low: last, depth: v[top] - v[last])) }
    }
    return falls
  }

  /// Single steps up by at least `height`.
  private static func rises(_ values: ArraySlice<Float>, height: Float) -> Int {
    var count = 0
    values.withUnsafeBufferPointer { v in
      var last = v[0]
      for t in 1..<v.count where !v[t].isNaN {
        if v[t] - last >= height { count += 1 }
        last = v[t]
      }
    }
    return count
  }

  // MARK: The cycle

  /// The lag at which the train of clean-ups correlates most with itself; among about equals the shortest.
  private mutating func findLength() -> Bool {
    let spacings = zip(lows.dropFirst(), lows).map { $0 - $1 }
    let sorted = spacings.sorted()
    guard sorted[sorted.count / 2] >= 3 else { return false }
    var candidates: [Int] = []
    for k in 0..<min(24, sorted.count) {
      let lag = sorted[k * (sorted.count - 1) / max(1, min(24, sorted.count) - 1)]
      if lag >= 3 && lag != candidates.last { candidates.append(lag) }
    }
    let correlations = candidates.map { correlation(lag: Double($0)) }
    guard let most = correlations.max(), most > 0 else { return false }
    let lag = Double(candidates[correlations.firstIndex { $0 >= 0.9 * most }!])
    let single = spacings.filter { isSingle(Double($0), of: lag) }
    guard !single.isEmpty else { return false }
    length = Double(single.reduce(0, +)) / Double(single.count)
    return true
  }

  /// Share of the clean-ups that have another one `lag` later, the less the further it is off (up to 15 % or a step).
  private func correlation(lag: Double) -> Double {
    let width = max(1.5, 0.15 * lag)
    var sum = 0.0
    var possible = 0.0
    var j = 0
    for low in lows {
      let wanted = Double(low) + lag
      guard wanted <= Double(lows.last!) + width else { break }
      possible += 1
      while j + 1 < lows.count && abs(Double(lows[j + 1]) - wanted) <= abs(Double(lows[j]) - wanted) { j += 1 }
      sum += max(0, 1 - abs(Double(lows[j]) - wanted) / width)
    }
    return possible > 0 ? sum / possible : 0
  }

  /// Most spacings are one cycle, and the newest cycle is not long overdue.
  private func isRegular(end: Int) -> Bool {
    let regular = zip(lows.dropFirst(), lows).count { isSingle(Double($0 - $1), of: length) }
    return Double(regular) >= 0.7 * Double(lows.count - 1) && regular >= CleanUpCycles.fewest - 1
      && Double(end - lows.last!) <= 1.8 * length
  }

  private func isSingle(_ spacing: Double, of length: Double) -> Bool {
    spacing >= 0.6 * length - 0.5 && spacing <= 1.6 * length + 0.5
  }

  /// Whether the clean-ups number `i` and `i + 1` enclose one cycle.
  func isWhole(_ i: Int) -> Bool { isSingle(Double(lows[i + 1] - lows[i]), of: length) }
}
