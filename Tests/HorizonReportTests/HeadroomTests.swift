import HorizonReport
import Testing

@Suite struct HeadroomTests {
  private func rows(_ server: String, _ resource: String, at current: Double, _ severity: String = "none")
    -> [ReportData.Risk]
  {
    [("critical", 90.0), ("warning", 80)].map { name, value in
      ReportData.Risk(
        server: server, resource: resource, threshold: name, thresholdValue: value,
        severity: name == "warning" ? severity : "none", tier: "high", current: current, headroom: value - current,
        within30: nil, within60: nil, within90: nil, within180: nil, daysP10: nil, daysP50: nil, daysP90: nil,
        orderBy: nil, recommendedCapacity: nil, capacity: nil, unit: "%", reason: "")
    }
  }

  private var fleet: [ReportData.Risk] {
    rows("c", "disk", at: 85, "warning") + rows("a", "cpu", at: 20) + rows("b", "cpu", at: 50)
      + rows("c", "cpu", at: 40) + rows("d", "cpu", at: 79, "watch")
  }
  private let regions = ServerGroups(name: "region", group: ["a": "east", "b": "east", "c": "west", "x": "moon"])

  @Test func aSeriesCountsOnceAtItsLowestThreshold() {
    let headroom = ReportData.Headroom(counting: fleet, shown: 100, inventory: [])
    #expect(headroom.resources == ["cpu", "disk"] && headroom.groupings.isEmpty)
    #expect(
      headroom.all == [
        .init(series: 4, atRisk: 1, median: 35, worst: 1), .init(series: 1, atRisk: 1, median: -5, worst: -5),
      ])
  }

  @Test func groupsAreThoseOfTheInventoryAndTheRestHasNone() throws {
    let grouping = try #require(
      ReportData.Headroom(counting: fleet, shown: 100, inventory: [regions]).groupings.first)
    #expect(grouping.groups == ["west", "east", ""])
    // c, a, b, d in the order of the rows.
    #expect(grouping.members == [0, 1, 1, 2])
    #expect(grouping.cells[1] == [.init(series: 2, atRisk: 0, median: 45, worst: 30), nil])
    #expect(grouping.cells[0][1] == .init(series: 1, atRisk: 1, median: -5, worst: -5))
    #expect(grouping.cells[2] == [.init(series: 1, atRisk: 1, median: 1, worst: 1), nil])
  }

  @Test func membersAreThoseThatThePageHolds() throws {
    let headroom = ReportData.Headroom(counting: fleet, shown: 4, inventory: [regions])
    #expect(headroom.groupings[0].members == [0, 1] && headroom.all[0]?.series == 4)
  }

  @Test func aColumnThatSortsNobodyIsLeftOut() {
    let names: Set = ["a", "b", "c", "d"]
    func column(_ group: [String: String]) -> ServerGroups { ServerGroups(name: "x", group: group) }
    #expect(!column([:]).isUseful(servers: names))
    #expect(!column(["a": "1", "b": "1"]).isUseful(servers: names))
    #expect(!column(["a": "1", "b": "2", "c": "3", "d": "4"]).isUseful(servers: names))
    #expect(!column(["p": "1", "q": "2"]).isUseful(servers: names))
    #expect(column(["a": "1", "b": "2"]).isUseful(servers: names))
  }

  @Test func noSeriesIsNoTable() {
    let headroom = ReportData.Headroom(counting: [], shown: 100, inventory: [regions])
    #expect(headroom.all.isEmpty && headroom.groupings.isEmpty)
  }
}
