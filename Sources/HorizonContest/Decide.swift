package import HorizonCore
package import HorizonModels

/// All digests of a contest, readable several times in the same order.
package protocol DigestSource {
  func stream(to body: (SeriesDigest) throws -> Void) throws
}

package struct DecisionSettings: Sendable {
  package var cards: [ModelCard]
  package var leads: DigestLeads
  package var step: Step
  /// Percent of capacity of the lowest threshold.
  package var lowestThreshold: Double
  package var tiers = TierTests()

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
  package var summary: ContestSummary
}

/// Pass (c): champion, calibration and tiers of every series, a pure function of all digests.
///
/// The digests are streamed three times, so memory grows with a few hundred bytes a series.
package func decide(_ source: some DigestSource, settings: DecisionSettings) throws -> Decisions {
  var decisions: [Decision] = []
  var summary = ContestSummary(models: settings.cards.count)
  var typical = [TypicalError](repeating: TypicalError(), count: settings.cards.count)
  try source.stream { digest in
    let selection = Selection(digest, cards: settings.cards)
    decisions.append(Decision(digest, selection: selection, settings: settings))
    guard let selection else { return }
    summary.add(digest, selection: selection, settings: settings)
    for fold in digest.foldCutoffs.indices {
      if let error = digest.score(model: selection.champion, fold: fold).meanStandardError {
        typical[selection.champion].add(error)
      }
    }
  }
  var pools = ErrorPools(leads: settings.leads, models: settings.cards.count)
  var at = 0
  try source.stream { digest in
    defer { at += 1 }
    guard decisions[at].isContested else { return }
    let champion = decisions[at].champion
    let factors = SpreadFactors(digest, model: champion, typical: typical[champion].mean)
    decisions[at].spreadFactor = factors.all
    for fold in digest.foldCutoffs.indices {
      // A fold is standardised by the other folds' errors, as a new one would be.
      let factor = factors.without(fold)
      for (lead, z) in digest.score(model: champion, fold: fold).standardErrors.enumerated() where !z.isNaN {
        pools.add(z / factor, model: champion, group: decisions[at].group, lead: lead)
      }
    }
  }
  let calibration = CalibrationTable(pools: pools)
  at = 0
  try source.stream { digest in
    decisions[at].judge(digest, calibration: calibration, settings: settings)
    at += 1
  }
  return Decisions(series: decisions, calibration: calibration, summary: summary)
}

private struct TypicalError {
  private var sum = 0.0
  private var count = 0
  mutating func add(_ error: Float) {
    sum += Double(error)
    count += 1
  }
  var mean: Float { count > 0 ? Float(sum / Double(count)) : 0.8 }
}

extension FoldScore {
  /// Mean absolute standardised error, each clipped at 10; nil when nothing was scored.
  fileprivate var meanStandardError: Float? {
    guard case .scored = outcome else { return nil }
    var sum: Float = 0
    var n: Float = 0
    for z in standardErrors where !z.isNaN {
      sum += min(abs(z), 10)
      n += 1
    }
    return n > 0 ? sum / n : nil
  }
}

/// How wide a series' own errors are beside its pool's, shrunk: the folds of one series are few.
private struct SpreadFactors {
  private let errors: [Float?]
  private let typical: Float
  /// Folds that the pool's typical error weighs.
  private static let prior: Float = 3

  init(_ digest: SeriesDigest, model: Int, typical: Float) {
    errors = digest.foldCutoffs.indices.map { digest.score(model: model, fold: $0).meanStandardError }
    self.typical = max(typical, 1e-3)
  }

  var all: Float { factor(errors.compactMap { $0 }) }

  func without(_ fold: Int) -> Float {
    factor(errors.indices.compactMap { $0 == fold ? nil : errors[$0] })
  }

  private func factor(_ known: [Float]) -> Float {
    let sum = known.reduce(0, +) + SpreadFactors.prior * typical
    return min(4, max(0.25, sum / (Float(known.count) + SpreadFactors.prior) / typical))
  }
}

extension Decision {
  /// Champion and persistence; spread factor and tiers follow when all series are known.
  fileprivate init(_ digest: SeriesDigest, selection: Selection?, settings: DecisionSettings) {
    let champion = selection?.champion ?? settings.baseline
    var products: Float = 0
    var squares: Float = 0
    var tested = 0
    if selection != nil {
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
    self.init(
      name: digest.name, champion: champion, recipe: digest.recipes.isEmpty ? nil : digest.recipes[champion],
      isContested: selection != nil, isLive: digest.isLive, folds: digest.foldCutoffs.count, ceiling: digest.ceiling,
      spreadFactor: 1,
      group: ErrorGroup(digest, model: champion),
      persistence: persistence, testedLead: tested,
      tail: settings.cards[champion].tail,
      tiers: LeadBucket.allCases.map { _ in TierVerdict(tier: .low, reason: "too little history for a contest") },
      lossRatio: selection.flatMap { s in
        s.losses[settings.baseline].map { baseline in
          let unit = Double(digest.scale > 0 ? digest.scale : 1)
          return Metrics.ratio(
            loss: s.losses[champion]! * unit, baseline: baseline * unit, level: Double(digest.level))
        }
      })
  }

  fileprivate mutating func judge(
    _ digest: SeriesDigest, calibration: CalibrationTable, settings: DecisionSettings
  ) {
    guard isContested else { return }
    let verdicts = LeadBucket.allCases.map { bucket in
      var count: Float = 0
      var loss = 0.0
      var baseline = 0.0
      var spread: Float = 0
      for fold in digest.foldCutoffs.indices {
        let own = digest.score(model: champion, fold: fold)
        let reference = digest.score(model: settings.baseline, fold: fold)
        guard case .scored = own.outcome, case .scored = reference.outcome else { continue }
        let b = own.buckets[bucket.rawValue]
        count += b.count
        spread += b.sumSpread
        loss += Double(b.sumPinball)
        baseline += Double(reference.buckets[bucket.rawValue].sumPinball)
      }
      let lead = Int([15.0, 45, 75, 135][bucket.rawValue] / settings.step.days)
      let z = calibration.quantiles(model: champion, group: group, lead: max(1, min(lead, testedLead)))
      let width = count > 0 ? spread / count * spreadFactor * (z[Levels.upper80] - z[Levels.lower80]) : .infinity
      let room = digest.ceiling * Float(settings.lowestThreshold / 100) - digest.current
      let cushion = 0.001 * Double(digest.level) * Double(count) * Double(Levels.count)
      return settings.tiers.verdict(
        TierTests.Evidence(
          historyDays: Double(digest.cutoff - digest.firstIndex + 1) * settings.step.days,
          gapShare: digest.gapShare,
          skill: count > 0 ? 1 - (loss + cushion) / max(baseline + cushion, .leastNormalMagnitude) : nil,
          width: width, headroom: room > 0 ? room : nil, level: digest.level, isLive: digest.isLive))
    }
    // What is not trusted near is not trusted far.
    tiers = verdicts.indices.map { bucket in
      let least = verdicts[...bucket].min { $0.tier < $1.tier }!
      return bucket == LeadBucket.days91on.rawValue && least.tier == .high
        ? TierVerdict(tier: .medium, reason: "high ends at 90 days") : least
    }
  }
}
