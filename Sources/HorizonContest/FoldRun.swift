package import HorizonCore
import HorizonModels

/// Plays the folds of series with one fold plan, oldest first, remembering what each fold's forecasts would have been worth to a
/// later one.
struct FoldRun {
  let panel: Panel
  let plan: FoldPlan
  /// Steps at which each series came to a new level, as known today, ascending.
  let changes: [[Int]]
  let settings: ContestSettings
  private(set) var past: PastFolds
  /// Medians of the fold before by `[model]`, one block row a series; empty before the first one.
  private var earlier: [ForecastBlock] = []
  /// The lowest threshold of each series; nil without a ceiling.
  let limits: [BreachLimit?]
  /// Whether dear models play a series.
  let isBusy: [Bool]

  /// Folds that were restored and need not be played.
  let restored: Int

  /// - Parameter finished: What an earlier contest has left of each series, all of as many folds; empty for none.
  init(
    panel: Panel, plan: FoldPlan, changes: [[Int]], limits: [BreachLimit?], settings: ContestSettings,
    finished: [FinishedFolds] = []
  ) {
    restored = finished.first?.count ?? 0
    self.panel = panel
    self.plan = plan
    self.changes = changes
    self.limits = limits
    isBusy = (0..<panel.count).map { FoldRun.isBusy(panel, $0, plan: plan) }
    self.settings = settings
    past = PastFolds(
      count: panel.count, cards: settings.contestants.map(\.card), leads: settings.leads,
      horizon: plan.horizon)
    guard restored > 0 else { return }
    past.restore(finished.map(\.past))
    earlier = settings.contestants.indices.map { model in
      var block = ForecastBlock(count: panel.count, horizon: plan.horizon)
      for (s, own) in finished.enumerated() {
        guard let medians = own.medians[model] else {
          // Which of the reasons it was does not matter to the fold that follows.
          block.refusals[s] = .nothingToGain
          continue
        }
        for lead in 0..<plan.horizon {
          block.quantiles[(s * plan.horizon + lead) * Levels.count + Levels.median] = medians[lead]
        }
      }
      return block
    }
  }

  /// What the fold that was played last leaves of a series by `[model][lead]`; nil where a model refused.
  func medians(series s: Int) -> [[Float]?] {
    earlier.map { block in
      guard block.refusals[s] == nil else { return nil }
      return (0..<block.horizon).map { block.quantiles[(s * block.horizon + $0) * Levels.count + Levels.median] }
    }
  }

  /// Whether dear models play a series.
  static func isBusy(_ panel: Panel, _ s: Int, plan: FoldPlan) -> Bool {
    !panel.isFlat(s, from: plan.cutoffs[0] - plan.horizon)
  }

  /// Leads of a fold that have come true: no further ones are forecast.
  func leads(of fold: Int) -> Int { min(plan.horizon, panel.cutoff - plan.cutoffs[fold]) }

  /// - Parameters:
  ///   - forecasts: Made from the cutoff of the fold.
  ///   - rows: Place of each series among theirs; nil where they are the same.
  mutating func play(
    fold: Int, forecasts: FoldForecasts, rows: [Int]?, score: (Int, Int, FoldScore, ForecastBlock?) -> Void
  ) {
    let cutoff = plan.cutoffs[fold]
    let known = panel.cut(at: cutoff)
    let horizon = leads(of: fold)
    let histories = (0..<panel.count).map { known.history($0) }
    let bounds = histories.indices.map { Bounds(history: histories[$0], ceiling: panel.ceilings[$0]) }
    let scales = histories.map { Float(Metrics.scale(of: $0) ?? 0) }
    let windows = histories.indices.map { s in
      limits[s].map { BreachWindow($0, history: histories[s].values.suffix(400)) }
    }
    var blocks: [ForecastBlock] = []
    var curves: [[Float]] = []
    for contestant in settings.contestants {
      var block =
        switch contestant {
        case .model(let model): forecasts.block(model, horizon: horizon, rows: rows, isBusy: isBusy)
        case .combination(let combination): combine(combination, blocks: blocks, cutoff: cutoff, horizon: horizon)
        case .learner: preconditionFailure("\(contestant.card.name) is trained before a contest")
        }
      var curve = [Float](repeating: .nan, count: panel.count * horizon)
      let model = blocks.count
      for s in 0..<panel.count {
        if let refusal = block.refusals[s] {
          score(s, model, FoldScore(outcome: .refused(refusal)), nil)
          continue
        }
        block.clampQuantiles(series: s, to: bounds[s])
        var result = scored(
          series: s, block: block, tail: contestant.card.tail, cutoff: cutoff, scale: scales[s], window: windows[s],
          curve: &curve)
        if fold > 0 { result.compare(block, with: earlier[model], series: s, apart: cutoff - plan.cutoffs[fold - 1]) }
        score(s, model, result, block)
      }
      blocks.append(block)
      curves.append(curve)
    }
    past.append(
      cutoff: cutoff, blocks: blocks, curves: curves, units: scales.map { $0 > 0 ? $0 : 1 }, panel: panel)
    earlier = blocks
  }

