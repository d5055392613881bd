import Foundation
import HorizonContest
import HorizonCore
import HorizonLedger
import HorizonModels
import HorizonTestKit
import Testing

private struct Digests: DigestSource {
  let digests: [SeriesDigest]
  func stream<Made: Sendable>(_ make: @Sendable (Int, SeriesDigest) -> Made, to body: (Made) throws -> Void) rethrows {
    for (at, digest) in digests.enumerated() { try body(make(at, digest)) }
  }
}

/// seasonal-naive, drift, theta: the baseline, and two of different cost.
private let contestants = try! Catalog.named(["drift", "theta"])
private let (baseline, drift, theta) = (0, 1, 2)
private let settings = ContestSettings(contestants: contestants, horizon: 60, folds: 4)

/// A digest with its scores written over: what decisions are made from is in the test's hands.
private let blank: SeriesDigest = {
  let panel = SyntheticPanel.panel(kinds: [.noise], length: 700)
  let tile = ContestTile(
    names: [SeriesName(server: "blank", resource: "cpu")], panel: panel, lastReading: [panel.cutoff], staleAfter: 14)
  return contest(tile, settings: settings)[0]
}()

/// - Parameters:
///   - losses: `[model][fold]`, scaled.
///   - errors: The standardised error at every lead, by fold; the same for all models.
private func digest(
  _ server: String, losses: [[Double]], brier: [Float] = [0, 0, 0], errors: [Float] = [0.5, -0.5, 0.5, -0.5]
) -> SeriesDigest {
  var digest = blank
  digest.name = SeriesName(server: server, resource: "cpu")
  digest.level = 1
  digest.scale = 1
  digest.current = 1
  digest.ceiling = 100
  for model in 0..<3 {
    for fold in 0..<4 {
      var score = digest.score(model: model, fold: fold)
      score.outcome = .scored
      score.scale = 1
      score.steadyCount = score.count
      score.steadyPinball = Float(losses[model][fold]) * score.count * Float(Levels.count)
      for b in score.buckets.indices {
        score.buckets[b].sumPinball = Float(losses[model][fold]) * score.buckets[b].count * Float(Levels.count)
        score.buckets[b].sumSpread = 0.1 * score.buckets[b].count
      }
      score.sumBrier = brier[model] * score.count
      score.sumChange = 0
      score.standardErrors = score.standardErrors.map { _ in errors[fold] }
      score.steadyErrors = score.standardErrors.count
      digest.scores[model * 4 + fold] = score
    }
  }
  return digest
}

private func settingsOfDecisions() -> DecisionSettings {
  DecisionSettings(cards: contestants.map(\.card), leads: settings.leads, step: .day, lowestThreshold: 80)
}

/// Series of which theta clearly is the best.
private let won = (0..<40).map {
  digest("s\($0)", losses: [[1, 1, 1, 1], [0.9, 0.9, 0.9, 0.9], [0.5, 0.5, 0.5, 0.5]])
}

