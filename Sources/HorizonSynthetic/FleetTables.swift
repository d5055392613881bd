package import HorizonStore

/// The schemas of the three files that a synthetic fleet is written to.
package enum FleetTables {
  package static let metrics = TableSchema([
    Column("server", .key), Column("resource", .key), Column("time", .time), Column("value", .double),
    Column("capacity", .double), Column("unit", .key),
  ])

  /// `value` is the path without noise, `noise` what came on top; both for the history and the 365 days after it.
  package static let truth = TableSchema([
    Column("server", .key), Column("resource", .key), Column("time", .time), Column("value", .double),
    Column("noise", .double), Column("event", .key),
  ])

  package static let inventory = TableSchema([
    Column("server", .text), Column("region", .key), Column("department", .key), Column("application", .key),
    Column("cluster", .key), Column("environment", .key),
  ])
}

/// Rows of some servers, ready to be appended to metrics and truth.
package struct FleetBlock: Sendable {
  package let metrics: [ColumnValues]
  package let truth: [ColumnValues]

  package init(fleet: SyntheticFleet, servers: ArraySlice<Int>) {
    let plan = fleet.plan
    let resources = SyntheticResource.allCases
    let calendar = (0..<plan.truthSteps).map { plan.step.microseconds(of: plan.firstIndex + $0) }
    let rows = servers.count * resources.count
    var history = BlockColumns(capacity: rows * plan.readings)
    var whole = BlockColumns(capacity: rows * plan.truthSteps)
    var units: [Int32] = []
    units.reserveCapacity(rows * plan.readings)
    var events: [Int32] = []
    events.reserveCapacity(rows * plan.truthSteps)
    // Names must be distinct: the writer's dictionary pages go by position.
    let unitNames = resources.map(\.unit).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let unitCodes = resources.map { Int32(unitNames.firstIndex(of: $0.unit) ?? 0) }
    var names: [String] = []
    for (code, server) in servers.enumerated() {
      for (kind, series) in fleet.series(server).enumerated() {
        if kind == 0 { names.append(series.server) }
        for range in series.reported {
          history.append(
            server: code, resource: kind, times: calendar[range], series.value[range], series.capacity[range])
          units.append(contentsOf: repeatElement(unitCodes[kind], count: range.count))
        }
        whole.append(server: code, resource: kind, times: calendar[...], series.truth[...], series.noise[...])
        events.append(contentsOf: series.events.lazy.map { Int32($0.rawValue) })
      }
    }
    metrics = history.columns(servers: names) + [.keys(codes: units, names: unitNames)]
    truth = whole.columns(servers: names) + [.keys(codes: events, names: fleet.knownEvents.map(\.text))]
  }
}

/// The five columns that both files begin with: server, resource, time and two figures.
private struct BlockColumns {
  var servers: [Int32] = []
  var resources: [Int32] = []
  var times: [Int64] = []
  var first: [Double] = []
  var second: [Double] = []

  init(capacity: Int) {
    servers.reserveCapacity(capacity)
    resources.reserveCapacity(capacity)
    times.reserveCapacity(capacity)
    first.reserveCapacity(capacity)
    second.reserveCapacity(capacity)
  }

  mutating func append(
    server: Int, resource: Int, times: ArraySlice<Int64>, _ first: ArraySlice<Double>, _ second: ArraySlice<Double>
  ) {
    servers.append(contentsOf: repeatElement(Int32(server), count: first.count))
    resources.append(contentsOf: repeatElement(Int32(resource), count: first.count))
    self.times.append(contentsOf: times)
    self.first.append(contentsOf: first)
    self.second.append(contentsOf: second)
  }

  func columns(servers names: [String]) -> [ColumnValues] {
    [
      .keys(codes: servers, names: names), .keys(codes: resources, names: SyntheticResource.allCases.map(\.rawValue)),
      .times(times), .doubles(first), .doubles(second),
    ]
  }
}
