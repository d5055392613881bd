import HorizonContest
import HorizonCore
import HorizonModels
import HorizonTestKit
import Testing

private struct Digests: DigestSource {
  let digests: [SeriesDigest]
  func stream<Made: Sendable>(_ make: @Sendable (Int, SeriesDigest) -> Made, to body: (Made) throws -> Void) rethrows {
    for (at, digest) in digests.enumerated() { try body(make(at, digest)) }
  }
}

private func tile(_ panel: Panel) -> ContestTile {
  ContestTile(
    names: (0..<panel.count).map { SeriesName(server: "s\($0)", resource: "cpu") }, panel: panel,
    lastReading: [Int](repeating: panel.cutoff, count: panel.count), staleAfter: 14)
}

/// All that need no training.
private let contestants = Catalog.all.filter { !$0.isLearner }
private let settings = ContestSettings(contestants: contestants, horizon: 60, folds: 4)

private func words(_ digests: [SeriesDigest]) -> [[UInt32]] {
  digests.map { digest in
    var words: [UInt32] = []
    digest.encode(into: &words)
    return words
  }
}

@Suite struct FoldPlanTests {
  @Test func anchorsDoNotMoveWithTheAsOf() throws {
    let today = try #require(FoldPlan(first: 19_000, last: 20_400, horizon: 180, folds: 6, season: 7))
    let tomorrow = try #require(FoldPlan(first: 19_000, last: 20_401, horizon: 180, folds: 6, season: 7))
    #expect(today.cutoffs == tomorrow.cutoffs || today.cutoffs.dropFirst() == tomorrow.cutoffs.dropLast())
    #expect(today.cutoffs.allSatisfy { $0 % 61 == 0 } && today.cutoffs.count == 6 && today.horizon == 180)
    #expect(today.cutoffs.last! <= 20_400 - 45)
  }

  @Test func theWidestSpacingThatFitsIsTaken() throws {
    let plan = try #require(FoldPlan(first: 20_000, last: 20_090, horizon: 180, folds: 6, season: 7))
    #expect(plan.horizon == 30)
    #expect(plan.cutoffs.count == 6 && plan.cutoffs.allSatisfy { $0 % 5 == 0 })
  }

  @Test func tooShortAHistoryHasNoPlan() {
    for length in 1...14 {
      #expect(FoldPlan(first: 0, last: length - 1, horizon: 180, folds: 6, season: 7) == nil)
    }
  }
}

@Suite struct ContestTests {
  @Test func aSeriesDigestDependsOnItsOwnReadingsAlone() {
    let panel = SyntheticPanel.panel(length: 400)
    let together = words(contest(tile(panel), settings: settings))
    for s in 0..<panel.count {
      let alone = ContestTile(
        names: [SeriesName(server: "s\(s)", resource: "cpu")], panel: panel.selecting([s], cutoff: panel.cutoff),
        lastReading: [panel.cutoff], staleAfter: 14)
      #expect(words(contest(alone, settings: settings))[0] == together[s])
    }
  }

  @Test func dearModelsAreNotAskedAboutFlatSeries() async throws {
    let moving = SyntheticPanel.panel(kinds: [.seasonal], length: 400)
    let values = (0..<400).map { Float($0 < 100 ? 10 + $0 % 7 : 40) } + moving.history(0).values
    let panel = Panel(step: .day, firstIndex: moving.firstIndex, length: 400, values: values, seeds: [1, 2])
    let digests = contest(tile(panel), settings: settings)
    for (model, contestant) in contestants.enumerated() where contestant.card.cost == .dear {
      #expect(digests[0].score(model: model, fold: 3).outcome == .refused(.nothingToGain))
      #expect(digests[1].score(model: model, fold: 3).outcome == .scored)
    }
    #expect(contestants.contains { $0.card.cost == .dear })
    let decision = try await decide(Digests(digests: digests), settings: decisionSettings()).series[0]
    #expect(contestants[decision.champion].card.cost < .dear)
  }

  @Test func digestsSurviveTheSpillFile() {
    for digest in contest(tile(SyntheticPanel.panel(length: 300)), settings: settings) {
      let encoded = words([digest])[0]
      var at = 0
      let back = encoded.withUnsafeBufferPointer { SeriesDigest(decoding: $0, at: &at) }
      #expect(at == encoded.count && words([back])[0] == encoded)
    }
  }

