import HorizonCore

/// How every fold would have been covered had it been the one to come: by a table that other origins made.
struct Hindsight {
  /// Without each origin.
  private let tables: [CalibrationTable]
  private let settings: DecisionSettings
  private var inner: [[CoverageCounts]]
  private var outer: [[CoverageCounts]]
  private var cohorts: [CoverageCohort: [CoverageCounts]] = [:]
  private var breaches: [String: [TierTests.BreachRecord]] = [:]

  /// Scored leads below which a cohort speaks through a wider one: about thirty series and folds.
  private static let leastLeads = [300, 90, 90, 200]

  init(pools: ErrorPools, settings: DecisionSettings) {
    // With one origin there is nothing to leave out, and nothing to be learnt of the next one.
    tables = pools.origins > 1 ? (0..<pools.origins).map { pools.table(without: $0) } : []
    self.settings = settings
    let empty = LeadBucket.allCases.map { _ in CoverageCounts() }
    inner = (0..<pools.origins).map { _ in empty }
    outer = inner
  }

  mutating func add(_ digest: SeriesDigest, errors: [FoldErrors]) {
    for fold in errors {
      let breach = digest.score(model: fold.model, fold: fold.fold).breach
      for bucket in LeadBucket.allCases {
        if let outcome = breach.outcome(by: bucket) {
          breaches[
            digest.name.resource,
            default: LeadBucket.allCases.map { _ in TierTests.BreachRecord() }][bucket.rawValue].add(outcome)
        }
      }
      guard fold.origin < tables.count else { continue }
      let table = tables[fold.origin]
      for (lead, z) in fold.standardised where !z.isNaN {
        let bucket = LeadBucket(days: Double(settings.leads.leads[lead]) * settings.step.days).rawValue
        func quantile(_ level: Int) -> Float { table.quantile(level, model: fold.model, group: fold.group, at: lead) }
        func share(_ lower: Int, _ upper: Int) -> Float {
          let end = quantile(z > 0 ? upper : lower)
          return end == 0 ? (z == 0 ? 0 : .infinity) : z / end
        }
        let near = share(Levels.lower80, Levels.upper80)
        inner[fold.origin][bucket].add(near)
        outer[fold.origin][bucket].add(share(0, Levels.count - 1))
        for cohort in CoverageCohort.all(of: digest, group: fold.group) {
          cohorts[cohort, default: LeadBucket.allCases.map { _ in CoverageCounts() }][bucket].add(near)
        }
      }
    }
  }

  var spread: OriginSpread { OriginSpread(inner: inner, outer: outer, past: PastCoverage(settings.record)) }

  /// Of the narrowest cohort that says enough; nil where none does.
  func coverage(of digest: SeriesDigest, group: ErrorGroup, bucket: LeadBucket, widening: Double) -> Double? {
    for cohort in CoverageCohort.all(of: digest, group: group) {
      if let counts = cohorts[cohort]?[bucket.rawValue], counts.total >= Hindsight.leastLeads[bucket.rawValue] {
        return counts.coverage(widenedBy: widening)
      }
    }
    return nil
  }

  /// Of past runs where they called enough, else of the folds.
  func breaches(of resource: String, by bucket: LeadBucket) -> TierTests.BreachRecord {
    let past = settings.record.counts(bucket: bucket, resource: resource)
    if past.called >= settings.tiers.leastBreaches {
      return TierTests.BreachRecord(called: past.called, happened: past.happened, hits: past.hits)
    }
    return breaches[resource]?[bucket.rawValue] ?? TierTests.BreachRecord()
  }
}

/// Series whose coverage is looked at together.
private struct CoverageCohort: Hashable {
  let resource: String
  let group: ErrorGroup?

  /// Narrow ones first.
  static func all(of digest: SeriesDigest, group: ErrorGroup) -> [CoverageCohort] {
    [
      CoverageCohort(resource: digest.name.resource, group: group),
      CoverageCohort(resource: digest.name.resource, group: nil),
    ]
  }
}
