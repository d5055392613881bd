/// The cutoffs at which a series is forecast as if each were today, and how far.
package struct FoldPlan: Sendable, Hashable {
  /// Step indices, ascending: multiples of the spacing counted from the epoch.
  package let cutoffs: [Int]
  /// Leads that are forecast and scored; readings that have not come yet are not scored.
  package let horizon: Int

  /// Distances between anchors, none sharing a factor with 7 or 24.
  private static let spacings = [61, 31, 17, 11, 5]

  /// Plans a contest on one series, or nil when its history is too short for one fold.
  ///
  /// - Parameters:
  ///   - first: Step index of the first reading.
  ///   - last: Step index up to which readings are known.
  ///   - horizon: Leads asked for.
  ///   - folds: Folds asked for, at least 1.
  ///   - season: The nominal season in readings.
  package init?(first: Int, last: Int, horizon: Int, folds: Int, season: Int) {
    let length = last - first + 1
    let reach = min(horizon, length / 3)
    guard reach >= 1 else { return nil }
    let newest = last - (reach + 3) / 4
    let oldest = first + max(reach, 2 * season, 6) - 1
    guard oldest <= newest else { return nil }
    var best: [Int] = []
    for spacing in FoldPlan.spacings {
      var cutoffs: [Int] = []
      var anchor = Int((Double(newest) / Double(spacing)).rounded(.down)) * spacing
      while anchor >= oldest && cutoffs.count < folds {
        cutoffs.append(anchor)
        anchor -= spacing
      }
      if cutoffs.count > best.count { best = cutoffs }
      if best.count == folds { break }
    }
    guard !best.isEmpty else { return nil }
    self.init(cutoffs: best.reversed(), horizon: reach)
  }

  init(cutoffs: [Int], horizon: Int) {
    self.cutoffs = cutoffs
    self.horizon = horizon
  }
}
