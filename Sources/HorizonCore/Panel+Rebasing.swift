/// What a panel takes out of its readings before models see them.
package enum Rebasing: Sendable, Hashable {
  /// Level shifts, resizes and bursts.
  case all
  /// All but the level shifts at these step indices, as if nothing had told them from growth yet.
  case allBut(shifts: [Int])
  /// Readings stay as they are whatever happened to them.
  case nothing

  fileprivate func takesOut(_ shift: LevelChange) -> Bool {
    if case .allBut(let shifts) = self { !shifts.contains(shift.index) } else { true }
  }
}

extension Panel {
  /// The panel as models fit it: on today's levels, bursts bounded. And the level changes found, by series, oldest first.
  ///
  /// What lies before a level shift or a resize is moved to where it would lie had it been so always: a resize changes a percentage
  /// and not the demand behind it, a migration is a level and no slope. Each series is judged by its own readings up to the cutoff,
  /// so a fold knows only what was known then; the newest level is never changed, so forecasts need no way back.
  package func rebased() -> (panel: Panel, changes: [[LevelChange]]) {
    if rebasing == .nothing { return (self, Array(repeating: [], count: count)) }
    var changes: [[LevelChange]] = []
    var values: [Float]?
    changes.reserveCapacity(count)
    for s in 0..<count {
      let resizes = capacityChanges[s].filter { $0.index <= cutoff }
      let atCapacity = history(s).moved(by: resizes)
      let shifts = atCapacity.levelShifts().filter(rebasing.takesOut)
      let level = atCapacity.moved(by: shifts)
      changes.append((resizes + shifts).sorted { ($0.index, $0.kind.rawValue) < ($1.index, $1.kind.rawValue) })
      let bounded = level.burstsBounded()
      if bounded == nil && changes[s].isEmpty { continue }
      if values == nil { values = matrix() }
      let row = s * length + level.firstIndex - firstIndex
      values!.replaceSubrange(row..<(row + level.count), with: bounded.map { $0[...] } ?? level.values)
    }
    guard let values else { return (self, changes) }
    return (
      Panel(
        step: step, firstIndex: firstIndex, length: length, values: values, seeds: seeds, ceilings: ceilings,
        covariates: covariates), changes
    )
  }
}

extension History {
  /// The history as if it had been on the level after each change always.
  fileprivate func moved(by changes: [LevelChange]) -> History {
    guard !changes.isEmpty else { return self }
    var moved = Array(values)
    for change in changes {
      for t in 0..<max(0, min(moved.count, change.index - firstIndex)) { moved[t] *= Float(change.factor) }
    }
    return History(values: moved[...], firstIndex: firstIndex, step: step, seed: seed)
  }
}
