import HorizonCore

/// What is known of a resource's readings before they are repaired.
struct ResourceRules: Sendable, Hashable {
  let kind: ResourceKind
  let aggregation: Aggregation
  let isCounter: Bool
  /// Of readings without a capacity; absolute where nothing says percent or fraction.
  private let plainScale: UnitJumps.Scale
  /// Whether a unit says so, which holds beside a capacity too.
  private let isNamed: Bool

  /// - Parameter units: Asked for with `--unit`, else named by the data.
  init(resource: String, units: [String], aggregation: Aggregation, isCounter: Bool) {
    kind = ResourceKind(resource: resource)
    self.aggregation = aggregation
    self.isCounter = isCounter
    isNamed = !units.isEmpty
    if !units.isEmpty, units.allSatisfy(UnitDecision.isPercent) {
      plainScale = .percent
    } else if units.count == 1, units[0].lowercased() == "fraction" {
      plainScale = .fraction
    } else {
      plainScale = units.isEmpty && kind != .other ? .percent : .absolute
    }
  }

  func scale(hasCapacity: Bool) -> UnitJumps.Scale { hasCapacity && !isNamed ? .absolute : plainScale }

  /// What 100 % is without a capacity; NaN for plain quantities.
  var constantCeiling: Double {
    switch plainScale {
    case .percent: 100
    case .fraction: 1
    case .absolute: .nan
    }
  }
}

/// Mends the readings of one series, in place, before they become steps: counters, then units, then agents that hang.
struct SeriesRepair {
  let rules: ResourceRules

  /// - Returns: What was found; the group's count follows.
  func mend(_ groups: SeriesGroups, _ index: Int) -> SeriesFindings {
    var findings = SeriesFindings()
    let group = groups.groups[index]
    findings.given = group.count + group.conflicts
    findings.conflicts = group.conflicts
    findings.firstConflict = group.firstConflict
    let hasCapacity = groups.hasCapacity(group)
    let times = groups.times + group.start
    let values = groups.values + group.start
    let capacity = hasCapacity ? groups.capacity + group.start : nil
    var count = group.count
    if rules.isCounter {
      let (outcome, kept) = CounterRates.convert(times: times, values: values, capacity: capacity, count: count)
      findings.counter = outcome
      count = kept
    }
    if count > 1 {
      mendUnits(times, values, capacity, count, &findings)
      count = dropFlatLines(times, values, capacity, count, &findings)
      findings.mixedSteps = TimeGrid.mixedSteps(UnsafeBufferPointer(start: times, count: count))
    }
    groups.setCount(count, of: index)
    return findings
  }

  private func mendUnits(
    _ times: UnsafeMutablePointer<Int64>, _ values: UnsafeMutablePointer<Double>,
    _ capacity: UnsafeMutablePointer<Double>?, _ count: Int, _ findings: inout SeriesFindings
  ) {
    let outcome = UnitJumps.find(
      UnsafeBufferPointer(start: values, count: count), capacity: capacity.map { UnsafePointer($0) },
      scale: rules.scale(hasCapacity: capacity != nil))
    for (range, factor) in outcome.stretches {
      for k in range { values[k] *= factor }
      findings.unitStretches.append(
        .init(from: times[range.lowerBound], to: times[range.upperBound - 1], readings: range.count, factor: factor))
    }
    if let jump = outcome.doubtful {
      findings.doubtfulJump = .init(time: times[jump.at], before: jump.before, after: jump.after)
    }
  }

  /// - Returns: How many readings are left; the first of a run stays.
  private func dropFlatLines(
    _ times: UnsafeMutablePointer<Int64>, _ values: UnsafeMutablePointer<Double>,
    _ capacity: UnsafeMutablePointer<Double>?, _ count: Int, _ findings: inout SeriesFindings
  ) -> Int {
    let runs = FlatLines.find(
      times: UnsafeBufferPointer(start: times, count: count),
      values: UnsafeBufferPointer(start: values, count: count), capacity: capacity.map { UnsafePointer($0) },
      ceiling: rules.constantCeiling, kind: rules.kind)
    guard !runs.isEmpty else { return count }
    for run in runs {
      findings.flatStretches.append(
        .init(
          from: times[run.range.lowerBound], to: times[run.range.upperBound - 1], readings: run.range.count,
          value: values[run.range.lowerBound], isRepaired: run.isSure))
    }
    var kept = 0
    var next = runs.filter(\.isSure)[...]
    for k in 0..<count {
      if let run = next.first, k > run.range.lowerBound {
        if k + 1 == run.range.upperBound { next.removeFirst() }
        continue
      }
      (times[kept], values[kept]) = (times[k], values[k])
      if let capacity { capacity[kept] = capacity[k] }
      kept += 1
    }
    return kept
  }
}
