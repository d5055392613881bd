package import HorizonCore
package import HorizonLedger
package import HorizonModels

/// All digests of a contest, readable several times in the same order.
package protocol DigestSource {
  /// Gives what is made of each digest to `body`, in order.
  ///
  /// - Parameter make: Is told the digest's place; may run ahead, on several threads.
  func stream<Made: Sendable>(
    _ make: @escaping @Sendable (_ at: Int, SeriesDigest) -> Made, to body: (Made) throws -> Void
  ) async throws
}

package struct DecisionSettings: Sendable {
  package var cards: [ModelCard]
  package var leads: DigestLeads
  package var step: Step
  /// Percent of capacity of the lowest threshold.
  package var lowestThreshold: Double
  package var tiers = TierTests()
  /// Champions of the run before by series; empty when nothing is read of it.
  package var incumbents: [SeriesName: String] = [:]
  /// What past forecasts promised and what happened, as known at the as-of; empty where nothing is to be read.
  package var record = TrackRecord()

  package init(cards: [ModelCard], leads: DigestLeads, step: Step, lowestThreshold: Double) {
    self.cards = cards
    self.leads = leads
    self.step = step
    self.lowestThreshold = lowestThreshold
  }

  var baseline: Int { cards.firstIndex { $0.name == Catalog.baseline }! }
}

/// The outcome of pass (c).
package struct Decisions: Sendable {
  /// In the order of the digests.
  package var series: [Decision]
  package var calibration: CalibrationTable
  package var origins: OriginSpread
  package var summary: ContestSummary
}

/// Pass (c): champion, calibration and tiers of every series, a pure function of all digests and of what earlier runs left.
///
/// The digests are streamed five times, so memory grows with a few hundred bytes a series. What is made of a digest is made on any
/// thread; what is left for the one that keeps their order is to count.
package func decide(_ source: some DigestSource, settings: DecisionSettings) async throws -> Decisions {
  let contestants = settings.cards.count
  var sums = CohortPriors(contestants: contestants)
  try await source.stream { _, digest in
    CohortPriors.Share(digest, contestants: contestants)
  } to: { share in
    if let share { sums.add(share) }
  }
  let priors = sums

  var decisions: [Decision] = []
  var chosen: [FoldChoices?] = []
  var summary = ContestSummary(models: contestants)
  var evidence = SpreadFactors.Evidence(models: contestants)
  try await source.stream { _, digest in
    ChosenSeries(digest, priors: priors, settings: settings)
  } to: { series in
    decisions.append(series.decision)
    chosen.append(series.choice)
    guard let champion = series.choice?.selection.champion else { return }
    if let ratios = series.logRatios { summary.add(ratios, champion: champion) }
    for (model, error) in series.chosenErrors { evidence.add(chosen: model, error: error) }
    evidence.add(champion: champion, errors: series.championErrors)
  }

  let choices = chosen
  let factors = evidence.factors
  let origins = min(decisions.map(\.folds).max() ?? 0, FoldErrors.mostOrigins)
  var pools = ErrorPools(leads: settings.leads, models: contestants, origins: origins)
  var at = 0
  try await source.stream { at, digest in
    choices[at].map { PooledSeries(digest, $0, factors) }
  } to: { series in
    defer { at += 1 }
    guard let series else { return }
    decisions[at].spreadFactor = series.spreadFactor
    for fold in series.folds { pools.add(fold.errors, model: fold.model, group: fold.group, origin: fold.origin) }
  }

  var hindsight = Hindsight(origins: origins, settings: settings)
  let tables = HindsightTables(pools, step: settings.step)
  try await source.stream { at, digest in
    choices[at].map { FoldErrors.all(of: digest, $0, factors).map { tables.coverage(of: $0, in: digest) } } ?? []
  } to: { folds in
    for fold in folds { hindsight.add(fold) }
  }

  let spread = hindsight.spread
  let calibration = pools.table().widened(by: spread.factors(leads: settings.leads, step: settings.step))
  let judge = TierJudge(settings: settings, calibration: calibration, hindsight: hindsight, spread: spread)
  let untiered = decisions
  at = 0
  try await source.stream { at, digest in
    untiered[at].isContested ? judge.tiers(of: untiered[at], digest) : nil
  } to: { tiers in
    if let tiers { decisions[at].tiers = tiers }
    at += 1
  }
  return Decisions(series: decisions, calibration: calibration, origins: spread, summary: summary)
}

/// What is chosen for a series, and what the fleet learns from that.
private struct ChosenSeries: Sendable {
  let choice: FoldChoices?
  let decision: Decision
  /// As `ContestSummary` takes them.
  let logRatios: [Double?]?
  /// Of each fold that was scored: the model that would have been chosen without it.
  let chosenErrors: [(model: Int, error: Double)]
  /// By fold.
  let championErrors: [Double?]

  init(_ digest: SeriesDigest, priors: CohortPriors, settings: DecisionSettings) {
    choice = FoldChoices(digest, priors: priors, settings: settings)
    decision = Decision(digest, choice: choice, settings: settings)
    guard let choice else {
      (logRatios, chosenErrors, championErrors) = (nil, [], [])
      return
    }
    logRatios = ContestSummary.logRatios(digest, models: settings.cards.count, baseline: settings.baseline)
    chosenErrors = choice.models.compactMap { fold, model in
      digest.score(model: model, fold: fold).logStandardError.map { (model, $0) }
    }
    championErrors = digest.logErrors(of: choice.selection.champion)
  }
}

/// The errors of a series as pools count them.
private struct PooledSeries: Sendable {
  let spreadFactor: Float
  let folds: [(model: Int, group: ErrorGroup, origin: Int, errors: [(lead: Int, bin: Int)])]