  /// A combination of the models that have already been played on this fold, each series by its own recipe.
  private func combine(
    _ combination: any ForecastCombination, blocks: [ForecastBlock], cutoff: Int, horizon: Int
  ) -> ForecastBlock {
    var result = ForecastBlock(count: panel.count, horizon: horizon)
    for s in 0..<panel.count {
      let models = blocks.indices.filter {
        settings.contestants[$0].card.cost != .combined && blocks[$0].refusals[s] == nil
      }
      guard !models.isEmpty else {
        result.refusals[s] = blocks.first?.refusals[s] ?? .singular
        continue
      }
      let recipe = past.recipe(combination, series: s, at: cutoff, of: models)
      result.combine(series: s, recipe.blend, of: recipe.members.map { blocks[$0] })
    }
    return result
  }

  /// What each combination among the contestants would be made of in a forecast from `step`; nil for all others.
  func recipes(series s: Int, at step: Int) -> [Recipe?] {
    let models = past.players(series: s, at: step)
    return settings.contestants.map { contestant in
      guard case .combination(let combination) = contestant, !models.isEmpty else { return nil }
      return past.recipe(combination, series: s, at: step, of: models)
    }
  }

  private func scored(
    series s: Int, block: ForecastBlock, tail: TailShape, cutoff: Int, scale: Float, window: BreachWindow?,
    curve: inout [Float]
  ) -> FoldScore {
    var score = FoldScore(outcome: .empty, scale: scale)
    let unit = score.lossUnit
    score.standardErrors = [Float](repeating: .nan, count: settings.leads.leads.count)
    let horizon = block.horizon
    let days = panel.step.days
    var absolute = 0.0
    var squared = 0.0
    var signed = 0.0
    var level = 0.0
    var products = 0.0
    var medianSquares = 0.0
    var previous = Float.nan
    var nextLead = 0
    let steady = (changes[s].first { $0 > cutoff } ?? .max) - cutoff - 1
    score.steadyErrors = settings.leads.leads.count { $0 <= steady }
    var said = window
    var came = window
    let isOpen = window.map { !$0.isBreached } ?? false
    block.quantiles.withUnsafeBufferPointer { quantiles in
      let limits = tail.outerLimits(block.quantiles(of: s, in: quantiles))
      for lead in 1...horizon {
        let at = s * horizon + lead - 1
        let keepsError = nextLead < settings.leads.leads.count && settings.leads.leads[nextLead] == lead
        defer { if keepsError { nextLead += 1 } }
        let actual = panel.actual(s, at: cutoff + lead)
        guard !actual.isNaN else {
          previous = .nan
          continue
        }
        let q = quantiles.baseAddress! + at * Levels.count
        var pinball: Float = 0
        for k in 0..<Levels.count { pinball += Metrics.pinball(actual: actual, forecast: q[k], level: Levels.all[k]) }
        let spread = forecastSpread(q, scale: unit)
        let place = LeadBucket(days: Double(lead) * days)
        let bucket = place.rawValue
        if let limit = window?.limit.value {
          let chance = exceedance(q, of: limit) - (actual >= limit ? 1 : 0)
          score.sumBrier += chance * chance
        }
        if isOpen {
          said!.add(q[Levels.median])
          came!.add(actual)
          if said!.isBreached { score.breach.call(in: place) }
          if came!.isBreached { score.breach.happen(in: place) }
        }
        score.buckets[bucket].count += 1
        score.buckets[bucket].sumPinball += pinball
        score.buckets[bucket].sumSpread += spread
        if lead <= steady {
          score.steadyCount += 1
          score.steadyPinball += pinball
        }
        if actual >= q[Levels.lower80] && actual <= q[Levels.upper80] { score.buckets[bucket].inside80 += 1 }
        curve[at] = pinball / unit
        let error = Double(actual - block.mean[at])
        absolute += abs(error)
        squared += error * error
        signed += error
        level += Double(abs(actual))
        let fromMedian = actual - q[Levels.median]
        medianSquares += Double(fromMedian * fromMedian)
        if !previous.isNaN { products += Double(fromMedian * previous) }
        previous = fromMedian
        if keepsError {
          score.standardErrors[nextLead] = StandardScore(q, scale: unit, tail: tail, limits: limits).score(of: actual)
        }
      }
    }
    guard score.count > 0 else { return score }
    score.outcome = .scored
    if isOpen {
      for bucket in LeadBucket.allCases where bucket.isOver(after: horizon, of: plan.horizon, days: days) {
        score.breach.know(bucket)
      }
    }
    score.sumAbsoluteError = Float(absolute)
    score.sumSquaredError = Float(squared)
    score.sumError = Float(signed)
    score.sumAbsoluteActual = Float(level)
    score.sumErrorProducts = Float(products)
    score.sumMedianErrorSquares = Float(medianSquares)
    return score
  }
}

