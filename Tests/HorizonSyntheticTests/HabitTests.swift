import HorizonCore
import HorizonStore
import HorizonSynthetic
import Testing

private func fleet(_ scenario: Scenario, servers: Int = 40, days: Int = 730, step: Step = .day) throws
  -> SyntheticFleet
{
  try SyntheticFleet(FleetPlan(servers: servers, days: days, step: step, seed: 7, scenarios: [scenario]))
}

private func all(_ fleet: SyntheticFleet) -> [SyntheticSeries] {
  (0..<fleet.plan.servers).flatMap { fleet.series($0) }
}

private func mean(_ values: some Collection<Double>) -> Double { values.reduce(0, +) / Double(values.count) }

private func date(_ series: SyntheticSeries, _ t: Int) -> CivilDate { CivilDate(daysSinceEpoch: series.firstIndex + t) }

@Suite struct HabitTests {
  @Test func easterMovesWithTheMoon() {
    for (year, month, day) in [(2000, 4, 23), (2008, 3, 23), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2038, 4, 25)]
    {
      #expect(Holiday.easter(year) == CivilDate.daysSinceEpoch(year: year, month: month, day: day))
    }
  }

  @Test func holidaysAreThoseOfTheCalendar() {
    func holiday(_ year: Int, _ month: Int, _ day: Int) -> Holiday? {
      Holiday(daysSinceEpoch: CivilDate.daysSinceEpoch(year: year, month: month, day: day)!)
    }
    #expect(holiday(2025, 4, 21) == .rest && holiday(2025, 4, 20) == nil && holiday(2024, 4, 1) == .rest)
    #expect(holiday(2025, 12, 26) == .rest && holiday(2026, 1, 1) == .rest && holiday(2025, 12, 20) == .rush)
    #expect(holiday(2024, 11, 29) == .rush && holiday(2024, 12, 2) == .rush && holiday(2024, 11, 28) == nil)
    #expect(holiday(2025, 11, 28) == .rush && holiday(2025, 12, 2) == nil)
  }

  @Test func theMixedFleetHasNoHabits() {
    #expect(!Scenario.mixed.recipe.hasHabits && Scenario.mixedHard.recipe.hasHabits)
    #expect(Scenario.allCases.filter { !$0.recipe.hasHabits }.count == 9)
  }

  @Test(arguments: [Scenario.monthEnd, .quarterEnd])
  func periodsEndWithAPeak(scenario: Scenario) throws {
    for series in all(try fleet(scenario)) where series.resource == .cpu {
      let days = series.truth.indices.dropFirst(8).dropLast(8).filter { series.events[$0] == .periodEnd }
      #expect(days.allSatisfy { date(series, $0 + 1).day == 1 })
      if scenario == .quarterEnd { #expect(days.allSatisfy { date(series, $0).month % 3 == 0 }) }
      // A week before and a week after are the same weekday without a peak, or with less of one.
      let lift = mean(days.map { series.truth[$0] / ((series.truth[$0 - 7] + series.truth[$0 + 7]) / 2) })
      #expect(days.count > 5 && lift > 1.25, "\(series.server) \(lift)")
    }
  }

  @Test func officesRestOnHolidaysAndShopsAreBusyBeforeThem() throws {
    let series = all(try fleet(.holidays, servers: 60)).filter { $0.resource == .cpu }
    let easterMondays = series.map { series -> Double in
      let t = Holiday.easter(2025) + 1 - series.firstIndex
      return series.truth[t] / ((series.truth[t - 14] + series.truth[t + 14]) / 2)
    }
    #expect(easterMondays.count { $0 < 0.7 } > 30)
    let fridays = series.map { series -> Double in
      let t = CivilDate.daysSinceEpoch(year: 2025, month: 11, day: 28)! - series.firstIndex
      return series.truth[t] / ((series.truth[t - 7] + series.truth[t + 7]) / 2)
    }
    #expect((8...30).contains(fridays.count { $0 > 1.4 }))
  }

  @Test func noiseChangesItsStrengthForMonths() throws {
    for series in all(try fleet(.changingNoise)) where series.resource == .cpu {
      let edges = [0] + series.events.indices.filter { series.events[$0] == .noiseChange } + [series.truth.count]
      let strengths = zip(edges, edges.dropFirst()).map { a, b in
        mean((a..<b).map { abs(series.noise[$0]) / max(series.truth[$0], 1e-6) })
      }
      #expect(edges.count > 4 && (strengths.max() ?? 0) > 1.3 * (strengths.min() ?? 0))
    }
  }

  @Test func trendsBreakInTheHistoryOnly() throws {
    let made = try fleet(.trendBreak)
    for series in all(made) {
      let steps = series.events.indices.filter { series.events[$0] == .trendBreak }
      try #require(steps.count == 1 && steps[0] < series.value.count)
    }
    // Disks have hardly any season, so the slopes on both sides of the break tell the change.
    let changes = all(made).filter { $0.resource == .disk && $0.behaviour == .seasonal }.map { series -> Double in
      let step = series.events.firstIndex(of: .trendBreak)!
      let (before, after) = (series.truth[step] - series.truth[step - 60], series.truth[step + 60] - series.truth[step])
      return abs(after - before) / series.truth[step]
    }
    #expect(changes.allSatisfy { $0 > 0.02 })
  }

  @Test func serversOfAnApplicationMoveTogether() throws {
    let made = try fleet(.sharedLoad, servers: 80)
    let byApplication = Dictionary(grouping: 0..<80, by: { made.server($0).application })
    func standardNoise(_ index: Int) -> [Double] {
      let series = made.series(index)[0]
      return series.truth.indices.map { series.noise[$0] / max(series.truth[$0], 1e-6) }
    }
    func correlation(_ a: [Double], _ b: [Double]) -> Double {
      let (x, y) = (mean(a), mean(b))
      let cov = mean(zip(a, b).map { ($0 - x) * ($1 - y) })
      return cov / (mean(a.map { ($0 - x) * ($0 - x) }) * mean(b.map { ($0 - y) * ($0 - y) })).squareRoot()
    }
    let groups = byApplication.filter { $0.value.count >= 2 }.sorted { $0.key < $1.key }.map(\.value)
    let within = groups.map { correlation(standardNoise($0[0]), standardNoise($0[1])) }
    let across = zip(groups, groups.dropFirst()).map { correlation(standardNoise($0[0]), standardNoise($1[0])) }
    #expect(mean(within) > 0.5 && abs(mean(across)) < 0.25)
  }

  @Test func machinesAreOffOnTheirClosedDays() throws {
    var offAtWeekends = 0
    for series in all(try fleet(.weekdayMachines)) where series.resource == .cpu {
      let weekend = series.value.indices.filter { (series.firstIndex + $0 + 3) % 7 >= 5 }
      let work = series.value.indices.filter { (series.firstIndex + $0 + 3) % 7 < 5 }
      let (a, b) = (mean(weekend.map { series.value[$0] }), mean(work.map { series.value[$0] }))
      #expect(min(a, b) == 0 && max(a, b) > 0)
      if a == 0 { offAtWeekends += 1 }
    }
    #expect((24...39).contains(offAtWeekends))
  }

  @Test func gapsHaveNoReadingsButATruth() throws {
    for series in all(try fleet(.gaps)) {
      let missing = zip(series.reported, series.reported.dropFirst()).map { $0.upperBound..<$1.lowerBound }
      #expect(series.reported.first?.lowerBound == 0 && series.reported.last?.upperBound == series.value.count)
      for gap in missing {
        #expect(series.events[gap.lowerBound] != .none && (2...45).contains(gap.count))
        #expect(gap.contains { series.truth[$0] > 0 })
      }
    }
    #expect(all(try fleet(.gaps)).count { $0.reported.count > 1 } > 120)
  }

  @Test func aFlatLinedAgentRepeatsItsLastReading() throws {
    var found = 0
    for series in all(try fleet(.flatLines)) {
      for t in series.events.indices where series.events[t] == .flatLine {
        found += 1
        #expect((t..<(t + 4)).allSatisfy { series.value[$0] == series.value[t - 1] })
      }
      #expect(series.reported == [0..<series.value.count])
    }
    #expect(found > 100)
  }

  @Test func halfOfTheServersAreDecommissionedAndAllOfTheirSeriesAtOnce() throws {
    let made = try fleet(.decommissions)
    var ended = 0
    for index in 0..<made.plan.servers {
      let ends = Set(made.series(index).map { $0.reported.last!.upperBound })
      #expect(ends.count == 1)
      if let end = ends.first, end < made.plan.readings {
        ended += 1
        #expect((20...300).contains(made.plan.readings - end))
      }
    }
    #expect((12...28).contains(ended))
  }

  @Test func shortHistoriesBeginLateAndEndWithTheFleet() throws {
    for series in all(try fleet(.shortHistories)) {
      try #require(series.reported.count == 1)
      #expect((20...120).contains(series.reported[0].count) && series.reported[0].upperBound == series.value.count)
    }
  }

  @Test(arguments: [Scenario.migration, .resize])
  func theLoadCrossesSoonAfterItsRecentChange(scenario: Scenario) throws {
    for series in all(try fleet(scenario)) where series.resource != .network {
      let last = series.value.count - 1
      let step = last - 13
      let capacity = series.capacity[last]
      // The weekly cycle moves single days; a week's mean crosses where the line does.
      let crossing = (1...160).first {
        mean((last + $0 - 3...last + $0 + 3).map { series.truth[$0] }) >= 0.8 * capacity
      }
      #expect((17...153).contains(crossing ?? 0), "\(series.server)/\(series.resource) \(crossing ?? 0)")
      #expect(series.events[step] == (scenario == .migration ? .levelShift : .capacityChange))
      let lift = mean(series.truth[step..<(step + 7)]) / mean(series.truth[(step - 7)..<step])
      #expect((scenario == .migration ? 1.28...1.83 : 0.97...1.03).contains(lift))
      #expect((series.capacity[step] != series.capacity[step - 1]) == (scenario == .resize))
    }
  }

  @Test func rowsOfTheMetricsAreTheReportedReadings() throws {
    let made = try fleet(.mixedHard, servers: 60, days: 400)
    let block = FleetBlock(fleet: made, servers: Array(0..<60)[...])
    guard case .doubles(let values) = block.metrics[3], case .doubles(let truths) = block.truth[3] else {
      Issue.record("values are doubles")
      return
    }
    #expect(values == all(made).flatMap { series in series.reported.flatMap { series.value[$0] } })
    #expect(truths.count == 240 * made.plan.truthSteps && values.count < 240 * made.plan.readings)
  }

  @Test func habitsWorkByTheHour() throws {
    for scenario in Scenario.allCases {
      for series in try fleet(scenario, servers: 4, days: 10, step: .hour).series(2) {
        #expect(series.truth.allSatisfy(\.isFinite) && series.noise.allSatisfy(\.isFinite))
        #expect(!series.reported.isEmpty && series.reported.allSatisfy { !$0.isEmpty && $0.upperBound <= 240 })
      }
    }
  }
}
