import HorizonCore
import HorizonSynthetic
import Testing

private func fleet(
  _ scenario: Scenario? = nil, servers: Int = 40, days: Int = 730, step: Step = .day, seed: UInt64 = 7
) throws -> SyntheticFleet {
  try SyntheticFleet(
    FleetPlan(servers: servers, days: days, step: step, seed: seed, scenarios: scenario.map { [$0] }))
}

private func all(_ fleet: SyntheticFleet) -> [SyntheticSeries] {
  (0..<fleet.plan.servers).flatMap { fleet.series($0) }
}

private func mean(_ values: some Collection<Double>) -> Double { values.reduce(0, +) / Double(values.count) }

/// Mean share of capacity in a range of readings.
private func use(_ series: SyntheticSeries, _ range: Range<Int>) -> Double {
  mean(range.map { series.value[$0] / series.capacity[$0] })
}

@Suite struct SyntheticFleetTests {
  @Test func equalPlansGiveEqualSeries() throws {
    let (a, b) = (try fleet(), try fleet())
    for (x, y) in zip(all(a), all(b)) {
      #expect(x.value == y.value && x.truth == y.truth && x.noise == y.noise && x.capacity == y.capacity)
      #expect(x.server == y.server && x.events == y.events)
    }
  }

  @Test func anotherSeedGivesAnotherFleet() throws {
    let (a, b) = (try fleet(seed: 1).series(0), try fleet(seed: 2).series(0))
    #expect(zip(a, b).allSatisfy { $0.value != $1.value })
  }

  @Test func aServerDoesNotDependOnHowManyThereAre() throws {
    let (few, many) = (try fleet(servers: 10), try fleet(servers: 100))
    for index in 0..<10 {
      #expect(few.server(index) == many.server(index))
      #expect(zip(few.series(index), many.series(index)).allSatisfy { $0.value == $1.value && $0.noise == $1.noise })
    }
  }

  @Test func readingsLieBetweenZeroAndCapacity() throws {
    for series in all(try fleet(servers: 200)) {
      #expect(zip(series.value, series.capacity).allSatisfy { $0 >= 0 && $0 <= $1 })
      let ceiling = series.capacity.max() ?? 0
      #expect(series.truth.allSatisfy { $0 >= 0 && $0 <= ceiling })
    }
  }

  @Test func truthPlusNoiseIsTheReadingWhereNotClipped() throws {
    for series in all(try fleet(servers: 100)) {
      for t in series.value.indices {
        let demand = series.truth[t] + series.noise[t]
        let held = min(max(demand, 0), series.capacity[t])
        #expect(abs(series.value[t] - held) <= 1e-9 * max(1, series.capacity[t]))
        #expect(series.reading(at: t) == series.value[t])
      }
    }
  }

  @Test(arguments: [Step.day, Step.hour])
  func truthGoesOnForAYear(step: Step) throws {
    let made = try fleet(days: 30, step: step)
    for series in made.series(3) {
      #expect(series.value.count == 30 * made.plan.stepsPerDay && series.capacity.count == series.value.count)
      #expect(series.truth.count == 395 * made.plan.stepsPerDay)
      #expect(series.noise.count == series.truth.count && series.events.count == series.truth.count)
      let last = step.microseconds(of: series.firstIndex + series.value.count - 1)
      #expect(ISOTime.string(last).hasPrefix("2025-12-31"))
      #expect(series.noise.suffix(100).contains { $0 != 0 })
    }
  }

  @Test func noiseHasMeanZero() throws {
    let standard = all(try fleet(servers: 300)).map { series in
      mean(series.noise) / max(mean(series.truth), 1e-9)
    }
    #expect(abs(mean(standard)) < 0.02)
  }

