package import Foundation
import HorizonContest
package import HorizonCore
import HorizonLedger
import HorizonModels
import HorizonReport
import HorizonRisk
import HorizonSources
import HorizonStore

/// The page of a finished run as it was written with it: the master may hold other readings by now.
package func writtenReport(of run: URL) throws(Failure) -> String {
  let file = run.appending(path: "report.html")
  do { return try String(contentsOf: file, encoding: .utf8) } catch {
    throw Failure(
      .missingInput, "\(file.path) cannot be read: \(error.localizedDescription)",
      remedy: "Make a new run with 'horizonscale forecast'.")
  }
}

/// Renders the page of a run that is being made, from its files and the master's readings.
func report(
  of run: URL, manifest: RunManifest, risks: [RiskRow], comparison: Comparison?, record: TrackRecord,
  covariates: CovariateFiles, in workspace: Workspace, threads: Int
) async throws -> String {
  renderReport(
    try await ReportBuilder(
      run: run, manifest: manifest, risks: risks, comparison: comparison, record: record, covariates: covariates,
      workspace: workspace, threads: threads
    ).data())
}

/// Gathers what the page shows.
private struct ReportBuilder: Sendable {
  let run: URL
  let manifest: RunManifest
  let risks: [RiskRow]
  let comparison: Comparison?
  let record: TrackRecord
  let covariates: CovariateFiles
  let workspace: Workspace
  let threads: Int

  /// Series that get a chart, at most; rows that get a line, at most.
  private static let mostCharts = 200
  private static let mostRows = 16_000
  private static let mostPoints = 400
  private static let mostLeads = 90

  func data() async throws -> ReportData {
    let fleet = try Fleet(workspace: workspace, settings: manifest.settings)
    let units = Dictionary(uniqueKeysWithValues: fleet.manifest.resources.map { ($0.name, $0.unit ?? "") })
    let verdicts = try readVerdicts()
    let shown = charted
    // Reading forecasts and histories of the charts takes as long as all the rest.
    async let drawing = self.charts(shown, fleet: fleet, units: units, verdicts: verdicts)
    let place = Dictionary(uniqueKeysWithValues: shown.enumerated().map { ($1, $0) })
    let names = Dictionary(uniqueKeysWithValues: manifest.settings.thresholds.map { ($0.percent, $0.name) })
    var rows = risks.map { row in
      ReportData.Risk(
        server: row.series.server, resource: row.series.resource, threshold: names[row.threshold] ?? "",
        thresholdValue: row.threshold, severity: row.severity.description, tier: row.tier.rawValue,
        current: row.current, headroom: row.headroom, within30: row.pBreach30.map(Double.init),
        within60: row.pBreach60.map(Double.init), within90: row.pBreach90.map(Double.init),
        within180: row.pBreach180.map(Double.init), daysP10: row.daysToBreachP10.map(Double.init),
        daysP50: row.daysToBreachP50.map(Double.init), daysP90: row.daysToBreachP90.map(Double.init),
        orderBy: row.orderBy.map { CivilDate(daysSinceEpoch: $0).description },
        recommendedCapacity: row.recommendedCapacity, capacity: verdicts[row.series]?.ceiling,
        reclaimable: row.reclaimable, unit: units[row.series.resource] ?? "", reason: row.reason,
        chart: place[row.series])
    }
    let thresholds = manifest.settings.thresholds.map { ReportData.Threshold(name: $0.name, value: $0.percent) }
    let counts = ReportData.Fleet(counting: rows, thresholds: thresholds)
    let headroom = ReportData.Headroom(
      counting: rows, shown: ReportBuilder.mostRows,
      inventory: try inventoryGroups(workspace, servers: Set(risks.lazy.map(\.series.server))))
    rows.removeLast(max(0, rows.count - ReportBuilder.mostRows))
    let drawn = try await drawing
    let context = WordingContext(
      asOf: fleet.asOfTime / 1_000_000, stepSeconds: fleet.step.seconds,
      horizonDays: Double(manifest.horizon) * fleet.step.days, withinDays: Int(manifest.settings.within),
      procurementDays: Int(manifest.settings.procurementDays))
    for i in rows.indices {
      let facts = drawn.facts[risks[i].series]
      rows[i].trustReason = verdicts[risks[i].series]?.reason(of: risks[i], within: manifest.settings.within) ?? ""
      rows[i].words = RiskWords(rows[i], growth: facts?.growth, jump: facts?.jump, in: context)
    }
    return ReportData(
      title: "Capacity risks", asOf: manifest.asOf, version: manifest.version, inputs: try inputs(),
      settings: settings(thresholds), fleet: counts, headroom: headroom,
      changes: comparison?.shown ?? ReportData.Changes(), contest: contest(),
      record: ReportData.Record(
        record,
        firstDue: firstDue(asOf: fleet.asOfTime, horizon: manifest.horizon, step: fleet.step)),
      risks: rows, charts: drawn.charts, quality: try quality(),
      notes: manifest.notes + manifest.units.sorted { $0.key < $1.key }.map { "\($0.value)." })
  }

