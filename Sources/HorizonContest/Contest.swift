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
  var board = ContestBoard(tile, settings: settings)
  for run in board.runs.indices { board.play(run, keep: keep) }
  return board.finished
}

/// The same, going on from what an earlier contest has left of folds whose readings had all come.
///
/// - Parameter finished: By series; nil for none. What does not fit is not used.
/// - Returns: Digests as without, and by series what this contest leaves.
package func contest(
  _ tile: ContestTile, settings: ContestSettings, from finished: [FinishedFolds?]
) -> (digests: [SeriesDigest], finished: [FinishedFolds?]) {
  var board = ContestBoard(tile, settings: settings, finished: finished)
  var left = [FinishedFolds?](repeating: nil, count: tile.names.count)
  for run in board.runs.indices {
    for (s, folds) in board.play(run) { left[s] = folds }
  }
  return (board.finished, left)
}

/// The contests of one as-of under way: digests that fill up fold by fold.
struct ContestBoard {
  private(set) var digests: [SeriesDigest]
  /// Of series with one cutoff and fold plan.
  private(set) var runs: [FoldRun] = []
  /// By run, the series of the tile.
  private(set) var members: [[Int]] = []

  private struct Group: Hashable {
    let cutoff: Int
    let plan: FoldPlan
    let restored: Int
  }

  /// - Parameter finished: What an earlier contest has left of each series.
  init(_ tile: ContestTile, settings: ContestSettings, finished: [FinishedFolds?] = []) {
    digests = tile.names.indices.map { SeriesDigest(tile: tile, series: $0, settings: settings) }
    let changes = tile.panel.rebased().changes.map { $0.map(\.index) }
    var groups: [Group: Int] = [:]
    var order: [Group] = []
    var restored: [[FinishedFolds]] = []
    for s in digests.indices where !digests[s].foldCutoffs.isEmpty {
      let plan = FoldPlan(cutoffs: digests[s].foldCutoffs, horizon: digests[s].foldHorizon)
      let own =
        finished.isEmpty
        ? nil
        : finished[s].flatMap { folds in
          folds.fits(tile, series: s, cutoff: digests[s].cutoff, plan: plan, changes: changes[s], settings)
            ? folds : nil
        }
      let group = Group(cutoff: digests[s].cutoff, plan: plan, restored: own?.count ?? 0)
      if let place = groups[group] {
        members[place].append(s)
        restored[place] += own.map { [$0] } ?? []
      } else {
        groups[group] = order.count
        order.append(group)
        members.append([s])
        restored.append(own.map { [$0] } ?? [])
      }
      guard let own else { continue }
      let folds = plan.cutoffs.count
      for model in settings.contestants.indices {
        for fold in 0..<own.count {
          digests[s].scores[model * folds + fold] = own.scores[model * own.count + fold]
        }
      }
    }
    for (place, (group, members)) in zip(order, members).enumerated() {
      runs.append(
        FoldRun(
          panel: tile.panel.selecting(members, cutoff: group.cutoff), plan: group.plan,
          changes: members.map { changes[$0] }, limits: members.map { tile.limits[$0] },
          settings: settings, finished: restored[place]))
    }
  }

  /// Plays the folds of a run that are to be played.
  ///
  /// - Returns: What those leave that have come true as a whole, by series of the tile.
  @discardableResult
  mutating func play(_ run: Int, keep: ((KeptForecast) -> Void)? = nil) -> [(series: Int, folds: FinishedFolds)] {
    let plan = runs[run].plan
    let done = FinishedFolds.count(plan, at: runs[run].panel.cutoff)
    var left = done > 0 && done == runs[run].restored ? finishedFolds(run, count: done) : []
    for fold in runs[run].restored..<plan.cutoffs.count {
      let known = runs[run].panel.cut(at: plan.cutoffs[fold])
      play(run, fold: fold, FoldForecasts(known, isBusy: runs[run].isBusy), keep: keep)
      if fold + 1 == done { left = finishedFolds(run, count: done) }
    }
    return left
  }

  /// - Parameter count: Of the folds that have been played so far.
  private func finishedFolds(_ run: Int, count: Int) -> [(series: Int, folds: FinishedFolds)] {
    let own = runs[run]
    let folds = own.plan.cutoffs.count
    return members[run].enumerated().map { row, s in
      let key = FinishedFolds.key(
        own.panel, row: row, plan: own.plan, count: count, changes: own.changes[row], limit: own.limits[row],
        isBusy: own.isBusy[row], contestants: own.settings.contestants)
      let scores = own.settings.contestants.indices.flatMap { model in
        digests[s].scores[(model * folds)..<(model * folds + count)]
      }
      return (
        s,
        FinishedFolds(
          key: key, count: count, scores: scores, past: own.past.ofSeries(row), medians: own.medians(series: row))
      )
    }
  }

  /// Plays a fold; those of a run in their order.
  ///
  /// - Parameter rows: Place of each series of the run in the forecasts; nil where they are the same.
  mutating func play(
    _ run: Int, fold: Int, _ forecasts: FoldForecasts, rows: [Int]? = nil, keep: ((KeptForecast) -> Void)? = nil
  ) {
    let plan = runs[run].plan
    let leads = runs[run].leads(of: fold)
    let members = members[run]
    var played: [(series: Int, model: Int, score: FoldScore)] = []
    runs[run].play(fold: fold, forecasts: forecasts, rows: rows) { row, model, score, kept in
      played.append((members[row], model, score))
      if let keep, let kept {
        keep(
          KeptForecast(
            series: members[row], model: model, cutoff: plan.cutoffs[fold], block: kept, row: row, leads: leads))
      }
    }
    for (series, model, score) in played { digests[series].scores[model * plan.cutoffs.count + fold] = score }
  }

  /// The digests when all folds have been played.
  var finished: [SeriesDigest] {
    var digests = digests
    for (run, members) in zip(runs, members) {
      for (row, s) in members.enumerated() { digests[s].recipes = run.recipes(series: row, at: digests[s].cutoff) }
    }
    return digests
  }
}

extension FinishedFolds {
  /// Whether they are what this contest would come to.
  fileprivate func fits(
    _ tile: ContestTile, series s: Int, cutoff: Int, plan: FoldPlan, changes: [Int], _ settings: ContestSettings
  ) -> Bool {
    guard count > 0, count <= FinishedFolds.count(plan, at: cutoff), past.count == count,
      medians.count == settings.contestants.count, scores.count == medians.count * count
    else { return false }
    let panel = tile.panel.selecting([s], cutoff: cutoff)
    let own = FinishedFolds.key(
      panel, row: 0, plan: plan, count: count, changes: changes, limit: tile.limits[s],
      isBusy: FoldRun.isBusy(panel, 0, plan: plan), contestants: settings.contestants)
    return own == key
  }
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