  @Test func everyPrefixOfTheMixedFleetHasTheMix() throws {
    let made = try fleet(servers: 2_000)
    for count in [200, 2_000] {
      let behaviours = (0..<count).map { made.behaviour($0).0 }
      for (behaviour, share) in Scenario.mixed.recipe.shares {
        let found = Double(behaviours.count { $0 == behaviour }) / Double(count)
        #expect(abs(found - share) < (count == 200 ? 0.02 : 0.003), "\(behaviour)")
      }
    }
    let rare = Double((0..<2_000).count { made.behaviour($0).1 == .rare }) / 2_000
    #expect(abs(rare - Variant.rareShare) < 0.03)
  }

  @Test func sharesOfEveryScenarioAddToOne() {
    for scenario in Scenario.allCases {
      #expect(abs(scenario.recipe.shares.values.reduce(0, +) - 1) < 1e-12)
    }
  }

  @Test func aFewPercentOfTheMixedFleetNearTheCeilingSoon() throws {
    let series = all(try fleet(servers: 500, days: 1_095, seed: 42))
    func high(_ s: SyntheticSeries, _ range: Range<Int>) -> Bool {
      range.count { s.reading(at: $0) >= 0.8 * (s.capacity.last ?? 0) } >= 7
    }
    let crossed = series.filter { high($0, ($0.value.count - 9)..<$0.value.count) }.count
    let soon = series.filter { high($0, $0.value.count..<($0.value.count + 180)) }.count - crossed
    #expect((0.002...0.03).contains(Double(crossed) / Double(series.count)))
    #expect((0.02...0.09).contains(Double(soon) / Double(series.count)))
  }

  @Test func severalScenariosTakeTurns() throws {
    let made = try SyntheticFleet(FleetPlan(servers: 4, days: 30, scenarios: [.burst, .lowIdle]))
    #expect((0..<4).map { made.behaviour($0).0 } == [.burst, .lowIdle, .burst, .lowIdle])
  }

  @Test func plansThatCannotBeMadeAreRefused() {
    for plan in [
      FleetPlan(servers: 0), FleetPlan(days: 1), FleetPlan(step: Step(seconds: 604_800)), FleetPlan(scenarios: []),
    ] {
      #expect(throws: Failure.self) { try SyntheticFleet(plan) }
    }
  }

  @Test func namesAreUniqueAndTellTheApplication() throws {
    let made = try fleet(servers: 500)
    let servers = (0..<500).map { made.server($0) }
    #expect(Set(servers.map(\.name)).count == 500)
    #expect(servers.allSatisfy { $0.name.hasPrefix($0.application + "-") })
    let departments = Dictionary(grouping: servers, by: \.application).mapValues { Set($0.map(\.department)).count }
    #expect(departments.values.allSatisfy { $0 == 1 })
    #expect(Set(servers.map(\.environment)) == ["prod", "stage", "dev"])
  }
}

@Suite struct ScenarioTests {
  @Test func steadyGrowthGrows() throws {
    let grown = all(try fleet(.steadyGrowth)).filter { use($0, 365..<730) > use($0, 0..<365) }
    #expect(grown.count >= 155, "of 160")
  }

  @Test func seasonalLoadFollowsTheWeek() throws {
    for series in all(try fleet(.seasonal)) where series.resource == .cpu {
      let weekday = { (t: Int) in (series.firstIndex + t + 3) % 7 }
      let weekend = mean((0..<730).filter { weekday($0) >= 5 }.map { series.value[$0] })
      let work = mean((0..<730).filter { weekday($0) < 5 }.map { series.value[$0] })
      #expect(series.variant == .common ? weekend < work : weekend > work)
    }
  }

  @Test func burstsStandOutOfTheNoise() throws {
    for series in all(try fleet(.burst)) where series.resource == .cpu {
      let burst = series.events.indices.filter { series.events[$0] == .burst }
      let calm = series.events.indices.filter { series.events[$0] == .none }
      #expect(burst.count > 5)
      #expect(mean(burst.map { series.noise[$0] }) > mean(calm.map { series.noise[$0] }) + 0.1 * series.capacity[0])
    }
  }

