/// How the load of a server develops. One server in five shows the rare variant.
///
/// | behaviour     | common                               | rare                                                |
/// | ------------- | ------------------------------------ | --------------------------------------------------- |
/// | steady-growth | along a line, or compounding         | an S-curve: slow, fast, saturated                   |
/// | seasonal      | busy weekdays, one wave a year       | busy weekends, two waves and a year-end peak        |
/// | burst         | bursts at random, Pareto heights     | the same number of bursts, crowded into storms      |
/// | low-idle      | close to zero, with real zeros       | the same, and a job on one weekday                  |
/// | runaway       | a straight leak into the ceiling     | a leak that accelerates                             |
package enum Behaviour: String, Sendable, CaseIterable {
  case steadyGrowth = "steady-growth"
  case seasonal
  case burst
  case lowIdle = "low-idle"
  case runaway
}

/// Which face of its behaviour a server shows.
package enum Variant: String, Sendable, CaseIterable {
  case common, rare

  /// Share of servers with the rare variant.
  package static let rareShare = 0.2
}

/// What happened at a step; the text of the truth table's `event` column, empty when nothing did.
package enum SyntheticEvent: UInt8, Sendable, CaseIterable {
  case none, levelShift, capacityChange, cleanUp, burst, leak
  case trendBreak, noiseChange, holiday, periodEnd, gap, flatLine, decommission

  /// The events of fleets without habits: they are all that such a fleet's file knows.
  static let plain = allCases.prefix { $0 != .trendBreak }

  package var text: String {
    switch self {
    case .none: ""
    case .levelShift: "level shift"
    case .capacityChange: "capacity change"
    case .cleanUp: "clean-up"
    case .burst: "burst"
    case .leak: "leak"
    case .trendBreak: "trend break"
    case .noiseChange: "noise change"
    case .holiday: "holiday"
    case .periodEnd: "period end"
    case .gap: "gap"
    case .flatLine: "flat line"
    case .decommission: "decommission"
    }
  }
}

/// The ranges from which a series' figures are drawn; for CPU, other resources scale them (`ResourceTraits`).
struct Traits: Sendable {
  /// Mean level at the last reading, share of capacity.
  let level: ClosedRange<Double>
  /// Growth a year, share of the level; for S-curves the whole rise.
  let growth: ClosedRange<Double>
  /// Strength of the weekly cycle: 1 is a weekend 75 % below the mean.
  let weekly: ClosedRange<Double>
  /// Amplitude of the yearly cycle, share of the level.
  let yearly: ClosedRange<Double>
  /// Standard deviation of the noise, share of the path.
  let noise: ClosedRange<Double>
  /// Bursts a year.
  let bursts: ClosedRange<Double>

  static func of(_ behaviour: Behaviour, _ variant: Variant) -> Traits {
    switch (behaviour, variant) {
    case (.steadyGrowth, .common):
      Traits(
        level: 0.10...0.81, growth: 0.06...0.42, weekly: 0.05...0.20, yearly: 0.01...0.06, noise: 0.03...0.09,
        bursts: 0...3)
    case (.steadyGrowth, .rare):
      Traits(
        level: 0.22...0.80, growth: 0.60...2.00, weekly: 0.05...0.15, yearly: 0.01...0.05, noise: 0.03...0.09,
        bursts: 0...3)
    case (.seasonal, .common):
      Traits(
        level: 0.12...0.55, growth: -0.03...0.12, weekly: 0.15...0.50, yearly: 0.10...0.35, noise: 0.03...0.12,
        bursts: 0...4)
    case (.seasonal, .rare):
      Traits(
        level: 0.12...0.53, growth: -0.03...0.10, weekly: -0.40 ... -0.15, yearly: 0.10...0.30, noise: 0.03...0.12,
        bursts: 0...4)
    case (.burst, _):
      Traits(
        level: 0.06...0.35, growth: 0...0.06, weekly: 0...0.15, yearly: 0...0.05, noise: 0.06...0.20,
        bursts: 12...40)
    case (.lowIdle, _):
      Traits(
        level: 0.003...0.030, growth: -0.02...0.02, weekly: 0...0.10, yearly: 0...0.05, noise: 0.60...1.20,
        bursts: 0...2)
    case (.runaway, _):
      Traits(
        level: 0.12...0.45, growth: 0...0.05, weekly: 0.05...0.20, yearly: 0...0.05, noise: 0.03...0.10,
        bursts: 0...3)
    }
  }
}
