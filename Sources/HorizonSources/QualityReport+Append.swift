import HorizonCore

extension QualityReport {
  /// What is known after readings were appended: counts are sums; what was said of a series stays, with what was found in its new
  /// readings behind it.
  ///
  /// - Parameters:
  ///   - new: Of the new readings, in which series that are known have no verdict of their own.
  ///   - knows: Whether a series was there before.
  func continued(by new: QualityReport, knows: (SeriesName) -> Bool) -> QualityReport {
    var whole = self
    whole.rowsRead += new.rowsRead
    whole.rowsRejected += new.rowsRejected
    for reason in new.reasons {
      guard let k = whole.reasons.firstIndex(where: { $0.reason == reason.reason }) else {
        whole.reasons.append(reason)
        continue
      }
      whole.reasons[k].count += reason.count
      let shown = max(whole.reasons[k].examples.count, reason.examples.count)
      whole.reasons[k].examples = Array((reason.examples + whole.reasons[k].examples).prefix(shown))
    }
    let order = Dictionary(uniqueKeysWithValues: QualityReason.allCases.enumerated().map { ($1, $0) })
    whole.reasons.sort { order[$0.reason]! < order[$1.reason]! }
    whole.seriesFound += new.newSeries
    whole.seriesWithoutReadings += new.seriesWithoutReadings
    whole.seriesStored = whole.seriesFound - whole.seriesWithoutReadings
    var verdicts = whole.verdicts ?? Verdicts()
    verdicts.add(new.verdicts ?? Verdicts())
    var listed = Dictionary(uniqueKeysWithValues: whole.series.map { ($0.name, $0) })
    for issues in new.series {
      let known = listed[issues.name]
      if known == nil { whole.seriesWithIssues += 1 }
      if knows(issues.name), issues.verdict == .usable, known?.verdict ?? .good == .good {
        verdicts.good -= 1
        verdicts.usable += 1
      }
      listed[issues.name] = known?.continued(by: issues) ?? issues
    }
    whole.verdicts = verdicts
    whole.series = Array(
      listed.values.sorted { $0.name < $1.name }.prefix(QualityReport.seriesLimit))
    whole.notes += new.notes.filter { !whole.notes.contains($0) }
    return whole
  }

  /// Series that were not known before: only they have verdicts that count.
  private var newSeries: Int { verdicts.map { $0.good + $0.usable + $0.poor } ?? 0 }
}

extension QualityReport.Verdicts {
  fileprivate mutating func add(_ other: Self) {
    good += other.good
    usable += other.usable
    poor += other.poor
  }
}

extension QualityReport.SeriesIssues {
  fileprivate var name: SeriesName { SeriesName(server: server, resource: resource) }

  fileprivate func continued(by new: Self) -> Self {
    func sum(_ a: Int?, _ b: Int?) -> Int? { a == nil && b == nil ? nil : (a ?? 0) + (b ?? 0) }
    var whole = self
    whole.gapSteps += new.gapSteps
    whole.longestGap = max(longestGap, new.longestGap)
    whole.duplicates += new.duplicates
    whole.outOfOrder += new.outOfOrder
    whole.aggregated += new.aggregated
    whole.readings += new.readings
    if whole.verdict == .good { whole.verdict = new.verdict }
    if let remarks = new.remarks { whole.remarks = (whole.remarks ?? []) + remarks }
    whole.conflicts = sum(conflicts, new.conflicts)
    whole.unitRepaired = sum(unitRepaired, new.unitRepaired)
    whole.flatLined = sum(flatLined, new.flatLined)
    whole.atCeiling = sum(atCeiling, new.atCeiling)
    whole.aboveCeiling = sum(aboveCeiling, new.aboveCeiling)
    return whole
  }
}
