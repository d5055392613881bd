import HorizonCore
import HorizonLedger

/// Gathers the evidence on one series and has it tested.
struct TierJudge {
  private let settings: DecisionSettings
  private let calibration: CalibrationTable
  private let hindsight: Hindsight
  private let widening: [Double]
  private let promises: PromisesKept

  init(settings: DecisionSettings, calibration: CalibrationTable, hindsight: Hindsight, spread: OriginSpread) {
    self.settings = settings
    self.calibration = calibration
    self.hindsight = hindsight
    widening = zip(spread.widening, spread.adaptation).map(*)
    promises = PromisesKept(settings.record, tests: settings.tiers)
  }

  /// One for each lead bucket.
  func tiers(of decision: Decision, _ digest: SeriesDigest) -> [TierVerdict] {
    let verdicts = LeadBucket.allCases.map { bucket in
      let verdict = settings.tiers.verdict(evidence(of: decision, digest, in: bucket))
      guard let past = promises.past(of: verdict.tier, bucket, resource: digest.name.resource) else { return verdict }
      return settings.tiers.demoted(verdict, coverage: past.coverage, origins: past.origins)
    }
    // What is not trusted near is not trusted far.
    return verdicts.indices.map { bucket in
      let least = verdicts[...bucket].min { $0.tier < $1.tier }!
      return bucket == LeadBucket.days91on.rawValue && least.tier == .high
        ? TierVerdict(tier: .medium, code: .lead, reason: "high ends at 90 days") : least
    }
  }

  private func evidence(of decision: Decision, _ digest: SeriesDigest, in bucket: LeadBucket) -> TierTests.Evidence {
    var count: Float = 0
    var loss = 0.0
    var baseline = 0.0
    var spread: Float = 0
    var steady = 0.0
    var folds = 0.0
    var change: Float = 0
    var changes: Float = 0
    for fold in digest.foldCutoffs.indices {
      let own = digest.score(model: decision.champion, fold: fold)
      let reference = digest.score(model: settings.baseline, fold: fold)
      guard case .scored = own.outcome, case .scored = reference.outcome else { continue }
      let b = own.buckets[bucket.rawValue]
      count += b.count
      spread += b.sumSpread
      loss += Double(b.sumPinball)
      baseline += Double(reference.buckets[bucket.rawValue].sumPinball)
      steady += own.steadyShare
      folds += 1
      change += own.sumChange
      changes += own.changeCount
    }
    let lead = max(1, min(Int(bucket.middleDay / settings.step.days), decision.testedLead))
    let z = calibration.quantiles(model: decision.champion, group: decision.group, lead: lead)
    let width = Double(spread / count * decision.spreadFactor * (z[Levels.upper80] - z[Levels.lower80]))
    let room = Double(digest.ceiling) * settings.lowestThreshold / 100 - Double(digest.current)
    let level = Double(digest.level)
    let cushion = 0.001 * level * Double(count) * Double(Levels.count)
    let newest = digest.foldCutoffs.indices.last.map { digest.score(model: decision.champion, fold: $0) }
    let errors = newest.map { $0.standardErrors.prefix($0.steadyErrors).filter { !$0.isNaN }.map(abs) } ?? []
    return TierTests.Evidence(
      historyDays: Double(digest.cutoff - digest.firstIndex + 1) * settings.step.days,
      gapShare: Double(digest.gapShare), shiftedShare: folds > 0 ? 1 - steady / folds : 0,
      skill: count > 0 ? 1 - (loss + cushion) / max(baseline + cushion, .leastNormalMagnitude) : nil,
      cohortCoverage: hindsight.coverage(
        of: digest, group: decision.group, bucket: bucket, widening: widening[bucket.rawValue]),
      surprise: errors.isEmpty
        ? nil : Double(errors.reduce(0, +) / Float(errors.count) / decision.spreadFactor),
      movement: count > 0 && digest.scale > 0 ? baseline / Double(count * Float(Levels.count) * digest.scale) : 0,
      width: width, capacity: digest.ceiling > 0 ? Double(digest.ceiling) : nil, headroom: room > 0 ? room : nil,
      level: level,
      stability: changes > 0 && level > 0 ? Double(change / changes) / level : nil,
      breaches: newest?.breach.outcome(by: bucket)?.called == true
        ? hindsight.breaches(of: digest.name.resource, by: bucket) : nil,
      isLive: digest.isLive)
  }
}

/// What past forecasts of each tier held, where there are enough of them to count.
private struct PromisesKept {
  private struct Key: Hashable {
    let resource: String
    let tier: TrustTier
    let bucket: LeadBucket
  }
  private var kept: [Key: (coverage: Double, origins: Int)] = [:]

  init(_ record: TrackRecord, tests: TierTests) {
    guard let newest = record.origins.last else { return }
    let oldest = newest - Int64(tests.recordDays * 86_400_000_000)
    for (key, entries) in Dictionary(
      grouping: record.entries,
      by: {
        Key(resource: $0.resource, tier: $0.tier, bucket: $0.bucket)
      })
    {
      let recent = entries.filter { $0.madeAt >= oldest }
      let n = recent.reduce(0) { $0 + $1.counts.n }
      let series = recent.reduce(0) { $0 + $1.counts.series }
      let origins = TrackRecord.aMonthApart(recent.map(\.madeAt)).count
      guard n > 0, origins >= tests.leastOrigins, series >= tests.leastSeries else { continue }
      kept[key] = (Double(recent.reduce(0) { $0 + $1.counts.inside80 }) / Double(n), origins)
    }
  }

  func past(of tier: TrustTier, _ bucket: LeadBucket, resource: String) -> (coverage: Double, origins: Int)? {
    kept[Key(resource: resource, tier: tier, bucket: bucket)]
  }
}
