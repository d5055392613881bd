import Foundation
import HorizonReport
import Testing

@Suite struct ReportTests {
  /// The text of the page's data element, and what decodes from it.
  private func data(of page: String) throws -> (json: String, decoded: ReportData) {
    let start = try #require(page.range(of: #"<script type="application/json" id="data">"#)).upperBound
    let end = try #require(page[start...].range(of: "</script>")).lowerBound
    let json = String(page[start..<end])
    return (json, try JSONDecoder().decode(ReportData.self, from: Data(json.utf8)))
  }

  private func occurrences(of needle: String, in text: String) -> Int { text.components(separatedBy: needle).count - 1 }

  private let hostile = [
    "</script><script>alert(1)</script>", "<!--<script>", "<img src=x onerror=alert(1)>",
    "a&b \"c\" 'd' \\ {{data}} {{script}}",
    "line\u{2028}and\u{2029}paragraph \u{0}\u{7}", String(repeating: "x", count: 300), "db 🚀 / ..", "=1+1", "",
  ]

  @Test func hostileNamesCannotLeaveTheDataElement() throws {
    var report = sampleReport(servers: 10, charts: 3)
    let plain = renderReport(report)
    for (index, name) in hostile.enumerated() {
      report.risks[index].server = name
      report.risks[index].reason = name
    }
    report.title = hostile[0]
    report.charts[0].server = hostile[0]
    report.notes = hostile
    report.inputs.files = hostile
    report.quality.rows[0].example = .init(file: hostile[1], line: 1, column: hostile[2], text: hostile[0])
    let page = renderReport(report)
    let (json, decoded) = try data(of: page)
    for forbidden in ["<", ">", "&", "\u{2028}", "\u{2029}"] { #expect(!json.contains(forbidden)) }
    #expect(occurrences(of: "<script", in: page) == occurrences(of: "<script", in: plain))
    #expect(occurrences(of: "</script", in: page) == 2)
    #expect(page.contains("<title>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; · HorizonScale</title>"))
    #expect(decoded.risks.prefix(hostile.count).map(\.server) == hostile)
    #expect(decoded.notes == hostile)
    #expect(decoded.title == hostile[0])
  }

  @Test func eightThousandSeriesStayWithinTwelveMegabytes() throws {
    let report = sampleReport()
    #expect(report.risks.count == 16_000)
    #expect(report.charts.count == 200)
    let page = renderReport(report)
    #expect(page.utf8.count < 12_000_000)
    let (json, decoded) = try data(of: page)
    #expect(decoded.risks.map(\.server) == report.risks.map(\.server))
    #expect(decoded.charts.map(\.historyTimes) == report.charts.map(\.historyTimes))
    #expect(decoded.fleet == report.fleet)
    // Rounding is done once: what was read back is written as the same bytes.
    #expect(embeddedJSON(decoded) == json)
  }

  @Test func numbersKeepWhatAReaderCanSee() throws {
    let report = sampleReport(servers: 50, charts: 20)
    let (_, decoded) = try data(of: renderReport(report))
    for (before, after) in zip(report.risks, decoded.risks) {
      #expect(abs((before.current ?? 0) - (after.current ?? 0)) <= 0.0501)
      #expect(abs((before.within90 ?? 0) - (after.within90 ?? 0)) <= 0.000501)
      #expect(before.daysP50 == after.daysP50 && before.orderBy == after.orderBy && before.capacity == after.capacity)
    }
    for (before, after) in zip(report.charts, decoded.charts) {
      #expect(before.historyValues.map { $0 == nil } == after.historyValues.map { $0 == nil })
      for (a, b) in zip(before.quantiles.q95, after.quantiles.q95) { #expect(abs(a - b) <= 0.0006 * abs(a)) }
    }
  }

  @Test func whatAForecastIsMadeOfReachesThePage() throws {
    let report = sampleReport(servers: 50, charts: 40)
    let (json, decoded) = try data(of: renderReport(report))
    let made = report.charts.filter { $0.makeup != nil }
    #expect(made.count > 5 && made.count < report.charts.count)
    // A chart whose model cannot tell says nothing of it.
    #expect(occurrences(of: "\"makeup\":", in: json) == made.count)
    for (before, after) in zip(report.charts, decoded.charts) {
      #expect(before.makeup?.words == after.makeup?.words)
      for (a, b) in zip(before.makeup?.parts ?? [], after.makeup?.parts ?? []) {
        #expect((a.name, a.shape.rawValue, a.steps, a.words) == (b.name, b.shape.rawValue, b.steps, b.words))
        let size = a.values.reduce(0) { max($0, abs($1)) }
        for (x, y) in zip(a.values, b.values) { #expect(abs(x - y) <= 0.0011 * size) }
      }
    }
  }

  @Test func thePageAsksForNothingOutsideItself() throws {
    let page = renderReport(sampleReport(servers: 5, charts: 2))
    for reference in [#"(src|href|action)\s*=\s*["']?\s*(https?:)?//"#, #"url\(\s*["']?\s*(https?:)?//"#, "@import"] {
      #expect(page.range(of: reference, options: .regularExpression) == nil)
    }
    #expect(page.contains("default-src 'none'"))
    #expect(!page.contains("'unsafe-"))
    // Attributes that the policy would refuse, each with a message on the console.
    let template = EmbeddedAssets.template
    #expect(template.range(of: #"\s(style|on\w+)="#, options: .regularExpression) == nil)
  }

  @Test func samePageForTheSameData() {
    #expect(renderReport(sampleReport(servers: 20, charts: 5)) == renderReport(sampleReport(servers: 20, charts: 5)))
  }

  @Test func emptyAndUnusualFleetsStillMakeAPage() throws {
    var report = sampleReport(servers: 1, charts: 1)
    report.charts[0].historyTimes = []
    report.charts[0].historyValues = []
    report.charts[0].quantiles.q95[0] = .infinity
    report.risks[0].current = .nan
    report.risks[0].thresholdValue = .infinity
    report.contest.championToLine30 = .nan
    let (_, decoded) = try dataAfterRepair(report)
    #expect(decoded.risks[0].current == nil)
    #expect(decoded.charts[0].historyTimes.isEmpty)
    report.risks = []
    report.charts = []
    report.contest.models = []
    #expect(!renderReport(report).isEmpty)
  }

  /// Numbers that are not finite outside the columns become words, which the page shows as a dash; here they are taken out.
  private func dataAfterRepair(_ report: ReportData) throws -> (json: String, decoded: ReportData) {
    let json = renderReport(report).replacingOccurrences(of: #""championToLine30":"unknown","#, with: "")
    return try data(of: json)
  }
}

@Suite struct FleetTests {
  private func risk(
    _ server: String, _ threshold: String, _ severity: String, p90: Double?, days: Double?, tier: String = "high"
  ) -> ReportData.Risk {
    ReportData.Risk(
      server: server, resource: "cpu", threshold: threshold, thresholdValue: threshold == "critical" ? 90 : 80,
      severity: severity, tier: tier, current: 70, headroom: 10, within30: p90, within60: p90, within90: p90,
      within180: nil, daysP10: days, daysP50: days, daysP90: days, orderBy: nil, recommendedCapacity: nil,
      capacity: nil, unit: "%", reason: "")
  }

  @Test func aSeriesCountsOnceAtItsMostSevereRow() {
    let thresholds = [ReportData.Threshold(name: "warning", value: 80), .init(name: "critical", value: 90)]
    let fleet = ReportData.Fleet(
      counting: [
        risk("a", "warning", "warning", p90: 1, days: -3), risk("a", "critical", "watch", p90: 0.3, days: nil),
        risk("b", "warning", "warning", p90: 0.8, days: 40),
        risk("b", "critical", "critical", p90: 0.6, days: 70, tier: "low"),
        risk("c", "warning", "none", p90: 0.1, days: nil), risk("c", "critical", "none", p90: 0, days: nil),
      ], thresholds: thresholds)
    #expect(fleet.series == 3 && fleet.riskRows == 6)
    #expect(fleet.severities.map(\.name) == ["critical", "warning", "watch", "none"])
    #expect(fleet.severities.map(\.count) == [1, 1, 0, 1])
    #expect(fleet.tiers.map(\.count) == [1, 0, 1])
    // Over now, 30, 60 and 90 days, nothing known of 180, and the horizon instead.
    #expect(fleet.windows.map(\.days) == [0, 30, 60, 90, 180, nil])
    #expect(fleet.windows.map(\.count) == [1, 2, 2, 2, nil, 2])
    #expect(fleet.windows[3].thresholds.map(\.count) == [1, 2])
    #expect(fleet.windows[3].resources == [.init(name: "cpu", count: 2)])
  }
}

@Suite struct RoundingTests {
  @Test(arguments: [
    (123.456, 123.5), (-0.00123456, -0.001235), (9_999.6, 10_000), (1.5e12, 1.5e12), (0, 0), (99.995, 100),
  ])
  func significantDigitsAreTheNearestDecimal(value: Double, expected: Double) {
    #expect(significant(value, digits: 4) == expected)
    #expect(significant(.nan, digits: 4) == nil && significant(.infinity, digits: 4) == nil)
    #expect(significant(1e-300, digits: 4)?.isFinite == true && significant(1.7e308, digits: 4)?.isFinite == true)
  }
}
