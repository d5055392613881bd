extension Panel {
  /// The series of several panels that end together as one panel.
  ///
  /// - Parameter panels: At least one, all of one step and cutoff; holidays are those of the first.
  package init(joining panels: [Panel]) {
    let first = panels.map(\.firstIndex).min()!
    let length = panels[0].cutoff - first + 1
    var values: [Float] = []
    values.reserveCapacity(panels.reduce(0) { $0 + $1.count } * length)
    for panel in panels {
      precondition(panel.cutoff == panels[0].cutoff && panel.step == panels[0].step, "joined panels end together")
      for s in 0..<panel.count {
        values += repeatElement(.nan, count: panel.firstIndex - first)
        values += panel.row(s)
      }
    }
    let hasRegressors = panels.contains { !$0.covariates.regressors.isEmpty }
    self.init(
      step: panels[0].step, firstIndex: first, length: length, values: values, seeds: panels.flatMap(\.seeds),
      capacityChanges: panels.flatMap(\.capacityChanges), ceilings: panels.flatMap(\.ceilings),
      covariates: Covariates(
        holidays: panels[0].covariates.holidays,
        regressors: hasRegressors
          ? panels.flatMap { p in (0..<p.count).map { p.covariates.regressors(of: $0) } } : [],
        attributes: panels.flatMap { p in (0..<p.count).map { p.covariates.attributes(of: $0) } }),
      rebasing: panels[0].rebasing)
  }
}

extension Panel {
  /// The panel without the columns before its first reading.
  package func trimmed() -> Panel {
    let first = (0..<count).map { history($0).firstIndex }.min() ?? firstIndex
    let left = min(max(0, first - firstIndex), max(0, length - 1))
    guard left > 0 else { return self }
    return Panel(
      step: step, firstIndex: firstIndex + left, length: length - left,
      values: (0..<count).flatMap { row($0).dropFirst(left) }, seeds: seeds, capacityChanges: capacityChanges,
      ceilings: ceilings, covariates: covariates, rebasing: rebasing)
  }
}
