import HorizonContest
package import HorizonCore
import HorizonModels
import HorizonRisk
import HorizonStore

extension Explanation {
  /// Turns what the tables hold into an explanation: no file is read, no clock, nothing is guessed.
  package init(_ record: SeriesRecord) {
    let manifest = record.manifest
    let step = record.step
    func date(_ index: Int) -> String { ISOTime.string(step.microseconds(of: index), full: step.seconds < 86_400) }
    func text(_ time: Int64) -> String { ISOTime.string(time, full: step.seconds < 86_400) }
    let resource = record.name.resource
    let view = record.modelView
    let shifts = (view?.changes ?? []).filter { $0.kind == .shift }.map {
      Change(kind: .shift, date: date($0.index), factor: $0.factor)
    }
    let resizes = record.resizes.map {
      Change(
        kind: .capacity, date: date($0.change.index), factor: $0.change.factor, fromCapacity: $0.from, toCapacity: $0.to
      )
    }
    self.init(
      server: record.name.server, resource: resource, run: record.run, asOf: manifest.asOf, step: step,
      horizon: manifest.horizon, within: manifest.settings.within, procurementDays: manifest.settings.procurementDays,
      unit: record.resource?.unit,
      capacity: record.decision.ceiling, capacityDecision: manifest.units[resource], isLive: record.decision.isLive,
      risks: record.risks, thresholds: manifest.settings.thresholds,
      breachRule: manifest.settings.breach[resource] ?? manifest.settings.breach["*"]
        ?? ResourceKind(resource: resource).defaultBreachRule,
      contest: Contest(record), trust: [], quality: Quality(record),
      changes: (shifts + resizes).sorted { ($0.date, $0.kind.rawValue) < ($1.date, $1.kind.rawValue) },
      profile: view.flatMap { Profile($0.history, ceiling: record.decision.ceiling, unit: record.resource?.unit) },
      components: nil, move: nil,
      history: zip(record.history.times, record.history.values).map { Point(time: text($0), value: $1) },
      forecast: record.forecast.map {
        Interval(
          time: text($0.time), lead: $0.lead, q10: $0.q10, q50: $0.q50, q90: $0.q90, tier: $0.tier)
      }, sources: Source.all(of: record))
    components = Components(record, risks: record.risks)
    trust = Trust.spans(
      record.decision.tiers, isContested: record.decision.isContested, testedLead: record.decision.testedLead,
      leads: record.forecast.count, step: step)
  }
}

extension Explanation.Trust {
  /// Spans of days ahead with one tier and one reason.
  ///
  /// - Parameters:
  ///   - tiers: As decided, one for each lead bucket.
  ///   - testedLead: The longest lead that a fold has tested, in steps.
  ///   - leads: How many were published.
  package static func spans(
    _ tiers: [(tier: TrustTier, code: String, reason: String)], isContested: Bool, testedLead: Int, leads: Int,
    step: Step
  ) -> [Self] {
    let longest = Double(leads) * step.days
    // Neighbours that say the same are one.
    var spans: [(first: Int, last: Int, tier: TrustTier, code: String, reason: String)] = []
    for ((first, last), judged) in zip([(1, 30), (31, 60), (61, 90), (91, 180)], tiers)
    where Double(first) <= max(longest, 1) {
      if let before = spans.last, before.tier == judged.tier, before.reason == judged.reason {
        spans[spans.count - 1].last = last
      } else {
        spans.append((first, last, judged.tier, judged.code, judged.reason))
      }
    }
    let tested = Int(Double(testedLead) * step.days)
    let isUntested = isContested && Double(tested) < min(longest, 180)
    let reach = isUntested ? tested : max(1, Int(longest.rounded(.up)))
    var trust = spans.filter { $0.first <= reach }.map {
      Self(days: "\($0.first)-\(min($0.last, reach))", tier: $0.tier, code: $0.code, reason: $0.reason)
    }
    if isUntested {
      trust.append(
        Self(
          days: "\(tested + 1) on", tier: .low, code: TierCode.untested.rawValue,
          reason: "no fold has tested leads beyond \(tested) days"))
    }
    return trust
  }
}

