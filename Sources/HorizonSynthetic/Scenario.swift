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
  case mixed

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
    case .mixed: "All of them, in the shares of a usual fleet."
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
    case .levelShift: Recipe(shares: [.steadyGrowth: 0.5, .seasonal: 0.5], levelShift: 1)
    case .sawtoothDisk: Recipe(shares: [.steadyGrowth: 0.5, .seasonal: 0.5], sawtoothDisk: 1)
    case .capacityChange: Recipe(shares: [.steadyGrowth: 0.5, .seasonal: 0.5], capacityChange: 1)
    case .mixed:
      Recipe(
        shares: [.steadyGrowth: 0.35, .seasonal: 0.20, .burst: 0.15, .lowIdle: 0.25, .runaway: 0.05],
        levelShift: 0.06, sawtoothDisk: 0.25, capacityChange: 0.05)
    }
  }
}

/// The mix of a scenario: shares of servers by behaviour (they add to 1), and how likely an event is per series.
package struct Recipe: Sendable {
  package var shares: [Behaviour: Double]
  package var levelShift = 0.0
  /// Of disks only.
  package var sawtoothDisk = 0.0
  package var capacityChange = 0.0

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
