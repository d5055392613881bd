import HorizonCore
import HorizonStore

/// A column of the list of risks, as programs name it.
package enum RiskColumn: Hashable, Sendable {
  case rank, server, resource, threshold, thresholdName, severity, tier, current, headroom
  /// Within 30, 60, 90, 180 days.
  case chance(Int)
  /// The 10, 50 and 90 % quantiles.
  case days(Int)
  case breachDate, orderBy, capacity, recommended, reclaimable, unit, reason
  /// Of the inventory, by position.
  case group(Int)

  /// All but those of the inventory, in the order of an answer.
  static let fixed: [RiskColumn] =
    [.server, .resource, .threshold, .thresholdName, .severity, .tier, .current, .headroom]
    + (0..<4).map { .chance($0) }
    + (0..<3).map { .days($0) } + [.breachDate, .orderBy, .capacity, .recommended, .reclaimable, .unit, .reason, .rank]

  static let names = Dictionary(uniqueKeysWithValues: fixed.map { ($0.key!.description, $0) })

  /// Nil for a column of the inventory.
  var key: StaticString? {
    switch self {
    case .rank: "rank"
    case .server: "server"
    case .resource: "resource"
    case .threshold: "threshold"
    case .thresholdName: "threshold_name"
    case .severity: "severity"
    case .tier: "tier"
    case .current: "current"
    case .headroom: "headroom"
    case .chance(0): "p_breach_30d"
    case .chance(1): "p_breach_60d"
    case .chance(2): "p_breach_90d"
    case .chance: "p_breach_180d"
    case .days(0): "days_to_breach_p10"
    case .days(1): "days_to_breach_p50"
    case .days: "days_to_breach_p90"
    case .breachDate: "breach_date"
    case .orderBy: "order_by"
    case .capacity: "capacity"
    case .recommended: "recommended_capacity"
    case .reclaimable: "reclaimable"
    case .unit: "unit"
    case .reason: "reason"
    case .group: nil
    }
  }
}

extension Snapshot {
  /// A column of the list by its name; `group.region` for one of the inventory.
  func riskColumn(_ name: String) -> RiskColumn? {
    if let fixed = RiskColumn.names[name] { return fixed }
    guard name.hasPrefix("group.") else { return nil }
    return inventory.column(String(name.dropFirst(6))).map { .group($0) }
  }

  package func name(_ column: RiskColumn) -> String {
    if case .group(let position) = column { return "group.\(inventory.columns[position].name)" }
    return column.key!.description
  }

  /// All columns, those of the inventory last.
  package var riskColumns: [RiskColumn] { RiskColumn.fixed + inventory.columns.indices.map { .group($0) } }

  /// What a row is sorted by; nil where it is not known.
  func key(_ column: RiskColumn, _ row: Int) -> Double? {
    func known(_ value: Double) -> Double? { value.isNaN ? nil : value }
    switch column {
    case .rank: return Double(row)
    case .server: return Double(serverOrder[Int(risks.server[row])])
    case .resource: return Double(risks.resource[row])
    case .threshold, .thresholdName: return Double(risks.threshold[row])
    case .severity: return Double(risks.severity[row])
    case .tier: return Double(risks.tier[row])
    case .current: return known(risks.current[row])
    case .headroom: return known(risks.headroom[row])
    case .chance(let i): return known(Double(risks.chances[i][row]))
    case .days(let i): return known(Double(risks.days[i][row]))
    case .breachDate: return known(Double(risks.days[1][row]))
    case .orderBy: return risks.orderBy[row] == .min ? nil : Double(risks.orderBy[row])
    case .capacity: return known(series.ceiling[Int(risks.series[row])])
    case .recommended: return known(risks.recommended[row])
    case .reclaimable: return known(risks.reclaimable[row])
    case .unit: return Double(risks.resource[row])
    case .reason: return Double(risks.reason[row])
    case .group(let i):
      let value = inventory.columns[i].value[Int(risks.server[row])]
      return value < 0 ? nil : Double(value)
    }
  }

  /// The likely date of a breach; nil beyond the horizon.
  func breachDate(_ days: Float) -> String? {
    days.isNaN ? nil : CivilDate(daysSinceEpoch: Int((asOfDay + Double(days)).rounded(.down))).description
  }

  /// One row as a JSON object.
  ///
  /// - Parameter columns: Chosen ones; nil for all, with what the server belongs to as an object of its own.
  func write(row: Int, _ columns: [RiskColumn]?, into json: inout JSONText) {
    json.beginObject()
    for column in columns ?? RiskColumn.fixed {
      if let key = column.key { json.key(key) } else { json.key(of: name(column)) }
      switch column {
      case .rank: json.int(row)
      case .server: json.raw(serverJSON[Int(risks.server[row])])
      case .resource: json.raw(resourceJSON[Int(risks.resource[row])])
      case .threshold: json.number(risks.thresholds[Int(risks.threshold[row])].percent)
      case .thresholdName: json.string(risks.thresholds[Int(risks.threshold[row])].name)
      case .severity: json.string(risks.severities[Int(risks.severity[row])])
      case .tier: json.string(RiskTable.tiers[Int(risks.tier[row])])
      case .current: json.number(risks.current[row])
      case .headroom: json.number(risks.headroom[row])
      case .chance(let i): json.number(risks.chances[i][row])
      case .days(let i): json.number(risks.days[i][row])
      case .breachDate: json.string(breachDate(risks.days[1][row]))
      case .orderBy:
        json.string(
          risks.orderBy[row] == .min ? nil : CivilDate(daysSinceEpoch: Int(risks.orderBy[row])).description)
      case .capacity: json.number(series.ceiling[Int(risks.series[row])])
      case .recommended: json.number(risks.recommended[row])
      case .reclaimable: json.number(risks.reclaimable[row])
      case .unit: json.string(units[Int(risks.resource[row])])
      case .reason: json.raw(reasonJSON[Int(risks.reason[row])])
      case .group(let i):
        let value = inventory.columns[i].value[Int(risks.server[row])]
        if value < 0 { json.null() } else { json.raw(inventory.columns[i].json[Int(value)]) }
      }
    }
    if columns == nil {
      json.key("group")
      inventory.write(risks.server[row], into: &json)
    }
    json.endObject()
  }

