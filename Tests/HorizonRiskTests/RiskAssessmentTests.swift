import HorizonCore
import HorizonNumerics
import HorizonRisk
import Testing

@Suite struct RiskAssessmentTests {
  @Test func aSteadyGrowthCrossesOnTheComputedDate() throws {
    // 50 + 0.5 t reaches 80 at lead 60 and 90 at lead 80; the fourth such reading of seven comes three days later.
    let forecast = line(50, slope: 0.5, deviation: 0, horizon: 180)
    let weekly = try assess(input(forecast))
    #expect(weekly.map(\.daysToBreachP50) == [63, 83])
    #expect(weekly[0].daysToBreachP10 == 63 && weekly[0].daysToBreachP90 == 63)
    #expect(weekly[0].orderBy == asOfDay + 33)
    #expect(weekly[0].pBreach30 == 0 && weekly[0].pBreach60 == 0 && weekly[0].pBreach90 == 1)
    #expect(weekly[0].severity == .breach("warning"))
    #expect(weekly[1].severity == .breach("critical"))
    #expect(weekly[0].reason == "Half of the simulated futures cross 80 % by 2026-03-04.")
    let daily = try assess(input(forecast, rule: BreachRule(count: 1, of: 1)))
    #expect(daily.map(\.daysToBreachP50) == [60, 80])
  }

  @Test func theNewestReadingsCountInTheFirstWindows() throws {
    // Three of the last six readings are above: the first lead completes four of seven.
    let rows = try assess(
      input(
        line(85, slope: 0, deviation: 0, horizon: 30), history: [50, 50, 50, 50, 85, 50, 85, 50, 85]))
    #expect(rows[0].daysToBreachP50 == 1)
    #expect(rows[1].daysToBreachP50 == nil)
  }

  @Test func theMedianDateIsMissingExactlyWhenABreachIsUnlikely() throws {
    var random = SplitMix64(seed: 5)
    for _ in 0..<120 {
      let input = wild(&random)
      for row in try assess(input) where !row.isCrossed {
        let value = Float(input.capacity * (row.threshold / 100))
        let chance = Double(try slowBreached(input, threshold: value, bank: dayBank).last!) / 256
        #expect((row.daysToBreachP50 == nil) == (chance < 0.5))
        #expect((row.daysToBreachP10 == nil) == (chance < 0.1))
        #expect((row.daysToBreachP90 == nil) == (chance < 0.9))
        #expect((row.orderBy == nil) == (row.daysToBreachP10 == nil))
        if let p10 = row.daysToBreachP10 {
          #expect(p10 >= 1)
          #expect(row.orderBy! == asOfDay + Int(p10) - 30)
        }
      }
    }
  }

  @Test func noChanceIsLostWhereTheSimulationIsSpared() throws {
    var random = SplitMix64(seed: 8)
    let settings = try RiskSettings()
    var spared = 0
    for _ in 0..<200 {
      let input = wild(&random)
      let rows = try assess(input)
      let chances = try input.breachChances(settings: settings, bank: dayBank)
      for (row, chances) in zip(rows, chances) where !row.isCrossed {
        let slow = try slowBreached(input, threshold: Float(input.capacity * (row.threshold / 100)), bank: dayBank)
        #expect(chances == slow.map { Float($0) / 256 })
        spared += slow.last == 0 ? 1 : 0
      }
      let short = try assessRisk(input, settings: settings, bank: dayBank, sizing: .whenAtRisk)
      if rows.contains(where: { $0.severity != .none }) {
        #expect(short == rows)
      } else {
        #expect(short.map(\.pBreach180) == rows.map(\.pBreach180) && short.allSatisfy { $0.recommendedCapacity.isNaN })
      }
    }
    #expect(spared > 10)
  }

  @Test func chancesRiseWithDaysAndFallWithThresholds() throws {
    var random = SplitMix64(seed: 6)
    for _ in 0..<200 {
      let rows = try assess(wild(&random))
      for row in rows {
        let known = [row.pBreach30, row.pBreach60, row.pBreach90, row.pBreach180].compactMap { $0 }
        #expect(known == known.sorted())
        let dates = [row.daysToBreachP10, row.daysToBreachP50, row.daysToBreachP90].map { $0 ?? .infinity }
        #expect(dates == dates.sorted())
        #expect(abs(row.headroom - (row.threshold - row.current)) < 1e-9)
      }
      for (a, b) in [
        (rows[0].pBreach30, rows[1].pBreach30), (rows[0].pBreach60, rows[1].pBreach60),
        (rows[0].pBreach90, rows[1].pBreach90),
      ] {
        #expect((a ?? 0) >= (b ?? 0))
      }
      #expect(rows[0].recommendedCapacity >= rows[1].recommendedCapacity)
    }
  }

