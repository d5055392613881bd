package import HorizonCore
package import HorizonModels

/// What a contest needs to know besides the readings.
package struct ContestSettings: Sendable {
  package var contestants: [Contestant]
  /// Leads asked for.
  package var horizon: Int
  package var folds: Int
  package var leads: DigestLeads

  package init(contestants: [Contestant], horizon: Int, folds: Int) {
    self.contestants = contestants
    self.horizon = horizon
    self.folds = folds
    leads = DigestLeads(horizon: horizon)
  }
}

/// Series that are forecast together, with what is known of each.
package struct ContestTile: Sendable {
  package let names: [SeriesName]
  /// Readings up to the as-of.
  package let panel: Panel
  /// Step index of each series' newest reading.
  package let lastReading: [Int]
  /// Steps without a reading after which a series has ended.
  package let staleAfter: Int
  /// The lowest threshold of each series; nil without a ceiling.
  package let limits: [BreachLimit?]

  package init(
    names: [SeriesName], panel: Panel, lastReading: [Int], staleAfter: Int, limits: [BreachLimit?]? = nil
  ) {
    self.limits = limits ?? names.map { _ in nil }
    self.names = names
    self.panel = panel
    self.lastReading = lastReading
    self.staleAfter = staleAfter
  }

  /// What 100 % is in the unit of the readings; NaN when there is none.
  package var ceilings: [Double] { panel.ceilings }

  package func isLive(_ s: Int) -> Bool { panel.cutoff - lastReading[s] <= staleAfter }

  /// The step from which a series' leads count: the as-of while it is live, else its own newest reading.
  package func cutoff(_ s: Int) -> Int { isLive(s) ? panel.cutoff : lastReading[s] }
}

/// One fold forecast, kept only when asked for.
package struct KeptForecast: Sendable {
  package let series: Int
  package let model: Int
  package let cutoff: Int
  package let block: ForecastBlock
  package let row: Int
  package let leads: Int
}

/// Pass (b): every contestant on every fold of every series of a tile.
///
/// A series' digest depends on its own readings alone, whatever else the tile holds.
/// - Parameter keep: Called with each fold forecast and its bounds, in a fixed order.
package func contest(
  _ tile: ContestTile, settings: ContestSettings, keep: ((KeptForecast) -> Void)? = nil
) -> [SeriesDigest] {
  var digests = tile.names.indices.map { SeriesDigest(tile: tile, series: $0, settings: settings) }
  struct Group: Hashable {
    let cutoff: Int
    let plan: FoldPlan
  }
  var groups: [Group: [Int]] = [:]
  var order: [Group] = []
  for s in tile.names.indices where !digests[s].foldCutoffs.isEmpty {
    let group = Group(
      cutoff: digests[s].cutoff, plan: FoldPlan(cutoffs: digests[s].foldCutoffs, horizon: digests[s].foldHorizon))
    if groups[group] == nil { order.append(group) }
    groups[group, default: []].append(s)
  }
  let changes = tile.panel.rebased().changes
  for group in order {
    let members = groups[group]!
    var run = FoldRun(
      panel: tile.panel.selecting(members, cutoff: group.cutoff), plan: group.plan,
      changes: members.map { changes[$0].map(\.index) }, limits: members.map { tile.limits[$0] },
      settings: settings)
    for fold in group.plan.cutoffs.indices {
      let leads = run.leads(of: fold)
      run.play(fold: fold) { row, model, score, kept in
        digests[members[row]].scores[model * group.plan.cutoffs.count + fold] = score
        if let keep, let kept {
          keep(
            KeptForecast(
              series: members[row], model: model, cutoff: group.plan.cutoffs[fold], block: kept, row: row,
              leads: leads))
        }
      }
    }
    for (row, s) in members.enumerated() { digests[s].recipes = run.recipes(series: row, at: group.cutoff) }
  }
  return digests
}

extension SeriesDigest {
  /// A digest without scores.
  init(tile: ContestTile, series s: Int, settings: ContestSettings) {
    let cutoff = tile.cutoff(s)
    let history = tile.panel.cut(at: cutoff).history(s)
    let plan = FoldPlan(
      first: history.firstIndex, last: cutoff, horizon: settings.horizon, folds: settings.folds,
      season: tile.panel.step.nominalSeason)
    let readings = history.readings
    let span = tile.lastReading[s] - history.firstIndex + 1
    var newest: [Float] = []
    for v in history.values.reversed() where !v.isNaN {
      newest.append(v)
      if newest.count == 7 { break }
    }
    newest.sort()
    self.init(
      name: tile.names[s], firstIndex: history.firstIndex, cutoff: cutoff, isLive: tile.isLive(s),
      readings: readings, gapShare: span > 0 ? Float(span - readings) / Float(span) : 0,
      level: Float(Metrics.level(of: history)), scale: Float(Metrics.scale(of: history) ?? 0),
      current: newest.isEmpty ? .nan : newest[newest.count / 2], ceiling: Float(tile.ceilings[s]),
      foldCutoffs: plan?.cutoffs ?? [], foldHorizon: plan?.horizon ?? 0,
      scores: Array(repeating: FoldScore(), count: settings.contestants.count * (plan?.cutoffs.count ?? 0)))
  }
}