  @Test func anEnsembleMemberIsNeverChosenByReadingsAfterTheCutoff() {
    // Readings after the oldest fold's cutoff change; the oldest fold's forecasts must not.
    let panel = SyntheticPanel.panel(kinds: [.seasonal, .trend, .noise], length: 400)
    var changed: [Float] = []
    let plan = FoldPlan(first: panel.firstIndex, last: panel.cutoff, horizon: 60, folds: 4, season: 7)!
    for s in 0..<panel.count {
      for t in panel.firstIndex...panel.cutoff {
        changed.append(t <= plan.cutoffs[0] ? panel.actual(s, at: t) : 500 - panel.actual(s, at: t))
      }
    }
    let other = Panel(
      step: .day, firstIndex: panel.firstIndex, length: panel.length, values: changed, seeds: panel.seeds)
    func oldest(_ panel: Panel) -> [UInt32] {
      var bits: [UInt32] = []
      _ = contest(tile(panel), settings: settings) { kept in
        if kept.cutoff == plan.cutoffs[0] { bits += kept.block.row(kept.row).quantiles.map(\.bitPattern) }
      }
      return bits
    }
    #expect(oldest(panel) == oldest(other))
    #expect(!oldest(panel).isEmpty)
  }

  @Test func theChampionBeatsSeasonalNaiveOnATrend() async throws {
    let digests = contest(tile(SyntheticPanel.panel(kinds: [.trend, .seasonal], length: 600)), settings: settings)
    let decisions = try await decide(Digests(digests: digests), settings: decisionSettings())
    #expect(decisions.summary.championRatio! < 0.8)
    #expect(decisions.series.allSatisfy { $0.isContested && $0.lossRatio! < 1 })
  }

  @Test func theOrderOfSeriesDoesNotChangeADecision() async throws {
    let digests = contest(tile(SyntheticPanel.panel(length: 400)), settings: settings)
    let forward = try await decide(Digests(digests: digests), settings: decisionSettings())
    let backward = try await decide(Digests(digests: digests.reversed()), settings: decisionSettings())
    for (a, b) in zip(forward.series, backward.series.reversed()) {
      #expect(a.champion == b.champion && a.recipe == b.recipe && a.tiers == b.tiers)
    }
    #expect(
      forward.calibration.quantiles(model: 6, group: ErrorGroup(volatility: 1, shape: 1), lead: 20)
        == backward.calibration.quantiles(model: 6, group: ErrorGroup(volatility: 1, shape: 1), lead: 20))
  }

  @Test func calibratedIntervalsCoverAtTheirLevelOnUnseenReadings() async throws {
    // 120 noisy series; forecasts are made 60 steps before the end and scored on readings no decision has seen.
    let horizon = 60
    let length = 700
    var values: [Float] = []
    for s in 0..<120 {
      values += SyntheticPanel.series(s % 2 == 0 ? .noise : .seasonal, length: length, seed: UInt64(1_000 + s))
    }
    let whole = Panel(
      step: .day, firstIndex: 20_000, length: length, values: values, seeds: (0..<120).map { UInt64($0) })
    let known = whole.selecting(Array(0..<120), cutoff: whole.cutoff - horizon)
    let digests = contest(tile(known), settings: settings)
    let decisions = try await decide(Digests(digests: digests), settings: decisionSettings())
    var inside = 0
    for s in 0..<120 {
      let decision = decisions.series[s]
      let blocks = decision.published.members.map { index in
        guard case .model(let model) = contestants[index] else { fatalError("a member is a model") }
        return model.checkedForecast(of: known.selecting([s], cutoff: known.cutoff), horizon: horizon)
      }
      var block = ForecastBlock(count: 1, horizon: horizon)
      block.combine(series: 0, decision.published.blend, of: blocks)
      let history = known.history(s)
      block.calibrate(
        series: 0, decision: decision, table: decisions.calibration, scale: Float(Metrics.scale(of: history)!),
        bounds: Bounds(history: history, ceiling: .nan))
      for lead in 1...horizon {
        let q = block.quantiles[((lead - 1) * 7)..<(lead * 7)]
        let interval = q[q.startIndex + Levels.lower80]...q[q.startIndex + Levels.upper80]
        if interval.contains(whole.actual(s, at: known.cutoff + lead)) { inside += 1 }
      }
    }
    let coverage = Double(inside) / Double(120 * horizon)
    #expect((0.76...0.84).contains(coverage), "80 % intervals cover \(coverage)")
  }

  private func decisionSettings() -> DecisionSettings {
    DecisionSettings(
      cards: contestants.map(\.card), leads: settings.leads, step: .day, lowestThreshold: 80)
  }
}
