import HorizonContest
import HorizonCore
import HorizonModels

/// The published forecasts of one tile: champions refitted on all readings, calibrated and bounded.
struct Publication: Sendable {
  /// One row a series of the tile.
  var forecasts: ForecastBlock
  /// The model's own quantiles, bounded.
  var raw: ForecastBlock
  var bounds: [Bounds]
  /// Name of the model that forecasts each series: the champion, or the baseline standing in for it.
  var models: [String]
  var isStandIn: [Bool]
}

/// The readings of a panel as models are fitted to them for publishing.
struct PublishedReadings: Sendable {
  private let raw: Panel
  private let rebased: Panel
  /// Level changes found, by series, oldest first.
  let changes: [[LevelChange]]

  /// - Parameter panel: Readings up to the as-of.
  init(_ panel: Panel) {
    raw = panel
    (rebased, changes) = panel.rebased()
  }

  /// Raw readings as in the contest, unless the model is to forecast on a level that it would take for a slope.
  func areRaw(for card: ModelCard, series: Int) -> Bool { card.seesRawReadings && changes[series].isEmpty }

  func panel(raw isRaw: Bool) -> Panel { isRaw ? raw : rebased }
}

/// Series of a tile that a model is fitted to together.
private struct Part: Hashable {
  let cutoff: Int
  let isRaw: Bool
}

/// Refits and forecasts every series of a tile as decided.
func publication(
  of tile: ContestTile, decisions: ArraySlice<Decision>, contestants: [Contestant], table: some CalibrationQuantiles,
  horizon: Int
) -> Publication {
  let decisions = Array(decisions)
  let count = tile.names.count
  var result = Publication(
    forecasts: ForecastBlock(count: count, horizon: horizon), raw: ForecastBlock(count: 0, horizon: horizon),
    bounds: [],
    models: [], isStandIn: [Bool](repeating: false, count: count))
  var own: [Int: [Int: ForecastBlock]] = [:]  // [series][model], a block of one row
  let readings = PublishedReadings(tile.panel)
  func run(_ model: Int, on series: [Int]) {
    guard case .model(let method) = contestants[model] else { return }
    let card = contestants[model].card
    let parts = Dictionary(grouping: series) { s in
      Part(cutoff: tile.cutoff(s), isRaw: readings.areRaw(for: card, series: s))
    }
    for (part, rows) in parts {
      let panel = readings.panel(raw: part.isRaw).selecting(rows, cutoff: part.cutoff)
      let block = method.checkedForecast(of: panel, horizon: horizon)
      for (row, s) in rows.enumerated() { own[s, default: [:]][model] = block.row(row) }
    }
  }
  let baseline = contestants.firstIndex { $0.card.name == Catalog.baseline }!
  var wanted = [Int: [Int]]()
  for (s, decision) in decisions.enumerated() {
    for model in decision.published.members {
      wanted[model, default: []].append(s)
    }
  }
  for (model, series) in wanted { run(model, on: series) }
  for (s, decision) in decisions.enumerated() {
    let recipe = decision.published
    let fitted = recipe.members.indices.filter { own[s]?[recipe.members[$0]].map { $0.refusals[0] == nil } ?? false }
    if fitted.isEmpty {
      run(baseline, on: [s])
      result.isStandIn[s] = decision.isContested
      result.models.append(contestants[baseline].card.name)
      result.forecasts.combine(series: s, .equal(1), of: [own[s]![baseline]!], row: 0)
    } else {
      result.models.append(contestants[decision.champion].card.name)
      result.forecasts.combine(
        series: s, recipe.blend.keeping(fitted), of: fitted.map { own[s]![recipe.members[$0]]! }, row: 0)
    }
    result.bounds.append(
      Bounds(history: tile.panel.cut(at: tile.cutoff(s)).history(s), ceiling: tile.ceilings[s]))
    result.forecasts.clampQuantiles(series: s, to: result.bounds[s])
  }
  result.raw = result.forecasts
  for (s, decision) in decisions.enumerated() {
    let scale = Metrics.scale(of: tile.panel.cut(at: tile.cutoff(s)).history(s)) ?? 0
    result.forecasts.calibrate(
      series: s, decision: decision, table: table, scale: Float(scale), bounds: result.bounds[s])
  }
  return result
}
