package import HorizonCore

/// How one way of telling breaches ahead did over some replayed as-ofs.
///
/// Consecutive as-ofs that raise an alarm for one series are one alarm, and so are those for one breach: it came true when a
/// breach came within the window of any of them.
package struct ReplayScore: Sendable, Hashable, Codable {
  package var alarms = 0
  package var hits = 0
  package var falseAlarms = 0
  /// Breaches that came within the window of an as-of at which the threshold was not crossed, each counted once.
  package var breaches = 0
  /// Of those the ones that no alarm announced.
  package var missed = 0
  package var precision: Double?
  package var recall: Double?
  package var falseAlarmsPer1000ServerMonths: Double?
  /// Days from the first as-of that announced a breach within its window to the breach; the median.
  package var leadDays: Double?
  /// Days between the date announced there and that of the breach; the median.
  package var dateErrorDays: Double?

  private enum CodingKeys: String, CodingKey {
    case alarms, hits, breaches, missed, precision, recall
    case falseAlarms = "false_alarms"
    case falseAlarmsPer1000ServerMonths = "false_alarms_per_1000_server_months"
    case leadDays = "median_lead_days"
    case dateErrorDays = "median_date_error_days"
  }
}

/// Alarms and breaches of all series, counted as episodes.
package struct ReplayEpisodes {
  private struct Breach: Hashable {
    let series: Int
    let index: Int
  }

  /// An alarm that came true or not, with the trust where it was raised.
  private struct Episode {
    let tier: TrustTier
    let leadDays: Double?
    let dateErrorDays: Double?
  }

  private var episodes: [Episode] = []
  /// Trust where each breach first came into a window; those that were announced are in `hit`.
  private var breaches: [Breach: TrustTier] = [:]
  private var hit: Set<Breach> = []

  /// - Parameters:
  ///   - outcomes: By series, then month.
  ///   - asOfs: Step indices by month.
  ///   - call: Days to the breach that is announced; nil without an alarm.
  package init(_ outcomes: [ReplayOutcome], asOfs: [Int], step: Step, call: (ReplayOutcome) -> Double?) {
    var open: [ReplayOutcome] = []
    for outcome in outcomes {
      if let index = outcome.breach {
        let breach = Breach(series: outcome.series, index: index)
        if breaches[breach] == nil { breaches[breach] = outcome.tier }
      }
      guard call(outcome) != nil else { continue }
      if let last = open.last,
        last.series != outcome.series || last.month + 1 != outcome.month
          || (last.breach ?? .max) <= asOfs[outcome.month]
      {
        close(open, asOfs, step, call)
        open = []
      }
      open.append(outcome)
    }
    close(open, asOfs, step, call)
  }

  private mutating func close(
    _ open: [ReplayOutcome], _ asOfs: [Int], _ step: Step, _ call: (ReplayOutcome) -> Double?
  ) {
    guard let first = open.first else { return }
    for outcome in open {
      guard let index = outcome.breach else { continue }
      if hit.insert(Breach(series: outcome.series, index: index)).inserted {
        let days = Double(index - asOfs[outcome.month]) * step.days
        episodes.append(Episode(tier: outcome.tier, leadDays: days, dateErrorDays: abs(call(outcome)! - days)))
      }
      return
    }
    episodes.append(Episode(tier: first.tier, leadDays: nil, dateErrorDays: nil))
  }

  /// - Parameters:
  ///   - tier: Only where trust was that; nil for all.
  ///   - serverMonths: Nil where false alarms are not to be divided by them.
  package func score(tier: TrustTier? = nil, serverMonths: Int?) -> ReplayScore {
    let own = episodes.filter { (tier ?? $0.tier) == $0.tier }
    var score = ReplayScore()
    score.alarms = own.count
    score.hits = own.count { $0.leadDays != nil }
    score.falseAlarms = score.alarms - score.hits
    score.missed = breaches.count { (tier ?? $0.value) == $0.value && !hit.contains($0.key) }
    score.breaches = score.hits + score.missed
    score.leadDays = median(own.compactMap(\.leadDays))
    score.dateErrorDays = median(own.compactMap(\.dateErrorDays))
    score.divide(by: serverMonths)
    return score
  }
}

extension ReplayScore {
  /// Of one as-of by itself: every alarm and every breach within its window counts.
  init(_ outcomes: [ReplayOutcome], servers: Int, asOf: Int, step: Step, call: (ReplayOutcome) -> Double?) {
    let called = outcomes.filter { call($0) != nil }
    let hits = called.filter { $0.breach != nil }
    func days(_ outcome: ReplayOutcome) -> Double { Double(outcome.breach! - asOf) * step.days }
    alarms = called.count
    self.hits = hits.count
    falseAlarms = alarms - hits.count
    breaches = outcomes.count { $0.breach != nil }
    missed = breaches - hits.count
    leadDays = median(hits.map(days))
    dateErrorDays = median(hits.map { abs(call($0)! - days($0)) })
    divide(by: servers)
  }

  fileprivate mutating func divide(by serverMonths: Int?) {
    func share(_ part: Int, of whole: Int) -> Double? { whole > 0 ? rounded(Double(part) / Double(whole)) : nil }
    precision = share(hits, of: alarms)
    recall = share(hits, of: breaches)
    falseAlarmsPer1000ServerMonths = serverMonths.flatMap { months in
      months > 0 ? rounded(1_000 * Double(falseAlarms) / Double(months)) : nil
    }
  }
}

private func rounded(_ x: Double) -> Double { (x * 10_000).rounded() / 10_000 }

private func median(_ values: [Double]) -> Double? {
  if values.isEmpty { return nil }
  let sorted = values.sorted()
  return rounded((sorted[sorted.count / 2] + sorted[(sorted.count - 1) / 2]) / 2)
}
