import HorizonCore

/// How every fold would have been covered had it been the one to come: by a table that other origins made.
struct Hindsight {
  private let settings: DecisionSettings
  private var inner: [[CoverageCounts]]
  private var outer: [[CoverageCounts]]
  private var cohorts: [CoverageCohort: [CoverageCounts]] = [:]
  private var breaches: [String: [TierTests.BreachRecord]] = [:]

  /// Scored leads below which a cohort speaks through a wider one: about thirty series and folds.
  private static let leastLeads = [300, 90, 90, 200]
  private static let uncovered = LeadBucket.allCases.map { _ in CoverageCounts() }

  init(origins: Int, settings: DecisionSettings) {
    self.settings = settings
    inner = (0..<origins).map { _ in Hindsight.uncovered }
    outer = inner
  }

  mutating func add(_ fold: FoldCoverage) {
    for (bucket, outcome) in fold.breaches {
      breaches[fold.resource, default: LeadBucket.allCases.map { _ in TierTests.BreachRecord() }][bucket].add(outcome)
    }
    guard !fold.shares.isEmpty else { return }
    for share in fold.shares {
      inner[fold.origin][share.bucket].add(bin: share.inner)
      outer[fold.origin][share.bucket].add(bin: share.outer)
    }
    func add(to counts: inout [CoverageCounts]) {
      for share in fold.shares { counts[share.bucket].add(bin: share.inner) }
    }
    for cohort in CoverageCohort.all(of: fold.resource, group: fold.group) {
      add(to: &cohorts[cohort, default: Hindsight.uncovered])
    }
  }

  var spread: OriginSpread { OriginSpread(inner: inner, outer: outer, past: PastCoverage(settings.record)) }

  /// Of the narrowest cohort that says enough; nil where none does.
  func coverage(of digest: SeriesDigest, group: ErrorGroup, bucket: LeadBucket, widening: Double) -> Double? {
    for cohort in CoverageCohort.all(of: digest.name.resource, group: group) {
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
  static func all(of resource: String, group: ErrorGroup) -> [CoverageCohort] {
    [CoverageCohort(resource: resource, group: group), CoverageCohort(resource: resource, group: nil)]
  }
}

/// The tables that each origin is covered by: made without its own errors.
struct HindsightTables: Sendable {
  private let tables: [CalibrationTable]
  /// Of each kept lead.
  private let buckets: [Int]

  init(_ pools: ErrorPools, step: Step) {
    // With one origin there is nothing to leave out, and nothing to be learnt of the next one.
    tables = pools.origins > 1 ? (0..<pools.origins).map { pools.table(without: $0) } : []
    buckets = pools.leads.leads.map { LeadBucket(days: Double($0) * step.days).rawValue }
  }

  func coverage(of fold: FoldErrors, in digest: SeriesDigest) -> FoldCoverage {
    let breach = digest.score(model: fold.model, fold: fold.fold).breach
    var coverage = FoldCoverage(resource: digest.name.resource, group: fold.group, origin: fold.origin)
    for bucket in LeadBucket.allCases {
      if let outcome = breach.outcome(by: bucket) { coverage.breaches.append((bucket.rawValue, outcome)) }
    }
    guard fold.origin < tables.count else { return coverage }
    let table = tables[fold.origin]
    for (lead, z) in fold.standardised where !z.isNaN {
      func bin(_ lower: Int, _ upper: Int) -> Int {
        let end = table.quantile(z > 0 ? upper : lower, model: fold.model, group: fold.group, at: lead)
        return CoverageCounts.bin(end == 0 ? (z == 0 ? 0 : .infinity) : z / end)
      }
      coverage.shares.append((buckets[lead], bin(Levels.lower80, Levels.upper80), bin(0, Levels.count - 1)))
    }
    return coverage
  }
}

/// How one fold of one series would have been covered.
struct FoldCoverage: Sendable {
  let resource: String
  let group: ErrorGroup
  let origin: Int
  /// By lead bucket.
  fileprivate(set) var breaches: [(bucket: Int, outcome: (called: Bool, happened: Bool))] = []
  /// For each scored lead, where `CoverageCounts` of the 80 % and the 90 % interval count it.
  fileprivate(set) var shares: [(bucket: Int, inner: Int, outer: Int)] = []
}
