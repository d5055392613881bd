import HorizonCore
import HorizonStore

extension Snapshot {
  /// A page of the list of servers.
  func serverPage(_ filter: RiskFilter, sort: String, _ paging: Paging) -> Answer {
    let passing = servers(passing: filter)
    let found = filter.text.isEmpty ? nil : found(filter.text)
    // The first row of each server in the ranking, how many of its series are at risk, and its least headroom.
    var first = [Int32](repeating: .max, count: servers.count)
    var atRisk = [Int](repeating: 0, count: servers.count)
    var headroom = [Double](repeating: .nan, count: servers.count)
    for row in 0..<risks.count {
      let server = Int(risks.server[row])
      if first[server] == .max { first[server] = Int32(row) }
      if risks.isWorst[row] && risks.severity[row] != risks.none { atRisk[server] += 1 }
      if risks.threshold[row] == 0, !(headroom[server] <= risks.headroom[row]) {
        headroom[server] = risks.headroom[row]
      }
    }
    var shown = servers.names.indices.filter { server in
      guard passing?[server] ?? true else { return false }
      guard let found else { return true }
      return found.servers[server]
        || series.series(ofServer: Int32(server)).contains { found.resources[Int(series.resource[Int($0)])] }
    }
    let names = serverOrder
    switch sort {
    case "server": shown.sort { names[$0] < names[$1] }
    case "at_risk": shown.sort { (-atRisk[$0], names[$0]) < (-atRisk[$1], names[$1]) }
    case "headroom":
      func key(_ server: Int) -> Double { headroom[server].isNaN ? .infinity : headroom[server] }
      shown.sort { key($0) == key($1) ? names[$0] < names[$1] : key($0) < key($1) }
    default: shown.sort { (first[$0], names[$0]) < (first[$1], names[$1]) }
    }
    var json = JSONText(about: self)
    paging.write(total: shown.count, self, into: &json)
    json.key("rows")
    json.beginArray()
    for server in shown[paging.range(of: shown.count)] {
      let row = first[server] == .max ? nil : Int(first[server])
      json.beginObject()
      json.key("server")
      json.raw(serverJSON[server])
      json.key("group")
      inventory.write(Int32(server), into: &json)
      json.field("series", series.series(ofServer: Int32(server)).count)
      json.field("at_risk", atRisk[server])
      json.field("severity", row.map { risks.severities[Int(risks.severity[$0])] })
      json.field("tier", row.map { RiskTable.tiers[Int(risks.tier[$0])] })
      json.field("resource", row.map { resources[risks.resource[$0]] })
      json.field("headroom", headroom[server])
      json.field("breach_date", row.flatMap { breachDate(risks.days[1][$0]) })
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return Answer(json, version: id)
  }

  // MARK: What can be given back

  func reclaimable(_ filter: RiskFilter, kinds: Set<String>, sort: String) throws -> [ReclaimableTable.Row] {
    let passing = servers(passing: filter)
    let found = filter.text.isEmpty ? nil : found(filter.text)
    let rows = try reclaimable.value.rows.filter { row in
      let (server, resource) = (series.server[Int(row.series)], series.resource[Int(row.series)])
      return (kinds.isEmpty || kinds.contains(row.kind.name)) && passing?[Int(server)] ?? true
        && filter.resources?.contains(resource) ?? true
        && found.map { $0.servers[Int(server)] || $0.resources[Int(resource)] } ?? true
    }
    switch sort {
    case "reclaimable": return rows.sorted { ($1.reclaimable, $0.series) < ($0.reclaimable, $1.series) }
    case "server":
      return rows.sorted {
        (serverOrder[Int(series.server[Int($0.series)])], $0.series)
          < (serverOrder[Int(series.server[Int($1.series)])], $1.series)
      }
    default: return rows
    }
  }

  func reclaimablePage(_ rows: [ReclaimableTable.Row], _ paging: Paging) -> Answer {
    var json = JSONText(about: self)
    paging.write(total: rows.count, self, into: &json)
    json.key("totals")
    json.beginArray()
    for resource in resources.names.indices.sorted(by: { resources.names[$0] < resources.names[$1] }) {
      let own = rows.filter { series.resource[Int($0.series)] == Int32(resource) }
      if own.isEmpty { continue }
      let idle = own.filter { $0.kind == .idle }
      json.beginObject()
      json.key("resource")
      json.raw(resourceJSON[resource])
      json.field("unit", units[resource])
      json.field("idle_servers", Set(idle.map { series.server[Int($0.series)] }).count)
      json.field("idle", idle.reduce(0) { $0 + $1.reclaimable })
      json.field("oversized_series", own.count - idle.count)
      json.field("oversized", own.reduce(0) { $0 + ($1.kind == .oversized ? $1.reclaimable : 0) })
      json.key("capacity")
      json.number(
        (0..<series.count).reduce(0.0) { sum, s in
          series.resource[s] == Int32(resource) && series.isLive[s] && series.ceiling[s] > 0
            ? sum + series.ceiling[s] : sum
        })
      json.endObject()
    }
    json.endArray()
    json.key("rows")
    json.beginArray()
    for row in rows[paging.range(of: rows.count)] { write(row, into: &json) }
    json.endArray()
    json.endObject()
    return Answer(json, version: id)
  }

  private func write(_ row: ReclaimableTable.Row, into json: inout JSONText) {
    let s = Int(row.series)
    json.beginObject()
    json.key("server")
    json.raw(serverJSON[Int(series.server[s])])
    json.key("resource")
    json.raw(resourceJSON[Int(series.resource[s])])
    json.field("kind", row.kind.name)
    json.field("capacity", row.capacity)
    json.field("current", risks.current[Int(row.risk)])
    json.field("reclaimable", row.reclaimable)
    json.field("share", row.share)
    json.field("unit", units[Int(series.resource[s])])
    json.field("tier", RiskTable.tiers[Int(risks.tier[Int(row.risk)])])
    json.key("group")
    inventory.write(series.server[s], into: &json)
    json.endObject()
  }

  func reclaimableFile(_ rows: [ReclaimableTable.Row], format: Format, isFile: Bool, limit: Int) throws -> Answer {
    let export = Export(name: "reclaimable", count: rows.count, format: format, isFile: isFile, limit: limit)
    return try file(export) { [self] range, chunk in
      switch chunk {
      case .json(var json):
        for row in rows[range] { write(row, into: &json) }
        return .json(json)
      case .csv(var csv):
        for row in rows[range] {
          let s = Int(row.series)
          csv.text(servers[series.server[s]])
          csv.text(resources[series.resource[s]])
          csv.text(row.kind.name)
          csv.number(row.capacity)
          csv.number(risks.current[Int(row.risk)])
          csv.number(row.reclaimable)
          csv.number(row.share)
          csv.text(units[Int(series.resource[s])] ?? "")
          csv.text(RiskTable.tiers[Int(risks.tier[Int(row.risk)])])
          csv.endRow()
        }
        return .csv(csv)
      case .table:
        let own = rows[range]
        return .table([
          .keys(codes: own.map { series.server[Int($0.series)] }, names: servers.names),
          .keys(codes: own.map { series.resource[Int($0.series)] }, names: resources.names),
          .keys(codes: own.map { Int32($0.kind.rawValue) }, names: ReclaimableTable.Kind.allCases.map(\.name)),
          .doubles(own.map(\.capacity)), .doubles(own.map { risks.current[Int($0.risk)] }),
          .doubles(own.map(\.reclaimable)), .doubles(own.map(\.share)),
          .text(own.map { units[Int(series.resource[Int($0.series)])] }),
          .keys(codes: own.map { Int32(risks.tier[Int($0.risk)]) }, names: RiskTable.tiers),
        ])
      }
    } schema: {
      TableSchema([
        Column("server", .key), Column("resource", .key), Column("kind", .key), Column("capacity", .double),
        Column("current", .double, nullable: true), Column("reclaimable", .double), Column("share", .double),
        Column("unit", .text, nullable: true), Column("tier", .key),
      ])
    }
  }
}