  @Test func whatIsCrossedIsDatedBackAndCertain() throws {
    let history = [Float](repeating: 50, count: 20) + [Float](repeating: 85, count: 63)
    let tiers: [TrustTier] = [.medium] + [TrustTier](repeating: .low, count: 179)
    let rows = try assess(input(line(85, slope: 0, deviation: 1, horizon: 180), history: history, tiers: tiers))
    #expect(rows[0].isCrossed && !rows[1].isCrossed)
    #expect(rows[0].severity == .breach("warning"))
    #expect(rows[0].daysToBreachP10 == -59 && rows[0].daysToBreachP50 == -59 && rows[0].daysToBreachP90 == -59)
    #expect(rows[0].pBreach30 == 1 && rows[0].pBreach180 == 1)
    #expect(rows[0].orderBy == asOfDay - 59 - 30)
    #expect(rows[0].tier == .medium)
    #expect(rows[0].current == 85 && rows[0].headroom == -5)
    #expect(rows[0].reason == "Above 80 % since 2025-11-02.")
    let allHigh = try assess(
      input(line(85, slope: 0, deviation: 1, horizon: 180), history: [Float](repeating: 85, count: 10)))
    #expect(allHigh[0].reason == "Above 80 % since 2025-12-25 or earlier.")
  }

