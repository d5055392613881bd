package import HorizonCore

/// All that the risk of one live series depends on, besides the settings and the run's rank paths.
package struct RiskInput: Sendable {
  package var series: SeriesName
  /// Published quantiles, [lead][level], leads 1...horizon, in the unit of the readings.
  package var quantiles: ArraySlice<Float>
  /// Newest readings up to the as-of, oldest first, NaN where missing; 400 are enough to date what has been breached for a year.
  package var history: ArraySlice<Float>
  /// What 100 % is, in the unit of the readings.
  package var capacity: Double
  /// Nothing lies below it, where the series has one.
  package var floor: Float?
  /// Whether the history respects the capacity as a ceiling, so that no future exceeds it.
  package var bounded: Bool
  /// Share of the forecast's error that persists, 0...1, from fold errors; NaN when not known.
  package var persistence: Float
  /// How the quantiles go on beyond q05 and q95.
  package var tail: TailShape
  /// Trust tier of each lead.
  package var tiers: [TrustTier]
  package var step: Step
  /// Step index of the as-of.
  package var asOf: Int
  package var rule: BreachRule

  package init(
    series: SeriesName, quantiles: ArraySlice<Float>, history: ArraySlice<Float>, capacity: Double, floor: Float?,
    bounded: Bool, persistence: Float, tail: TailShape = .exponential, tiers: [TrustTier], step: Step, asOf: Int,
    rule: BreachRule
  ) {
    self.series = series
    self.quantiles = quantiles
    self.history = history
    self.capacity = capacity
    self.floor = floor
    self.bounded = bounded
    self.persistence = persistence
    self.tail = tail
    self.tiers = tiers
    self.step = step
    self.asOf = asOf
    self.rule = rule
  }
}

/// For which series a capacity is recommended: finding it takes most of the time.
package enum RiskSizing: Sendable {
  case always
  /// Where no threshold is at risk the recommended capacity is NaN.
  case whenAtRisk
}

/// The risks of one live series with a ceiling: one row per threshold, ascending, at risk or not.
///
/// A pure function of its arguments. The futures are the bank's rank paths pushed through the published quantiles; a breach is
/// dated by the reading that completes the rule, and the newest readings count in the first windows.
///
/// - Parameter bank: Of the run, with at least as many leads as the forecast.
/// - Throws: `RiskError` for a series that has no risk to tell: no reading, no capacity above 0, a quantile that is not finite.
/// - Complexity: O(leads x paths), about 20 passes over the ranks.
package func assessRisk(
  _ input: RiskInput, settings: RiskSettings, bank: RankPathBank, sizing: RiskSizing = .always
) throws(RiskError) -> [RiskRow] {
  let simulation = try input.simulation(bank)
  let future = simulation.future
  let level = simulation.history.level!
  let prospects = input.prospects(settings, simulation)
  let lowest = settings.thresholds[0].percent / 100
  let reclaimable = max(0, input.capacity - max(0, Double(future.largestQ95)) / lowest)

  let current = Double(level) / input.capacity * 100
  let window = leads(in: settings.within, step: input.step, horizon: future.horizon)
  func severity(_ prospect: BreachProspect) -> Severity {
    Severity(
      threshold: prospect.threshold.name, crossed: prospect.isCrossed, probability: prospect.probability(lead: window))
  }
  var safe = Double.nan
  if sizing == .always || prospects.contains(where: { severity($0) != .none }) {
    let exceeding = prospects.filter { $0.isUnsafe }.map(\.value).max()
    let keeping = prospects.filter { $0.isSafe }.map(\.value).min()
    safe = Double(simulation.leastSafeThreshold(above: exceeding, atMost: keeping))
  }
  return prospects.map { prospect in
    let percent = prospect.threshold.percent
    let p10 = prospect.days(probability: 0.1)
    let p50 = prospect.days(probability: 0.5)
    func within(_ days: Double) -> Float? {
      Double(future.horizon) * input.step.days + 1e-9 < days
        ? nil : Float(prospect.probability(lead: leads(in: days, step: input.step, horizon: future.horizon)))
    }
    let tierLead = prospect.isCrossed ? 1 : prospect.lead(probability: 0.5) ?? max(1, window)
    return RiskRow(
      series: input.series, threshold: percent,
      severity: severity(prospect),
      tier: input.tiers[tierLead - 1], current: current, headroom: percent - current,
      pBreach30: within(30), pBreach60: within(60), pBreach90: within(90), pBreach180: within(180),
      daysToBreachP10: p10.map { Float($0) }, daysToBreachP50: p50.map { Float($0) },
      daysToBreachP90: prospect.days(probability: 0.9).map { Float($0) },
      orderBy: p10.map {
        orderDay(asOf: input.asOf, step: input.step, days: $0, procurement: settings.procurementDays)
      },
      recommendedCapacity: safe.isNaN ? .nan : max(0, safe / (percent / 100)), reclaimable: reclaimable,
      reason: prospect.reason(within: window))
  }
}

extension RiskInput {
  /// The chance that the first breach lies at or before a lead, by threshold, then lead.
  ///
  /// - Throws: As `assessRisk`.
  package func breachChances(settings: RiskSettings, bank: RankPathBank) throws(RiskError) -> [[Float]] {
    let simulation = try simulation(bank)
    return prospects(settings, simulation).map { $0.breached.map { Float($0) / Float(RankPathBank.paths) } }
  }

