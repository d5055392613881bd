import Foundation
import HorizonCore
import HorizonDashboard
import HorizonPipeline
import HorizonRisk
import HorizonStore
import Testing

@Suite struct RiskListTests {
  private func published(_ dashboard: Dashboard) throws -> [RiskRow] {
    try RiskFiles.read(from: try #require(dashboard.store.current).folder)
  }

  @Test func theListIsThatOfTheRun() async throws {
    let dashboard = try await Fixture.dashboard()
    let published = try published(dashboard)
    let answer = await dashboard.get("/api/v1/risks?severity=all&limit=1000")
    #expect(answer.status == 200)
    let rows = try answer.rows()
    #expect(rows.count == published.count && rows.count == Fixture.disks.count * 2 + 8)
    for (row, known) in zip(rows, published) {
      #expect(row["server"] as? String == known.series.server && row["resource"] as? String == known.series.resource)
      #expect(
        row["threshold"] as? Double == known.threshold && row["severity"] as? String == known.severity.description)
      #expect(row["reason"] as? String == known.reason)
      let likely = row["days_to_breach_p50"] as? Double
      #expect(likely == known.daysToBreachP50.map { (Double($0) * 1_000).rounded() / 1_000 })
      let chance = try #require(row["p_breach_90d"] as? Double)
      #expect(abs(chance - Double(try #require(known.pBreach90))) < 0.0006)
    }
    // A horizon of 120 days says nothing of 180.
    #expect(rows.contains { $0["p_breach_180d"] is NSNull })
  }

  @Test func whatIsAskedForByDefaultIsAtRisk() async throws {
    let dashboard = try await Fixture.dashboard()
    let atRisk = try published(dashboard).filter { $0.severity != .none }
    #expect(try await dashboard.get("/api/v1/risks").total() == atRisk.count)
    #expect(atRisk.count > 2)
  }

  private static let filters: [(String, @Sendable (RiskRow) -> Bool)] = [
    ("tier=low", { $0.tier == .low }),
    ("threshold=critical", { $0.threshold == 90 }),
    ("server=fill-6&server=full-1", { ["fill-6", "full-1"].contains($0.series.server) }),
    ("resource=cpu", { $0.series.resource == "cpu" }),
    ("text=FILL", { $0.series.server.hasPrefix("fill") }),
    ("text=cpu", { $0.series.resource == "cpu" }),
    ("breach_within=0", { $0.isCrossed }),
    ("breach_within=90", { ($0.pBreach90 ?? 0) >= 0.5 }),
    ("severity=critical&severity=watch", { ["critical", "watch"].contains($0.severity.description) }),
    ("group.region=north&text=flat", { ["flat-2", "flat-4"].contains($0.series.server) }),
    ("group.owner=&resource=disk", { $0.series == SeriesName(server: "flat-4", resource: "disk") }),
    ("server=nobody", { _ in false }),
  ]

  @Test(arguments: filters.indices)
  func filtersLeaveWhatTheySay(_ filter: Int) async throws {
    let (query, passes) = RiskListTests.filters[filter]
    let dashboard = try await Fixture.dashboard()
    let all = query.contains("severity") ? query : "\(query)&severity=all"
    let answer = await dashboard.get("/api/v1/risks?\(all)&limit=1000")
    #expect(answer.status == 200, "\(answer.text)")
    let wanted = try published(dashboard).filter(passes).map { "\($0.series) \($0.threshold)" }
    let found = try answer.rows().map { "\($0["server"]!)/\($0["resource"]!) \($0["threshold"] as! Double)" }
    #expect(found == wanted)
  }

  @Test func datesAreThoseOfTheLikelyBreach() async throws {
    let dashboard = try await Fixture.dashboard()
    let dated = try await dashboard.get("/api/v1/risks?severity=all&limit=1000").rows()
      .compactMap { row in (row["breach_date"] as? String).map { (row["server"] as! String, $0) } }
    let day = try #require(dated.map(\.1).sorted().last)
    let answer = await dashboard.get("/api/v1/risks?severity=all&from=\(day)&to=\(day)&limit=1000")
    #expect(try answer.rows().map { $0["server"] as! String } == dated.filter { $0.1 == day }.map(\.0))
  }

