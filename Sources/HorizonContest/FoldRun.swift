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

  init(panel: Panel, plan: FoldPlan, changes: [[Int]], settings: ContestSettings) {
    self.panel = panel
    self.plan = plan
    self.changes = changes
    self.settings = settings
    past = PastFolds(
      count: panel.count, cards: settings.contestants.map(\.card), leads: settings.leads,
      horizon: plan.horizon)
  }

  /// Leads of a fold that have come true: no further ones are forecast.
  func leads(of fold: Int) -> Int { min(plan.horizon, panel.cutoff - plan.cutoffs[fold]) }

  mutating func play(fold: Int, score: (Int, Int, FoldScore, ForecastBlock?) -> Void) {
    let cutoff = plan.cutoffs[fold]
    let known = panel.cut(at: cutoff)
    let horizon = leads(of: fold)
    // What users have today sees raw readings; our models see them on the levels known at the cutoff.
    let rebased = known.rebased().panel
    let histories = (0..<panel.count).map { known.history($0) }
    let bounds = histories.indices.map { Bounds(history: histories[$0], ceiling: panel.ceilings[$0]) }
    let scales = histories.map { Float(Metrics.scale(of: $0) ?? 0) }
    var blocks: [ForecastBlock] = []
    var curves: [[Float]] = []
    for contestant in settings.contestants {
      var block =
        switch contestant {
        case .model(let model):
          model.checkedForecast(of: contestant.card.seesRawReadings ? known : rebased, horizon: horizon)
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
        let result = scored(
          series: s, block: block, tail: contestant.card.tail, cutoff: cutoff, scale: scales[s], curve: &curve)
        score(s, model, result, block)
      }
      blocks.append(block)
      curves.append(curve)
    }
    past.append(
      cutoff: cutoff, blocks: blocks, curves: curves, units: scales.map { $0 > 0 ? $0 : 1 }, panel: panel)
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
    series s: Int, block: ForecastBlock, tail: TailShape, cutoff: Int, scale: Float, curve: inout [Float]
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
        let bucket = LeadBucket(days: Double(lead) * days).rawValue
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
        if keepsError && lead <= steady {
          score.standardErrors[nextLead] = StandardScore(q, scale: unit, tail: tail, limits: limits).score(of: actual)
        }
      }
    }
    guard score.count > 0 else { return score }
    score.outcome = .scored
    score.sumAbsoluteError = Float(absolute)
    score.sumSquaredError = Float(squared)
    score.sumError = Float(signed)
    score.sumAbsoluteActual = Float(level)
    score.sumErrorProducts = Float(products)
    score.sumMedianErrorSquares = Float(medianSquares)
    return score
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
