import Foundation
import HorizonCore
import HorizonPipeline
import HorizonReport
import HorizonRisk

extension Route {
  static let fleet: [Route] = [
    Route(
      method: .get, path: "/api/v1/runs", summary: "The finished runs of the workspace, the newest first.",
      answer: "Runs",
      handle: { call in
        let server = call.server
        let latest = call.snapshot?.run
        return try await server.pool.run { Answer(runsJSON(server, latest: latest)) }
      }),
    Route(
      method: .get, path: "/api/v1/summary",
      summary:
        "The fleet in numbers: what breaches when, headroom by group, changes since the run before, trust record, data quality.",
      answer: "Summary",
      handle: { call in
        let run = try call.run
        let version = "\(run.id)\(run.reasons == nil ? "" : "-r")"
        let key = "summary \(version)"
        if let kept = run.answers[key] { return Answer(.packed(kept), version: version) }
        return try await call.server.pool.run {
          let json = try run.summaryJSON()
          try run.keep(json, as: key)
          return Answer(json, version: version)
        }
      }),
    Route(
      method: .get, path: "/api/v1/changes", summary: "What is new, gone or has moved since the run before.",
      parameters: [.choice("kind", ["new", "gone", "moved"], "Which of them; new by default.")] + Parameter.paging,
      answer: "Changes",
      handle: { call in
        let run = try call.run
        let paging = try Paging(call, run)
        let kind = call.text("kind") ?? "new"
        return try await call.server.pool.run {
          let changes = try run.changes.value
          let all =
            switch kind {
            case "gone": changes?.changes.gone ?? []
            case "moved": changes?.changes.moved ?? []
            default: changes?.changes.appeared ?? []
            }
          var json = JSONText(about: run)
          json.field("compared_with", changes?.run)
          json.field("kind", kind)
          paging.write(total: all.count, run, into: &json)
          json.key("rows")
          json.beginArray()
          for change in all[paging.range(of: all.count)] { run.write(change, into: &json) }
          json.endArray()
          json.endObject()
          return Answer(json, version: "\(run.id)\(run.reasons == nil ? "" : "-r")")
        }
      }),
  ]

  private static func runsJSON(_ server: Dashboard, latest: String?) -> JSONText {
    var json = JSONText()
    json.beginObject()
    json.field("latest", latest)
    json.key("runs")
    json.beginArray()
    for folder in server.workspace.finishedRuns().reversed() {
      guard let manifest = try? RunManifest(readingFrom: folder.url) else { continue }
      json.beginObject()
      json.field("run", folder.url.lastPathComponent)
      json.field("as_of", manifest.asOf)
      json.field("step", manifest.step)
      json.field("horizon", manifest.horizon)
      json.field("version", manifest.version)
      json.field("digest", manifest.digest)
      json.field("servers", manifest.counts.servers)
      json.field("series", manifest.counts.series)
      json.field("risk_rows", manifest.counts.riskRows)
      json.key("by_severity")
      json.beginArray()
      for name in manifest.settings.thresholds.reversed().map(\.name) + ["watch", "none"] {
        json.beginObject()
        json.field("severity", name)
        json.field("count", manifest.counts.bySeverity[name] ?? 0)
        json.endObject()
      }
      json.endArray()
      json.field("compared_with", manifest.compared?.run)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json
  }
}

extension Snapshot {
  /// Keeps an answer, packed.
  func keep(_ json: JSONText, as key: String) throws {
    let packed = PackedBody(gzip: try json.packed(), count: json.bytes.count)
    answers.insert(key, packed, cost: packed.gzip.count + key.utf8.count + 64)
  }