  /// The series of the first risks, each once.
  private var charted: [SeriesName] {
    var shown: [SeriesName] = []
    var seen: Set<SeriesName> = []
    for row in risks where row.severity != .none && shown.count < ReportBuilder.mostCharts {
      if seen.insert(row.series).inserted { shown.append(row.series) }
    }
    return shown
  }

  private func settings(_ thresholds: [ReportData.Threshold]) -> ReportData.Settings {
    let rules = Dictionary(grouping: manifest.units.keys.sorted()) { resource in
      manifest.settings.breach[resource] ?? manifest.settings.breach["*"]
        ?? ResourceKind(resource: resource).defaultBreachRule
    }
    let words = rules.sorted { $0.value.count > $1.value.count }.map { rule, resources in
      "\(rule.count) of \(rule.of) readings for \(resources.joined(separator: ", "))"
    }
    return ReportData.Settings(
      step: manifest.step, horizon: manifest.horizon, folds: manifest.settings.folds,
      withinDays: Int(manifest.settings.within), procurementDays: Int(manifest.settings.procurementDays),
      thresholds: thresholds, breachRule: words.joined(separator: "; "), seed: manifest.settings.seed)
  }

  private func contest() -> ReportData.Contest {
    let summaries = Dictionary(uniqueKeysWithValues: Catalog.all.map { ($0.card.name, $0.card.summary) })
    let line = manifest.contest.first { $0.model == "line-30" }?.lossRatio
    return ReportData.Contest(
      models: manifest.contest.map {
        ReportData.Model(
          name: $0.model, summary: summaries[$0.model] ?? "", wins: $0.champions, lossToSeasonalNaive: $0.lossRatio,
          seconds: nil)
      },
      seriesScored: manifest.counts.contested, championToSeasonalNaive: manifest.championLossRatio,
      championToLine30: manifest.championLossRatio.flatMap { champion in line.map { champion / $0 } })
  }

  private func readQuality() throws -> QualityReport {
    do { return try JSONDecoder().decode(QualityReport.self, from: try Data(contentsOf: workspace.quality)) } catch {
      throw Failure(
        .unusableData, "\(workspace.quality.path) cannot be read: \(error.localizedDescription)",
        remedy: "Fill the master anew with 'horizonscale ingest INPUT'.")
    }
  }

  private func inputs() throws -> ReportData.Inputs {
    let quality = try readQuality()
    let counts = manifest.counts
    return ReportData.Inputs(
      files: manifest.inputs.map { URL(fileURLWithPath: $0.name).lastPathComponent }, rowsRead: quality.rowsRead,
      rowsRejected: quality.rowsRejected, servers: counts.servers,
      series: ReportData.SeriesCounts(
        total: counts.series, live: counts.live, ended: counts.ended, refused: 0, withStandIn: counts.standIns,
        withoutCeiling: counts.withoutCeiling))
  }

  private func quality() throws -> ReportData.Quality { reportQuality(try readQuality()) }

