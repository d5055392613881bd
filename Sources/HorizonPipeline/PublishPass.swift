import Foundation
import HorizonContest
import HorizonCore
import HorizonModels
import HorizonRisk
import HorizonStore

/// What pass (d) needs to know besides the master.
struct PublishPlan: Sendable {
  /// In the order of the series.
  var decisions: [Decision]
  var calibration: any CalibrationQuantiles
  var contestants: [Contestant]
  var horizon: Int
  var seed: UInt64
  var risk: RiskSettings
}

/// What pass (d) leaves besides the files.
struct Published {
  var standIns = 0
  var forecastRows = 0
  /// In the order of the series, not ranked.
  var risks: [RiskRow] = []
}

/// What is published of one series.
struct PublishedSeries: Sendable {
  var name: SeriesName
  /// Of the model that forecasts it.
  var model: String
  var isStandIn: Bool
  /// Step index from which leads count.
  var cutoff: Int
  /// By lead.
  var mean: [Float]
  /// `[lead][level]`.
  var quantiles: [Float]
  var tiers: [TrustTier]
  var risks: [RiskRow]
}

/// Pass (d): refits every champion on all readings, calibrates, forecasts and assesses risk, tile by tile.
func publish(
  _ fleet: Fleet, plan: PublishPlan, into tables: inout PublishedTables, execution: Execution
) async throws {
  let reader = try fleet.tiles(seed: plan.seed)
  let bank = RankPathBank(seed: plan.seed, horizon: plan.horizon, step: fleet.step)
  let wantsRaw = tables.wantsRaw
  var at = 0
  try await mapInOrder(threads: execution.threads, window: execution.window) { () -> DecidedTile? in
    guard let tile = try reader.next() else { return nil }
    defer { at += tile.contest.names.count }
    return DecidedTile(tile: tile, decisions: plan.decisions[at..<(at + tile.contest.names.count)])
  } transform: { decided in
    try PublishedTile(decided, plan: plan, bank: bank, wantsRaw: wantsRaw)
  } consume: { tile in
    try tables.append(tile)
    execution.progress.report("publish", Double(tables.series) / Double(max(1, plan.decisions.count)))
  }
}

struct DecidedTile: Sendable {
  let tile: FleetTile
  let decisions: ArraySlice<Decision>
}

/// The tables of a run that published tiles go to, in the order of the master.
struct PublishedTables {
  private(set) var published = Published()
  private(set) var series = 0
  private let forecasts: TableWriter
  /// Where the models' own quantiles go when they are asked for.
  private let raw: TableWriter?

  init(in folder: URL, raw wantsRaw: Bool) throws(StoreError) {
    forecasts = try TableWriter(
      parquet: folder.appending(path: "forecasts.parquet").path, schema: Tables.forecasts)
    raw =
      wantsRaw
      ? try TableWriter(parquet: folder.appending(path: "forecasts-raw.parquet").path, schema: Tables.rawForecasts)
      : nil
  }

  var wantsRaw: Bool { raw != nil }

  mutating func append(_ tile: PublishedTile) throws(StoreError) {
    try forecasts.append(tile.rows.columns)
    if let rows = tile.raw { try raw?.append(rows.rawColumns) }
    published.standIns += tile.standIns
    published.forecastRows += tile.rows.count
    published.risks += tile.risks
    series += tile.rows.series
  }

  func close() throws(StoreError) {
    try forecasts.close()
    try raw?.close()
  }
}

/// Rows of a tile's series, made on the thread that published them.
struct PublishedTile: Sendable {
  private(set) var rows = ForecastRows()
  private(set) var raw: ForecastRows?
  private(set) var risks: [RiskRow] = []
  private(set) var standIns = 0

  init(_ series: [PublishedSeries], step: Step) {
    for one in series {
      rows.append(one, quantiles: one.quantiles, step: step)
      if one.isStandIn { standIns += 1 }
      risks += one.risks
    }
  }

  fileprivate init(_ decided: DecidedTile, plan: PublishPlan, bank: RankPathBank, wantsRaw: Bool) throws {
    let (series, published) = try published(decided, plan: plan, bank: bank)
    let step = decided.tile.contest.panel.step
    self.init(series, step: step)
    guard wantsRaw else { return }
    var raw = ForecastRows()
    for (s, one) in series.enumerated() { raw.append(one, quantiles: published.raw.quantiles(of: s), step: step) }
    self.raw = raw
  }
}

/// The series of a tile as they are published.
///
/// - Returns: With what they came from.
func published(
  _ decided: DecidedTile, plan: PublishPlan, bank: RankPathBank
) throws(RiskError) -> ([PublishedSeries], Publication) {
  let tile = decided.tile.contest
  let publication = publication(
    of: tile, decisions: decided.decisions, contestants: plan.contestants, table: plan.calibration,
    horizon: plan.horizon)
  var series: [PublishedSeries] = []
  for (s, decision) in decided.decisions.enumerated() {
    let tiers = (1...plan.horizon).map {
      publication.isStandIn[s] ? .low : decision.tier(lead: $0, step: tile.panel.step)
    }
    series.append(
      PublishedSeries(
        name: tile.names[s], model: publication.models[s], isStandIn: publication.isStandIn[s],
        cutoff: tile.cutoff(s),
        mean: Array(publication.forecasts.mean[(s * plan.horizon)..<((s + 1) * plan.horizon)]),
        quantiles: publication.forecasts.quantiles(of: s), tiers: tiers,
        risks: try publication.risks(
          of: s, in: tile, decision: decision, tiers: tiers, resource: decided.tile.resource.name, settings: plan.risk,
          bank: bank)))
  }
  return (series, publication)
}

extension ForecastBlock {
  /// Of one series, `[lead][level]`.
  fileprivate func quantiles(of s: Int) -> [Float] {
    let width = horizon * Levels.count
    return Array(quantiles[(s * width)..<((s + 1) * width)])
  }
}

extension Publication {
  /// What is at stake for one series of the tile that was published; nothing where it has ended or has no ceiling.
  ///
  /// - Parameter tiers: Of each lead.
  func risks(
    of s: Int, in tile: ContestTile, decision: Decision, tiers: [TrustTier], resource: String, settings: RiskSettings,
    bank: RankPathBank
  ) throws(RiskError) -> [RiskRow] {
    guard tile.isLive(s), tile.ceilings[s] > 0 else { return [] }
    let width = forecasts.horizon * Levels.count
    return try assessRisk(
      RiskInput(
        series: tile.names[s], quantiles: forecasts.quantiles[(s * width)..<((s + 1) * width)],
        history: tile.panel.history(s).values.suffix(400), capacity: tile.ceilings[s], floor: bounds[s].floor,
        bounded: bounds[s].ceiling != nil, persistence: decision.persistence,
        tail: isStandIn[s] ? .exponential : decision.tail, tiers: tiers, step: tile.panel.step,
        asOf: tile.panel.cutoff, rule: settings.rule(for: resource)),
      settings: settings, bank: bank)
  }
}