  func writeCSV(row: Int, _ columns: [RiskColumn], into csv: inout CSVText) {
    for column in columns {
      switch column {
      case .rank: csv.number(Double(row))
      case .server: csv.text(servers[risks.server[row]])
      case .resource: csv.text(resources[risks.resource[row]])
      case .threshold: csv.number(risks.thresholds[Int(risks.threshold[row])].percent)
      case .thresholdName: csv.text(risks.thresholds[Int(risks.threshold[row])].name)
      case .severity: csv.text(risks.severities[Int(risks.severity[row])])
      case .tier: csv.text(RiskTable.tiers[Int(risks.tier[row])])
      case .current: csv.number(risks.current[row])
      case .headroom: csv.number(risks.headroom[row])
      case .chance(let i): csv.number(Double(risks.chances[i][row]))
      case .days(let i): csv.number(Double(risks.days[i][row]))
      case .breachDate: csv.plain(breachDate(risks.days[1][row]) ?? "")
      case .orderBy:
        csv.plain(risks.orderBy[row] == .min ? "" : CivilDate(daysSinceEpoch: Int(risks.orderBy[row])).description)
      case .capacity: csv.number(series.ceiling[Int(risks.series[row])])
      case .recommended: csv.number(risks.recommended[row])
      case .reclaimable: csv.number(risks.reclaimable[row])
      case .unit: csv.text(units[Int(risks.resource[row])] ?? "")
      case .reason: csv.text(risks.reasons[risks.reason[row]])
      case .group(let i):
        let value = inventory.columns[i].value[Int(risks.server[row])]
        csv.text(value < 0 ? "" : inventory.columns[i].values[value])
      }
    }
    csv.endRow()
  }

  func schema(_ columns: [RiskColumn]) -> TableSchema {
    TableSchema(
      columns.map { column in
        let type: ColumnType =
          switch column {
          case .rank: .int32
          case .server, .resource, .thresholdName, .severity, .tier, .unit, .reason, .group: .key
          case .threshold, .current, .headroom, .capacity, .recommended, .reclaimable, .days: .double
          case .chance: .float
          case .breachDate, .orderBy: .date
          }
        return Column(name(column), type, nullable: true)
      })
  }

  /// Some rows as columns of that schema.
  func values(_ columns: [RiskColumn], _ rows: ArraySlice<Int32>) -> [ColumnValues] {
    func keys(_ names: [String], _ code: (Int) -> Int32) -> ColumnValues {
      .keys(codes: rows.map { code(Int($0)) }, names: names)
    }
    func doubles(_ values: [Double]) -> ColumnValues { .doubles(rows.map { values[Int($0)] }) }
    return columns.map { column in
      switch column {
      case .rank: .int32s(Array(rows))
      case .server: keys(servers.names) { risks.server[$0] }
      case .resource: keys(resources.names) { risks.resource[$0] }
      case .threshold: .doubles(rows.map { risks.thresholds[Int(risks.threshold[Int($0)])].percent })
      case .thresholdName: keys(risks.thresholds.map(\.name)) { Int32(risks.threshold[$0]) }
      case .severity: keys(risks.severities) { Int32(risks.severity[$0]) }
      case .tier: keys(RiskTable.tiers) { Int32(risks.tier[$0]) }
      case .current: doubles(risks.current)
      case .headroom: doubles(risks.headroom)
      case .chance(let i): .floats(rows.map { risks.chances[i][Int($0)] })
      case .days(let i): .doubles(rows.map { Double(risks.days[i][Int($0)]) })
      case .breachDate:
        .dates(
          rows.map { row in
            let days = risks.days[1][Int(row)]
            return days.isNaN ? Int32.min : Int32((asOfDay + Double(days)).rounded(.down))
          })
      case .orderBy: .dates(rows.map { risks.orderBy[Int($0)] })
      case .capacity: .doubles(rows.map { series.ceiling[Int(risks.series[Int($0)])] })
      case .recommended: doubles(risks.recommended)
      case .reclaimable: doubles(risks.reclaimable)
      case .unit: keys(units.map { $0 ?? "" }) { units[Int(risks.resource[$0])] == nil ? -1 : risks.resource[$0] }
      case .reason: keys(risks.reasons.names) { risks.reason[$0] }
      case .group(let i): keys(inventory.columns[i].values.names) { inventory.columns[i].value[Int(risks.server[$0])] }
      }
    }
  }
}
