import Foundation
import HorizonCore
import HorizonDashboard
import HorizonPipeline
import HorizonRisk
import HorizonStore
import Testing

@Suite struct SeriesTests {
  @Test func risksAssessedFromTheStoredTablesAreThosePublished() async throws {
    let dashboard = try await Fixture.dashboard()
    let run = try #require(dashboard.store.current)
    let stored = try run.stored.value
    let published = try RiskFiles.read(from: run.folder)
    let assessed = rank(try stored.inputs.flatMap { try assessRisk($0, settings: stored.settings, bank: stored.bank) })
    #expect(assessed == published)
    // Sizing only where it is needed changes nothing else.
    for input in stored.inputs {
      let full = try assessRisk(input, settings: stored.settings, bank: stored.bank)
      let short = try assessRisk(input, settings: stored.settings, bank: stored.bank, sizing: .whenAtRisk)
      if full.contains(where: { $0.severity != .none }) {
        #expect(short == full)
      } else {
        #expect(short.map(\.pBreach90) == full.map(\.pBreach90) && short.map(\.headroom) == full.map(\.headroom))
        #expect(short.allSatisfy { $0.recommendedCapacity.isNaN })
      }
    }
  }

  @Test func aSeriesIsWhatTheTablesHold() async throws {
    let dashboard = try await Fixture.dashboard()
    let run = try #require(dashboard.store.current)
    let json = try await dashboard.get("/api/v1/series/fill-4/disk").json()
    let explanation = try explained(
      SeriesName(server: "fill-4", resource: "disk"), run: run.run, workspace: run.workspace)
    let history = json["history"] as! [String: Any]
    let values = history["values"] as! [Double?]
    #expect(values.map { $0.map { Float($0) } } == explanation.history.map { Float($0.value) })
    #expect(history["start"] as! Int == 20_000 * 86_400)
    let forecast = json["forecast"] as! [String: Any]
    #expect((forecast["q50"] as! [Double]).count == 120)
    for (own, known) in zip(forecast["q90"] as! [Double], explanation.forecast) {
      #expect(abs(own - known.q90) < 1e-3 * abs(known.q90))
    }
    #expect(forecast["start"] as! Int == (20_000 + Fixture.days) * 86_400)
    #expect(json["model"] as! String == explanation.contest.publishedBy)
    let tiers = json["tiers"] as! [[String: Any]]
    #expect(tiers.first?["from"] as? Int == 1 && tiers.last?["to"] as? Int == 120)
    #expect((json["trust"] as! [[String: Any]]).map { $0["reason"] as! String } == explanation.trust.map(\.reason))

    for threshold in json["thresholds"] as! [[String: Any]] {
      let chances = threshold["breach_chance"] as! [Double]
      let risk = threshold["risk"] as! [String: Any]
      #expect(chances == chances.sorted() && chances.count == 120)
      #expect(abs(chances[89] - (risk["p_breach_90d"] as! Double)) < 0.002)
      #expect(threshold["value"] as! Double == (threshold["percent"] as! Double) * 2)
      #expect(!((threshold["words"] as! [String: String])["outlook"]!.isEmpty))
    }
  }

