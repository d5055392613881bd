import HorizonCore
import HorizonPipeline
import HorizonStore

extension Route {
  private static let lead = 1...20_000

  static let series: [Route] = [
    Route(
      method: .get, path: "/api/v1/servers/{server}", summary: "One server with all its resources.", answer: "Server",
      handle: { call in
        let run = try call.run
        return try run.serverAnswer(call.path["server"]!)
      }),
    Route(
      method: .get, path: "/api/v1/series/{server}/{resource}",
      summary:
        "One series: readings, forecast with bands and tiers, thresholds with the breach date's distribution, events.",
      answer: "Series",
      handle: { call in
        let run = try call.run
        let (name, place) = try run.require(call)
        let key = "series \(place)"
        if let kept = run.answers[key] { return Answer(.packed(kept), version: run.id) }
        return try await call.server.pool.run {
          let json = try run.seriesJSON(name, place)
          try run.keep(json, as: key)
          return Answer(json, version: run.id)
        }
      }),
    Route(
      method: .get, path: "/api/v1/series/{server}/{resource}/explanation",
      summary: "Why it is forecast so, as `horizonscale explain` says it: contest, components, what moved the date.",
      answer: "Explanation",
      handle: { call in
        let run = try call.run
        let (name, place) = try run.require(call)
        let key = "explanation \(place)"
        if let kept = run.answers[key] { return Answer(.packed(kept), version: run.id) }
        return try await call.server.pool.run {
          var json = JSONText()
          json.raw(try explained(name, run: run.run, workspace: run.workspace).json())
          try run.keep(json, as: key)
          return Answer(json, version: run.id)
        }
      }),
    Route(
      method: .get, path: "/api/v1/series/{server}/{resource}/folds",
      summary: "Forecasts of the contest's folds beside what happened, where a backtest has kept them.",
      parameters: [Parameter(name: "model", kind: .text(100), summary: "Only this model.", repeats: true)],
      answer: "Folds",
      handle: { call in
        let run = try call.run
        let (name, _) = try run.require(call)
        let models = Set(call.texts("model"))
        return try await call.server.pool.run {
          Answer(run.foldsJSON(try FoldTable(name, models: models, in: run.workspace)))
        }
      }),
    Route(
      method: .get, path: "/api/v1/forecasts", summary: "Forecasts of chosen series, a row a lead.",
      parameters: [
        .server, .resource, .text,
        Parameter(name: "lead_from", kind: .integer(lead), summary: "The first lead; 1 by default."),
        Parameter(name: "lead_to", kind: .integer(lead), summary: "The last lead; the horizon by default."), .format,
      ], takesGroups: true, answer: "Forecasts", alsoAs: [.csv, .parquet, .arrow],
      handle: { call in
        let run = try call.run
        let (format, isFile) = try call.format(among: Format.allCases)
        let filter = try run.filter(call)
        let limits = call.server.settings.limits
        let horizon = run.manifest.horizon
        let first = call.integer("lead_from") ?? 1
        let last = min(call.integer("lead_to") ?? horizon, horizon)
        return try await call.server.pool.run {
          let places = run.series(passing: filter)
          let count = first > last ? 0 : places.count * (last - first + 1)
          let limit = format == .json && !isFile ? limits.jsonRows : limits.fileRows
          guard count <= limit else {
            throw Problem(
              .tooManyRows, "There are \(count) rows, more than \(limit).",
              remedy: "Name servers or leads, or ask for another format.")
          }
          let rows =
            count == 0 ? nil : try run.forecasts.value.rows(places: places, leads: first...last)
          return try run.forecastFile(
            rows, Export(name: "forecasts", count: rows?.place.count ?? 0, format: format, isFile: isFile, limit: limit)
          )
        }
      }),
  ]
}

extension Snapshot {
  /// The series that a path names.
  func require(_ call: Call) throws(Problem) -> (name: SeriesName, place: Int) {
    let name = SeriesName(server: call.path["server"]!, resource: call.path["resource"]!)
    if let place = find(server: name.server, resource: name.resource) { return (name, place) }
    guard let server = servers.find(name.server) else { throw unknown(name.server) }
    let known = series.series(ofServer: server).map { resources[series.resource[Int($0)]] }
    throw Problem(
      .notFound, "Server '\(name.server)' has no resource '\(name.resource)' in run \(run).",
      remedy: "There are \(listed(known)).")
  }

  func unknown(_ server: String) -> Problem {
    // Looking for what may be meant is not worth minutes for a name of a thousand letters.
    let near = server.utf8.count <= 100 ? nearestNames(to: server, among: servers.names.prefix(20_000)) : []
    return Problem(
      .notFound, "There is no server '\(server.prefix(100))' in run \(run).",
      remedy: near.isEmpty ? "Names are case-sensitive." : "Did you mean \(listed(near))?")
  }

  func series(passing filter: RiskFilter) -> [Int] {
    let passing = servers(passing: filter)
    let found = filter.text.isEmpty ? nil : found(filter.text)
    return (0..<series.count).filter { s in
      let (server, resource) = (series.server[s], series.resource[s])
      return passing?[Int(server)] ?? true && filter.resources?.contains(resource) ?? true
        && found.map { $0.servers[Int(server)] || $0.resources[Int(resource)] } ?? true
    }
  }
}
