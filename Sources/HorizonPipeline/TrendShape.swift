/// Where a trend goes and where it changed, read from its values alone.
package struct TrendShape: Sendable, Hashable {
  /// A place at which the trend changed.
  package struct Change: Sendable, Hashable {
    /// Position of the first value after it.
    package let at: Int
    /// Change of the trend in a month before and after it.
    package let before: Double
    package let after: Double
    /// By how much the level itself jumped there; 0 where only the slope changed.
    package let jump: Double
  }

  /// Change of the trend in a month, from the last value of the past on.
  package let slope: Double
  /// The largest changes, the newest first; at most three.
  package let changes: [Change]

  private static let most = 3

  /// - Parameters:
  ///   - past: Oldest first, at least one value; `ahead` goes on from there.
  ///   - month: Steps in 30.44 days.
  ///   - size: A level that changes are small or large beside, above 0.
  package init(past: [Double], ahead: [Double], month: Double, size: Double) {
    let span = max(1, Int(month.rounded()))
    let reach = min(span, ahead.count)
    slope = reach > 0 ? (ahead[reach - 1] - past[past.count - 1]) / Double(reach) * month : 0
    var jumps: [Int: Double] = [:]
    // A jump stands out from the steps beside it; without jumps the rest has slopes only.
    var smooth = past
    var lifted = 0.0
    for t in past.indices.dropFirst() {
      let own = past[t] - past[t - 1]
      let before: Double = t >= 2 ? past[t - 1] - past[t - 2] : 0
      let next: Double = t + 1 < past.count ? past[t + 1] : ahead.first ?? past[t]
      let after = next - past[t]
      if abs(own) > 0.01 * size, abs(own) > 8 * max(abs(before), abs(after)) {
        jumps[t] = own - (before + after) / 2
        lifted += jumps[t]!
      }
      smooth[t] = past[t] - lifted
    }
    // Slopes over up to a month on both sides, because a single second difference drowns in the rounding of the values.
    let side = max(1, min(span, past.count / 8))
    var bends = [Double](repeating: 0, count: past.count)
    if past.count > 2 * side {
      for t in side..<(past.count - side) {
        bends[t] = (smooth[t + side] - 2 * smooth[t] + smooth[t - side]) / Double(side) * month
      }
    }
    func rate(_ from: Int, _ to: Int) -> Double {
      to > from ? (smooth[to] - smooth[from]) / Double(to - from) * month : 0
    }
    // Less than a twentieth of the level in a year is not worth a word.
    let least = 0.05 * size / 12
    var found = jumps.map { t, jump in
      Change(
        at: t, before: rate(max(0, t - 1 - side), t - 1), after: rate(t, min(past.count - 1, t + side)), jump: jump)
    }
    for t in bends.indices where abs(bends[t]) > least && !jumps.keys.contains(where: { abs($0 - t) <= side }) {
      let own = abs(bends[t])
      // Of equal ones the first.
      let isPeak =
        bends[max(0, t - side)..<t].allSatisfy { abs($0) < own }
        && bends[t...min(bends.count - 1, t + side)].allSatisfy { abs($0) <= own }
      if isPeak { found.append(Change(at: t, before: rate(t - side, t), after: rate(t, t + side), jump: 0)) }
    }
    func weight(_ change: Change) -> Double { max(abs(change.jump), abs(change.after - change.before)) }
    found.sort { (weight($1), $0.at) < (weight($0), $1.at) }
    changes = found.prefix(TrendShape.most).sorted { $0.at > $1.at }
  }
}
