import Foundation
import HorizonCore
import HorizonDashboard
import HorizonPipeline
import HorizonRisk
import Testing

@Suite struct ScenarioTests {
  private func evaluate(_ dashboard: Dashboard, _ changes: String, query: String = "limit=1000") async throws
    -> [String: Any]
  {
    let answer = await dashboard.send(
      "POST", "/api/v1/scenarios/evaluate?\(query)", body: #"{"changes": [\#(changes)]}"#)
    #expect(answer.status == 200, "\(answer.text)")
    return try answer.json()
  }

  private func side(_ json: [String: Any], _ server: String, _ side: String) throws -> [String: Any] {
    let rows = json["rows"] as! [[String: Any]]
    let row = try #require(rows.first { $0["server"] as! String == server && $0["resource"] as! String == "disk" })
    return row[side] as! [String: Any]
  }

  @Test func aChangeOfNothingChangesNothing() async throws {
    let dashboard = try await Fixture.dashboard()
    let json = try await evaluate(dashboard, #"{"load_percent": 0, "capacity_percent": 0}"#)
    #expect((json["rows"] as! [[String: Any]]).allSatisfy { $0["change"] as! String == "same" })
    #expect(NSDictionary(dictionary: json["before"] as! [String: Any]).isEqual(to: json["after"] as! [String: Any]))
    #expect(json["touched"] as! Int == json["series"] as! Int)
    let atRisk = try await dashboard.get("/api/v1/risks?worst=true").total()
    #expect((json["before"] as! [String: Any])["at_risk"] as! Int == atRisk && (json["total"] as! Int) == atRisk)
  }

  @Test func whatChangesIsWhatTheRiskSaysOfItAnew() async throws {
    let dashboard = try await Fixture.dashboard()
    let run = try #require(dashboard.store.current)
    let json = try await evaluate(
      dashboard,
      #"{"scope": {"server": ["fill-6", "full-1"]}, "capacity_add": 100}, {"scope": {"resource": ["disk"]}, "load_percent": 10}"#
    )
    let stored = try run.stored.value
    for name in ["fill-6", "full-1", "fill-5", "flat-1"] {
      var input = try #require(stored.inputs.first { $0.series == SeriesName(server: name, resource: "disk") })
      if name == "fill-6" || name == "full-1" { input.capacity += 100 }
      input.quantiles = input.quantiles.map { $0 * Float(1.1) }[...]
      let known = rank(try assessRisk(input, settings: stored.settings, bank: stored.bank))[0]
      let rows = json["rows"] as! [[String: Any]]
      guard let row = rows.first(where: { $0["server"] as! String == name && $0["resource"] as! String == "disk" }),
        let after = row["after"] as? [String: Any]
      else {
        #expect(known.severity == .none)
        continue
      }
      #expect(
        after["severity"] as! String == known.severity.description && after["threshold"] as! Double == known.threshold)
      #expect(after["days_to_breach_p50"] as? Double == known.daysToBreachP50.map(Double.init))
      #expect(after["capacity"] as! Double == input.capacity)
      if known.severity != .none {
        #expect(abs((after["recommended_capacity"] as! Double) - known.recommendedCapacity) < 0.001)
      }
    }
    // Room was given: what was full is no longer.
    #expect(try side(json, "full-1", "before")["severity"] as! String == "critical")
    #expect(try side(json, "full-1", "after")["severity"] as! String == "none")
  }

  @Test func loadFromADateMovesNoEarlierBreach() async throws {
    let dashboard = try await Fixture.dashboard()
    let far = CivilDate(daysSinceEpoch: 20_000 + Fixture.days + 60).description
    let soon = try await evaluate(dashboard, #"{"load_percent": 50}"#)
    let later = try await evaluate(dashboard, #"{"load_percent": 50, "load_from": "\#(far)"}"#)
    let now = try #require(try side(soon, "fill-3", "after")["days_to_breach_p50"] as? Double)
    let then = try #require(try side(later, "fill-3", "after")["days_to_breach_p50"] as? Double)
    #expect(now < 30 && then >= 60)
    #expect(
      (soon["after"] as! [String: Any])["at_risk"] as! Int >= (later["after"] as! [String: Any])["at_risk"] as! Int)
  }

  @Test func aThresholdMovesForThoseItIsMovedFor() async throws {
    let dashboard = try await Fixture.dashboard()
    let json = try await evaluate(
      dashboard, #"{"scope": {"group": {"region": ["north"]}}, "thresholds": {"warning": 10, "critical": 12}}"#)
    let rows = json["rows"] as! [[String: Any]]
    let changed = rows.filter { $0["change"] as! String != "same" }
    #expect(!changed.isEmpty && changed.allSatisfy { ($0["group"] as! [String: Any])["region"] as! String == "north" })
    #expect(try side(json, "flat-2", "after")["threshold_name"] as! String == "critical")
    #expect(try side(json, "flat-2", "after")["threshold"] as! Double == 12)
    #expect((rows.first { $0["server"] as! String == "flat-2" })?["change"] as! String == "new")
  }

  @Test(arguments: [
    "", "{", "[]", "{}", #"{"changes": []}"#, #"{"changes": [{}]}"#, #"{"changes": [{"capacity_percent": "x"}]}"#,
    #"{"changes": [{"capacity_percent": -100}]}"#, #"{"changes": [{"load_percent": 1e9}]}"#,
    #"{"changes": [{"load_from": "2026-01-01"}]}"#,
    #"{"changes": [{"load_percent": 5, "load_from": "soon"}]}"#, #"{"changes": [{"capacity_add": 1, "path": "/etc"}]}"#,

    #"{"changes": [{"thresholds": {"warning": 0}}]}"#,

    #"{"changes": null}"#, #"{"changes": [{"thresholds": {}}]}"#,
    #"{"title": "\#(String(repeating: "x", count: 201))", "changes": [{"capacity_add": 1}]}"#,
  ])
  func aScenarioThatMakesNoSenseIsRefused(_ body: String) async throws {
    let dashboard = try await Fixture.dashboard()
    let answer = await dashboard.send("POST", "/api/v1/scenarios/evaluate", body: body)
    #expect(answer.status == 400, "\(body): \(answer.text)")
    #expect(try answer.type() == "urn:horizonscale:bad-body")
  }

  @Test(arguments: [#"{"thresholds": {"warning": 95}}"#, #"{"capacity_add": -1000}"#])
  func whatDoesNotFitTheRunIsSaid(_ change: String) async throws {
    let dashboard = try await Fixture.dashboard()
    let answer = await dashboard.send("POST", "/api/v1/scenarios/evaluate", body: #"{"changes": [\#(change)]}"#)
    #expect(answer.status == 409, "\(answer.text)")
  }

  @Test func whatMatchesNothingIsNoted() async throws {
    let dashboard = try await Fixture.dashboard()
    for change in [
      #"{"scope": {"group": {"nothing": ["x"]}}, "capacity_add": 1}"#,
      #"{"scope": {"server": ["x"]}, "load_percent": 5}"#, #"{"thresholds": {"nobody": 50}}"#,
    ] {
      let json = try await evaluate(dashboard, change)
      #expect(!(json["notes"] as! [String]).isEmpty)
      #expect((json["rows"] as! [[String: Any]]).allSatisfy { $0["change"] as! String == "same" })
    }
  }

  @Test func scenariosAreKeptListedAndRemoved() async throws {
    let sandbox = try Sandbox()
    try sandbox.copy(of: try await Fixture.sandbox())
    let dashboard = try Fixture.dashboard(of: sandbox.workspace)
    let folder = sandbox.workspace.folder.appending(path: "scenarios")
    #expect(try await dashboard.get("/api/v1/scenarios").json()["scenarios"] as? [[String: Any]] != nil)
    let body = #"{"title": "more <room>", "changes": [{"scope": {"server": ["full-1"]}, "capacity_percent": 50}]}"#
    #expect(await dashboard.send("PUT", "/api/v1/scenarios/more-room", body: body).status == 201)
    #expect(await dashboard.send("PUT", "/api/v1/scenarios/more-room", body: body).status == 200)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["more-room.json"])
    let kept = try await dashboard.get("/api/v1/scenarios/more-room").json()
    #expect(kept["title"] as? String == "more <room>" && kept["name"] as? String == "more-room")
    // What is read can be sent again as it is.
    let text = await dashboard.get("/api/v1/scenarios/more-room").text
    #expect(await dashboard.send("PUT", "/api/v1/scenarios/copy", body: text).status == 201)
    let list = try await dashboard.get("/api/v1/scenarios").json()["scenarios"] as! [[String: Any]]
    #expect(list.map { $0["name"] as! String } == ["copy", "more-room"] && list[1]["changes"] as! Int == 1)
    let found = try await dashboard.get("/api/v1/scenarios/more-room/evaluation?changed=true").rows()
    #expect(found.map { $0["server"] as! String } == ["full-1"])
    #expect(await dashboard.send("DELETE", "/api/v1/scenarios/more-room").status == 204)
    #expect(await dashboard.get("/api/v1/scenarios/more-room").status == 404)
    #expect(await dashboard.send("DELETE", "/api/v1/scenarios/more-room").status == 404)
    #expect(await dashboard.send("PUT", "/api/v1/scenarios/..%2Fx", body: body).status == 404)
    // Nothing else was written.
    let files = try FileManager.default.contentsOfDirectory(atPath: sandbox.workspace.folder.path)
    let before = try FileManager.default.contentsOfDirectory(atPath: try await Fixture.sandbox().workspace.folder.path)
    #expect(Set(files) == Set(before).union(["scenarios"]))
  }
}