  func summaryJSON() throws -> JSONText {
    let overview = try overview.value
    let counts = manifest.counts
    var json = JSONText(about: self, capacity: 65_536)
    json.field("as_of_time", Int(fleet.asOfTime / 1_000_000))
    json.field("version", manifest.version)
    json.field("workspace", workspace.folder.lastPathComponent)
    json.field("step", manifest.step)
    json.field("step_seconds", Int(step.seconds))
    json.field("horizon", manifest.horizon)
    json.field("horizon_days", Double(manifest.horizon) * step.days)
    json.field("within", settings.within)
    json.field("procurement_days", settings.procurementDays)
    json.key("thresholds")
    json.beginArray()
    for threshold in settings.thresholds {
      json.beginObject()
      json.field("name", threshold.name)
      json.field("percent", threshold.percent)
      json.endObject()
    }
    json.endArray()
    json.key("counts")
    json.beginObject()
    for (name, value) in [
      ("servers", counts.servers), ("series", counts.series), ("live", counts.live), ("ended", counts.ended),
      ("contested", counts.contested), ("stand_ins", counts.standIns), ("without_ceiling", counts.withoutCeiling),
      ("readings", counts.readings), ("risk_rows", risks.count), ("at_risk", overview.atRisk),
      ("with_ceiling", overview.withCeiling),
    ] {
      json.key(of: name)
      json.int(value)
    }
    json.endObject()
    write(overview, into: &json)
    json.key("changes")
    try writeChanges(into: &json)
    json.key("record")
    try record.value.write(into: &json)
    json.key("quality")
    json.beginObject()
    try writeQuality(findings: 8, into: &json)
    json.endObject()
    json.key("notes")
    json.beginArray()
    for note in manifest.notes { json.string(note) }
    for (_, decision) in manifest.units.sorted(by: { $0.key < $1.key }) { json.string("\(decision).") }
    json.endArray()
    json.key("filters")
    writeFilters(into: &json)
    json.endObject()
    return json
  }

