extension Panel {
  /// The panel on today's levels: what lies before a level shift or a resize is moved to where it would lie had it been so always.
  ///
  /// A resize changes a percentage and not the demand behind it, a migration is a level and no slope; a model that saw the raw
  /// readings would take both for growth. Each series is judged by its own readings up to the cutoff, so a fold knows only what
  /// was known then, and the newest readings are never changed, so forecasts need no way back.
  package func rebased() -> (panel: Panel, changes: [[LevelChange]]) {
    var changes: [[LevelChange]] = []
    var values: [Float]?
    changes.reserveCapacity(count)
    for s in 0..<count {
      let resizes = capacityChanges[s].filter { $0.index <= cutoff }
      let atCapacity = resizes.isEmpty ? history(s) : rebasedHistory(s, by: resizes)
      let found = resizes + atCapacity.levelShifts()
      changes.append(found.sorted { ($0.index, $0.kind.rawValue) < ($1.index, $1.kind.rawValue) })
      if found.isEmpty { continue }
      if values == nil { values = matrix() }
      for change in found {
        let factor = Float(change.factor)
        for t in 0..<max(0, min(length, change.index - firstIndex)) { values![s * length + t] *= factor }
      }
    }
    guard let values else { return (self, changes) }
    return (Panel(step: step, firstIndex: firstIndex, length: length, values: values, seeds: seeds), changes)
  }

  private func rebasedHistory(_ s: Int, by changes: [LevelChange]) -> History {
    let raw = history(s)
    var values = Array(raw.values)
    for change in changes {
      for t in 0..<max(0, min(values.count, change.index - raw.firstIndex)) { values[t] *= Float(change.factor) }
    }
    return History(values: values[...], firstIndex: raw.firstIndex, step: step, seed: raw.seed)
  }
}