  fileprivate func simulation(_ bank: RankPathBank) throws(RiskError) -> BreachSimulation {
    guard capacity > 0, capacity.isFinite else { throw .noCapacity }
    let past = BreachHistory(history, rule: rule)
    guard let level = past.level else { throw .noReading }
    guard level.isFinite else { throw .notFinite }
    let future = try FutureValues(quantiles: quantiles, floor: floor, tail: tail)
    precondition(future.horizon <= bank.horizon, "the rank paths reach as far as the forecast")
    precondition(tiers.count >= future.horizon, "each lead has a tier")
    return BreachSimulation(
      future: future, history: past, bank: bank, classIndex: RankPathBank.classIndex(persistence: persistence))
  }

  fileprivate func prospects(_ settings: RiskSettings, _ simulation: BreachSimulation) -> [BreachProspect] {
    let largest = simulation.future.largest
    return settings.thresholds.map { BreachProspect($0, input: self, simulation: simulation, largest: largest) }
  }
}

/// The last lead that lies within a number of days; 0 when the first one does not.
private func leads(in days: Double, step: Step, horizon: Int) -> Int {
  min(horizon, Int((days / step.days + 1e-9).rounded(.down)))
}

/// The day by which to order so that the delivery comes before the early (10 %) breach date; in the past when that is too late.
private func orderDay(asOf: Int, step: Step, days: Double, procurement: Double) -> Int {
  let now = Double(step.microseconds(of: asOf)) / 86_400_000_000
  return Int((now + days - procurement).rounded(.down))
}

/// When one series breaches one threshold.
private struct BreachProspect {
  let threshold: RiskThreshold
  /// The threshold in the unit of the readings.
  let value: Float
  /// Paths that have breached by each lead, [lead].
  let breached: [Int]
  let episode: (stepsAgo: Int, orEarlier: Bool)?
  let input: RiskInput
  /// Whether no future can reach the threshold because it lies above a ceiling that the history respects.
  let beyondCeiling: Bool

  /// - Parameter largest: The largest value of any future.
  init(_ threshold: RiskThreshold, input: RiskInput, simulation: BreachSimulation, largest: Float) {
    self.threshold = threshold
    self.input = input
    value = Float(input.capacity * (threshold.percent / 100))
    episode = simulation.history.episode(value)
    beyondCeiling = input.bounded && Double(value) > input.capacity.nextUp && threshold.percent > 100
    let horizon = simulation.future.horizon
    if episode != nil {
      breached = [Int](repeating: RankPathBank.paths, count: horizon)
    } else if beyondCeiling || largest < value {
      // Without a reading at or above it a window that does not breach never will.
      breached = [Int](repeating: 0, count: horizon)
    } else {
      breached = simulation.breached(threshold: value)
    }
  }

  var isCrossed: Bool { episode != nil }
  var isUnsafe: Bool { breached.last! > BreachSimulation.mostPathsOfTenth }
  var isSafe: Bool { !isUnsafe && !beyondCeiling }

  /// Probability that the first breach lies at or before a lead.
  func probability(lead: Int) -> Double {
    if isCrossed { return 1 }
    return lead < 1 ? 0 : Double(breached[lead - 1]) / Double(RankPathBank.paths)
  }

  /// The first lead by which the breach has that probability; nil when not within the horizon.
  func lead(probability: Double) -> Int? {
    breached.firstIndex { Double($0) >= probability * Double(RankPathBank.paths) }.map { $0 + 1 }
  }

  /// Quantile of the days to the first breach; minus the days since when crossed.
  func days(probability: Double) -> Double? {
    if let episode { return 0 - Double(episode.stepsAgo) * input.step.days }
    return lead(probability: probability).map { Double($0) * input.step.days }
  }

  func reason(within window: Int) -> String {
    let limit = "\(number(threshold.percent)) %"
    if let episode {
      return "Above \(limit) since \(time(-episode.stepsAgo))\(episode.orEarlier ? " or earlier" : "")."
    }
    if let lead = lead(probability: 0.5) {
      return "Half of the simulated futures cross \(limit) by \(time(lead))."
    }
    let soon = probability(lead: window)
    let lead = soon >= 0.2 ? window : breached.count
    let share = probability(lead: lead)
    let within = "within \(span(lead))"
    if share == 0 { return "No simulated future crosses \(limit) \(within)." }
    let percent = share < 0.01 ? "Less than 1 %" : "\(Int((share * 100).rounded(.down))) %"
    return "\(percent) of the simulated futures cross \(limit) \(within)."
  }

  /// The date of a lead, with the hour when steps are shorter than a day.
  private func time(_ lead: Int) -> String {
    let text = ISOTime.string(input.step.microseconds(of: input.asOf + lead), full: true)
    return input.step.seconds >= 86_400 ? String(text.prefix(10)) : "\(text.prefix(10)) \(text.dropFirst(11).prefix(5))"
  }

  private func span(_ leads: Int) -> String {
    let days = Double(leads) * input.step.days
    if days >= 2 || input.step.seconds >= 86_400 { return days == 1 ? "1 day" : "\(number(days)) days" }
    return "\(number(days * 24)) hours"
  }

  /// At most one decimal.
  private func number(_ x: Double) -> String {
    let tenths = (x * 10).rounded() / 10
    return tenths == tenths.rounded() ? String(Int(tenths)) : String(tenths)
  }
}