extension Panel {
  /// Whether a series has moved by no more than a thousandth of its level since a step: a cheap model is off by less than selection
  /// tells apart there, so a dear one has nothing to gain.
  fileprivate func isFlat(_ s: Int, from first: Int) -> Bool {
    var least = Float.infinity
    var most = -Float.infinity
    for t in stride(from: max(first, firstIndex), through: cutoff, by: 1) {
      let value = actual(s, at: t)
      if value.isNaN { continue }
      least = min(least, value)
      most = max(most, value)
    }
    return most - least <= 0.001 * max(abs(most), abs(least))
  }
}

extension FoldScore {
  /// How far the medians of the same dates have moved since the fold before.
  fileprivate mutating func compare(_ block: ForecastBlock, with before: ForecastBlock, series s: Int, apart: Int) {
    guard outcome == .scored, before.refusals[s] == nil else { return }
    for lead in stride(from: 1, through: min(block.horizon, before.horizon - apart), by: 1) {
      let now = block.quantiles[(s * block.horizon + lead - 1) * Levels.count + Levels.median]
      let then = before.quantiles[(s * before.horizon + lead + apart - 1) * Levels.count + Levels.median]
      sumChange += abs(now - then)
      changeCount += 1
    }
  }
}

extension LeadBucket {
  /// Whether the bucket has come true as far as it is forecast.
  ///
  /// - Parameters:
  ///   - leads: That have come true.
  ///   - horizon: Leads that are forecast.
  ///   - days: In a step.
  fileprivate func isOver(after leads: Int, of horizon: Int, days: Double) -> Bool {
    Double(horizon) * days >= Double(firstDay) && leads >= min(horizon, Int(Double(lastDay) / days))
  }
}

extension ForecastBlock {
  /// Pulls the quantiles of one series into its bounds; the mean stays the model's own.
  package mutating func clampQuantiles(series: Int, to bounds: Bounds) {
    guard bounds.floor != nil || bounds.ceiling != nil else { return }
    let width = horizon * Levels.count
    for i in (series * width)..<((series + 1) * width) { quantiles[i] = bounds.clamp(quantiles[i]) }
  }
}
