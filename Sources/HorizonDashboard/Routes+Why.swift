import Foundation
import HorizonCore
import HorizonModels
import HorizonPipeline
import HorizonStore

extension Route {
  static let why: [Route] = [
    Route(
      method: .get, path: "/api/v1/leaderboard",
      summary: "How the models did over the fleet; with `server`, fold by fold for its series.",
      parameters: [
        Parameter(name: "server", kind: .text(1_000), summary: "Of its series, fold by fold."),
        Parameter(name: "resource", kind: .text(1_000), summary: "Only this resource."),
      ], answer: "Leaderboard",
      handle: { call in
        let run = try call.run
        let resource = call.text("resource")
        guard let server = call.text("server") else {
          return Answer(run.standingsJSON(of: resource), version: run.id)
        }
        guard let place = run.servers.find(server) else { throw run.unknown(server) }
        let names = run.series.series(ofServer: place).map { run.name(ofSeries: Int($0)) }
          .filter { resource == nil || $0.resource == resource }
        return try await call.server.pool.run {
          Answer(
            run.leaderboardJSON(try names.map { ($0, try LeaderboardTable($0, in: run.folder)) }), version: run.id)
        }
      }),
    Route(
      method: .get, path: "/api/v1/models",
      summary: "The catalog of models, from their own cards, and where each wins.",
      answer: "Models",
      handle: { call in
        let run = call.snapshot
        return Answer(modelsJSON(run), version: run?.id)
      }),
    Route(
      method: .get, path: "/api/v1/ledger", summary: "What past forecasts promised and what happened.",
      parameters: [
        .choice("by", LedgerSummary.Grouping.allCases.map(\.rawValue), "Trust tier and days ahead by default.")
      ], answer: "Ledger",
      handle: { call in
        let run = try call.run
        let grouping = call.text("by").flatMap(LedgerSummary.Grouping.init(rawValue:))
        let key = "ledger \(grouping?.rawValue ?? "")"
        if let kept = run.answers[key] { return Answer(.packed(kept), version: run.id) }
        return try await call.server.pool.run {
          let summary = try LedgerSummary(of: run.workspace, by: grouping)
          var json = JSONText(about: run)
          json.key("remarks")
          json.beginArray()
          for remark in summary.remarks { json.string(remark) }
          json.endArray()
          json.key("waiting")
          json.string(summary.isEmpty ? try summary.text(.table) : nil)
          json.key("rows")
          json.raw(try summary.text(.json))
          json.endObject()
          try run.keep(json, as: key)
          return Answer(json, version: run.id)
        }
      }),
    Route(
      method: .get, path: "/api/v1/quality", summary: "What was wrong with the input, and the series it concerns.",
      parameters: [.text] + Parameter.paging, answer: "Quality",
      handle: { call in
        let run = try call.run
        let paging = try Paging(call, run)
        let word = (call.text("text") ?? "").lowercased()
        return try await call.server.pool.run {
          let all = try run.quality.value.series
          let series =
            word.isEmpty
            ? all : all.filter { $0.server.lowercased().contains(word) || $0.resource.lowercased().contains(word) }
          var json = JSONText(about: run)
          try run.writeQuality(findings: .max, into: &json)
          paging.write(total: series.count, run, into: &json)
          json.key("series")
          json.beginArray()
          for issue in series[paging.range(of: series.count)] {
            json.beginObject()
            json.key("server")
            json.string(issue.server)
            json.key("resource")
            json.string(issue.resource)
            json.key("verdict")
            json.string(issue.verdict?.rawValue)
            json.key("remarks")
            json.beginArray()
            for remark in issue.remarks ?? [] { json.string(remark) }
            json.endArray()
            json.key("gap_steps")
            json.int(issue.gapSteps)
            json.key("longest_gap")
            json.int(issue.longestGap)
            json.endObject()
          }
          json.endArray()
          json.endObject()
          return Answer(json, version: run.id)
        }
      }),
  ]

  private static func modelsJSON(_ run: Snapshot?) -> JSONText {
    var json = JSONText(capacity: 16_384)
    json.beginObject()
    json.key("models")
    json.beginArray()
    for card in Catalog.all.map(\.card) {
      let standing = run?.manifest.contest.first { $0.model == card.name }
      json.beginObject()
      json.key("name")
      json.string(card.name)
      json.key("summary")
      json.string(card.summary)
      json.key("minimum_history")
      json.int(card.minimumHistory)
      json.key("cost")
      json.string("\(card.cost)")
      json.key("reference")
      json.string(card.reference)
      json.key("baseline")
      json.bool(card.isBaseline)
      json.key("in_run")
      json.bool(standing != nil)
      json.key("champions")
      json.int(standing?.champions)
      json.key("loss_ratio")
      json.number(standing?.lossRatio)
      json.key("resources")
      run?.writeWins(card.name, into: &json)
      if run == nil {
        json.beginArray()
        json.endArray()
      }
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json
  }
}

extension Snapshot {
  /// Series that a model is champion of, by resource.
  ///
  /// - Parameter only: The one that is counted; nil for all.
  func writeWins(_ model: String, of only: String? = nil, into json: inout JSONText) {
    var wins = [Int](repeating: 0, count: resources.count)
    if let champion = series.words.find(model) {
      for s in 0..<series.count where series.champion[s] == champion && series.isContested[s] {
        wins[Int(series.resource[s])] += 1
      }
    }
    json.beginArray()
    for (resource, count) in wins.enumerated()
    where count > 0 && (only ?? resources.names[resource]) == resources.names[resource] {
      json.beginObject()
      json.key("resource")
      json.raw(resourceJSON[resource])
      json.key("champions")
      json.int(count)
      json.endObject()
    }
    json.endArray()
  }

  /// - Parameter resource: The only one that is counted; nil for all.
  func standingsJSON(of resource: String?) -> JSONText {
    var json = JSONText(about: self)
    json.key("champion_loss_ratio")
    json.number(manifest.championLossRatio)
    json.key("models")
    json.beginArray()
    for standing in manifest.contest {
      json.beginObject()
      json.key("model")
      json.string(standing.model)
      json.key("champions")
      json.int(standing.champions)
      json.key("loss_ratio")
      json.number(standing.lossRatio)
      json.key("resources")
      writeWins(standing.model, of: resource, into: &json)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json
  }

  func leaderboardJSON(_ tables: [(name: SeriesName, table: LeaderboardTable)]) -> JSONText {
    var json = JSONText(about: self)
    json.key("rows")
    json.beginArray()
    for (name, row) in tables.flatMap({ one in one.table.rows.map { (one.name, $0) } }) {
      json.beginObject()
      json.key("server")
      json.string(name.server)
      json.key("resource")
      json.string(name.resource)
      json.key("model")
      json.string(row.model)
      json.key("cutoff")
      json.string(ISOTime.string(row.cutoff, full: step.seconds < 86_400))
      json.key("status")
      json.string(row.status)
      json.key("reason")
      json.string(row.reason)
      json.key("mase")
      json.exact(row.mase)
      json.key("wql")
      json.exact(row.wql)
      json.key("rmse")
      json.exact(row.rmse)
      json.key("bias")
      json.exact(row.bias)
      json.key("coverage80")
      json.exact(row.coverage80)
      json.key("champion")
      json.bool(row.isChampion)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json
  }
}