  @Test func idleMachinesAreIdleWithRealZeros() throws {
    let series = all(try fleet(.lowIdle))
    #expect(series.allSatisfy { use($0, 0..<730) < 0.15 })
    let work = series.filter { $0.resource == .cpu || $0.resource == .network }
    let zeros = work.reduce(0) { $0 + $1.value.count { $0 == 0 } }
    #expect(Double(zeros) / Double(work.count * 730) > 0.03)
  }

  @Test func everyRunawayServerRunsIntoACeiling() throws {
    let made = try fleet(.runaway)
    for index in 0..<made.plan.servers {
      let peak = made.series(index).map { ($0.truth.max() ?? 0) / ($0.capacity.last ?? 1) }.max() ?? 0
      #expect(peak > 0.75)
      for series in made.series(index) {
        let full = series.truth.indices.filter { series.truth[$0] >= 0.999 * series.capacity[0] }
        #expect(full.allSatisfy { series.reading(at: $0) > 0.5 * series.capacity[0] })
      }
    }
  }

  @Test func aLevelShiftMovesTheLevelAndOnlyInTheHistory() throws {
    for series in all(try fleet(.levelShift)) {
      let steps = series.events.indices.filter { series.events[$0] == .levelShift }
      try #require(steps.count == 1 && steps[0] < series.value.count)
      let step = steps[0]
      let week = 7
      let before = mean(series.truth[(step - week)..<step])
      let after = mean(series.truth[step..<(step + week)])
      #expect(abs(after - before) > 0.08 * before, "\(series.server)/\(series.resource)")
    }
  }

  @Test func sawtoothDisksDropAtCleanUps() throws {
    for series in all(try fleet(.sawtoothDisk)) {
      let steps = series.events.indices.filter { series.events[$0] == .cleanUp }
      #expect(steps.isEmpty == (series.resource != .disk))
      #expect(steps.allSatisfy { series.truth[$0] < series.truth[$0 - 1] })
      if series.resource == .disk { #expect(steps.contains { $0 >= series.value.count }) }
    }
  }

  @Test func aCapacityChangeLeavesTheDemand() throws {
    for series in all(try fleet(.capacityChange)) {
      let steps = series.events.indices.filter { series.events[$0] == .capacityChange }
      try #require(steps.count == 1)
      let step = steps[0]
      #expect(Set(series.capacity[..<step]).count == 1 && Set(series.capacity[step...]).count == 1)
      #expect(series.capacity[step] != series.capacity[step - 1])
      let ratio = series.capacity[step] / series.capacity[step - 1]
      let demand = mean(series.truth[step..<(step + 7)]) / mean(series.truth[(step - 7)..<step])
      #expect([0.5, 1.5, 2].contains(ratio) && (0.85...1.25).contains(demand))
    }
  }

  @Test func hourlyLoadFollowsTheDay() throws {
    let made = try fleet(.seasonal, servers: 5, days: 28, step: .hour)
    for series in all(made) where series.resource == .cpu {
      let clock = (0..<24).map { hour in mean(stride(from: hour, to: 28 * 24, by: 24).map { series.value[$0] }) }
      #expect((clock.max() ?? 0) > 1.5 * (clock.min() ?? 0))
    }
  }

  @Test func scenarioNamesAreThoseOfTheCommandLine() {
    #expect(
      Scenario.allCases.map(\.rawValue) == [
        "steady-growth", "seasonal", "burst", "low-idle", "runaway", "level-shift", "sawtooth-disk",
        "capacity-change", "month-end", "quarter-end", "holidays", "changing-noise", "trend-break", "shared-load",
        "weekday-machines", "gaps", "flat-lines", "decommissions", "short-histories", "migration", "resize", "mixed",
        "mixed-hard",
      ])
    #expect(Scenario.allCases.allSatisfy { $0.summary.hasSuffix(".") })
  }
}
