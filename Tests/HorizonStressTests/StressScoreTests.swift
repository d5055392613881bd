import HorizonCore
import HorizonNumerics
import HorizonRisk
import HorizonStress
import Testing

private let horizon = 120
private let levels: [Double] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95]

/// A disk of 200 GB at a level, with a forecast that is exact unless told otherwise.
private func series(
  level: Float = 100, path: [Float]? = nil, actual: [Float]? = nil, published: [Float]? = nil, line: Float = 100,
  rule: BreachRule = BreachRule(count: 1, of: 1), isLive: Bool = true, risk: RiskRow? = nil
) -> StressedSeries {
  let path = path ?? [Float](repeating: level, count: horizon)
  let exact = path.flatMap { [Float](repeating: $0, count: 7) }
  return StressedSeries(
    name: SeriesName(server: "db-1", resource: "disk"), capacity: 200, rule: rule, stepDays: 1,
    history: [Float](repeating: level, count: 40)[...], pathBefore: [Float](repeating: level, count: 28), path: path,
    actual: actual ?? path, isLive: isLive, published: published ?? exact, naive: exact,
    line: exact, lineMean: [Float](repeating: line, count: horizon), risk: risk, isExplained: false)
}

private func risk(severity: Severity = .none, p90: Float = 0, p50: Float? = nil) -> RiskRow {
  RiskRow(
    series: SeriesName(server: "db-1", resource: "disk"), threshold: 80, severity: severity, tier: .high, current: 50,
    headroom: 30, pBreach30: nil, pBreach60: nil, pBreach90: p90, pBreach180: nil, daysToBreachP10: nil,
    daysToBreachP50: p50, daysToBreachP90: nil, orderBy: nil, recommendedCapacity: 200, reclaimable: 0, reason: "")
}

/// Below the limit up to a day, above it from then on.
private func step(from day: Int, low: Float = 100, high: Float = 170) -> [Float] {
  (1...horizon).map { $0 < day ? low : high }
}

private func score(_ series: [StressedSeries]) -> StressScore { StressScore(of: series, threshold: 80, within: 90) }

/// WQL as the glossary writes it, in shares of capacity, one series and one lead after the other.
private func slowLoss(_ series: [StressedSeries], _ quantiles: (StressedSeries) -> [Float]) -> Double {
  var pinball = 0.0
  var level = 0.0
  for s in series {
    for lead in 0..<s.path.count {
      for k in 0..<7 {
        let d = Double(s.path[lead] - quantiles(s)[lead * 7 + k]) / s.capacity
        pinball += d >= 0 ? levels[k] * d : (levels[k] - 1) * d
      }
      level += abs(Double(s.path[lead])) / s.capacity
    }
  }
  return 2 * pinball / (7 * level)
}

@Suite struct StressScoreTests {
  @Test func anExactForecastHasNoLossAndHoldsEverything() {
    let s = score([series(), series()])
    #expect(s.series == 2 && s.lost == 0 && s.wql == 0 && s.coverage80 == 1 && s.coverage90 == 1)
    #expect(s.skill == nil, "there is no skill over a baseline without a loss")
  }

  @Test func lossesAreThoseOfTheGlossary() {
    var random = SplitMix64(seed: 5)
    let many = (0..<9).map { _ -> StressedSeries in
      var s = series(path: (0..<horizon).map { _ in Float(random.uniform(1, 150)) })
      s.capacity = random.uniform(100, 5_000)
      func forecast() -> [Float] { (0..<(7 * horizon)).map { _ in Float(random.uniform(1, 160)) } }
      (s.published, s.naive, s.line) = (forecast(), forecast(), forecast())
      return s
    }
    let s = score(many)
    #expect(abs(s.wql! - slowLoss(many) { $0.published! }) < 1e-5)
    #expect(abs(s.wqlSeasonalNaive! - slowLoss(many) { $0.naive }) < 1e-5)
    #expect(abs(s.wqlLine30! - slowLoss(many) { $0.line }) < 1e-5)
    #expect(abs(s.skill! - (1 - s.wql! / s.wqlSeasonalNaive!)) < 1e-12)
  }

  @Test func coverageCountsReadingsNotThePathAndPassesOverMissingOnes() {
    let quantiles = (0..<horizon).flatMap { _ in [80, 90, 95, 100, 105, 110, 120] as [Float] }
    var actual = [Float](repeating: 100, count: horizon)
    (actual[0], actual[1], actual[2], actual[3]) = (.nan, 85, 121, 110)
    let s = score([series(actual: actual, published: quantiles)])
    #expect(s.coverage80 == Double(horizon - 3) / Double(horizon - 1))
    #expect(s.coverage90 == Double(horizon - 2) / Double(horizon - 1))
  }

  @Test func callsAreJudgedByWhatHappenedWithinTheWindow() {
    let s = score([
      series(actual: step(from: 90), risk: risk(severity: .breach("warning"))),  // a hit, by its name
      series(actual: step(from: 30), risk: risk(severity: .watch, p90: 0.5)),  // a hit, by its probability
      series(actual: step(from: 91), risk: risk(severity: .breach("critical"))),  // called, comes a day too late
      series(actual: step(from: 40), risk: risk(severity: .watch, p90: 0.49)),  // missed
      series(actual: step(from: 50)),  // missed, without a row
      series(risk: risk()),
    ])
    #expect(s.watched == 6 && s.happened == 4 && s.published == .init(called: 3, hits: 2))
    #expect(s.precision == 2.0 / 3 && s.recall == 0.5)
  }