@Suite struct SelectionTests {
  @Test func aModelThatIsALittleBetterOnNoisyFoldsDoesNotBeatWhatWinsForSeriesLikeIt() async throws {
    let lucky = digest("lucky", losses: [[1, 1, 1, 1], [0.45, 0.60, 0.40, 0.50], [0.5, 0.5, 0.5, 0.5]])
    let decision = try #require(
      try await decide(Digests(digests: won + [lucky]), settings: settingsOfDecisions()).series.last)
    #expect(decision.champion == theta)
    // Alone, with nothing known of series like it, its own folds decide.
    #expect(try await decide(Digests(digests: [lucky]), settings: settingsOfDecisions()).series[0].champion == drift)
  }

  @Test func aModelThatIsMuchBetterOnEveryFoldWins() async throws {
    let clear = digest("clear", losses: [[1, 1, 1, 1], [0.1, 0.12, 0.1, 0.11], [0.5, 0.5, 0.5, 0.5]])
    let decision = try #require(
      try await decide(Digests(digests: won + [clear]), settings: settingsOfDecisions()).series.last)
    #expect(decision.champion == drift && decision.reason == .least)
    #expect(try #require(decision.expected[drift]) < #require(decision.expected[theta]))
    #expect(decision.expected[baseline] == 1)
  }

  /// Theta is a percent better on average, which its folds do not support.
  private let tied = digest("tied", losses: [[1, 1, 1, 1], [0.50, 0.56, 0.50, 0.54], [0.56, 0.50, 0.53, 0.51]])

  @Test func aTieGoesToTheCheaperModel() async throws {
    let decision = try await decide(Digests(digests: [tied]), settings: settingsOfDecisions()).series[0]
    #expect(decision.champion == drift && decision.reason == .cost)
  }

  @Test func aTieKeepsTheChampionOfTheRunBefore() async throws {
    var settings = settingsOfDecisions()
    settings.incumbents = [tied.name: "theta"]
    #expect(try await decide(Digests(digests: [tied]), settings: settings).series[0].champion == theta)
    settings.incumbents = [tied.name: "seasonal-naive"]
    #expect(try await decide(Digests(digests: [tied]), settings: settings).series[0].champion == drift)
    settings.incumbents = [tied.name: "a model of another version"]
    #expect(try await decide(Digests(digests: [tied]), settings: settings).series[0].champion == drift)
  }

  @Test func aTieGoesToTheBetterChancesBeforeItGoesToTheCheaperModel() async throws {
    let sharp = digest(
      "sharp", losses: [[1, 1, 1, 1], [0.50, 0.56, 0.50, 0.54], [0.56, 0.50, 0.53, 0.51]], brier: [0.2, 0.1, 0.01])
    #expect(try await decide(Digests(digests: [sharp]), settings: settingsOfDecisions()).series[0].champion == theta)
  }
}

@Suite struct OriginTests {
  /// Errors of many series: spread alike at every origin, plus what each origin's series share.
  private func fleet(shared: [Float]) -> [SeriesDigest] {
    (0..<200).map { s in
      let own = Float(s % 41) / 20 - 1
      return digest(
        "s\(s)", losses: [[1, 1, 1, 1], [0.9, 0.9, 0.9, 0.9], [0.5, 0.5, 0.5, 0.5]],
        errors: (0..<4).map { own * ($0 % 2 == 0 ? 1 : -1) + shared[$0] })
    }
  }

  @Test func intervalsAreWidenedWhereOriginsShareTheirError() async throws {
    let alike = try await decide(Digests(digests: fleet(shared: [0, 0, 0, 0])), settings: settingsOfDecisions()).origins
    let apart = try await decide(
      Digests(digests: fleet(shared: [1.2, -1.2, 1.2, -1.2])), settings: settingsOfDecisions()
    )
    .origins
    let single = try await decide(Digests(digests: fleet(shared: [0, 0, 0, 3])), settings: settingsOfDecisions())
      .origins
    #expect(alike.widening[0] <= 1.06)
    #expect(apart.widening[0] >= 1 && single.widening[0] > 1.2)
    #expect(try #require(alike.deviation(.days1to30)) < 0.05)
    #expect(try #require(single.deviation(.days1to30)) > 0.2)
  }
}

@Suite struct PastTests {
  private let day: Int64 = 86_400_000_000

  /// Runs a month apart whose High forecasts held this share.
  private func record(coverage: Double, runs: Int, series: Int = 60) -> TrackRecord {
    TrackRecord(
      (0..<runs).flatMap { run in
        (0..<series).map { s in
          var row = LedgerRow(
            name: SeriesName(server: "s\(s)", resource: "cpu"), madeAt: Int64(20_000 + 30 * run) * day, origin: .run,
            bucket: .days1to30, model: "theta", tier: .high)
          row.n = 100
          row.inside80 = Int(100 * coverage)
          row.sumScale = 100
          return row
        }
      })
  }

  private func decision(_ record: TrackRecord) async throws -> Decisions {
    var settings = settingsOfDecisions()
    settings.record = record
    return try await decide(Digests(digests: won), settings: settings)
  }

