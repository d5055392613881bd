import Foundation
import HorizonCore
import HorizonPipeline
import HorizonStore
import Testing

@Suite struct ExplainTests {
  private let wide = TerminalStyle(width: 80, isUnicode: true, hasColour: false)

  /// Two servers over 200 days: `web-1` fills steadily, `web-2` is quiet; both moved from 200 to 400 GB on day 150.
  private let growth: String = {
    var text = "server,resource,time,value,capacity,unit\n"
    for (s, server) in ["web-1", "web-2"].enumerated() {
      for day in 0..<200 {
        let value = s == 0 ? 60 + Double(day) * 1.3 + Double(day % 7) : 50 + Double(day % 7)
        text += "\(server),disk,\(CivilDate(daysSinceEpoch: 20_000 + day)),\(value),\(day < 150 ? 200 : 400),GB\n"
      }
    }
    return text
  }()

  private func explained(_ sandbox: Sandbox, _ server: String, _ resource: String = "disk") throws -> Explanation {
    try HorizonPipeline.explained(
      SeriesName(server: server, resource: resource), run: nil, workspace: sandbox.workspace)
  }

  private func filled() async throws -> Sandbox {
    let sandbox = try Sandbox()
    _ = try await sandbox.run(try sandbox.file("growth.csv", growth))
    return sandbox
  }

  @Test func aFillingDiskIsExplainedFromItsTables() async throws {
    let sandbox = try await filled()
    let explanation = try explained(sandbox, "web-1")
    #expect(explanation.capacity == 400 && explanation.unit == "GB")
    #expect(explanation.risks.map(\.threshold) == [80, 90])
    #expect(explanation.forecast.count == explanation.horizon)
    #expect(explanation.history.count == 200 && explanation.quality.readings == 200)
    #expect(explanation.contest.models.count { $0.isChampion } == 1)
    #expect(explanation.contest.models.first { $0.name == "seasonal-naive" }?.relativeLoss == 1)
    #expect(try #require(explanation.profile).trendPerMonth > 20)
    // The resize is a change of the capacity, and no shift of the demand.
    #expect(explanation.changes.map(\.kind) == [.capacity])
    #expect(explanation.changes.first?.fromCapacity == 200 && explanation.changes.first?.toCapacity == 400)
    let text = explanation.text(wide)
    for part in ["web-1 disk", "warning 80 %:", "Order now", "the capacity changed from 200 to 400 GB", "grows"] {
      #expect(text.contains(part), "no '\(part)' in:\n\(text)")
    }
  }