  private func write(_ overview: Overview, into json: inout JSONText) {
    json.key("severities")
    json.beginArray()
    for count in overview.severities {
      json.beginObject()
      json.field("severity", risks.severities[count.kind])
      json.field("tier", RiskTable.tiers[count.tier])
      json.field("series", count.series)
      json.endObject()
    }
    json.endArray()
    json.key("windows")
    json.beginArray()
    for window in overview.windows {
      json.beginObject()
      json.field("days", window.days)
      json.field("known", window.isKnown)
      json.field("series", window.isKnown ? window.series : nil)
      json.key("cells")
      json.beginArray()
      for cell in window.isKnown ? window.cells : [] {
        json.beginObject()
        json.field("threshold", risks.thresholds[cell.kind].name)
        json.field("tier", RiskTable.tiers[cell.tier])
        json.field("series", cell.series)
        json.endObject()
      }
      json.endArray()
      json.key("resources")
      json.beginArray()
      for resource in overview.resources {
        json.beginObject()
        json.key("resource")
        json.raw(resourceJSON[resource])
        json.field("series", window.isKnown ? window.resources[resource] : nil)
        json.endObject()
      }
      json.endArray()
      json.endObject()
    }
    json.endArray()
    func write(_ cells: [ReportData.Headroom.Cell?]) {
      json.beginArray()
      for cell in cells {
        guard let cell else {
          json.null()
          continue
        }
        json.beginObject()
        json.field("series", cell.series)
        json.field("at_risk", cell.atRisk)
        json.field("median", cell.median)
        json.field("worst", cell.worst)
        json.endObject()
      }
      json.endArray()
    }
    json.key("headroom")
    json.beginObject()
    json.key("resources")
    json.beginArray()
    for resource in overview.resources { json.raw(resourceJSON[resource]) }
    json.endArray()
    json.key("all")
    write(overview.all)
    json.key("groupings")
    json.beginArray()
    for grouping in overview.groupings {
      json.beginObject()
      json.field("column", grouping.column)
      json.key("groups")
      json.beginArray()
      for (value, cells) in grouping.groups {
        json.beginObject()
        json.field("value", value)
        json.key("cells")
        write(cells)
        json.endObject()
      }
      json.endArray()
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }

  /// Entries of a list in the summary.
  private static let mostChanges = 20

  private func writeChanges(into json: inout JSONText) throws {
    let found = try changes.value
    let known = found?.changes
    json.beginObject()
    json.field("run", found?.run ?? manifest.compared?.run)
    for (name, count) in [
      ("new", known?.appeared.count ?? manifest.compared?.newRisks ?? 0),
      ("gone", known?.gone.count ?? manifest.compared?.goneRisks ?? 0),
      ("moved", known?.moved.count ?? manifest.compared?.movedDates ?? 0),
    ] {
      json.key(of: name)
      json.int(count)
    }
    json.field("reasons", known == nil || known?.moved.isEmpty == true ? "none" : reasons == nil ? "pending" : "ready")
    json.key("first")
    json.beginObject()
    for (name, list) in [("new", known?.appeared), ("gone", known?.gone), ("moved", known?.moved)] {
      json.key(of: name)
      json.beginArray()
      for change in (list ?? []).prefix(Snapshot.mostChanges) { write(change, into: &json) }
      json.endArray()
    }
    json.endObject()
    json.endObject()
  }

  func write(_ change: RiskChanges.Change, into json: inout JSONText) {
    func write(_ state: RiskChanges.State?) {
      guard let state else { return json.null() }
      json.beginObject()
      json.field("severity", state.severity.description)
      json.field("date", state.day.map { CivilDate(daysSinceEpoch: Int($0.rounded(.down))).description })
      json.field("crossed", state.isCrossed)
      json.endObject()
    }
    json.beginObject()
    json.field("server", change.series.server)
    json.field("resource", change.series.resource)
    json.field("threshold", change.threshold)
    json.field("threshold_name", settings.thresholds.first { $0.percent == change.threshold }?.name)
    json.key("before")
    write(change.before)
    json.key("now")
    write(change.now)
    json.field("moved_days", change.movedDays.map { Int($0.rounded()) })
    json.field("reason", change.movedDays == nil ? nil : reasons?[change.series])
    json.endObject()
  }

  /// Writes the keys of an object that the caller has begun.
  func writeQuality(findings most: Int, into json: inout JSONText) throws {
    let quality = try quality.value
    json.field("rows_read", quality.rowsRead)
    json.field("rows_rejected", quality.rowsRejected)
    json.field("good", quality.verdicts?.good)
    json.field("usable", quality.verdicts?.usable)
    json.field("poor", quality.verdicts?.poor)
    json.key("findings")
    json.beginArray()
    for finding in quality.reasons.prefix(most) {
      json.beginObject()
      json.field("reason", finding.reason.rawValue)
      json.field("count", finding.count)
      json.field("action", finding.kind.rawValue)
      json.field("example", finding.examples.first?.sentence(finding.reason))
      json.endObject()
    }
    json.endArray()
  }

  private func writeFilters(into json: inout JSONText) {
    func texts(_ values: [String]) {
      json.beginArray()
      for value in values { json.string(value) }
      json.endArray()
    }
    json.beginObject()
    json.key("resources")
    texts(resources.names.sorted())
    json.key("severities")
    texts(risks.severities)
    json.key("tiers")
    texts(RiskTable.tiers)
    json.key("groups")
    json.beginArray()
    for column in inventory.columns where column.isUseful {
      var counts = [Int](repeating: 0, count: column.values.count)
      for value in column.value where value >= 0 { counts[Int(value)] += 1 }
      json.beginObject()
      json.field("column", column.name)
      json.key("values")
      json.beginArray()
      for (i, count) in counts.enumerated() {
        json.beginObject()
        json.key("value")
        json.raw(column.json[i])
        json.field("servers", count)
        json.endObject()
      }
      json.endArray()
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }
}

extension ReportData.Record {
  func write(into json: inout JSONText) {
    json.beginObject()
    json.key("origins")
    json.beginArray()
    for origin in origins { json.string(origin) }
    json.endArray()
    json.field("first_due", firstDue)
    json.key("lines")
    json.beginArray()
    for line in lines {
      func share(_ inside: Int) -> Double? { line.readings > 0 ? Double(inside) / Double(line.readings) : nil }
      json.beginObject()
      json.field("tier", line.tier)
      json.field("days", line.bucket)
      json.field("forecasts", line.forecasts)
      json.field("readings", line.readings)
      json.field("coverage50", share(line.inside50))
      json.field("coverage80", share(line.inside80))
      json.field("coverage90", share(line.inside90))
      json.field("called", line.called)
      json.field("came", line.came)
      json.field("hits", line.hits)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }
}