  @Test func aTierIsLostByWhatHappened() async throws {
    #expect(try await decision(TrackRecord()).series[0].tiers[0].tier == .high)
    let broken = try await decision(record(coverage: 0.60, runs: 3)).series[0].tiers[0]
    #expect(broken.tier == .medium && broken.code == .record)
    #expect(broken.reason.contains("High said 80 %, reality was 60 % over 3 runs"))
  }

  @Test func fewRunsOrAKeptPromiseTakeNothingAway() async throws {
    #expect(try await decision(record(coverage: 0.60, runs: 2)).series[0].tiers[0].tier == .high)
    #expect(try await decision(record(coverage: 0.60, runs: 3, series: 20)).series[0].tiers[0].tier == .high)
    #expect(try await decision(record(coverage: 0.79, runs: 6)).series[0].tiers[0].tier == .high)
  }

  @Test func intervalsThatHeldTooLittleBecomeWider() async throws {
    #expect(try await decision(TrackRecord()).origins.adaptation == [1, 1, 1, 1])
    let narrow = try await decision(record(coverage: 0.65, runs: 4)).origins.adaptation
    #expect(narrow[0] > 1.1 && narrow[0] < 1.4)
    #expect(narrow[1...] == [1, 1, 1])
    #expect(try await decision(record(coverage: 0.90, runs: 4)).origins.adaptation[0] < 1)
  }
}

@Suite struct TierCodeTests {
  private func spoil(_ digest: inout SeriesDigest, for code: TierCode) {
    switch code {
    case .gaps: digest.gapShare = 0.1
    case .history: digest.firstIndex = digest.cutoff - 100
    case .width: digest.ceiling = 1.3
    case .stability:
      for i in digest.scores.indices {
        digest.scores[i].sumChange = 30
        digest.scores[i].changeCount = 100
      }
    case .shifts: for i in digest.scores.indices { digest.scores[i].steadyCount *= 0.8 }
    case .ended: digest.isLive = false
    default: break
    }
  }

  @Test(arguments: [TierCode.gaps, .history, .width, .stability, .shifts, .ended])
  func aTierNamesTheTestThatItFailed(_ code: TierCode) async throws {
    var spoilt = won
    spoil(&spoilt[0], for: code)
    let decisions = try await decide(Digests(digests: spoilt), settings: settingsOfDecisions()).series
    #expect(decisions[0].tiers[0].code == code && decisions[0].tiers[0].tier < .high)
    #expect(decisions[1].tiers[0] == TierVerdict(tier: .high, code: .earned, reason: "all tests are passed"))
  }
}

@Suite struct FoldBreachTests {
  @Test func aFoldSaysWhatItCalledAndWhatHappened() throws {
    // 50 at the first reading, a tenth more each day: every fold's line meets 130 within its 60 days or does not.
    let length = 700
    let panel = Panel(
      step: .day, firstIndex: 20_000, length: length, values: (0..<length).map { 50 + 0.1 * Float($0) }, seeds: [1])
    let limit: Float = 110
    let tile = ContestTile(
      names: [SeriesName(server: "s", resource: "disk")], panel: panel, lastReading: [panel.cutoff], staleAfter: 14,
      limits: [BreachLimit(value: limit, rule: BreachRule(count: 1, of: 1))])
    let digest = contest(tile, settings: settings)[0]
    var seen = Set<Bool>()
    for (fold, cutoff) in digest.foldCutoffs.enumerated() {
      let crossing = 20_600
      guard cutoff < crossing, let outcome = digest.score(model: drift, fold: fold).breach.outcome(by: .days31to60)
      else { continue }
      #expect(outcome.called == (crossing - cutoff <= 60) && outcome.happened == outcome.called)
      // Seasonal naive never rises that far.
      #expect(digest.score(model: baseline, fold: fold).breach.outcome(by: .days31to60)?.called == false)
      seen.insert(outcome.called)
    }
    #expect(seen == [true, false])
    #expect(
      FoldBreach(bits: digest.score(model: drift, fold: 0).breach.bits) == digest.score(model: drift, fold: 0).breach)
  }
}