extension Explanation.Contest {
  fileprivate init(_ record: SeriesRecord) {
    let decision = record.decision
    var names: [String] = []
    for row in record.contest where names.last != row.model { names.append(row.model) }
    let cutoffs = Set(record.contest.map(\.cutoff)).sorted()
    let byModel = Dictionary(grouping: record.contest, by: \.model)
    let baseline = Dictionary(
      (byModel[Catalog.baseline] ?? []).map { ($0.cutoff, $0.steadyLoss) }, uniquingKeysWith: { first, _ in first })
    self.init(
      models: names.map { name in
        let rows = byModel[name]!
        let ratios = cutoffs.map { cutoff -> Double? in
          guard let loss = rows.first(where: { $0.cutoff == cutoff })?.steadyLoss, let base = baseline[cutoff] ?? nil,
            base > 0
          else { return nil }
          return loss / base
        }
        let coverages = rows.compactMap(\.coverage80)
        let worst =
          rows.first { $0.status == "failed" } ?? rows.first { $0.status != "scored" && $0.reason != nothingToScore }
        return Explanation.Model(
          name: name, status: worst?.status ?? (rows.contains { $0.status == "scored" } ? "scored" : "refused"),
          reason: worst?.reason, relativeLoss: rows.first?.expectedRatio, relativeLosses: ratios,
          coverage80: coverages.isEmpty ? nil : coverages.reduce(0, +) / Double(coverages.count),
          isChampion: decision.isContested && name == decision.champion)
      },
      champion: decision.champion, members: decision.members, weights: decision.blend.weights,
      publishedBy: record.forecast.first?.model ?? decision.champion,
      folds: cutoffs.map { ISOTime.string($0, full: record.step.seconds < 86_400) }, lossRatio: decision.lossRatio,
      why: [])
    let losses = (byModel[decision.champion] ?? []).compactMap(\.steadyLoss)
    why = reasons(decision, wasNeverOff: !losses.isEmpty && losses.allSatisfy { $0 == 0 })
    if record.contest.contains(where: { ($0.steadyShare ?? 1) < 1 }) {
      why.append("Leads behind a level shift are left out of the comparison: no model could have known of it.")
    }
  }

  /// Why the champion was chosen, as the run wrote it down.
  private func reasons(_ decision: SeriesRecord.DecisionRecord, wasNeverOff: Bool) -> [String] {
    guard decision.isContested else {
      return ["There was too little history for a contest, so \(decision.champion), the baseline, publishes."]
    }
    let others = models.filter { !$0.isChampion && $0.relativeLoss != nil }
      .sorted { ($0.relativeLoss!, $0.name) < ($1.relativeLoss!, $1.name) }
    let own = models.first(where: \.isChampion)?.relativeLoss
    var sentences = [
      "\(decision.champion) has the least loss to be expected, from the folds and from series like this one."
    ]
    if wasNeverOff {
      sentences = ["\(decision.champion) was never off on the folds, so no other model can beat it."]
    } else if let own, own > 0, let next = others.first, let theirs = next.relativeLoss {
      switch decision.choice {
      case .least?:
        sentences = [
          "\(decision.champion) has the least loss to be expected, from the folds and from series like this one: "
            + "\(share(1 - own / theirs)) below the next, \(next.name)."
        ]
      case .incumbent?, .brier?, .cost?:
        let why =
          switch decision.choice {
          case .incumbent: "it was the champion of the run before"
          case .brier: "its chances of reaching the lowest threshold were better"
          default: "it costs less"
          }
        sentences = [
          "\(next.name) has the least loss to be expected, but \(decision.champion) is only \(share(own / theirs - 1)) above it, "
            + "within one standard error of the fold differences and within \(share(Selection.tieMargin)), and \(why)."
        ]
      case nil: break
      }
    }
    if !decision.members.isEmpty {
      sentences.append("It \(decision.blend.words(decision.members, what: "the quantiles")).")
    }
    if publishedBy != decision.champion {
      sentences.append(
        "\(decision.champion) failed when it was fitted to all readings; \(publishedBy) stands in for it, with low trust."
      )
    }
    return sentences
  }
}

