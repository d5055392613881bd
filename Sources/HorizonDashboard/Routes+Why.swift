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
          json.field("waiting", summary.isEmpty ? try summary.text(.table) : nil)
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
            json.field("server", issue.server)
            json.field("resource", issue.resource)
            json.field("verdict", issue.verdict?.rawValue)
            json.key("remarks")
            json.beginArray()
            for remark in issue.remarks ?? [] { json.string(remark) }
            json.endArray()
            json.field("gap_steps", issue.gapSteps)
            json.field("longest_gap", issue.longestGap)
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
      json.field("name", card.name)
      json.field("summary", card.summary)
      json.field("minimum_history", card.minimumHistory)
      json.field("cost", "\(card.cost)")
      json.field("reference", card.reference)
      json.field("baseline", card.isBaseline)
      json.field("in_run", standing != nil)
      json.field("champions", standing?.champions)
      json.field("loss_ratio", standing?.lossRatio)
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
      json.field("champions", count)
      json.endObject()
    }
    json.endArray()
  }

  /// - Parameter resource: The only one that is counted; nil for all.
  func standingsJSON(of resource: String?) -> JSONText {
    var json = JSONText(about: self)
    json.field("champion_loss_ratio", manifest.championLossRatio)
    json.key("models")
    json.beginArray()
    for standing in manifest.contest {
      json.beginObject()
      json.field("model", standing.model)
      json.field("champions", standing.champions)
      json.field("loss_ratio", standing.lossRatio)
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
      json.field("server", name.server)
      json.field("resource", name.resource)
      json.field("model", row.model)
      json.field("cutoff", ISOTime.string(row.cutoff, full: step.seconds < 86_400))
      json.field("status", row.status)
      json.field("reason", row.reason)
      json.field("mase", exact: row.mase)
      json.field("wql", exact: row.wql)
      json.field("rmse", exact: row.rmse)
      json.field("bias", exact: row.bias)
      json.field("coverage80", exact: row.coverage80)
      json.field("champion", row.isChampion)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json
  }
}