  @Test func whatIsCrossedIsWhatStandsAtOrAboveTheThreshold() throws {
    var random = SplitMix64(seed: 8)
    for _ in 0..<200 {
      let input = wild(&random)
      guard input.history.count(where: { !$0.isNaN }) >= input.rule.count else { continue }
      for row in try assess(input) { #expect(row.isCrossed == (row.headroom <= 0)) }
    }
  }

  @Test func theRecommendedCapacityKeepsTheChanceAtOneTenthAndALowerOneDoesNot() throws {
    var random = SplitMix64(seed: 9)
    for _ in 0..<80 {
      var input = wild(&random)
      for (index, row) in try assess(input).enumerated() where row.recommendedCapacity > 0 {
        func chance(_ capacity: Double) throws -> Double {
          let value = Float(capacity * (row.threshold / 100))
          if BreachHistory(input.history, rule: input.rule).isBreached(value) { return 1 }
          return Double(try slowBreached(input, threshold: value, bank: dayBank).last!) / 256
        }
        #expect(try chance(row.recommendedCapacity) <= 0.1)
        #expect(try chance(row.recommendedCapacity * 0.9999) > 0.1)
        let before = input.capacity
        input.capacity = row.recommendedCapacity
        let again = try assess(input)[index]
        #expect(!again.isCrossed && again.daysToBreachP10 == nil)
        #expect(abs(again.recommendedCapacity / row.recommendedCapacity - 1) < 2e-5)
        input.capacity = before
      }
    }
  }

  @Test func reclaimableIsWhatTheUpperQuantileLeavesUnderTheLowestThreshold() throws {
    let rows = try assess(input(line(10, slope: 0, deviation: 0, horizon: 90), capacity: 100))
    #expect(rows.allSatisfy { abs($0.reclaimable - 87.5) < 1e-9 })
    #expect(try assess(input(line(85, slope: 0, deviation: 0, horizon: 90)))[0].reclaimable == 0)
    #expect(try assess(input(line(-5, slope: 0, deviation: 0, horizon: 90)))[0].reclaimable == 100)
  }

  @Test func capacityInRealUnitsMovesThePercentageOnly() throws {
    let percent = try assess(input(line(50, slope: 0.5, deviation: 3, horizon: 180)))
    let bytes = try assess(
      input(
        line(50, slope: 0.5, deviation: 3, horizon: 180).map { $0 * 4 }, history: [Float](repeating: 40, count: 30),
        capacity: 400))
    #expect(percent.map(\.daysToBreachP50) == bytes.map(\.daysToBreachP50))
    #expect(percent.map(\.pBreach90) == bytes.map(\.pBreach90))
    #expect(bytes[0].current == 10)
    #expect(abs(bytes[0].recommendedCapacity / percent[0].recommendedCapacity - 4) < 1e-4)
  }

  @Test func chancesBeyondTheHorizonAreMissing() throws {
    func known(_ horizon: Int) throws -> [Bool] {
      let row = try assess(input(line(50, slope: 0, deviation: 1, horizon: horizon)))[0]
      return [row.pBreach30, row.pBreach60, row.pBreach90, row.pBreach180].map { $0 != nil }
    }
    #expect(try known(20) == [false, false, false, false])
    #expect(try known(30) == [true, false, false, false])
    #expect(try known(89) == [true, true, false, false])
    #expect(try known(180) == [true, true, true, true])
  }

  @Test func aShortHorizonStillHasASeverity() throws {
    let row = try assess(input(line(79, slope: 0.5, deviation: 0.1, horizon: 20)))[0]
    #expect(row.severity == .breach("warning"))
    #expect(try assess(input(line(50, slope: 0, deviation: 0, horizon: 1)))[0].severity == .none)
  }

  @Test func constantsAreEitherSafeOrNot() throws {
    let zero = try assess(
      input(line(0, slope: 0, deviation: 0, horizon: 90), history: [Float](repeating: 0, count: 9)))
    #expect(zero.allSatisfy { $0.severity == .none && $0.pBreach90 == 0 && $0.recommendedCapacity < 1e-6 })
    #expect(zero[0].reason == "No simulated future crosses 80 % within 90 days.")
    let full = try assess(
      input(
        line(100, slope: 0, deviation: 0, horizon: 90), history: [Float](repeating: 100, count: 9), bounded: true))
    #expect(full.allSatisfy { $0.isCrossed })
    #expect(abs(full[0].recommendedCapacity - 125) < 0.01)
  }

  @Test func aThresholdAboveARespectedCeilingIsNeverBreached() throws {
    let settings = try RiskSettings(thresholds: [RiskThreshold(name: "overflow", percent: 110)])
    let forecast = line(99, slope: 0, deviation: 5, horizon: 90)
    #expect(try assess(input(forecast, bounded: true), settings: settings)[0].pBreach90 == 0)
    let open = input(forecast, bounded: false, rule: BreachRule(count: 1, of: 1))
    #expect(try assess(open, settings: settings)[0].pBreach90! > 0.2)
  }

  @Test func severityFollowsTheChanceWithinTheWindow() throws {
    #expect(Severity(threshold: "critical", crossed: true, probability: 0) == .breach("critical"))
    #expect(Severity(threshold: "critical", crossed: false, probability: 0.5) == .breach("critical"))
    #expect(Severity(threshold: "critical", crossed: false, probability: 0.49) == .watch)
    #expect(Severity(threshold: "critical", crossed: false, probability: 0.19) == .none)
    for s in [Severity.none, .watch, .breach("warning")] { #expect(Severity(s.description) == s) }
    let forecast = line(50, slope: 0.5, deviation: 0, horizon: 180)
    #expect(try assess(input(forecast), settings: RiskSettings(within: 62))[0].severity == .none)
    #expect(try assess(input(forecast), settings: RiskSettings(within: 63))[0].severity == .breach("warning"))
  }

  @Test func theTierIsThatOfTheLikelyDateElseOfTheWindowsEnd() throws {
    let tiers = (1...180).map { $0 <= 62 ? TrustTier.high : $0 <= 89 ? .medium : .low }
    let growth = try assess(input(line(50, slope: 0.5, deviation: 0, horizon: 180), tiers: tiers))
    #expect(growth[0].tier == .medium)
    let flat = input(line(50, slope: 0, deviation: 0, horizon: 180), tiers: tiers)
    #expect(try assess(flat)[0].tier == .low)
    #expect(try assess(flat, settings: RiskSettings(within: 30))[0].tier == .high)
  }

  @Test func hoursCountAsPartsOfDays() throws {
    let hourly = input(
      line(50, slope: 0.5, deviation: 0, horizon: 100), step: .hour, rule: BreachRule(count: 1, of: 1))
    let row = try assess(hourly)[0]
    #expect(row.daysToBreachP50 == 2.5)
    #expect(row.pBreach30 == nil)
    #expect(row.reason == "Half of the simulated futures cross 80 % by 2026-01-02 12:00.")
    #expect(row.orderBy == asOfDay + 2 - 30)
  }

  @Test func aSeriesWithoutReadingsCapacityOrNumbersIsRefused() {
    let forecast = line(50, slope: 0, deviation: 1, horizon: 30)
    #expect(throws: RiskError.noReading) { try assess(input(forecast, history: [.nan, .nan])) }
    #expect(throws: RiskError.noReading) { try assess(input(forecast, history: [])) }
    #expect(throws: RiskError.noCapacity) { try assess(input(forecast, capacity: 0)) }
    #expect(throws: RiskError.noCapacity) { try assess(input(forecast, capacity: .nan)) }
    #expect(throws: RiskError.notFinite) { try assess(input(forecast.map { _ in .nan })) }
  }

  @Test func settingsThatMakeNoSenseAreRefused() {
    func refused(_ make: () throws -> RiskSettings) -> Bool {
      do { _ = try make() } catch { return (error as? Failure)?.code == .badSetting }
      return false
    }
    #expect(refused { try RiskSettings(thresholds: []) })
    #expect(refused { try RiskSettings(thresholds: RiskSettings.defaultThresholds.reversed()) })
    #expect(refused { try RiskSettings(thresholds: [RiskThreshold(name: "watch", percent: 80)]) })
    #expect(refused { try RiskSettings(thresholds: [RiskThreshold(name: "warning", percent: -1)]) })
    #expect(refused { try RiskSettings(within: 0) })
    #expect(refused { try RiskSettings(procurementDays: -1) })
  }

  @Test func aRuleIsFoundByResourceThenForAllThenByKind() throws {
    let daily = BreachRule(count: 2, of: 2)
    let plain = try RiskSettings()
    #expect(plain.rule(for: "disk") == BreachRule(count: 1, of: 1))
    #expect(plain.rule(for: "cpu") == BreachRule(count: 4, of: 7))
    let named = try RiskSettings(rules: ["cpu": daily])
    #expect(named.rule(for: "cpu") == daily && named.rule(for: "memory") == BreachRule(count: 4, of: 7))
    #expect(try RiskSettings(rules: [:], everyRule: daily).rule(for: "disk") == daily)
  }

  @Test func fourThousandSeriesAreAssessedWithoutAHitch() throws {
    let one = input(line(60, slope: 0.1, deviation: 4, horizon: 180))
    let expected = try assess(one)
    for _ in 0..<4_000 { #expect(try assess(one) == expected) }
  }
}

@Suite struct RankingTests {
  @Test func breachesComeFirstByThresholdThenByDate() throws {
    func row(_ name: String, history: Float, start: Float, slope: Float) throws -> [RiskRow] {
      try assess(
        input(
          line(start, slope: slope, deviation: 0.5, horizon: 180), history: [Float](repeating: history, count: 20),
          name: name))
    }
    let rows =
      try row("safe", history: 10, start: 10, slope: 0) + row("soon", history: 70, start: 75, slope: 0.5)
      + row("later", history: 60, start: 60, slope: 0.5) + row("over", history: 95, start: 95, slope: 0)
    let names = rank(rows).map { "\($0.series.server) \($0.severity)" }
    #expect(
      names == [
        "over critical", "soon critical", "later critical", "over warning", "soon warning", "later warning",
        "safe none", "safe none",
      ])
    #expect(rank(rows.reversed()) == rank(rows))
  }

  @Test func theNewestCrossingComesFirstAndAllCrossingsBeforeWhatIsToCome() throws {
    func crossed(_ name: String, daysAgo: Int) throws -> RiskRow {
      let history = [Float](repeating: 50, count: 100) + [Float](repeating: 95, count: daysAgo + 4)
      return try assess(input(line(95, slope: 0, deviation: 0.5, horizon: 180), history: history, name: name))[1]
    }
    let coming = try assess(input(line(88, slope: 0.5, deviation: 0.1, horizon: 180), name: "coming"))[1]
    let rows = try [coming, crossed("old", daysAgo: 60), crossed("new", daysAgo: 2), crossed("today", daysAgo: 0)]
    #expect(rank(rows).map(\.series.server) == ["today", "new", "old", "coming"])
  }

  @Test func equalRisksStandByName() throws {
    let forecast = line(50, slope: 0, deviation: 1, horizon: 90)
    let rows = try ["b", "c", "a"].flatMap { try assess(input(forecast, name: $0)) }
    #expect(rank(rows).map(\.series.server) == ["a", "a", "b", "b", "c", "c"])
    #expect(rank([]).isEmpty)
  }
}
