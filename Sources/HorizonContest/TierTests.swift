import HorizonCore

/// The tests behind a trust tier; a tier is the least that any test allows. `docs/method/trust.md` says why each one is there.
package struct TierTests: Sendable {
  /// What a value has to reach, or to stay below, for a tier.
  package struct Limits<Value: Comparable & Sendable>: Sendable {
    package var high: Value
    package var medium: Value

    func tier(atLeast value: Value) -> TrustTier { value >= high ? .high : value >= medium ? .medium : .low }
    func tier(atMost value: Value) -> TrustTier { value <= high ? .high : value <= medium ? .medium : .low }
  }

  package var historyDays = Limits(high: 180.0, medium: 60)
  package var gapShare = Limits<Double>(high: 0.05, medium: 0.20)
  /// Share of the folds' leads that lie behind a level shift.
  package var shiftedShare = Limits<Double>(high: 0.10, medium: 0.40)
  package var skill = Limits<Double>(high: 0.05, medium: 0)
  /// Coverage of the 80 % interval in the series' cohort.
  package var coverage = Limits<Double>(high: 0.76, medium: 0.70)
  /// Mean absolute error of the newest fold, in spreads of the forecast.
  package var surprise = Limits<Double>(high: 1.5, medium: 3)
  /// Seasonal naive's scaled loss: how far the series moves from its last season.
  package var movement = Limits<Double>(high: 2, medium: 4)
  /// Width of the 80 % interval as a share of the capacity: whoever plans by a High forecast may be five points off four times in
  /// five.
  package var widthToCapacity = Limits<Double>(high: 0.10, medium: 0.25)
  /// The same as a share of the headroom to the lowest threshold.
  package var widthToHeadroom = Limits<Double>(high: 1, medium: 2)
  /// The same as a share of the level, without a ceiling or when crossed.
  package var widthToLevel = Limits<Double>(high: 0.5, medium: 1)
  /// Mean move of the same date's median between runs, or folds, as a share of the level.
  package var stability = Limits<Double>(high: 0.20, medium: 0.50)
  /// The lesser of precision and recall of the cohort's called breaches.
  package var breachRecord = Limits<Double>(high: 0.8, medium: 0.5)
  /// A cohort that called fewer breaches has no record that could be called good.
  package var leastBreaches = 30
  /// What the 80 % intervals of past runs' forecasts of a tier must have held for the tier to be given again.
  package var recordCoverage = 0.74
  /// Runs, a month apart or more, and series in them, before a past counts against a tier; and how far back it is looked at.
  package var leastOrigins = 3
  package var leastSeries = 100
  package var recordDays = 365.0

  package init() {}

  /// What the tests look at in one lead bucket of one series.
  struct Evidence {
    let historyDays: Double
    let gapShare: Double
    let shiftedShare: Double
    /// 1 - champion's loss / baseline's in this bucket; nil when nothing was scored there.
    let skill: Double?
    /// Of the 80 % interval, on origins that were left out; nil where nothing can be left out.
    let cohortCoverage: Double?
    /// nil where the newest fold has nothing to score.
    let surprise: Double?
    let movement: Double
    /// Mean calibrated width of the 80 % interval.
    let width: Double
    /// In the unit of the readings; nil without a ceiling.
    let capacity: Double?
    /// To the lowest threshold in the unit of the readings; nil without a ceiling or when crossed.
    let headroom: Double?
    let level: Double
    /// Share of the level; nil with one fold and no earlier run.
    let stability: Double?
    /// What the cohort called and what happened, where this series' breach is called; nil where it is not.
    let breaches: BreachRecord?
    let isLive: Bool
  }

  /// Breaches by the end of a lead bucket, over series and folds.
  struct BreachRecord {
    var called = 0
    var happened = 0
    var hits = 0

    mutating func add(_ outcome: (called: Bool, happened: Bool)) {
      called += outcome.called ? 1 : 0
      happened += outcome.happened ? 1 : 0
      hits += outcome.called && outcome.happened ? 1 : 0
    }
  }

  func verdict(_ e: Evidence) -> TierVerdict {
    guard e.isLive else { return TierVerdict(tier: .low, code: .ended, reason: "the series has ended") }
    guard let skill = e.skill else {
      return TierVerdict(tier: .low, code: .untested, reason: "no fold reaches these leads")
    }
    var results = [
      TierVerdict(
        tier: historyDays.tier(atLeast: e.historyDays), code: .history,
        reason: "\(Int(e.historyDays)) days of history, \(Int(historyDays.high)) are asked for"),
      TierVerdict(
        tier: gapShare.tier(atMost: e.gapShare), code: .gaps,
        reason: "\(percent(e.gapShare)) of the readings are missing, at most \(percent(gapShare.high)) may be"),
      TierVerdict(
        tier: shiftedShare.tier(atMost: e.shiftedShare), code: .shifts,
        reason:
          "level shifts spoil \(percent(e.shiftedShare)) of the tests, at most \(percent(shiftedShare.high)) may be"),
      TierVerdict(
        tier: self.skill.tier(atLeast: skill), code: .skill,
        reason: "skill against seasonal naive is \(percent(skill)), at least \(percent(self.skill.high)) is asked for"),
    ]
    if let coverage = e.cohortCoverage {
      results.append(
        TierVerdict(
          tier: self.coverage.tier(atLeast: coverage), code: .coverage,
          reason: "80 % intervals of series like this one held \(percent(coverage)), "
            + "at least \(percent(self.coverage.high)) is asked for"))
    }
    if let surprise = e.surprise {
      results.append(
        TierVerdict(
          tier: self.surprise.tier(atMost: surprise), code: .surprise,
          reason:
            "the newest readings lie \(number(surprise)) spreads off their forecast, at most \(number(self.surprise.high)) may be"
        ))
    }
    results.append(
      TierVerdict(
        tier: self.movement.tier(atMost: e.movement), code: .movement,
        reason: "the series moves away from its last season, \(number(e.movement)) times its usual swing, "
          + "at most \(number(self.movement.high)) may be"))
    if let capacity = e.capacity { results.append(sharpness(e.width / capacity, widthToCapacity, of: "capacity")) }
    if let headroom = e.headroom {
      results.append(sharpness(e.width / headroom, widthToHeadroom, of: "headroom"))
    } else {
      results.append(sharpness(e.level > 0 ? e.width / e.level : 0, widthToLevel, of: "level"))
    }
    if let stability = e.stability {
      results.append(
        TierVerdict(
          tier: self.stability.tier(atMost: stability), code: .stability,
          reason: "forecasts of the same date move by \(percent(stability)) of the level, "
            + "at most \(percent(self.stability.high)) may be"))
    }
    if let breaches = e.breaches { results.append(record(breaches)) }
    let lowest = results.min { $0.tier < $1.tier }!
    return lowest.tier == .high
      ? TierVerdict(tier: .high, code: .earned, reason: "all tests are passed") : lowest
  }

  /// One tier less where forecasts of that tier did not keep what they promised.
  ///
  /// - Parameters:
  ///   - coverage: What the 80 % intervals of past forecasts of this tier held.
  ///   - origins: Runs that made them.
  func demoted(_ verdict: TierVerdict, coverage: Double, origins: Int) -> TierVerdict {
    guard verdict.tier != .low, coverage < recordCoverage else { return verdict }
    let name = verdict.tier == .high ? "High" : "Medium"
    return TierVerdict(
      tier: verdict.tier == .high ? .medium : .low, code: .record,
      reason: "\(name) said 80 %, reality was \(percent(coverage)) over \(origins) runs, "
        + "at least \(percent(recordCoverage)) is asked for")
  }

  private func sharpness(_ ratio: Double, _ limits: Limits<Double>, of whole: String) -> TierVerdict {
    TierVerdict(
      tier: limits.tier(atMost: ratio), code: .width,
      reason: "the 80 % interval is \(percent(ratio)) of the \(whole), at most \(percent(limits.high)) may be")
  }

  private func record(_ record: BreachRecord) -> TierVerdict {
    guard record.called >= leastBreaches else {
      return TierVerdict(
        tier: .medium, code: .breaches,
        reason: "a breach is called, and only \(record.called) such calls were tested, \(leastBreaches) are asked for")
    }
    let precision = Double(record.hits) / Double(record.called)
    let recall = record.happened > 0 ? Double(record.hits) / Double(record.happened) : 1
    return TierVerdict(
      tier: breachRecord.tier(atLeast: min(precision, recall)), code: .breaches,
      reason:
        "of breaches called for such series \(percent(precision)) came and of those that came \(percent(recall)) were called, "
        + "\(percent(breachRecord.high)) of both is asked for")
  }

  private func number(_ value: Double) -> String {
    let tenths = Int((min(value, 999) * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  private func percent(_ share: Double) -> String {
    share.isFinite ? "\(Int((min(max(share, -99), 99) * 100).rounded())) %" : "unbounded"
  }
}
