/// What kind of fleet is made: the mixed one, or one that shows a single behaviour or event on every server.
package enum Scenario: String, Sendable, CaseIterable {
  case steadyGrowth = "steady-growth"
  case seasonal
  case burst
  case lowIdle = "low-idle"
  case runaway
  case levelShift = "level-shift"
  case sawtoothDisk = "sawtooth-disk"
  case capacityChange = "capacity-change"
  case monthEnd = "month-end"
  case quarterEnd = "quarter-end"
  case holidays
  case changingNoise = "changing-noise"
  case trendBreak = "trend-break"
  case sharedLoad = "shared-load"
  case weekdayMachines = "weekday-machines"
  case gaps
  case flatLines = "flat-lines"
  case decommissions
  case shortHistories = "short-histories"
  case migration
  case resize
  case mixed
  case mixedHard = "mixed-hard"

  /// One sentence for help and documentation.
  package var summary: String {
    switch self {
    case .steadyGrowth: "Load that grows along a line, compounding, or along an S-curve."
    case .seasonal: "Weekly and yearly cycles with little growth."
    case .burst: "A low level with heavy-tailed bursts, spread evenly or in storms."
    case .lowIdle: "Machines that do next to nothing, with real zeros; some wake for a weekly job."
    case .runaway: "Leaks that run into the ceiling, straight or accelerating."
    case .levelShift: "Growth and seasons with one jump of the level in the history."
    case .sawtoothDisk: "Disks that fill and are cleaned up again and again."
    case .capacityChange: "Machines that were resized once in the history; the demand went on."
    case .monthEnd: "Load that peaks around the last day of every month."
    case .quarterEnd: "Load that climbs through the last week of every quarter."
    case .holidays: "Load that drops, or for shops peaks, on holidays whose dates move with the calendar."
    case .changingNoise: "Noise that is calm for months, then wild, and so on."
    case .trendBreak: "Growth that stops, starts, or changes its pace once in the history."
    case .sharedLoad: "Servers of one application that rise and fall together."
    case .weekdayMachines: "Machines that are idle at weekends, and some that work only then."
    case .gaps: "Agents that were down for days or weeks, so that readings are missing."
    case .flatLines: "Agents that repeated their last reading for days or weeks."
    case .decommissions: "Servers of which half were switched off before the last reading of the fleet."
    case .shortHistories: "Servers that began 20 to 120 days before the last reading."
    case .migration:
      "Growing load that a migration lifted 14 readings ago; memory, disk and cpu fill up within 150 days."
    case .resize: "Growing load on machines that were resized 14 readings ago; they fill up within 150 days."
    case .mixed: "The first eight, in the shares of a usual fleet."
    case .mixedHard: "All of them, in the shares of a fleet with a difficult past."
    }
  }

  /// Shares of behaviours and events: the one table of the mix.
  package var recipe: Recipe {
    switch self {
    case .steadyGrowth: Recipe(shares: [.steadyGrowth: 1])
    case .seasonal: Recipe(shares: [.seasonal: 1])
    case .burst: Recipe(shares: [.burst: 1])
    case .lowIdle: Recipe(shares: [.lowIdle: 1])
    case .runaway: Recipe(shares: [.runaway: 1])
    case .levelShift: Recipe(shares: Recipe.calm, levelShift: 1)
    case .sawtoothDisk: Recipe(shares: Recipe.calm, sawtoothDisk: 1)
    case .capacityChange: Recipe(shares: Recipe.calm, capacityChange: 1)
    case .monthEnd: Recipe(shares: Recipe.calm, monthEnd: 1)
    case .quarterEnd: Recipe(shares: Recipe.calm, quarterEnd: 1)
    case .holidays: Recipe(shares: Recipe.calm, holidays: 1)
    case .changingNoise: Recipe(shares: Recipe.calm, changingNoise: 1)
    case .trendBreak: Recipe(shares: Recipe.calm, trendBreak: 1)
    case .sharedLoad: Recipe(shares: Recipe.calm, sharedLoad: 1)
    case .weekdayMachines: Recipe(shares: Recipe.calm, closedDays: 1)
    case .gaps: Recipe(shares: Recipe.usual, gaps: 1)
    case .flatLines: Recipe(shares: Recipe.usual, flatLines: 1)
    case .decommissions: Recipe(shares: Recipe.usual, decommission: 0.5)
    case .shortHistories: Recipe(shares: Recipe.usual, shortHistory: 1)
    case .migration: Recipe(shares: [.steadyGrowth: 1], migration: 1)
    case .resize: Recipe(shares: [.steadyGrowth: 1], recentResize: 1)
    case .mixed: Recipe(shares: Recipe.usual, levelShift: 0.06, sawtoothDisk: 0.25, capacityChange: 0.05)
    case .mixedHard:
      Recipe(
        shares: Recipe.usual, levelShift: 0.06, sawtoothDisk: 0.25, capacityChange: 0.05, monthEnd: 0.08,
        quarterEnd: 0.05, holidays: 0.15, changingNoise: 0.10, trendBreak: 0.08, sharedLoad: 0.30, closedDays: 0.06,
        gaps: 0.12, flatLines: 0.05, decommission: 0.03, shortHistory: 0.05, migration: 0.01, recentResize: 0.01)
    }
  }
}

/// The mix of a scenario: shares of servers by behaviour (they add to 1), and how likely each event or habit is.
package struct Recipe: Sendable {
  package var shares: [Behaviour: Double]
  /// Chances by series.
  package var levelShift = 0.0
  /// Of disks only.
  package var sawtoothDisk = 0.0
  package var capacityChange = 0.0
  /// Chances by server, but for `changingNoise` and `trendBreak`, which are by series, and `sharedLoad`, which is by application.
  package var monthEnd = 0.0
  package var quarterEnd = 0.0
  package var holidays = 0.0
  package var changingNoise = 0.0
  package var trendBreak = 0.0
  package var sharedLoad = 0.0
  package var closedDays = 0.0
  package var gaps = 0.0
  package var flatLines = 0.0
  package var decommission = 0.0
  package var shortHistory = 0.0
  /// A level shift, or a new capacity, 14 readings before the last one on load that crosses 80 % soon after it.
  package var migration = 0.0
  package var recentResize = 0.0

  /// Whether there is more than the behaviours and the first three events; the rest is drawn apart, so that a fleet without it
  /// keeps its bytes.
  package var hasHabits: Bool {
    [
      monthEnd, quarterEnd, holidays, changingNoise, trendBreak, sharedLoad, closedDays, gaps, flatLines, decommission,
      shortHistory, migration, recentResize,
    ].contains { $0 > 0 }
  }

  static let usual: [Behaviour: Double] = [
    .steadyGrowth: 0.35, .seasonal: 0.20, .burst: 0.15, .lowIdle: 0.25, .runaway: 0.05,
  ]
  static let calm: [Behaviour: Double] = [.steadyGrowth: 0.5, .seasonal: 0.5]

  /// The behaviour at a place in [0, 1) along the shares.
  func behaviour(at place: Double) -> Behaviour {
    var edge = 0.0
    var last = Behaviour.steadyGrowth
    for behaviour in Behaviour.allCases {
      guard let share = shares[behaviour] else { continue }
      edge += share
      last = behaviour
      if place < edge { return behaviour }
    }
    return last
  }
}
