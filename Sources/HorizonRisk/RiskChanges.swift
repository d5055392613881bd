package import HorizonCore

/// The risks of one run, and when it was made.
package struct RiskSnapshot: Sendable {
  /// Ranked, one row per series and threshold.
  package let rows: [RiskRow]
  /// The as-of in days since 1970-01-01.
  package let asOf: Double
  package let horizonDays: Double

  package init(rows: [RiskRow], asOf: Double, horizonDays: Double) {
    self.rows = rows
    self.asOf = asOf
    self.horizonDays = horizonDays
  }
}

/// What became different between two runs; each series stands once, with its most severe row.
package struct RiskChanges: Sendable, Hashable {
  package struct Change: Sendable, Hashable {
    package var series: SeriesName
    /// Percent of capacity; that of the later run, or of the earlier one when the risk is gone.
    package var threshold: Double
    /// At that threshold; nil where the run has no such row.
    package var before: State?
    package var now: State?
    /// Days by which the median breach moved, negative when it comes sooner; a date beyond the horizon counts as its end.
    package var movedDays: Double?
  }

  package struct State: Sendable, Hashable {
    package var severity: Severity
    /// Median date of the first breach in days since 1970-01-01; nil when it lies beyond the horizon.
    package var day: Double?
    package var isCrossed: Bool
  }

  /// At risk now and not before, in the order of the later run.
  package var appeared: [Change]
  /// At risk before and not now, in the order of the earlier run.
  package var gone: [Change]
  /// At risk in both, with a median breach that moved by more than the tolerance; the greatest move first.
  package var moved: [Change]
}

extension RiskChanges {
  /// Compares two runs of one fleet; a pure function of both.
  ///
  /// A threshold that was crossed in both runs does not move, whatever its readings say of the day.
  ///
  /// - Parameter toleranceDays: Moves up to this many days are not listed.
  package init(from before: RiskSnapshot, to now: RiskSnapshot, toleranceDays: Double = 14) {
    let earlier = before.worstAtRisk
    let later = now.worstAtRisk
    let earlierNames = Set(earlier.map(\.series))
    let laterNames = Set(later.map(\.series))
    let common = earlierNames.union(laterNames)
    let rowsBefore = before.states(of: common)
    let rowsNow = now.states(of: common)
    func change(_ row: RiskRow) -> Change {
      let key = RowKey(series: row.series, threshold: row.threshold)
      return Change(series: row.series, threshold: row.threshold, before: rowsBefore[key], now: rowsNow[key])
    }
    appeared = later.filter { !earlierNames.contains($0.series) }.map(change)
    gone = earlier.filter { !laterNames.contains($0.series) }.map(change)
    moved = later.filter { earlierNames.contains($0.series) }.compactMap { row in
      var change = change(row)
      guard let then = change.before, let today = change.now, !(then.isCrossed && today.isCrossed) else { return nil }
      let days = (today.day ?? now.asOf + now.horizonDays) - (then.day ?? before.asOf + before.horizonDays)
      guard then.day != nil || today.day != nil, abs(days) > toleranceDays else { return nil }
      change.movedDays = days
      return change
    }
    moved = moved.enumerated().sorted {
      (-abs($0.element.movedDays!), $0.offset) < (-abs($1.element.movedDays!), $1.offset)
    }.map(\.element)
  }
}

private struct RowKey: Hashable {
  let series: SeriesName
  let threshold: Double
}

extension RiskSnapshot {
  /// The first row of each series that is at risk, in the ranked order.
  fileprivate var worstAtRisk: [RiskRow] {
    var seen: Set<SeriesName> = []
    return rows.filter { $0.severity != .none && seen.insert($0.series).inserted }
  }

  fileprivate func states(of names: Set<SeriesName>) -> [RowKey: RiskChanges.State] {
    var result: [RowKey: RiskChanges.State] = [:]
    for row in rows where names.contains(row.series) {
      result[RowKey(series: row.series, threshold: row.threshold)] = RiskChanges.State(
        severity: row.severity, day: row.daysToBreachP50.map { asOf + Double($0) }, isCrossed: row.isCrossed)
    }
    return result
  }
}