  @Test func theLineIsHeldToTheSameRule() {
    let s = score([series(actual: step(from: 10), line: 160), series(line: 160), series(actual: step(from: 10))])
    #expect(s.line30 == .init(called: 2, hits: 1) && s.linePrecision == 0.5 && s.lineRecall == 0.5)
    #expect(s.published.called == 0 && s.precision == nil && s.recall == 0)
  }

  @Test func whatIsCrossedOrEndedIsNoCall() {
    let s = score([
      series(level: 170, risk: risk(severity: .breach("warning"), p90: 1, p50: -3)),
      series(actual: step(from: 5), isLive: false),
    ])
    #expect(s.watched == 0 && s.happened == 0 && s.published.called == 0 && s.recall == nil)
    #expect(s.series == 2 && s.crossing == 0)
  }

  @Test func theFirstWindowsOfTheRuleSeeTheLastReadings() {
    var almost = series(actual: step(from: 1, high: 165), rule: BreachRule(count: 4, of: 7))
    almost.history = ([Float](repeating: 100, count: 30) + [170, 170, 170])[...]
    // Three readings over the limit lie in the past, the first one to come is the fourth.
    almost.risk = risk(severity: .breach("warning"), p50: 2)
    let s = score([almost])
    #expect(s.happened == 1 && s.dated == 1 && s.medianDaysOff == 1)
  }

  @Test func daysOffAreTheMedianOverBreachesWithADate() {
    let s = score([
      series(actual: step(from: 20), risk: risk(p50: 23)), series(actual: step(from: 20), risk: risk(p50: 10)),
      series(actual: step(from: 20)), series(risk: risk(p50: 5)),
    ])
    #expect(s.dated == 2 && s.medianDaysOff == 6.5)
  }

  @Test func datesAreRightWithinAWeekOrATenthOfTheDays() {
    let s = score([
      series(path: step(from: 30), risk: risk(p50: 37)), series(path: step(from: 30), risk: risk(p50: 37.5)),
      series(path: step(from: 100), risk: risk(p50: 90)), series(path: step(from: 100), risk: risk(p50: 89)),
      series(path: step(from: 30)), series(risk: risk(p50: 30)),
    ])
    #expect(s.crossing == 5 && s.datedRight == 2 && s.datesRight == 0.4)
  }

  @Test func aSeriesIsLostWhenNothingSaysWhy() {
    var lost = series()
    lost.published = nil
    var refused = lost
    refused.isExplained = true
    let s = score([lost, refused])
    #expect(s.series == 2 && s.lost == 1 && s.wql == nil && s.coverage80 == nil)
  }
}

@Suite struct StressFloorTests {
  /// Ten breaches, of which `hits` are called.
  private func score(hits: Int, happened: Int = 10) -> StressScore {
    var score = StressScore(of: [], threshold: 80, within: 90)
    score.happened = happened
    score.published = .init(called: hits, hits: hits)
    return score
  }

  @Test func whatIsBelowItsFloorIsNamedWithFigureAndFloor() {
    let floors = StressFloors(["recall": 0.5, "burst.recall": 0.2])
    let found = floors.findings(score(hits: 3), of: "gaps")
    #expect(found == [.init(scenario: "gaps", measure: .recall, figure: 0.3, floor: 0.5)])
    #expect(floors.findings(score(hits: 3), of: "burst").isEmpty && floors.findings(score(hits: 5), of: "gaps").isEmpty)
  }

  @Test func fewBreachesAreNotJudged() {
    #expect(StressFloors(["recall": 0.5]).findings(score(hits: 0, happened: 9), of: "gaps").isEmpty)
  }

  @Test func aLostSeriesIsBelowEveryFloor() {
    var score = score(hits: 10)
    score.lost = 2
    #expect(StressFloors(["recall": 0]).findings(score, of: "gaps").map(\.measure) == [.lost])
  }

  @Test func aFloorForAllScenariosWinsOverTheDefaultsOfSingleOnes() {
    let floors = StressFloors(["coverage80": 0.11])
    for scenario in ["runaway", "migration", "gaps"] { #expect(floors.floor(.coverage80, of: scenario) == 0.11) }
  }

  @Test func namesOfFloorsAreMeasuresOfKnownScenarios() {
    for name in ["skill", "coverage80", "migration.dates_right", "mixed-hard.recall"] {
      #expect(StressFloors.isName(name))
    }
    for name in ["", "lost", "gaps.lost", "speed", "venus.recall", "gaps.burst.recall", "gaps."] {
      #expect(!StressFloors.isName(name), "\(name)")
    }
  }
}

@Suite struct StressTextTests {
  @Test func aTableHasADashWhereNothingWasCalledAndNamesWhatIsBelow() {
    var result = StressResult(servers: 1, days: 2, seed: 3)
    var score = StressScore(of: [series()], threshold: 80, within: 90)
    result.add(score, of: "gaps", floors: StressFloors())
    #expect(result.findings.isEmpty && result.text.contains("Nothing is below its floor."))
    #expect(
      result.text.split(separator: "\n")[1].split(separator: " ").suffix(7) == ["-", "-", "-", "-", "-", "-", "0"])
    score.lost = 1
    score.published = .init(called: 4, hits: 3)
    result.add(score, of: "flat-lines", floors: StressFloors())
    #expect(result.text.contains("75 % of 4") && result.text.hasSuffix("flat-lines: 1 series lost."))
  }

  @Test func programsReadNullWhereNothingHappened() throws {
    var result = StressResult(servers: 1, days: 2, seed: 3)
    result.add(StressScore(of: [series()], threshold: 80, within: 90), of: "gaps", floors: StressFloors())
    let json = try result.json()
    #expect(json.contains("\"precision\" : null") && json.contains("\"watched\" : 1") && json.contains("\"below\" : ["))
  }
}