/// `3 %`, or `0.4 %` below one percent.
private func share(_ x: Double) -> String { "\(fixed(x * 100, digits: abs(x) < 0.01 ? 1 : 0)) %" }

extension Explanation.Quality {
  fileprivate init(_ record: SeriesRecord) {
    let step = record.step
    let indices = record.history.times.map { step.index(ofMicroseconds: $0) }
    func text(_ time: Int64?) -> String? { time.map { ISOTime.string($0, full: step.seconds < 86_400) } }
    let gaps = zip(indices, indices.dropFirst()).map { $1 - $0 - 1 }
    let issues = record.quality.issues
    var remarks = issues?.remarks ?? []
    if let issues, issues.remarks == nil {
      for (count, what) in [
        (issues.duplicates, "readings had the time of another and were dropped"),
        (issues.outOfOrder, "readings came out of order and were sorted"),
        (issues.aggregated, "readings shared a step with another and became one"),
      ] where count > 0 {
        remarks.append("\(count) \(what).")
      }
    }
    if !record.isMasterOfRun {
      remarks.append("The master was filled anew after this run: readings may differ from those it saw.")
    }
    self.init(
      readings: indices.count, firstReading: text(record.history.times.first),
      lastReading: text(record.history.times.last), gapSteps: gaps.reduce(0, +), longestGap: gaps.max() ?? 0,
      stepsSinceLast: indices.last.map { max(0, record.asOf - $0) } ?? 0,
      verdict: issues?.verdict?.rawValue ?? (issues == nil && record.quality.isComplete ? "good" : nil),
      remarks: remarks)
  }
}

extension Explanation.Profile {
  /// - Parameter history: As a model sees it: on today's level.
  fileprivate init?(_ history: History, ceiling: Double?, unit: String?) {
    guard let found = HistoryProfile(history) else { return nil }
    let cycles = [("day", found.day), ("week", found.week), ("year", found.year)].compactMap { name, cycle in
      cycle.map { Explanation.Cycle(name: name, strength: $0.strength, deviations: $0.deviations) }
    }
    let month = Int((30 / history.step.days).rounded())
    func mean(before end: Int) -> Double? {
      guard month > 0, end >= month else { return nil }
      let known = history.values.prefix(end).suffix(month).filter { !$0.isNaN }
      return 2 * known.count < month ? nil : known.reduce(0) { $0 + Double($1) } / Double(known.count)
    }
    let recent = mean(before: history.count)
    let earlier = mean(before: history.count - Int((60 / history.step.days).rounded()))
    self.init(
      level: found.level, trendPerMonth: found.trendPerMonth, recentMean: recent,
      recentChange: recent.flatMap { recent in earlier.map { recent - $0 } }, noise: found.noise, cycles: cycles,
      cleanUps: Explanation.CleanUps(history), words: [])
    words = sentences(ceiling: ceiling, unit: unit)
  }

  /// Cycles that explain less than this share of the rest are not worth a sentence.
  private static let noticeable = 0.1

  private static let places: [String: [String]] = [
    "week": ["Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"],
    "year": [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
      "December",
    ],
  ]