  init(_ digest: SeriesDigest, _ choice: FoldChoices, _ factors: SpreadFactors) {
    let champion = choice.selection.champion
    spreadFactor = factors.factor(digest.logErrors(of: champion), model: champion)
    folds = FoldErrors.all(of: digest, choice, factors).map {
      ($0.model, $0.group, $0.origin, ErrorPools.binned($0))
    }
  }
}

/// Who is chosen for a series, and who would have been without each of its folds.
struct FoldChoices: Sendable {
  let selection: Selection
  /// By fold that has readings: the model that the other folds would have chosen.
  let models: [(fold: Int, model: Int)]

  /// - Returns: nil without a contest.
  init?(_ digest: SeriesDigest, priors: CohortPriors, settings: DecisionSettings) {
    guard let record = FoldRecord(digest, contestants: settings.cards.count) else { return nil }
    let expectations = priors.expectations(for: digest)
    let incumbent = settings.incumbents[digest.name].flatMap { name in
      settings.cards.firstIndex { $0.name == name }
    }
    guard
      let selection = Selection(
        record, expectations: expectations, cards: settings.cards, baseline: settings.baseline, incumbent: incumbent)
    else { return nil }
    self.selection = selection
    models = record.folds.enumerated().map { position, fold in
      let without = Selection(
        record, expectations: expectations, cards: settings.cards, baseline: settings.baseline, without: position)
      return (fold, (without ?? selection).champion)
    }
  }
}

/// The errors of one fold of one series, as calibration counts them.
struct FoldErrors: Sendable {
  let fold: Int
  let model: Int
  let group: ErrorGroup
  /// Folds of equal distance from the newest share an origin; the oldest of many share one.
  let origin: Int
  /// Position among the kept leads, and the standardised error over the series' factor from its other folds.
  let standardised: [(lead: Int, z: Float)]
  /// How many of them no level shift precedes: those make the pools. What lies behind one counts for how far they are widened.
  let steady: Int

  static let mostOrigins = 8

  static func all(of digest: SeriesDigest, _ choice: FoldChoices, _ factors: SpreadFactors) -> [FoldErrors] {
    var groups: [Int: ErrorGroup] = [:]
    var logErrors: [Int: [Double?]] = [:]
    return choice.models.map { fold, model in
      if groups[model] == nil {
        groups[model] = ErrorGroup(digest, model: model)
        logErrors[model] = digest.logErrors(of: model)
      }
      let factor = factors.factor(logErrors[model]!, model: model, without: fold)
      let score = digest.score(model: model, fold: fold)
      return FoldErrors(
        fold: fold, model: model, group: groups[model]!,
        origin: min(digest.foldCutoffs.count - 1 - fold, FoldErrors.mostOrigins - 1),
        standardised: score.standardErrors.enumerated().map { ($0, $1 / factor) }, steady: score.steadyErrors)
    }
  }
}

extension SeriesDigest {
  /// By fold; nil where nothing was scored.
  fileprivate func logErrors(of model: Int) -> [Double?] {
    foldCutoffs.indices.map { score(model: model, fold: $0).logStandardError }
  }
}

extension Decision {
  /// Champion and persistence; spread factor and tiers follow when all series are known.
  fileprivate init(_ digest: SeriesDigest, choice: FoldChoices?, settings: DecisionSettings) {
    let champion = choice?.selection.champion ?? settings.baseline
    var products: Float = 0
    var squares: Float = 0
    var tested = 0
    if choice != nil {
      for fold in digest.foldCutoffs.indices {
        let score = digest.score(model: champion, fold: fold)
        guard case .scored = score.outcome else { continue }
        products += score.sumErrorProducts
        squares += score.sumMedianErrorSquares
        tested = max(tested, min(digest.foldHorizon, digest.cutoff - digest.foldCutoffs[fold]))
      }
    }
    // Errors of a bounded cycle follow each other within a fill, but the next peak begins anew.
    let persistence: Float =
      settings.cards[champion].tail == .bounded
      ? 0 : squares > 0 ? Decision.persistence(correlation: products / squares) : .nan
    let untested = TierVerdict(tier: .low, code: .untested, reason: "too little history for a contest")
    self.init(
      name: digest.name, champion: champion,
      recipe: digest.recipes.isEmpty ? nil : digest.recipes[champion],
      isContested: choice != nil, isLive: digest.isLive, folds: digest.foldCutoffs.count, ceiling: digest.ceiling,
      group: ErrorGroup(digest, model: champion), reason: choice?.selection.reason,
      expected: choice?.selection.expected ?? [],
      persistence: persistence, testedLead: tested, tail: settings.cards[champion].tail,
      tiers: LeadBucket.allCases.map { _ in untested },
      lossRatio: choice.flatMap { _ in digest.lossRatio(of: champion, to: settings.baseline) })
  }
}

extension SeriesDigest {
  /// Mean loss over folds and all leads of one model over another's, older folds weighing less; nil where one was refused.
  func lossRatio(of model: Int, to baseline: Int) -> Double? {
    func mean(_ model: Int) -> Double? {
      var sum = 0.0
      var total = 0.0
      for fold in foldCutoffs.indices {
        let score = score(model: model, fold: fold)
        if score.outcome == .empty { continue }
        guard let loss = score.scaledLoss else { return nil }
        sum = sum * 0.8 + loss
        total = total * 0.8 + 1
      }
      return total > 0 ? sum / total : nil
    }
    guard let own = mean(model), let reference = mean(baseline) else { return nil }
    let unit = Double(scale > 0 ? scale : 1)
    return Metrics.ratio(loss: own * unit, baseline: reference * unit, level: Double(level))
  }
}
