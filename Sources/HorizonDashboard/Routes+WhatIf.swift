import Foundation
import HorizonCore
import HorizonRisk
import HorizonStore

extension Route {
  private static let shown: [Parameter] = [
    Parameter(name: "limit", kind: .integer(1...1_000), summary: "Rows in an answer; 200 by default."),
    Parameter(name: "offset", kind: .integer(0...100_000_000), summary: "Place in the list."),
    Parameter(name: "changed", kind: .flag, summary: "Only rows that differ."),
  ]

  static let whatIf: [Route] = [
    Route(
      method: .get, path: "/api/v1/scenarios", summary: "The kept scenarios.", answer: "Scenarios",
      handle: { call in
        let folder = call.server.scenarios
        return try await call.server.pool.run {
          var json = JSONText()
          json.beginObject()
          json.key("scenarios")
          json.beginArray()
          for entry in folder.all() {
            json.beginObject()
            json.field("name", entry.name)
            json.field("title", entry.scenario.title)
            json.field("changes", entry.scenario.changes.count)
            json.field("modified", ISOTime.string(entry.modified * 1_000_000, full: true))
            json.endObject()
          }
          json.endArray()
          json.endObject()
          return Answer(json)
        }
      }),
    Route(
      method: .post, path: "/api/v1/scenarios/evaluate",
      summary: "What a scenario makes of the list of risks; nothing is kept.",
      parameters: shown, body: "Scenario", answer: "Evaluation",
      handle: { call in
        let run = try call.run
        return try await evaluation(of: try Scenario(json: call.body), run, call)
      }),
    Route(
      method: .get, path: "/api/v1/scenarios/{name}/evaluation", summary: "The same for a kept scenario.",
      parameters: shown, answer: "Evaluation",
      handle: { call in
        let run = try call.run
        let (folder, name) = (call.server.scenarios, call.path["name"]!)
        let scenario = try await call.server.pool.run { try folder.read(name).scenario }
        return try await evaluation(of: scenario, run, call)
      }),
    Route(
      method: .get, path: "/api/v1/scenarios/{name}", summary: "One kept scenario.", answer: "Scenario",
      handle: { call in
        let (folder, name) = (call.server.scenarios, call.path["name"]!)
        return try await call.server.pool.run {
          let json = try folder.read(name).scenario.json(name: name)
          return Answer(.bytes(json), version: String(sha256(of: json).prefix(20)))
        }
      }),
    Route(
      method: .put, path: "/api/v1/scenarios/{name}", summary: "Keeps a scenario under a name.", body: "Scenario",
      answer: "Scenario",
      handle: { call in
        let scenario = try Scenario(json: call.body)
        let (folder, name) = (call.server.scenarios, call.path["name"]!)
        return try await call.server.pool.run {
          let isNew = try folder.write(scenario, named: name)
          return Answer(.bytes(scenario.json(name: name)), status: isNew ? 201 : 200)
        }
      }),
    Route(
      method: .delete, path: "/api/v1/scenarios/{name}", summary: "Removes a scenario.", success: 204,
      handle: { call in
        let (folder, name) = (call.server.scenarios, call.path["name"]!)
        return try await call.server.pool.run {
          try folder.remove(name)
          return Answer(.bytes([]), status: 204)
        }
      }),
  ]

  private static func evaluation(of scenario: Scenario, _ run: Snapshot, _ call: Call) async throws -> Answer {
    let limit = call.integer("limit") ?? 200
    let offset = call.integer("offset") ?? 0
    let onlyChanged = call.flag("changed")
    var nameless = scenario
    nameless.title = nil
    let asked = nameless
    let threads = ProcessInfo.processInfo.activeProcessorCount
    return try await call.server.pool.run {
      let found: Evaluation
      if let kept = run.evaluations[asked] {
        found = kept
      } else {
        found = try Evaluation(asked, of: run, threads: threads)
        run.evaluations.insert(asked, found, cost: 1)
      }
      return Answer(run.json(found, limit: limit, offset: offset, onlyChanged: onlyChanged))
    }
  }
}

extension Snapshot {
  fileprivate func json(_ found: Evaluation, limit: Int, offset: Int, onlyChanged: Bool) -> JSONText {
    let rows = onlyChanged ? found.rows.filter { $0.change != .same } : found.rows
    var json = JSONText(about: self, capacity: 65_536)
    json.field("series", found.series)
    json.field("touched", found.touched)
    json.field("milliseconds", Int((found.seconds * 1_000).rounded()))
    json.key("before")
    write(found.before, into: &json)
    json.key("after")
    write(found.after, into: &json)
    json.key("notes")
    json.beginArray()
    for note in found.notes { json.string(note) }
    json.endArray()
    json.field("total", rows.count)
    json.field("offset", offset)
    json.key("rows")
    json.beginArray()
    for row in rows.dropFirst(offset).prefix(limit) {
      let server = series.server[row.series]
      json.beginObject()
      json.key("server")
      json.raw(serverJSON[Int(server)])
      json.key("resource")
      json.raw(resourceJSON[Int(series.resource[row.series])])
      json.key("group")
      inventory.write(server, into: &json)
      json.field("unit", units[Int(series.resource[row.series])])
      json.field("change", row.change.rawValue)
      json.field("moved_days", row.movedDays)
      json.key("before")
      write(row.before, row.threshold.before, capacity: row.capacity.before, into: &json)
      json.key("after")
      write(row.after, row.threshold.after, capacity: row.capacity.after, into: &json)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json
  }

  private func write(_ tally: Evaluation.Tally, into json: inout JSONText) {
    json.beginObject()
    json.field("at_risk", tally.atRisk)
    json.key("severities")
    json.beginArray()
    for (name, count) in zip(risks.severities, tally.severities) {
      json.beginObject()
      json.field("severity", name)
      json.field("series", count)
      json.endObject()
    }
    json.endArray()
    json.key("windows")
    json.beginArray()
    for (days, count) in zip(RiskFilter.windows, tally.windows) {
      json.beginObject()
      json.field("days", days)
      json.field("series", count)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }

  private func write(_ row: RiskRow, _ threshold: String, capacity: Double, into json: inout JSONText) {
    json.beginObject()
    json.field("threshold", row.threshold)
    json.field("threshold_name", threshold)
    json.field("severity", row.severity.description)
    json.field("tier", row.tier.rawValue)
    json.field("current", row.current)
    json.field("headroom", row.headroom)
    for (name, chance) in [
      ("p_breach_30d", row.pBreach30), ("p_breach_60d", row.pBreach60), ("p_breach_90d", row.pBreach90),
      ("p_breach_180d", row.pBreach180), ("days_to_breach_p10", row.daysToBreachP10),
      ("days_to_breach_p50", row.daysToBreachP50), ("days_to_breach_p90", row.daysToBreachP90),
    ] {
      json.key(of: name)
      json.number(chance.map(Double.init))
    }
    json.field("breach_date", row.daysToBreachP50.flatMap { breachDate($0) })
    json.field("order_by", row.orderBy.map { CivilDate(daysSinceEpoch: $0).description })
    json.field("capacity", capacity)
    json.field("recommended_capacity", row.recommendedCapacity)
    json.endObject()
  }
}
