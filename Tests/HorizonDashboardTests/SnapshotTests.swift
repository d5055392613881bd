import Foundation
import HorizonCore
import HorizonDashboard
import HorizonPipeline
import HorizonReport
import HorizonRisk
import HorizonStore
import Testing

@Suite struct SnapshotTests {
  private func ranks(_ dashboard: Dashboard) async throws -> (run: String, total: Int) {
    let json = try await dashboard.get("/api/v1/risks?severity=all").json()
    return (json["run"] as! String, json["total"] as! Int)
  }

  @Test func aNewRunTakesItsPlaceWholeAndHalfOfOneNever() async throws {
    let sandbox = try Sandbox()
    try sandbox.copy(of: try await Fixture.sandbox())
    let dashboard = try Fixture.dashboard(of: sandbox.workspace)
    let (run, total) = try await ranks(dashboard)
    let tag = await dashboard.get("/api/v1/risks").headers["etag"]
    let files = FileManager.default
    let runs = sandbox.workspace.runs
    let source = runs.appending(path: run)

    // Half of a run: everything but what makes it one.
    let half = runs.appending(path: "2031-01-01")
    try files.createDirectory(at: half, withIntermediateDirectories: true)
    for name in try files.contentsOfDirectory(atPath: source.path) where name != "run.json" {
      try files.copyItem(at: source.appending(path: name), to: half.appending(path: name))
    }
    #expect(try !dashboard.store.refresh())
    #expect(try await ranks(dashboard).run == run)

    // A damaged one is not taken either, and tried again when it is mended.
    let risks = half.appending(path: "risks.parquet")
    let whole = try Data(contentsOf: risks)
    try whole.prefix(whole.count / 2).write(to: risks)
    try files.copyItem(at: source.appending(path: "run.json"), to: half.appending(path: "run.json"))
    #expect(throws: (any Error).self) { try dashboard.store.refresh() }
    #expect(try await ranks(dashboard).run == run)
    try whole.write(to: risks)
    #expect(try dashboard.store.refresh())
    #expect(try await ranks(dashboard) == ("2031-01-01", total))
    #expect(await dashboard.get("/api/v1/risks", ["if-none-match": tag ?? ""]).status == 200)

    // A run that is gone while it is answered from gives way to the one that is there, for all who ask at once.
    try files.removeItem(at: half)
    await withTaskGroup { group in
      for i in 1...24 { group.addTask { await dashboard.get("/api/v1/series/fill-\(i % 6 + 1)/disk").status } }
      for await status in group { #expect(status == 200) }
    }
    #expect(try await ranks(dashboard).run == run)
  }

  @Test func countsAreThoseOfTheReport() async throws {
    let dashboard = try await Fixture.dashboard()
    let run = try #require(dashboard.store.current)
    let names = Dictionary(uniqueKeysWithValues: run.settings.thresholds.map { ($0.percent, $0.name) })
    let shown = try RiskFiles.read(from: run.folder).map { row in
      ReportData.Risk(
        server: row.series.server, resource: row.series.resource, threshold: names[row.threshold]!,
        thresholdValue: row.threshold, severity: row.severity.description, tier: row.tier.rawValue,
        current: row.current, headroom: row.headroom, within30: row.pBreach30.map(Double.init),
        within60: row.pBreach60.map(Double.init), within90: row.pBreach90.map(Double.init),
        within180: row.pBreach180.map(Double.init), daysP10: row.daysToBreachP10.map(Double.init),
        daysP50: row.daysToBreachP50.map(Double.init), daysP90: row.daysToBreachP90.map(Double.init), orderBy: nil,
        recommendedCapacity: row.recommendedCapacity, capacity: nil, unit: "", reason: row.reason)
    }
    let fleet = ReportData.Fleet(
      counting: shown, thresholds: run.settings.thresholds.map { .init(name: $0.name, value: $0.percent) })
    let overview = try run.overview.value
    for (i, severity) in run.risks.severities.enumerated() {
      let count = overview.severities.filter { $0.kind == i }.reduce(0) { $0 + $1.series }
      #expect(count == fleet.severities.first { $0.name == severity }?.count)
    }
    for (own, known) in zip(overview.windows, fleet.windows) {
      #expect(own.days == known.days && (own.isKnown ? own.series : nil) == known.count)
    }
    let headroom = ReportData.Headroom(
      counting: shown, shown: shown.count,
      inventory: try inventoryGroups(run.workspace, servers: Set(shown.map(\.server))))
    #expect(overview.resources.map { run.resources.names[$0] } == headroom.resources)
    #expect(overview.all == headroom.all)
    #expect(overview.groupings.map(\.column) == headroom.groupings.map(\.name))
    for (own, known) in zip(overview.groupings, headroom.groupings) {
      #expect(own.groups.map(\.value) == known.groups && own.groups.map(\.cells) == known.cells)
    }
  }

  @Test func eachNumberOfTheSummaryLeadsToItsList() async throws {
    let dashboard = try await Fixture.dashboard()
    let summary = try await dashboard.get("/api/v1/summary").json()
    for entry in summary["severities"] as! [[String: Any]] {
      let query = "worst=true&severity=\(entry["severity"]!)&tier=\(entry["tier"]!)"
      #expect(try await dashboard.get("/api/v1/risks?\(query)").total() == entry["series"] as! Int)
    }
    for window in summary["windows"] as! [[String: Any]] where window["known"] as! Bool {
      let within = "severity=all&breach_within=\(window["days"]!)"
      for cell in window["cells"] as! [[String: Any]] {
        let query = "\(within)&threshold=\(cell["threshold"]!)&tier=\(cell["tier"]!)"
        #expect(try await dashboard.get("/api/v1/risks?\(query)").total() == cell["series"] as! Int)
      }
      #expect(try await dashboard.get("/api/v1/risks?\(within)&threshold=warning").total() == window["series"] as! Int)
    }
    let headroom = summary["headroom"] as! [String: Any]
    let resources = headroom["resources"] as! [String]
    for grouping in headroom["groupings"] as! [[String: Any]] {
      for group in grouping["groups"] as! [[String: Any]] {
        for (resource, cell) in zip(resources, group["cells"] as! [Any]) {
          guard let cell = cell as? [String: Any] else { continue }
          let value = Address.encoded(group["value"] as! String)
          let query = "severity=all&threshold=warning&resource=\(resource)&group.\(grouping["column"]!)=\(value)"
          #expect(try await dashboard.get("/api/v1/risks?\(query)").total() == cell["series"] as! Int)
        }
      }
    }
    let changes = summary["changes"] as! [String: Any]
    #expect(changes["run"] as? String != nil)
    for kind in ["new", "gone", "moved"] {
      #expect(try await dashboard.get("/api/v1/changes?kind=\(kind)").total() == changes[kind] as! Int)
    }
  }

  @Test func changesAndTheirReasonsAreThoseOfTheReport() async throws {
    let dashboard = try await Fixture.dashboard()
    let run = try #require(dashboard.store.current)
    await run.prepare(threads: 2)
    let compared = try #require(run.manifest.compared)
    let changes = try #require(try run.changes.value)
    #expect(changes.run == compared.run)
    #expect(changes.changes.appeared.count == compared.newRisks && changes.changes.gone.count == compared.goneRisks)
    #expect(changes.changes.moved.count == compared.movedDates)
    let report = try String(contentsOf: run.folder.appending(path: "report.html"), encoding: .utf8)
    for (_, reason) in try #require(run.reasons) { #expect(report.contains(String(reason.prefix(20)))) }
    let summary = try await dashboard.get("/api/v1/summary").json()
    #expect((summary["changes"] as! [String: Any])["reasons"] as! String != "pending")
  }

  @Test func whatCanBeReclaimedIsCountedOnce() async throws {
    let dashboard = try await Fixture.dashboard()
    let all = await dashboard.get("/api/v1/reclaimable?limit=1000")
    let rows = try all.rows()
    let names = rows.map { "\($0["server"]!)/\($0["resource"]!)" }
    #expect(Set(names).count == names.count)
    // flat-1 idles: all that it has can go; the others keep what they use.
    let idle = rows.filter { $0["kind"] as! String == "idle" }
    #expect(Set(idle.map { $0["server"] as! String }) == ["flat-1"] && idle.count == 2)
    #expect(idle.allSatisfy { $0["share"] as! Double == 1 })
    #expect(!names.contains("full-1/disk"))
    let totals = try all.json()["totals"] as! [[String: Any]]
    for total in totals {
      let own = rows.filter { $0["resource"] as! String == total["resource"] as! String }
      let sum = own.reduce(0.0) { $0 + ($1["reclaimable"] as! Double) }
      #expect(abs(sum - (total["idle"] as! Double) - (total["oversized"] as! Double)) < 0.01)
      #expect(sum <= total["capacity"] as! Double)
    }
    let csv = await dashboard.get("/api/v1/reclaimable?format=csv").text.split(separator: "\n")
    #expect(csv.count == rows.count + 1)
  }
}
