import HorizonCore
package import HorizonReport
import HorizonRisk

/// The fleet in numbers, each of which is the length of a list that the filters of `/api/v1/risks` give.
package struct Overview: Sendable {
  package struct Count: Sendable, Hashable {
    /// Positions in the run's severities or thresholds, and in high, medium, low.
    package var kind: Int
    package var tier: Int
    package var series: Int
  }

  package struct Window: Sendable {
    /// 0 for what is crossed already.
    package var days: Int
    /// False where the horizon ends before.
    package var isKnown: Bool
    /// Over the lowest threshold, whole and by resource.
    package var series: Int
    package var resources: [Int]
    /// By threshold and tier.
    package var cells: [Count]
  }

  package struct Grouping: Sendable {
    package var column: String
    /// Those with most at risk first; an empty one, which stands last, holds servers without a value.
    package var groups: [(value: String, cells: [ReportData.Headroom.Cell?])]
  }

  package let withCeiling: Int
  package let atRisk: Int
  /// Each series once, at its most severe row.
  package let severities: [Count]
  package let windows: [Window]
  /// Numbers of the resources that have a ceiling, in the order of their names.
  package let resources: [Int]
  package let all: [ReportData.Headroom.Cell?]
  package let groupings: [Grouping]

  init(_ risks: RiskTable, thresholds: [RiskThreshold], resources names: NameTable, inventory: Inventory) {
    let tiers = RiskTable.tiers.count
    var bySeverity = [Int](repeating: 0, count: risks.severities.count * tiers)
    var worst: [Int32: Bool] = [:]
    var isAtRisk = [Bool](repeating: false, count: (risks.series.max().map(Int.init) ?? -1) + 1)
    for row in 0..<risks.count where risks.isWorst[row] {
      bySeverity[Int(risks.severity[row]) * tiers + Int(risks.tier[row])] += 1
      isAtRisk[Int(risks.series[row])] = risks.severity[row] != risks.none
      worst[risks.resource[row]] = true
    }
    withCeiling = risks.isWorst.count { $0 }
    atRisk = isAtRisk.count { $0 }
    severities = bySeverity.indices.compactMap { i in
      bySeverity[i] == 0 ? nil : Count(kind: i / tiers, tier: i % tiers, series: bySeverity[i])
    }
    windows = RiskFilter.windows.enumerated().map { i, days in
      Window(risks, days: days, chances: i == 0 ? nil : risks.chances[i - 1], resources: names.count)
    }
    let shown = worst.keys.map(Int.init).sorted { names.names[$0] < names.names[$1] }
    var place = [Int](repeating: -1, count: names.count)
    for (i, resource) in shown.enumerated() { place[resource] = i }
    resources = shown
    // Room is left under the lowest threshold.
    let rooms = (0..<risks.count).filter { risks.threshold[$0] == 0 && risks.headroom[$0].isFinite }
    func cells(count: Int, of group: (Int32) -> Int) -> [[ReportData.Headroom.Cell?]] {
      var members = [[Double]](repeating: [], count: count * shown.count)
      var atRisk = [Int](repeating: 0, count: members.count)
      for row in rooms {
        let cell = group(risks.server[row]) * shown.count + place[Int(risks.resource[row])]
        members[cell].append(risks.headroom[row])
        if isAtRisk[Int(risks.series[row])] { atRisk[cell] += 1 }
      }
      return (0..<count).map { g in
        shown.indices.map { Overview.cell(members[g * shown.count + $0], atRisk: atRisk[g * shown.count + $0]) }
      }
    }
    all = rooms.isEmpty ? [] : cells(count: 1) { _ in 0 }[0]
    groupings = inventory.columns.filter(\.isUseful).map { column in
      let count = column.values.count
      let all = cells(count: count + 1) { server in
        let value = column.value[Int(server)]
        return value < 0 ? count : Int(value)
      }
      let groups = all.indices.filter { all[$0].contains { $0 != nil } }.map { g in
        (
          value: g == count ? "" : column.values[Int32(g)], cells: all[g],
          risk: all[g].reduce(0) { $0 + ($1?.atRisk ?? 0) }
        )
      }
      let sorted = groups.sorted { a, b in
        if a.value.isEmpty != b.value.isEmpty { return b.value.isEmpty }
        return a.risk == b.risk ? a.value < b.value : a.risk > b.risk
      }
      return Grouping(column: column.name, groups: sorted.map { ($0.value, $0.cells) })
    }
  }

  private static func cell(_ headrooms: [Double], atRisk: Int) -> ReportData.Headroom.Cell? {
    guard !headrooms.isEmpty else { return nil }
    let sorted = headrooms.sorted()
    let middle = sorted.count / 2
    let median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
    return ReportData.Headroom.Cell(
      series: headrooms.count, atRisk: atRisk, median: tenths(median), worst: tenths(sorted[0]))
  }
}

extension Overview.Window {
  /// - Parameter chances: Of a breach within so many days; nil for what is crossed already.
  fileprivate init(_ risks: RiskTable, days: Int, chances: [Float]?, resources: Int) {
    let tiers = RiskTable.tiers.count
    var counts = [Int](repeating: 0, count: risks.thresholds.count * tiers)
    var byResource = [Int](repeating: 0, count: resources)
    var isKnown = chances == nil || risks.count == 0
    for row in 0..<risks.count {
      let isCrossed = risks.isCrossed(row)
      if let chances {
        // What is crossed has the chance 1 in every window, also beyond the horizon: it proves none.
        isKnown = isKnown || (!isCrossed && !chances[row].isNaN)
        guard chances[row] >= 0.5 else { continue }
      } else if !isCrossed {
        continue
      }
      counts[Int(risks.threshold[row]) * tiers + Int(risks.tier[row])] += 1
      if risks.threshold[row] == 0 { byResource[Int(risks.resource[row])] += 1 }
    }
    self.init(
      days: days, isKnown: isKnown, series: byResource.reduce(0, +), resources: byResource,
      cells: counts.indices.compactMap {
        counts[$0] == 0 ? nil : Overview.Count(kind: $0 / tiers, tier: $0 % tiers, series: counts[$0])
      })
  }
}
