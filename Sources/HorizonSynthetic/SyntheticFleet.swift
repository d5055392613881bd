package import HorizonCore
import HorizonNumerics

/// A seeded fleet with known truth: the same servers for the same plan, each independent of how many there are.
///
/// Servers are made one by one from their index, in any order and on any thread.
package struct SyntheticFleet: Sendable {
  package let plan: FleetPlan
  let seasons: SeasonTable
  let normal = NormalTable()
  /// Empty when no scenario has shared load.
  let sharedLoads: [String: SharedLoad]

  /// - Throws: `Failure` when the plan asks for something that cannot be made.
  package init(_ plan: FleetPlan) throws(Failure) {
    try plan.check()
    self.plan = plan
    seasons = SeasonTable(plan: plan)
    let isShared = (plan.scenarios ?? []).contains { $0.recipe.sharedLoad > 0 }
    sharedLoads = isShared ? SharedLoad.all(plan: plan, normal: normal) : [:]
  }

  /// The events that may occur, in the order of their codes.
  var knownEvents: ArraySlice<SyntheticEvent> {
    (plan.scenarios ?? []).contains { $0.recipe.hasHabits }
      ? SyntheticEvent.allCases[...] : SyntheticEvent.plain
  }

  /// Name and inventory of a server.
  package func server(_ index: Int) -> SyntheticServer { SyntheticServer(index: index, seed: plan.seed) }

  /// The behaviour that a server shows, and in which variant.
  package func behaviour(_ index: Int) -> (Behaviour, Variant) {
    let offset = Double(stableHash("mix", seed: plan.seed) >> 11) * 0x1p-53
    // A golden-ratio walk spreads the servers evenly over the shares: every prefix of the fleet has the mix.
    let turn = index / (plan.scenarios?.count ?? 1)
    let walk = offset + Double(turn) * 0.618_033_988_749_894_9
    var random = SplitMix64(seed: stableHash("\(index)/variant", seed: plan.seed))
    let variant: Variant = random.uniform() < Variant.rareShare ? .rare : .common
    return (scenario(index).recipe.behaviour(at: walk - walk.rounded(.down)), variant)
  }

  /// The scenario that a server belongs to.
  package func scenario(_ index: Int) -> Scenario {
    guard let scenarios = plan.scenarios else { return .mixed }
    return scenarios[index % scenarios.count]
  }

  /// All series of a server, in the order of `SyntheticResource.allCases`.
  ///
  /// - Complexity: O(steps), some 25 ns a step of the truth.
  package func series(_ index: Int) -> [SyntheticSeries] {
    let server = server(index)
    let (behaviour, variant) = behaviour(index)
    var random = SplitMix64(seed: stableHash("\(index)/server", seed: plan.seed))
    let recipe = scenario(index).recipe
    let habits = recipe.hasHabits ? ServerHabits(fleet: self, server: server, index: index, recipe: recipe) : .none
    let temper = ServerTemper(
      behaviour: behaviour, variant: variant, recipe: recipe, application: server.application, habits: habits,
      random: &random)
    return SyntheticResource.allCases.map { resource in
      var random = SplitMix64(seed: stableHash("\(index)/\(resource.rawValue)", seed: plan.seed))
      var draft = SeriesDraft(fleet: self, resource: resource, temper: temper, random: &random)
      draft.shape(&random)
      if recipe.hasHabits { draft.addHabits(index: index) }
      return draft.realised(server: server.name, random: &random)
    }
  }
}

/// What the series of one server share.
struct ServerTemper: Sendable {
  let behaviour: Behaviour
  let variant: Variant
  let recipe: Recipe
  let application: String
  let habits: ServerHabits
  let cores: Double
  /// Angle of the year at which the load peaks, and of the day.
  let yearPeak: Double
  let dayPeak: Double
  /// Weekday of a weekly job, Monday 0.
  let jobDay: Int
  /// The resource that a runaway server runs out of.
  let leaking: SyntheticResource

  init(
    behaviour: Behaviour, variant: Variant, recipe: Recipe, application: String, habits: ServerHabits,
    random: inout SplitMix64
  ) {
    self.behaviour = behaviour
    self.variant = variant
    self.recipe = recipe
    self.application = application
    self.habits = habits
    cores = [2.0, 4, 4, 8, 8, 16, 16, 32, 64][Int(random.uniform() * 9)]
    yearPeak = random.uniform(0, 2 * Double.pi)
    // Offices peak in the early afternoon, one machine in five works at night.
    dayPeak = random.uniform() < 0.8 ? random.uniform(3.2, 4.2) : random.uniform(0.2, 1)
    jobDay = Int(random.uniform() * 7)
    let share = random.uniform()
    leaking = share < 0.45 ? .memory : share < 0.8 ? .disk : share < 0.95 ? .cpu : .network
  }
}