  @Test func theReasonForTheChampionIsTheOneThatTheRunWroteDown() async throws {
    let sandbox = try await filled()
    for server in ["web-1", "web-2"] {
      let contest = try explained(sandbox, server).contest
      let champion = try #require(contest.models.first { $0.isChampion })
      let least = try #require(contest.models.compactMap(\.relativeLoss).min())
      let own = try #require(champion.relativeLoss)
      let isExact = contest.why[0].contains("was never off")
      #expect(
        isExact
          || contest.why[0].contains(own == least ? "has the least loss to be expected" : "within one standard error"))
      #expect(own <= least * 1.02)
    }
  }

  @Test func theChampionIsOfTheLeastLossToBeExpected() async throws {
    let sandbox = try Sandbox()
    let noisy = dailyCSV(["web-1"], days: 400) { _, day in "\(40 + day % 7 + day * day % 11)" }
    _ = try await sandbox.run(try sandbox.file("noisy.csv", noisy))
    let models = try explained(sandbox, "web-1", "cpu").contest.models
    let ratios = models.compactMap(\.relativeLoss)
    #expect(ratios.count > 5)
    let champion = try #require(models.first { $0.isChampion }?.relativeLoss)
    #expect(champion <= (try #require(ratios.min())) * 1.02)
  }

  @Test func anIdleSeriesIsToldWithoutNonsense() async throws {
    let sandbox = try Sandbox()
    _ = try await sandbox.run(
      try sandbox.file("idle.csv", dailyCSV(["q-1"], resource: "queue", days: 200) { _, _ in "0" }))
    let text = try explained(sandbox, "q-1", "queue").text(wide)
    #expect(!text.contains("nan") && !text.contains("0.00 above"))
    for part in ["was never off on the folds", "is 0, as 60 days before", "it never changes"] {
      #expect(text.contains(part), "no '\(part)' in:\n\(text)")
    }
  }

  @Test func aPercentageIsNoAmountToOrder() async throws {
    let sandbox = try Sandbox()
    _ = try await sandbox.run(try sandbox.file("full.csv", dailyCSV(["web-1"]) { _, day in "\(88 + day % 3)" }))
    let text = try explained(sandbox, "web-1", "cpu").text(wide).replacing("\n", with: " ")
    #expect(text.contains("% of capacity, a level reached on 4 of the last 7 days"), "\(text)")
    #expect(text.contains("times today's capacity for the 80 % limit"), "\(text)")
  }

  @Test func cleanUpsAreDescribed() async throws {
    let sandbox = try Sandbox()
    let saw = dailyCSV(["db-1"], resource: "disk", days: 300) { _, day in "\(30 + 2 * (day % 20))" }
    _ = try await sandbox.run(try sandbox.file("saw.csv", saw))
    let cleanUps = try #require(try explained(sandbox, "db-1").profile?.cleanUps)
    #expect(cleanUps.days == 20 && cleanUps.before == 68 && cleanUps.after == 30)
  }

  @Test(arguments: [40, 60, 80, 120]) func noLineIsWiderThanTheTerminal(width: Int) async throws {
    let sandbox = try await filled()
    for isUnicode in [true, false] {
      let style = TerminalStyle(width: width, isUnicode: isUnicode, hasColour: false)
      let text = try explained(sandbox, "web-1").text(style)
      for line in text.split(separator: "\n") where !line.contains("/") {
        #expect(line.count <= width, "\(line.count): \(line)")
      }
      if !isUnicode { #expect(text.allSatisfy { $0.isASCII }) }
    }
  }

  @Test func aSeriesWithoutACeilingHasNoLimit() async throws {
    let sandbox = try Sandbox()
    _ = try await sandbox.run(
      try sandbox.file("queue.csv", dailyCSV(["q-1"], resource: "queue length") { _, day in "\(300 + day % 7)" }))
    let explanation = try explained(sandbox, "q-1", "queue length")
    #expect(explanation.risks.isEmpty && explanation.capacity == nil)
    #expect(explanation.text(wide).contains("No ceiling is known"))
  }

  @Test func theJSONHasTheKeysThatTheHelpLists() async throws {
    let sandbox = try await filled()
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(try explained(sandbox, "web-1").json().utf8)) as? [String: Any])
    #expect(
      Set(object.keys) == [
        "server", "resource", "run", "as_of", "step", "horizon", "unit", "capacity", "capacity_decision",
        "breach_rule", "live", "risks", "contest", "trust", "quality", "changes", "profile", "components", "move",
        "history",
        "forecast",
        "sources",
      ])
    let contest = try #require(object["contest"] as? [String: Any])
    #expect(contest["published_by"] is String && contest["loss_ratio"] is Double)
    let risk = try #require((object["risks"] as? [[String: Any]])?.first)
    #expect(risk["p_breach_90d"] is Double && risk["days_to_breach_p50"] != nil)
  }

  @Test func aNameThatIsNotThereBringsTheNearestOnes() async throws {
    let sandbox = try await filled()
    let workspace = sandbox.workspace.folder.path
    let server = try Executable.run(["explain", "WEB-1", "disk"], workspace: workspace)
    #expect(server.code == 66)
    #expect(server.talk.contains("Did you mean 'web-1'"))
    let resource = try Executable.run(["explain", "web-1", "disc"], workspace: workspace)
    #expect(resource.code == 66 && resource.talk.contains("Did you mean 'disk'?"))
    let width = try Executable.run(["explain", "web-1", "disk", "--width", "10"], workspace: workspace)
    #expect(width.code == 64 && width.talk.contains("Use 40 to 1000 columns"))
    let run = try Executable.run(["explain", "web-1", "disk", "--run", "1999-01-01"], workspace: workspace)
    #expect(run.code == 66 && run.talk.contains("1999-01-01") && run.talk.contains("There are 2025-"))
  }

  @Test func explainWritesNothing() async throws {
    let sandbox = try await filled()
    func listing() throws -> [String] {
      try FileManager.default.subpathsOfDirectory(atPath: sandbox.workspace.folder.path).sorted().map { name in
        let file = sandbox.workspace.folder.appending(path: name).path
        let facts = try FileManager.default.attributesOfItem(atPath: file)
        return "\(name) \(facts[.size] ?? 0) \(facts[.modificationDate] ?? 0)"
      }
    }
    let before = try listing()
    let outcome = try Executable.run(
      ["explain", "web-1", "disk", "--width", "60"], workspace: sandbox.workspace.folder.path)
    #expect(outcome.code == 0 && outcome.output.allSatisfy(\.isASCII))
    #expect(try listing() == before)
  }

  @Test func aRefilledMasterIsSaid() async throws {
    let sandbox = try await filled()
    let other = try sandbox.file("more.csv", growth + "web-3,disk,2025-01-01,5,400,GB\n")
    _ = try ingestLocked(
      inputs: [other], workspace: sandbox.workspace, settings: RunSettings(),
      execution: Execution(threads: 1, chunk: 64, progress: .silent))
    #expect(try explained(sandbox, "web-1").quality.remarks.contains { $0.hasPrefix("The master was filled anew") })
  }
}