  private func sentences(ceiling: Double?, unit: String?) -> [String] {
    let words = AmountWords(ceiling: ceiling, unit: unit)
    func amount(_ x: Double) -> String { words.size(x) }
    func place(_ x: Double) -> String { words.place(x) }
    func beside(_ x: Double) -> String {
      // A share of a level near zero says nothing.
      guard level > 0, abs(x) < 3 * level else { return "\(amount(x)) \(x < 0 ? "below" : "above")" }
      return "\(fixed(abs(x) / level * 100, digits: 0)) % \(x < 0 ? "below" : "above")"
    }
    var sentences: [String] = []
    if let recentMean {
      var sentence = "The mean of the last 30 days is \(place(recentMean))"
      // With a cycle of clean-ups it says at which place of the cycle the two lie.
      if let recentChange, cleanUps == nil {
        sentence +=
          recentChange == 0
          ? ", as 60 days before"
          : ", \(amount(recentChange)) \(recentChange < 0 ? "below" : "above") that of 60 days before"
      }
      sentences.append("\(sentence).")
    }
    let moves = abs(trendPerMonth) * 12 > 0.02 * max(abs(level), .leastNormalMagnitude)
    sentences.append(
      moves
        ? "A straight trend through all readings \(trendPerMonth > 0 ? "grows" : "falls") by \(amount(trendPerMonth)) a month."
        : "Over all readings it neither grows nor falls to speak of.")
    if let cleanUps {
      sentences.append(
        "It fills and is cleaned up about every \(fixed(cleanUps.days, digits: cleanUps.days < 10 ? 1 : 0)) days, lately from \(place(cleanUps.before)) down to \(place(cleanUps.after))."
      )
    }
    for cycle in cycles {
      let low = cycle.deviations.indices.min { cycle.deviations[$0] < cycle.deviations[$1] }!
      let high = cycle.deviations.indices.max { cycle.deviations[$0] < cycle.deviations[$1] }!
      let name = Self.places[cycle.name] ?? (0..<24).map { "\($0 < 10 ? "0" : "")\($0):00" }
      guard cycle.strength >= Self.noticeable else {
        sentences.append("The \(cycle.name) has no pattern to speak of.")
        continue
      }
      let extent = "\(beside(cycle.deviations[low])) the mean"
      switch cycle.name {
      case "week":
        sentences.append("\(name[low]) are \(extent), \(name[high]) \(beside(cycle.deviations[high])) it.")
      default:
        sentences.append(
          "Over the \(cycle.name) it peaks \(cycle.name == "year" ? "in" : "at") \(name[high]) (\(beside(cycle.deviations[high])) the mean), "
            + "least \(cycle.name == "year" ? "in" : "at") \(name[low]) (\(beside(cycle.deviations[low]))).")
      }
    }
    sentences.append(
      noise > 1e-6 * abs(level)
        ? "What is left is noise of \(amount(noise)) (standard deviation)." : "There is no noise: it never changes.")
    return sentences
  }
}

extension Explanation.CleanUps {
  fileprivate init?(_ history: History) {
    let values = Array(history.values)
    guard let found = CleanUpCycles(values[...]) else { return nil }
    func mean(_ places: [Int]) -> Double {
      let newest = places.suffix(4)
      return newest.reduce(0) { $0 + Double(values[$1]) } / Double(newest.count)
    }
    self.init(
      days: (found.length * history.step.days * 10).rounded() / 10, before: mean(found.peaks), after: mean(found.lows))
  }
}

extension Explanation.Source {
  fileprivate static func all(of record: SeriesRecord) -> [Self] {
    let run = "runs/\(record.run)"
    var sources: [Self] = []
    if !record.risks.isEmpty {
      sources.append(
        Self(
          what: "risk", file: "\(run)/risks.parquet",
          columns: [
            "threshold", "severity", "tier", "current", "p_breach_*", "days_to_breach_*", "order_by",
            "recommended_capacity", "reclaimable", "reason",
          ]))
    }
    return sources + [
      Self(
        what: "chart: forecast", file: "\(run)/forecasts.parquet",
        columns: ["time", "lead", "model", "mean", "q10", "q50", "q90"]),
      Self(
        what: "chart: readings", file: "master/\(record.resource?.folder ?? "")/part-*.parquet",
        columns: ["time", "value"]),
      Self(
        what: "contest", file: "\(run)/leaderboard.parquet",
        columns: ["model", "cutoff", "status", "reason", "loss", "steady_loss", "steady_share", "coverage80"]),
      Self(
        what: "champion, capacity, trust", file: "\(run)/decisions.parquet",
        columns: ["champion", "members", "loss_ratio", "ceiling", "tier_*", "reason_*", "tested_lead"]),
      Self(what: "data quality", file: "quality.json", columns: ["series"]),
      Self(what: "level, trend, cycles, changes", file: "computed from the readings above", columns: []),
      Self(what: "what the forecast is made of", file: "the model fitted again to the readings above", columns: []),
      Self(what: "settings", file: "\(run)/run.json", columns: ["settings", "horizon", "units"]),
    ]
  }
}