  @Test func everyColumnSortsBothWaysAndWhatIsNotKnownStandsLast() async throws {
    let dashboard = try await Fixture.dashboard()
    let run = try #require(dashboard.store.current)
    for column in run.riskColumns.map(run.name) {
      for sign in ["", "-"] {
        let answer = await dashboard.get("/api/v1/risks?severity=all&limit=1000&sort=\(sign)\(Address.encoded(column))")
        #expect(answer.status == 200)
        let rows = try answer.rows()
        #expect(rows.count == run.risks.count)
        guard !column.hasPrefix("group."), let numbers = rows.map({ $0[column] }) as? [Double?] else { continue }
        let known = numbers.prefix { $0 != nil }.map { $0! }
        #expect(numbers.dropFirst(known.count).allSatisfy { $0 == nil })
        #expect(known == (sign.isEmpty ? known.sorted() : known.sorted(by: >)), "\(sign)\(column)")
      }
    }
    let names = try await dashboard.get("/api/v1/risks?severity=all&limit=1000&sort=server").rows()
      .map { $0["server"] as! String }
    #expect(names == names.sorted())
  }

  @Test func pagesJoinToTheWholeList() async throws {
    let dashboard = try await Fixture.dashboard()
    let whole = try await dashboard.get("/api/v1/risks?severity=all&limit=1000&sort=-headroom").rows()
    var target = "/api/v1/risks?severity=all&limit=7&sort=-headroom"
    var joined: [[String: Any]] = []
    while true {
      let page = try await dashboard.get(target).json()
      joined += page["rows"] as! [[String: Any]]
      guard let next = page["next"] as? String else { break }
      target = "/api/v1/risks?severity=all&limit=7&sort=-headroom&cursor=\(next)"
    }
    #expect(joined.map { $0["rank"] as! Int } == whole.map { $0["rank"] as! Int })
    let offset = try await dashboard.get("/api/v1/risks?severity=all&limit=3&offset=5&sort=-headroom").rows()
    #expect(offset.map { $0["rank"] as! Int } == whole[5..<8].map { $0["rank"] as! Int })
    #expect(await dashboard.get("/api/v1/risks?cursor=0123456789ab.5").status == 409)
    #expect(await dashboard.get("/api/v1/risks?cursor=nonsense").status == 400)
  }

  @Test func theWorstRowOfASeriesStandsForIt() async throws {
    let dashboard = try await Fixture.dashboard()
    let rows = try await dashboard.get("/api/v1/risks?severity=all&worst=true&limit=1000").rows()
    let names = rows.map { "\($0["server"]!)/\($0["resource"]!)" }
    #expect(Set(names).count == names.count && names.count == Fixture.disks.count + 4)
  }

  @Test func filesHoldExactlyWhatIsShown() async throws {
    let dashboard = try await Fixture.dashboard()
    let query = "severity=all&resource=disk&sort=-current&columns=server,current,breach_date,group.region"
    let shown = try await dashboard.get("/api/v1/risks?\(query)&limit=1000").rows()
    #expect(Set(shown[0].keys) == ["server", "current", "breach_date", "group.region"])
    let servers = shown.map { $0["server"] as! String }

    let json = await dashboard.get("/api/v1/risks?\(query)&format=json")
    #expect(try json.rows().map { $0["server"] as! String } == servers)
    #expect(json.headers["content-disposition"]?.hasPrefix("attachment; filename=\"risks-2025") == true)

    let csv = await dashboard.get("/api/v1/risks?\(query)", ["accept": "text/csv"])
    let lines = csv.text.split(separator: "\n").map(String.init)
    #expect(lines[0] == "server,current,breach_date,group.region" && lines.count == shown.count + 1)
    #expect(csv.headers["content-type"] == "text/csv; charset=utf-8" && csv.headers["content-disposition"] == nil)

    let parquet = await dashboard.get("/api/v1/risks?\(query)", ["accept": "application/vnd.apache.parquet"])
    let file = FileManager.default.temporaryDirectory.appending(path: "risks-\(UUID().uuidString).parquet")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(parquet.bytes).write(to: file)
    let reader = try TableReader(
      parquet: file.path,
      columns: [
        Column("server", .key), Column("current", .double), Column("breach_date", .date), Column("group.region", .key),
      ])
    let batch = try #require(try reader.next())
    #expect((0..<batch.rowCount).map { reader.keyNames(0)[Int(batch.codes(0)[$0])] } == servers)

    let arrow = await dashboard.get("/api/v1/risks?\(query)&format=arrow")
    // The magic of an IPC stream: a continuation marker, and its end.
    #expect(arrow.bytes.prefix(4) == [255, 255, 255, 255] && arrow.bytes.suffix(4) == [0, 0, 0, 0])
    #expect(arrow.headers["content-type"] == "application/vnd.apache.arrow.stream")
  }