  /// What was decided for one series.
  private struct Verdict {
    let ceiling: Double?
    let champion: String
    let members: [String]
    let blend: Blend
    /// By lead bucket.
    let tiers: [String]
    let reasons: [String]

    /// Why the tier of a row is what it is; it was taken at the median breach, or at the end of the window.
    func reason(of row: RiskRow, within: Double) -> String {
      let days = row.isCrossed ? 1 : row.daysToBreachP50.map(Double.init) ?? within
      let bucket = LeadBucket(days: days).rawValue
      return tiers[bucket] == row.tier.rawValue ? reasons[bucket] : "no fold reaches these leads"
    }
  }

  private func readVerdicts() throws -> [SeriesName: Verdict] {
    // Of the rows that are shown: a large fleet has many more.
    let wanted = Set(risks.prefix(ReportBuilder.mostRows).map(\.series))
    let buckets = LeadBucket.allCases.indices
    let tiers = Tables.decisions.columns.filter { $0.name.hasPrefix("tier_") }
    let reasons = Tables.decisions.columns.filter { $0.name.hasPrefix("reason_") }.map { Column($0.name, .key) }
    let reader = try TableReader(
      parquet: run.appending(path: "decisions.parquet").path,
      columns: [Column("server", .key), Column("resource", .key), Column("ceiling", .double, nullable: true)] + tiers
        + reasons + [Column("champion", .key), Column("members", .text), Column("weights", .text)])
    var result: [SeriesName: Verdict] = [:]
    while let batch = try reader.next() {
      let (servers, resources) = (reader.keyNames(0), reader.keyNames(1))
      let tierNames = buckets.map { reader.keyNames(3 + $0) }
      let reasonNames = buckets.map { reader.keyNames(3 + buckets.count + $0) }
      let last = 3 + 2 * buckets.count
      let (championNames, members) = (reader.keyNames(last), batch.strings(last + 1))
      let weights = batch.strings(last + 2)
      for i in 0..<batch.rowCount {
        let name = SeriesName(
          server: servers[Int(batch.codes(0)[i])], resource: resources[Int(batch.codes(1)[i])])
        guard wanted.contains(name) else { continue }
        let ceiling = batch.doubles(2)[i]
        let parts = (members[i] ?? "").split(separator: " ").map(String.init)
        result[name] = Verdict(
          ceiling: ceiling.isNaN ? nil : ceiling,
          champion: championNames[Int(batch.codes(last)[i])], members: parts,
          blend: Blend(weights[i] ?? "", members: parts.count) ?? .equal(parts.count),
          tiers: buckets.map { tierNames[$0][Int(batch.codes(3 + $0)[i])] },
          reasons: buckets.map { reasonNames[$0][Int(batch.codes(3 + buckets.count + $0)[i])] })
      }
    }
    return result
  }

  /// One forecast as the file has it, whole.
  private struct Published {
    var model = ""
    var quantiles = [[Double]](repeating: [], count: Levels.count)
    var tiers: [String] = []

    /// What it came from.
    struct Source: Sendable {
      let publisher: Publisher
      let ceiling: Double
    }
  }

  private func readForecasts(_ names: Set<SeriesName>) throws -> [SeriesName: Published] {
    guard !names.isEmpty else { return [:] }
    let columns = Tables.forecasts.columns.filter { !["time", "lead", "mean"].contains($0.name) }
    func column(_ name: String) -> Int { columns.firstIndex { $0.name == name }! }
    let reader = try TableReader(parquet: run.appending(path: "forecasts.parquet").path, columns: columns)
    var result: [SeriesName: Published] = [:]
    // A series' rows stand together, so a name is looked up once in a run of equal codes.
    var open: SeriesName?
    var openCodes = SIMD2<Int32>(repeating: -1)
    while let batch = try reader.next() {
      let (servers, resources) = (batch.codes(column("server")), batch.codes(column("resource")))
      let (models, tiers) = (batch.codes(column("model")), batch.codes(column("tier")))
      let levels = Levels.names.map { batch.floats(column($0)) }
      let (modelNames, tierNames) = (reader.keyNames(column("model")), reader.keyNames(column("tier")))
      let (serverNames, resourceNames) = (reader.keyNames(column("server")), reader.keyNames(column("resource")))
      for i in 0..<batch.rowCount {
        let codes = SIMD2(servers[i], resources[i])
        if codes != openCodes {
          openCodes = codes
          let name = SeriesName(server: serverNames[Int(codes.x)], resource: resourceNames[Int(codes.y)])
          open = names.contains(name) ? name : nil
        }
        guard let open else { continue }
        for q in levels.indices {
          result[open, default: Published(model: modelNames[Int(models[i])])].quantiles[q].append(Double(levels[q][i]))
        }
        result[open]!.tiers.append(tierNames[Int(tiers[i])])
      }
    }
    return result
  }

