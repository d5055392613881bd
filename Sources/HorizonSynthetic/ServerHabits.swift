import Foundation
import HorizonCore
import HorizonNumerics

/// What a server does by the calendar, with its application, and when its agent reported; the same for all its series.
struct ServerHabits: Sendable {
  /// Days on which the machine does no work.
  enum ClosedDays: Sendable { case none, weekends, weekdays }

  /// A past that is built so that its crossing of 80 % is known.
  enum Approach: Sendable { case none, migration, resize }

  /// Added share of the load on the last day of a month, of a quarter.
  var monthEnd = 0.0
  var quarterEnd = 0.0
  /// Added share of the load on holidays, on shopping days.
  var rest = 0.0
  var rush = 0.0
  var closed = ClosedDays.none
  var approach = Approach.none
  /// How strongly the server feels what its application feels; 0 alone.
  var sharedLoad = 0.0
  /// Positions in the history, ascending; nil from the first reading to the last.
  var lifetime: Range<Int>?
  /// Stretches without readings, and those with the same reading again and again.
  var outages: [Range<Int>] = []
  var frozen: [Range<Int>] = []

  static let none = ServerHabits()

  private init() {}

  init(fleet: SyntheticFleet, server: SyntheticServer, index: Int, recipe: Recipe) {
    let plan = fleet.plan
    var random = SplitMix64(seed: stableHash("\(index)/habits", seed: plan.seed))
    // Each habit has a stream of its own, so that the chance of one does not change the others.
    func draws(_ chance: Double) -> SplitMix64? {
      var stream = SplitMix64(seed: random.next())
      return stream.uniform() < chance ? stream : nil
    }
    if var own = draws(recipe.monthEnd) { monthEnd = own.uniform(0.4, 1.0) }
    if var own = draws(recipe.quarterEnd) { quarterEnd = own.uniform(0.5, 1.2) }
    if var own = draws(recipe.holidays) {
      let isShop = own.uniform() < 0.3
      rest = isShop ? own.uniform(-0.3, 0.2) : own.uniform(-0.75, -0.4)
      rush = isShop ? own.uniform(0.5, 1.2) : 0
    }
    if var own = draws(recipe.closedDays) { closed = own.uniform() < 0.8 ? .weekends : .weekdays }
    if draws(recipe.migration) != nil { approach = .migration }
    if draws(recipe.recentResize) != nil { approach = .resize }
    if SharedLoad.isShared(server.application, share: recipe.sharedLoad, seed: plan.seed) {
      sharedLoad = random.uniform(0.6, 1.4)
    }
    let (readings, perDay) = (plan.readings, Double(plan.stepsPerDay))
    if var own = draws(recipe.shortHistory) {
      lifetime = max(0, readings - Int(own.uniform(20, 120) * perDay))..<readings
    } else if var own = draws(recipe.decommission) {
      let age = own.uniform(20, 300) * perDay
      lifetime = 0..<max(Int(perDay), readings - Int(age))
    }
    if var own = draws(recipe.gaps) {
      outages = ServerHabits.stretches(perYear: own.uniform(1.5, 5), days: 2...45, mean: 9, plan: plan, random: &own)
    }
    if var own = draws(recipe.flatLines) {
      frozen = ServerHabits.stretches(perYear: own.uniform(1, 3), days: 4...40, mean: 14, plan: plan, random: &own)
    }
  }

  /// Stretches of the history at random, so many a year, neither at its first nor at its last reading.
  private static func stretches(
    perYear: Double, days: ClosedRange<Double>, mean: Double, plan: FleetPlan, random: inout SplitMix64
  ) -> [Range<Int>] {
    let perDay = Double(plan.stepsPerDay)
    var result: [Range<Int>] = []
    var at = 1
    while true {
      let begin = at + Int(random.exponential() * 365.25 / perYear * perDay)
      let length = min(days.upperBound, days.lowerBound + random.exponential() * (mean - days.lowerBound))
      let end = min(begin + Int((length * perDay).rounded()), plan.readings - 1)
      guard begin < end else { return result }
      result.append(begin..<end)
      at = end + 1
    }
  }

  /// The parts of the history that were reported.
  func reported(of readings: Int) -> [Range<Int>] {
    let life = lifetime ?? 0..<readings
    var result: [Range<Int>] = []
    var at = life.lowerBound
    for outage in outages.map({ $0.clamped(to: life) }) where !outage.isEmpty {
      if outage.lowerBound > at { result.append(at..<outage.lowerBound) }
      at = outage.upperBound
    }
    if at < life.upperBound || result.isEmpty { result.append(at..<max(at + 1, life.upperBound)) }
    return result
  }
}
