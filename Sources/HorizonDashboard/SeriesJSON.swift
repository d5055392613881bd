import HorizonCore
import HorizonPipeline
import HorizonReport
import HorizonRisk
import HorizonStore

extension Snapshot {
  func serverAnswer(_ name: String) throws -> Answer {
    guard let server = servers.find(name) else { throw unknown(name) }
    var json = JSONText(about: self)
    json.field("server", name)
    json.key("group")
    inventory.write(server, into: &json)
    json.field("idle", try reclaimable.value.isIdle[Int(server)])
    json.key("resources")
    json.beginArray()
    for s in series.series(ofServer: server).map(Int.init) {
      let rows = risks.rows(ofSeries: s)
      let lowest = rows.first { risks.threshold[Int($0)] == 0 }.map(Int.init)
      let resource = Int(series.resource[s])
      json.beginObject()
      json.key("resource")
      json.raw(resourceJSON[resource])
      json.field("unit", units[resource])
      json.field("capacity", series.ceiling[s])
      json.field("capacity_words", manifest.units[resources.names[resource]])
      json.field("live", series.isLive[s])
      json.field("champion", series.words[series.champion[s]])
      json.field("loss_ratio", series.lossRatio[s])
      json.field("current", lowest.map { risks.current[$0] })
      json.field("headroom", lowest.map { risks.headroom[$0] })
      json.field("reclaimable", lowest.map { risks.reclaimable[$0] })
      json.field("severity", rows.first.map { risks.severities[Int(risks.severity[Int($0)])] })
      json.field("tier", rows.first.map { RiskTable.tiers[Int(risks.tier[Int($0)])] })
      json.key("risks")
      json.beginArray()
      for row in rows { write(row: Int(row), nil, into: &json) }
      json.endArray()
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return Answer(json, version: id)
  }

  /// Gaps of a history that are told, the longest ones.
  private static let mostGaps = 500

  func seriesJSON(_ name: SeriesName, _ place: Int) throws -> JSONText {
    let detail = try SeriesDetail(
      name, place: place, shape: series.shape(place), forecasts: forecasts.value, manifest: manifest, fleet: fleet,
      settings: settings, bank: bank.value)
    let resource = Int(series.resource[place])
    let seconds = step.seconds
    var json = JSONText(about: self, capacity: 65_536)
    json.field("server", name.server)
    json.field("resource", name.resource)
    json.key("group")
    inventory.write(series.server[place], into: &json)
    json.field("unit", units[resource])
    json.field("capacity", series.ceiling[place])
    json.field("capacity_words", manifest.units[name.resource])
    json.field("live", series.isLive[place])
    json.field("step", manifest.step)
    json.field("step_seconds", Int(seconds))
    json.field("horizon", manifest.horizon)
    json.field("model", detail.model)
    json.field("champion", series.words[series.champion[place]])
    json.key("members")
    json.beginArray()
    for member in series.words[series.members[place]].split(separator: " ") { json.string(String(member)) }
    json.endArray()
    json.key("weights")
    json.beginArray()
    for weight in series.words[series.weights[place]].split(separator: " ") { json.number(Double(weight)) }
    json.endArray()
    json.field("contested", series.isContested[place])
    json.field("loss_ratio", series.lossRatio[place])
    json.field("breach_rule", settings.rule(for: name.resource).description)
    json.field("is_master_of_run", isMasterOfRun)
    json.key("history")
    write(detail.history, into: &json)
    json.key("forecast")
    json.beginObject()
    json.field("start", Int(detail.firstLead / 1_000_000))
    json.key("mean")
    write(detail.mean, into: &json)
    for (level, values) in zip(Levels.names, detail.quantiles) {
      json.key(of: level)
      write(values, into: &json)
    }
    json.endObject()
    json.key("tiers")
    write(detail.tiers, into: &json)
    json.key("trust")
    json.beginArray()
    for trust in Explanation.Trust.spans(
      series.tiers(place), isContested: series.isContested[place], testedLead: Int(series.testedLead[place]),
      leads: detail.tiers.count, step: step)
    {
      json.beginObject()
      json.field("days", trust.days)
      json.field("tier", trust.tier.rawValue)
      json.field("code", trust.code)
      json.field("reason", trust.reason)
      json.endObject()
    }
    json.endArray()
    json.key("thresholds")
    writeThresholds(place, detail, into: &json)
    json.key("capacity_changes")
    json.beginArray()
    for resize in detail.resizes {
      json.beginObject()
      json.field("time", Int(step.microseconds(of: resize.index) / 1_000_000))
      json.field("from", exact: resize.from)
      json.field("to", exact: resize.to)
      json.endObject()
    }
    json.endArray()
    json.key("events")
    writeEvents(detail, into: &json)
    json.endObject()
    return json
  }

  /// False when the master was filled anew after the run.
  private var isMasterOfRun: Bool {
    fleet.manifest.inputs.map(\.sha256) == manifest.inputs.map(\.sha256) && fleet.step.name == manifest.step
  }

  private func write(_ history: MasterSeries, into json: inout JSONText) {
    json.beginObject()
    json.field(
      "start", history.times.first.map { Int(step.microseconds(of: step.index(ofMicroseconds: $0)) / 1_000_000) })
    json.key("values")
    json.beginArray()
    var expected = history.times.first.map { step.index(ofMicroseconds: $0) } ?? 0
    for (time, value) in zip(history.times, history.values) {
      let index = step.index(ofMicroseconds: time)
      while expected < index {
        json.null()
        expected += 1
      }
      if index < expected { continue }
      // Readings are stored with more digits than a chart, or anybody's eye, can tell apart.
      json.exact(Float(value))
      expected += 1
    }
    json.endArray()
    json.endObject()
  }

  private func write(_ values: [Float], into json: inout JSONText) {
    json.beginArray()
    for value in values { json.exact(value) }
    json.endArray()
  }

  private func write(_ tiers: [TrustTier], into json: inout JSONText) {
    json.beginArray()
    var first = 0
    for i in tiers.indices where i == tiers.count - 1 || tiers[i + 1] != tiers[i] {
      json.beginObject()
      json.field("from", first + 1)
      json.field("to", i + 1)
      json.field("tier", tiers[i].rawValue)
      json.endObject()
      first = i + 1
    }
    json.endArray()
  }

  private func writeThresholds(_ place: Int, _ detail: SeriesDetail, into json: inout JSONText) {
    let rows = risks.rows(ofSeries: place)
    let capacity = series.ceiling[place]
    let context = WordingContext(
      asOf: fleet.asOfTime / 1_000_000, stepSeconds: step.seconds,
      horizonDays: Double(manifest.horizon) * step.days, withinDays: Int(settings.within),
      procurementDays: Int(settings.procurementDays))
    json.beginArray()
    for (i, threshold) in settings.thresholds.enumerated() where capacity > 0 {
      let row = rows.first { risks.threshold[Int($0)] == UInt8(i) }.map(Int.init)
      json.beginObject()
      json.field("name", threshold.name)
      json.field("percent", threshold.percent)
      json.field("value", exact: capacity * threshold.percent / 100)
      json.key("risk")
      if let row { write(row: row, nil, into: &json) } else { json.null() }
      json.key("breach_chance")
      if let chances = detail.breachChances {
        json.beginArray()
        for chance in chances[i] { json.number(chance) }
        json.endArray()
      } else {
        json.null()
      }
      json.key("words")
      if let row {
        let words = RiskWords(shownRisk(row), growth: detail.growth, jump: detail.jump, in: context)
        json.beginObject()
        json.field("outlook", words.outlook)
        json.field("action", words.action)
        json.field("trust", words.trust)
        json.endObject()
      } else {
        json.null()
      }
      json.endObject()
    }
    json.endArray()
  }

  /// A row as the report words it.
  private func shownRisk(_ row: Int) -> ReportData.Risk {
    func known(_ value: Float) -> Double? { value.isNaN ? nil : Double(value) }
    let threshold = risks.thresholds[Int(risks.threshold[row])]
    return ReportData.Risk(
      server: servers[risks.server[row]], resource: resources[risks.resource[row]], threshold: threshold.name,
      thresholdValue: threshold.percent, severity: risks.severities[Int(risks.severity[row])],
      tier: RiskTable.tiers[Int(risks.tier[row])], current: risks.current[row], headroom: risks.headroom[row],
      within30: known(risks.chances[0][row]), within60: known(risks.chances[1][row]),
      within90: known(risks.chances[2][row]), within180: known(risks.chances[3][row]),
      daysP10: known(risks.days[0][row]), daysP50: known(risks.days[1][row]), daysP90: known(risks.days[2][row]),
      orderBy: risks.orderBy[row] == .min ? nil : CivilDate(daysSinceEpoch: Int(risks.orderBy[row])).description,
      recommendedCapacity: risks.recommended[row], capacity: series.ceiling[Int(risks.series[row])],
      reclaimable: risks.reclaimable[row], unit: units[Int(risks.resource[row])] ?? "",
      reason: risks.reasons[risks.reason[row]])
  }

  private func writeEvents(_ detail: SeriesDetail, into json: inout JSONText) {
    struct Event {
      var time: Int
      var write: (inout JSONText) -> Void
    }
    var events: [Event] = detail.marks.filter { !$0.isCapacity }.map { mark in
      Event(time: Int(mark.time)) { json in
        json.field("kind", "shift")
        json.field("time", Int(mark.time))
        json.field("factor", mark.factor)
      }
    }
    let indices = detail.history.times.map { step.index(ofMicroseconds: $0) }
    let gaps = zip(indices, indices.dropFirst()).filter { $1 - $0 > 1 }.sorted { $0.1 - $0.0 > $1.1 - $1.0 }
    func seconds(_ index: Int) -> Int { Int(step.microseconds(of: index) / 1_000_000) }
    for (last, next) in gaps.prefix(Snapshot.mostGaps) {
      events.append(
        Event(time: seconds(last + 1)) { json in
          json.field("kind", "gap")
          json.field("time", seconds(last + 1))
          json.field("until", seconds(next))
          json.field("steps", next - last - 1)
        })
    }
    json.beginArray()
    for event in events.sorted(by: { $0.time < $1.time }) {
      json.beginObject()
      event.write(&json)
      json.endObject()
    }
    json.endArray()
  }

  func foldsJSON(_ table: FoldTable) -> JSONText {
    var json = JSONText()
    json.beginObject()
    json.field("backtest", table.backtest)
    json.key("folds")
    json.beginArray()
    for fold in table.folds {
      json.beginObject()
      json.field("model", fold.model)
      json.field("cutoff", ISOTime.string(fold.cutoff, full: step.seconds < 86_400))
      json.field("start", Int(fold.start / 1_000_000))
      for (name, values) in [("mean", fold.mean), ("q10", fold.q10), ("q50", fold.q50), ("q90", fold.q90)] {
        json.key(of: name)
        write(values, into: &json)
      }
      json.key("actual")
      write(fold.actual.map { Float($0) }, into: &json)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json
  }

  /// - Parameter rows: Nil for none.
  func forecastFile(_ rows: ForecastTable.Rows?, _ export: Export) throws -> Answer {
    let names = ["server", "resource", "time", "lead", "model", "mean"] + Levels.names + ["tier"]
    return try file(export) { [self] range, chunk in
      guard let rows else { return chunk }
      func text(_ i: Int) -> String { ISOTime.string(rows.time[i], full: step.seconds < 86_400) }
      switch chunk {
      case .json(var json):
        for i in range {
          let s = Int(rows.place[i])
          json.beginObject()
          json.key("server")
          json.raw(serverJSON[Int(series.server[s])])
          json.key("resource")
          json.raw(resourceJSON[Int(series.resource[s])])
          json.field("time", text(i))
          json.field("lead", Int(rows.lead[i]))
          json.field("model", rows.models[Int(rows.model[i])])
          for (name, values) in zip(names[5...], rows.values) {
            json.key(of: name)
            json.exact(values[i])
          }
          json.field("tier", rows.tiers[Int(rows.tier[i])])
          json.endObject()
        }
        return .json(json)
      case .csv(var csv):
        for i in range {
          let s = Int(rows.place[i])
          csv.text(servers[series.server[s]])
          csv.text(resources[series.resource[s]])
          csv.plain(text(i))
          csv.number(Double(rows.lead[i]))
          csv.text(rows.models[Int(rows.model[i])])
          for values in rows.values { csv.plain(values[i].description) }
          csv.text(rows.tiers[Int(rows.tier[i])])
          csv.endRow()
        }
        return .csv(csv)
      case .table:
        let places = rows.place[range]
        let columns: [ColumnValues] =
          [
            .keys(codes: places.map { series.server[Int($0)] }, names: servers.names),
            .keys(codes: places.map { series.resource[Int($0)] }, names: resources.names),
            .times(Array(rows.time[range])), .int32s(Array(rows.lead[range])),
            .keys(codes: Array(rows.model[range]), names: rows.models),
          ] + rows.values.map { .floats(Array($0[range])) }
        return .table(columns + [.keys(codes: Array(rows.tier[range]), names: rows.tiers)])
      }
    } schema: {
      Tables.forecasts
    }
  }
}
