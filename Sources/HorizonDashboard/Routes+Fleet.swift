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
          json.key("compared_with")
          json.string(changes?.run)
          json.key("kind")
          json.string(kind)
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
    json.key("latest")
    json.string(latest)
    json.key("runs")
    json.beginArray()
    for folder in server.workspace.finishedRuns().reversed() {
      guard let manifest = try? RunManifest(readingFrom: folder.url) else { continue }
      json.beginObject()
      json.key("run")
      json.string(folder.url.lastPathComponent)
      json.key("as_of")
      json.string(manifest.asOf)
      json.key("step")
      json.string(manifest.step)
      json.key("horizon")
      json.int(manifest.horizon)
      json.key("version")
      json.string(manifest.version)
      json.key("digest")
      json.string(manifest.digest)
      json.key("servers")
      json.int(manifest.counts.servers)
      json.key("series")
      json.int(manifest.counts.series)
      json.key("risk_rows")
      json.int(manifest.counts.riskRows)
      json.key("by_severity")
      json.beginArray()
      for name in manifest.settings.thresholds.reversed().map(\.name) + ["watch", "none"] {
        json.beginObject()
        json.key("severity")
        json.string(name)
        json.key("count")
        json.int(manifest.counts.bySeverity[name] ?? 0)
        json.endObject()
      }
      json.endArray()
      json.key("compared_with")
      json.string(manifest.compared?.run)
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
    json.key("as_of_time")
    json.int(Int(fleet.asOfTime / 1_000_000))
    json.key("version")
    json.string(manifest.version)
    json.key("workspace")
    json.string(workspace.folder.lastPathComponent)
    json.key("step")
    json.string(manifest.step)
    json.key("step_seconds")
    json.int(Int(step.seconds))
    json.key("horizon")
    json.int(manifest.horizon)
    json.key("horizon_days")
    json.number(Double(manifest.horizon) * step.days)
    json.key("within")
    json.number(settings.within)
    json.key("procurement_days")
    json.number(settings.procurementDays)
    json.key("thresholds")
    json.beginArray()
    for threshold in settings.thresholds {
      json.beginObject()
      json.key("name")
      json.string(threshold.name)
      json.key("percent")
      json.number(threshold.percent)
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
      json.key("severity")
      json.string(risks.severities[count.kind])
      json.key("tier")
      json.string(RiskTable.tiers[count.tier])
      json.key("series")
      json.int(count.series)
      json.endObject()
    }
    json.endArray()
    json.key("windows")
    json.beginArray()
    for window in overview.windows {
      json.beginObject()
      json.key("days")
      json.int(window.days)
      json.key("known")
      json.bool(window.isKnown)
      json.key("series")
      json.int(window.isKnown ? window.series : nil)
      json.key("cells")
      json.beginArray()
      for cell in window.isKnown ? window.cells : [] {
        json.beginObject()
        json.key("threshold")
        json.string(risks.thresholds[cell.kind].name)
        json.key("tier")
        json.string(RiskTable.tiers[cell.tier])
        json.key("series")
        json.int(cell.series)
        json.endObject()
      }
      json.endArray()
      json.key("resources")
      json.beginArray()
      for resource in overview.resources {
        json.beginObject()
        json.key("resource")
        json.raw(resourceJSON[resource])
        json.key("series")
        json.int(window.isKnown ? window.resources[resource] : nil)
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
        json.key("series")
        json.int(cell.series)
        json.key("at_risk")
        json.int(cell.atRisk)
        json.key("median")
        json.number(cell.median)
        json.key("worst")
        json.number(cell.worst)
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
      json.key("column")
      json.string(grouping.column)
      json.key("groups")
      json.beginArray()
      for (value, cells) in grouping.groups {
        json.beginObject()
        json.key("value")
        json.string(value)
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
    json.key("run")
    json.string(found?.run ?? manifest.compared?.run)
    for (name, count) in [
      ("new", known?.appeared.count ?? manifest.compared?.newRisks ?? 0),
      ("gone", known?.gone.count ?? manifest.compared?.goneRisks ?? 0),
      ("moved", known?.moved.count ?? manifest.compared?.movedDates ?? 0),
    ] {
      json.key(of: name)
      json.int(count)
    }
    json.key("reasons")
    json.string(known == nil || known?.moved.isEmpty == true ? "none" : reasons == nil ? "pending" : "ready")
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
      json.key("severity")
      json.string(state.severity.description)
      json.key("date")
      json.string(state.day.map { CivilDate(daysSinceEpoch: Int($0.rounded(.down))).description })
      json.key("crossed")
      json.bool(state.isCrossed)
      json.endObject()
    }
    json.beginObject()
    json.key("server")
    json.string(change.series.server)
    json.key("resource")
    json.string(change.series.resource)
    json.key("threshold")
    json.number(change.threshold)
    json.key("threshold_name")
    json.string(settings.thresholds.first { $0.percent == change.threshold }?.name)
    json.key("before")
    write(change.before)
    json.key("now")
    write(change.now)
    json.key("moved_days")
    json.int(change.movedDays.map { Int($0.rounded()) })
    json.key("reason")
    json.string(change.movedDays == nil ? nil : reasons?[change.series])
    json.endObject()
  }

  /// Writes the keys of an object that the caller has begun.
  func writeQuality(findings most: Int, into json: inout JSONText) throws {
    let quality = try quality.value
    json.key("rows_read")
    json.int(quality.rowsRead)
    json.key("rows_rejected")
    json.int(quality.rowsRejected)
    json.key("good")
    json.int(quality.verdicts?.good)
    json.key("usable")
    json.int(quality.verdicts?.usable)
    json.key("poor")
    json.int(quality.verdicts?.poor)
    json.key("findings")
    json.beginArray()
    for finding in quality.reasons.prefix(most) {
      json.beginObject()
      json.key("reason")
      json.string(finding.reason.rawValue)
      json.key("count")
      json.int(finding.count)
      json.key("action")
      json.string(finding.kind.rawValue)
      json.key("example")
      json.string(finding.examples.first?.sentence(finding.reason))
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
      json.key("column")
      json.string(column.name)
      json.key("values")
      json.beginArray()
      for (i, count) in counts.enumerated() {
        json.beginObject()
        json.key("value")
        json.raw(column.json[i])
        json.key("servers")
        json.int(count)
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
    json.key("first_due")
    json.string(firstDue)
    json.key("lines")
    json.beginArray()
    for line in lines {
      func share(_ inside: Int) -> Double? { line.readings > 0 ? Double(inside) / Double(line.readings) : nil }
      json.beginObject()
      json.key("tier")
      json.string(line.tier)
      json.key("days")
      json.string(line.bucket)
      json.key("forecasts")
      json.int(line.forecasts)
      json.key("readings")
      json.int(line.readings)
      json.key("coverage50")
      json.number(share(line.inside50))
      json.key("coverage80")
      json.number(share(line.inside80))
      json.key("coverage90")
      json.number(share(line.inside90))
      json.key("called")
      json.int(line.called)
      json.key("came")
      json.int(line.came)
      json.key("hits")
      json.int(line.hits)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }
}