  /// What the readings of a drawn series say besides its chart.
  private struct Facts {
    let growth: Double?
    let jump: ReportData.LevelMark?
  }

  private func charts(
    _ names: [SeriesName], fleet: Fleet, units: [String: String], verdicts: [SeriesName: Verdict]
  ) async throws -> (charts: [ReportData.Chart], facts: [SeriesName: Facts]) {
    let forecasts = try readForecasts(Set(names))
    let histories = try fleet.index.read(names, asOf: fleet.asOf)
    let makeups = try await makeups(names, histories: histories, fleet: fleet) { name in
      guard let verdict = verdicts[name], let ceiling = verdict.ceiling, let forecast = forecasts[name] else {
        return nil
      }
      return Published.Source(
        publisher: Publisher(
          publishedBy: forecast.model, champion: verdict.champion, members: verdict.members, blend: verdict.blend),
        ceiling: ceiling)
    }
    let drawn = Set(names)
    let rows = Dictionary(grouping: risks.lazy.filter { drawn.contains($0.series) }, by: \.series)
    var facts: [SeriesName: Facts] = [:]
    let charts = names.map { name in
      let forecast = forecasts[name]!
      let (times, values) = thinned(histories[name]!, step: fleet.step, until: fleet.asOf)
      let capacity = verdicts[name]?.ceiling
      let past = SeriesPast(histories[name]!, step: fleet.step, asOf: fleet.asOf)
      facts[name] = Facts(growth: capacity.flatMap(past.growth), jump: past.recentJump)
      let leads = forecast.tiers.indices.filter { lead in
        let stride = (forecast.tiers.count + ReportBuilder.mostLeads - 1) / ReportBuilder.mostLeads
        return lead == 0 || lead % stride == stride - 1 || lead == forecast.tiers.count - 1
      }
      let q = forecast.quantiles.map { level in leads.map { level[$0] } }
      let start = fleet.asOfTime / 1_000_000
      return ReportData.Chart(
        server: name.server, resource: name.resource, unit: units[name.resource] ?? "", capacity: capacity,
        model: forecast.model, start: start, stepSeconds: fleet.step.seconds, historyTimes: times,
        historyValues: values, leads: leads.map { $0 + 1 },
        quantiles: ReportData.Chart.Quantiles(
          q05: q[0], q10: q[1], q25: q[2], q50: q[3], q75: q[4], q90: q[5], q95: q[6]),
        tiers: ranges(forecast.tiers),
        thresholds: (rows[name] ?? []).sorted { $0.threshold < $1.threshold }.map { row in
          func time(_ days: Float?) -> Int64? { days.map { start + Int64((Double($0) * 86_400).rounded()) } }
          return ReportData.Chart.Line(
            name: manifest.settings.thresholds.first { $0.percent == row.threshold }?.name ?? "",
            value: (capacity ?? .nan) * row.threshold / 100, breachP10: time(row.daysToBreachP10),
            breachP50: time(row.daysToBreachP50), breachP90: time(row.daysToBreachP90))
        }, marks: past.marks, makeup: makeups[name])
    }
    return (charts, facts)
  }

