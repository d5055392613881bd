import HorizonContest
import HorizonCore
import HorizonModels
import HorizonRisk
import HorizonStore

/// What pass (d) needs to know besides the master.
struct PublishPlan: Sendable {
  var decisions: Decisions
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

/// Pass (d): refits every champion on all readings, calibrates, forecasts and assesses risk, tile by tile.
///
/// - Parameter raw: Where the model's own quantiles go when they are asked for.
func publish(
  _ fleet: Fleet, plan: PublishPlan, forecasts: TableWriter, raw: TableWriter?, execution: Execution
) async throws -> Published {
  let reader = try fleet.tiles(seed: plan.seed)
  let bank = RankPathBank(seed: plan.seed, horizon: plan.horizon, step: fleet.step)
  let wantsRaw = raw != nil
  var at = 0
  var done = 0
  var result = Published()
  try await mapInOrder(threads: execution.threads, window: execution.window) { () -> DecidedTile? in
    guard let tile = try reader.next() else { return nil }
    defer { at += tile.contest.names.count }
    return DecidedTile(tile: tile, decisions: plan.decisions.series[at..<(at + tile.contest.names.count)])
  } transform: { decided in
    try PublishedTile(decided, plan: plan, bank: bank, wantsRaw: wantsRaw)
  } consume: { tile in
    try forecasts.append(tile.rows.columns)
    if let rows = tile.raw { try raw?.append(rows.rawColumns) }
    result.standIns += tile.standIns
    result.forecastRows += tile.rows.series * plan.horizon
    result.risks += tile.risks
    done += tile.rows.series
    execution.progress.report("publish", Double(done) / Double(max(1, plan.decisions.series.count)))
  }
  return result
}

private struct DecidedTile: Sendable {
  let tile: FleetTile
  let decisions: ArraySlice<Decision>
}

private struct PublishedTile: Sendable {
  var rows = ForecastRows()
  var raw: ForecastRows?
  var risks: [RiskRow] = []
  var standIns = 0

  init(_ decided: DecidedTile, plan: PublishPlan, bank: RankPathBank, wantsRaw: Bool) throws {
    let tile = decided.tile.contest
    let step = tile.panel.step
    let published = publication(
      of: tile, decisions: decided.decisions, contestants: plan.contestants, table: plan.decisions.calibration,
      horizon: plan.horizon)
    if wantsRaw { raw = ForecastRows() }
    for (s, decision) in decided.decisions.enumerated() {
      let cutoff = tile.cutoff(s)
      let tiers = (1...plan.horizon).map { published.isStandIn[s] ? .low : decision.tier(lead: $0, step: step) }
      rows.append(
        tile.names[s], block: published.forecasts, row: s, cutoff: cutoff, step: step, model: published.models[s],
        tiers: tiers)
      raw?.append(
        tile.names[s], block: published.raw, row: s, cutoff: cutoff, step: step, model: published.models[s],
        tiers: tiers)
      if published.isStandIn[s] { standIns += 1 }
      risks += try published.risks(
        of: s, in: tile, decision: decision, tiers: tiers, resource: decided.tile.resource.name, settings: plan.risk,
        bank: bank)
    }
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