  @Test func gapsAndResizesAreTold() async throws {
    let dashboard = try await Fixture.dashboard()
    let gaps = try await dashboard.get("/api/v1/series/flat-2/disk").json()["events"] as! [[String: Any]]
    let gap = try #require(gaps.first { $0["kind"] as! String == "gap" })
    #expect(
      gap["steps"] as! Int == 5 && gap["time"] as! Int == 20_100 * 86_400 && gap["until"] as! Int == 20_105 * 86_400)
    let resized = try await dashboard.get("/api/v1/series/flat-3/disk").json()["capacity_changes"] as! [[String: Any]]
    #expect(resized.count == 1 && resized[0]["from"] as! Double == 100 && resized[0]["to"] as! Double == 200)
    #expect(resized[0]["time"] as! Int == 20_150 * 86_400)
  }

  @Test func keptAnswersAreTheSame() async throws {
    let dashboard = try await Fixture.dashboard()
    let cold = await dashboard.get("/api/v1/series/fill-2/disk")
    let warm = await dashboard.get("/api/v1/series/fill-2/disk")
    #expect(cold.status == 200 && cold.bytes == warm.bytes)
    #expect(try #require(dashboard.store.current).answers.counts.hits > 0)
    let packed = await dashboard.get("/api/v1/series/fill-2/disk", ["accept-encoding": "gzip"])
    #expect(try Gzip.unpacked(packed.bytes, count: cold.bytes.count) == cold.bytes)
  }

  @Test func theExplanationIsThatOfTheCommand() async throws {
    let dashboard = try await Fixture.dashboard()
    let run = try #require(dashboard.store.current)
    let answer = await dashboard.get("/api/v1/series/fill-5/disk/explanation")
    let known = try explained(SeriesName(server: "fill-5", resource: "disk"), run: nil, workspace: run.workspace)
    #expect(answer.text == (try known.json()))
    #expect(try await dashboard.get("/api/v1/series/fill-5/disk/folds").json()["backtest"] is NSNull)
    #expect(await dashboard.get("/api/v1/series/fill-5/memory/explanation").status == 404)
  }

  @Test func forecastsAreRowsOfTheTable() async throws {
    let dashboard = try await Fixture.dashboard()
    let answer = await dashboard.get(
      "/api/v1/forecasts?server=fill-1&server=flat-4&resource=disk&lead_from=10&lead_to=12")
    let rows = try answer.rows()
    #expect(
      rows.map { "\($0["server"]!) \($0["lead"]!)" }
        == ["fill-1", "flat-4"].flatMap { s in (10...12).map { "\(s) \($0)" } })
    let series = try await dashboard.get("/api/v1/series/fill-1/disk").json()["forecast"] as! [String: Any]
    #expect(rows[0]["q25"] as! Double == (series["q25"] as! [Double])[9])
    #expect(rows[0]["time"] as! String == CivilDate(daysSinceEpoch: 20_000 + Fixture.days + 9).description)
    let csv = await dashboard.get("/api/v1/forecasts?text=flat&format=csv").text.split(separator: "\n")
    #expect(csv.count == 1 + 8 * 120 && csv[0].hasPrefix("server,resource,time,lead,model,mean,q05"))
    let many = try await Fixture.dashboard { $0.limits.jsonRows = 100 }
    #expect(await many.get("/api/v1/forecasts").status == 422)
    #expect(try await dashboard.get("/api/v1/forecasts?server=nobody").total() == 0)
  }

  @Test func aServerHasItsResourcesTogether() async throws {
    let dashboard = try await Fixture.dashboard()
    let json = try await dashboard.get("/api/v1/servers/flat-1").json()
    let resources = json["resources"] as! [[String: Any]]
    #expect(Set(resources.map { $0["resource"] as! String }) == ["cpu", "disk"])
    #expect(json["idle"] as! Bool && (json["group"] as! [String: Any])["region"] as! String == "south")
    let list = await dashboard.get("/api/v1/servers?limit=1000")
    #expect(try list.total() == Fixture.disks.count)
    let first = try await dashboard.get("/api/v1/risks?severity=all&limit=1").rows()[0]["server"] as? String
    #expect(try list.rows().first?["server"] as? String == first)
    let named = try await dashboard.get("/api/v1/servers?sort=server&text=flat").rows()
    #expect(named.map { $0["server"] as! String } == ["flat-1", "flat-2", "flat-3", "flat-4"])
  }

  @Test func theRestOfTheInterfaceAnswers() async throws {
    let dashboard = try await Fixture.dashboard()
    let models = try await dashboard.get("/api/v1/models").json()["models"] as! [[String: Any]]
    #expect(models.contains { $0["in_run"] as! Bool } && models.contains { !($0["in_run"] as! Bool) })
    let board = try await dashboard.get("/api/v1/leaderboard").json()["models"] as! [[String: Any]]
    let wins = board.reduce(0) { $0 + ($1["champions"] as! Int) }
    let byResource = board.flatMap { $0["resources"] as! [[String: Any]] }.reduce(0) { $0 + ($1["champions"] as! Int) }
    #expect(wins == byResource && wins > 0)
    let folds = try await dashboard.get("/api/v1/leaderboard?server=fill-1&resource=disk").rows()
    #expect(folds.count > 4 && folds.contains { $0["status"] as! String == "scored" })
    #expect(try await dashboard.get("/api/v1/ledger").json()["rows"] is [Any])
    #expect(try await dashboard.get("/api/v1/quality").json()["rows_read"] as! Int > 1_000)
    let runs = try await dashboard.get("/api/v1/runs").json()["runs"] as! [[String: Any]]
    #expect(runs.count == 2 && runs[0]["compared_with"] as? String == runs[1]["run"] as? String)
    let metrics = await dashboard.get("/metrics").text
    let names = metrics.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(names.count > 10 && names.allSatisfy { $0.hasPrefix("horizonscale_") })
  }
}