  /// What the drawn forecasts are made of, where a model can tell; the passes keep no fits, so the series are fitted once more.
  private func makeups(
    _ names: [SeriesName], histories: [SeriesName: MasterSeries], fleet: Fleet,
    source: (SeriesName) -> Published.Source?
  ) async throws -> [SeriesName: ReportData.Chart.Makeup] {
    let resources = Dictionary(uniqueKeysWithValues: fleet.manifest.resources.map { ($0.name, $0) })
    let known = names.compactMap { name in source(name).map { (name, $0) } }.filter { $0.1.ceiling > 0 }
    let breaches = Dictionary(grouping: risks.prefix(ReportBuilder.mostRows), by: \.series)
    let settings = manifest.settings
    let horizon = manifest.horizon
    let contestants = Catalog.contestants(try settings.modelOptions())
      .loaded(from: run, wanted: Set(known.flatMap(\.1.publisher.models))).contestants
    var result: [SeriesName: ReportData.Chart.Makeup] = [:]
    var start = 0
    // Small tiles: all of them together are no more than a few hundred series.
    try await mapInOrder(threads: threads, window: threads) { () -> ArraySlice<(SeriesName, Published.Source)>? in
      guard start < known.count else { return nil }
      defer { start += 25 }
      return known[start..<min(known.count, start + 25)]
    } transform: { tile in
      let series = tile.map { name, source in
        (name: name, series: histories[name]!, resource: resources[name.resource], ceiling: Optional(source.ceiling))
      }
      guard
        let panel = MasterSeries.panel(
          of: series, step: fleet.step, until: fleet.asOf, settings: settings, covariates: covariates)
      else { return [] }
      // Only live series are at risk, and only risks are drawn.
      let compositions = Refit(
        panel, cutoffs: tile.map { _ in fleet.asOf }, contestants: contestants, horizon: horizon
      ).compositions(tile.map(\.1.publisher))
      return zip(tile, compositions).compactMap { item, composition in
        composition.map { composition in
          let (name, source) = item
          let target = Target(
            daysToBreach: (breaches[name] ?? []).map { ($0.threshold, $0.daysToBreachP50.map(Double.init)) },
            step: fleet.step, cutoff: fleet.asOf, horizon: horizon)
          return (name, ReportData.Chart.Makeup(composition, ceiling: source.ceiling, target: target))
        }
      }
    } consume: { (made: [(SeriesName, ReportData.Chart.Makeup)]) in
      for (name, makeup) in made { result[name] = makeup }
    }
    return result
  }

  /// At most 400 points: the highest reading of each stretch, so that peaks stay visible; nil where a stretch has none.
  private func thinned(_ series: MasterSeries, step: Step, until asOf: Int) -> ([Int64], [Double?]) {
    var byIndex: [Int: Double] = [:]
    for (time, value) in zip(series.times, series.values) { byIndex[step.index(ofMicroseconds: time)] = value }
    guard let first = byIndex.keys.min() else { return ([], []) }
    let span = asOf - first + 1
    let stride = max(1, (span + ReportBuilder.mostPoints - 1) / ReportBuilder.mostPoints)
    var times: [Int64] = []
    var values: [Double?] = []
    // Stretches end at the as-of, so that the newest one is whole.
    for end in Swift.stride(from: asOf - (span - 1) / stride * stride, through: asOf, by: stride) {
      var best: (Int, Double)?
      for index in max(first, end - stride + 1)...end {
        if let value = byIndex[index], best.map({ value > $0.1 }) ?? true { best = (index, value) }
      }
      times.append(step.microseconds(of: best?.0 ?? end) / 1_000_000)
      values.append(best?.1)
    }
    return (times, values)
  }

  private func ranges(_ tiers: [String]) -> [ReportData.Chart.TierRange] {
    var result: [ReportData.Chart.TierRange] = []
    for (i, tier) in tiers.enumerated() {
      if result.last?.tier == tier {
        result[result.count - 1].to = i + 1
      } else {
        result.append(ReportData.Chart.TierRange(from: i + 1, to: i + 1, tier: tier))
      }
    }
    return result
  }
}