  @Test func whatASpreadsheetWouldRunIsInert() async throws {
    let dashboard = try await Fixture.dashboard()
    let csv = await dashboard.get("/api/v1/risks?severity=all&format=csv&columns=server,headroom").text
    #expect(csv.contains("'=HYPERLINK(1),") && !csv.contains("\n=HYPERLINK"))
    #expect(csv.contains("\"na\"\"me,x\","))
    // Negative numbers are numbers.
    #expect(csv.contains("full-1,-"))
    for cell in ["+1+1", "-x", "@SUM(A1)", "\tx", "=1"] {
      var text = CSVText()
      text.text(cell)
      #expect(String(decoding: text.bytes, as: UTF8.self) == "'\(cell)")
    }
  }

  @Test func namesAreInertInJSON() async throws {
    let dashboard = try await Fixture.dashboard()
    let answer = await dashboard.get("/api/v1/risks?severity=all&limit=1000")
    #expect(!answer.text.contains("<script>"))
    let names = Set(try answer.rows().map { $0["server"] as! String })
    #expect(names.isSuperset(of: Fixture.hostile))
  }

  @Test func anAnswerKnownByItsTagIsNotSentAgain() async throws {
    let dashboard = try await Fixture.dashboard()
    let first = await dashboard.get("/api/v1/risks")
    let tag = try #require(first.headers["etag"])
    let again = await dashboard.get("/api/v1/risks", ["if-none-match": tag])
    #expect(again.status == 304 && again.bytes.isEmpty && again.headers["etag"] == tag)
    #expect(await dashboard.get("/api/v1/risks", ["if-none-match": "\"other\""]).status == 200)
  }

  @Test func answersArePackedForThoseWhoAsk() async throws {
    let dashboard = try await Fixture.dashboard()
    let plain = await dashboard.get("/api/v1/risks?severity=all&limit=1000")
    let packed = await dashboard.get("/api/v1/risks?severity=all&limit=1000", ["accept-encoding": "br, gzip;q=0.8"])
    #expect(packed.headers["content-encoding"] == "gzip" && packed.bytes.count < plain.bytes.count / 2)
    #expect(try Gzip.unpacked(packed.bytes, count: plain.bytes.count) == plain.bytes)
    let refused = await dashboard.get("/api/v1/risks?severity=all&limit=1000", ["accept-encoding": "gzip;q=0"])
    #expect(refused.headers["content-encoding"] == nil)
  }

  @Test(arguments: [
    "tier=best", "limit=0", "limit=1001", "limit=x", "limit=%2B5", "offset=-1", "sort=nonsense", "columns=nonsense",
    "from=2025-02-30",
    "worst=yes", "unknown=1", "tier=high&limit=1&limit=2", "group.nothing=x", "severity=some", "threshold=80",
    "text=\(String(repeating: "x", count: 201))", "breach_within=31", "format=xml",
  ])
  func whatIsNotUnderstoodIsRefused(_ query: String) async throws {
    let dashboard = try await Fixture.dashboard()
    let answer = await dashboard.get("/api/v1/risks?\(query)")
    #expect(answer.status == 400 && answer.headers["content-type"] == "application/problem+json")
    #expect(try answer.type() == "urn:horizonscale:bad-parameter")
    #expect(await dashboard.get("/api/v1/risks", ["accept": "image/png"]).status == 406)
  }
}
