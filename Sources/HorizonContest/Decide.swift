package import HorizonCore
package import HorizonLedger
package import HorizonModels

/// All digests of a contest, readable several times in the same order.
package protocol DigestSource {
  /// Gives each digest with what is made of it to `body`, in order.
  ///
  /// - Parameter make: Is told the digest's place; may run ahead, on several threads.
  func stream<Made>(_ make: @Sendable (_ at: Int, SeriesDigest) -> Made, to body: (SeriesDigest, Made) throws -> Void)
    throws
}

extension DigestSource {
  package func stream(to body: (SeriesDigest) throws -> Void) throws {
    try stream({ _, _ in }, to: { digest, _ in try body(digest) })
  }
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
/// The digests are streamed five times, so memory grows with a few hundred bytes a series.
package func decide(_ source: some DigestSource, settings: DecisionSettings) throws -> Decisions {
  let contestants = settings.cards.count
  var sums = CohortPriors(contestants: contestants)
  try source.stream(
    { _, digest in FoldRecord(digest, contestants: contestants) },
    to: { digest, record in if let record { sums.add(digest, record) } })
  let priors = sums

  var decisions: [Decision] = []
  var chosen: [FoldChoices?] = []
  var summary = ContestSummary(models: contestants)
  var evidence = SpreadFactors.Evidence(models: contestants)
  let choose = { @Sendable (at: Int, digest: SeriesDigest) in
    let choice = FoldChoices(digest, priors: priors, settings: settings)
    return (choice, Decision(digest, choice: choice, settings: settings))
  }
  try source.stream(choose) { digest, made in
    let (choice, decision) = made
    decisions.append(decision)
    chosen.append(choice)
    guard let choice else { return }
    summary.add(digest, champion: choice.selection.champion, baseline: settings.baseline)
    for (fold, model) in choice.models {
      if let error = digest.score(model: model, fold: fold).logStandardError {
        evidence.add(chosen: model, error: error)
      }
    }
    evidence.add(champion: choice.selection.champion, errors: digest.logErrors(of: choice.selection.champion))
  }

  let choices = chosen
  let factors = evidence.factors
  let errors = { @Sendable (at: Int, digest: SeriesDigest) in
    choices[at].map { FoldErrors.all(of: digest, $0, factors) }
  }
  let origins = min(decisions.map(\.folds).max() ?? 0, FoldErrors.mostOrigins)
  var pools = ErrorPools(leads: settings.leads, models: contestants, origins: origins)
  var at = 0
  try source.stream(errors) { digest, errors in
    defer { at += 1 }
    guard let errors, let champion = choices[at]?.selection.champion else { return }
    decisions[at].spreadFactor = factors.factor(digest.logErrors(of: champion), model: champion)
    for errors in errors {
      for (lead, z) in errors.standardised.prefix(errors.steady) where !z.isNaN {
        pools.add(z, model: errors.model, group: errors.group, lead: lead, origin: errors.origin)
      }
    }
  }

  var hindsight = Hindsight(pools: pools, settings: settings)
  try source.stream(errors) { digest, errors in
    if let errors { hindsight.add(digest, errors: errors) }
  }

  let spread = hindsight.spread
  let calibration = pools.table().widened(by: spread.factors(leads: settings.leads, step: settings.step))
  let judge = TierJudge(settings: settings, calibration: calibration, hindsight: hindsight, spread: spread)
  let untiered = decisions
  at = 0
  let tiers = { @Sendable (at: Int, digest: SeriesDigest) in
    untiered[at].isContested ? judge.tiers(of: untiered[at], digest) : nil
  }
  try source.stream(tiers) { _, tiers in
    if let tiers { decisions[at].tiers = tiers }
    at += 1
  }
  return Decisions(series: decisions, calibration: calibration, origins: spread, summary: summary)
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
