import HorizonContest
import HorizonCore
import HorizonModels
import HorizonTestKit
import Testing

private let models = ["seasonal-naive", "theta", "harmonic", "harmonic-ar"]
private let cards = (models + ["ensemble-weighted"]).map { name in
  Catalog.all.first { $0.card.name == name }!.card
}
private let combinations: [any ForecastCombination] = Catalog.all.compactMap {
  if case .combination(let c) = $0 { c } else { nil }
}

private func combination(_ name: String) -> any ForecastCombination {
  combinations.first { type(of: $0).card.name == name }!
}

/// One series whose readings are 0; a model's forecast is a constant, so its error is too.
private struct Folds {
  var past = PastFolds(count: 1, cards: cards, leads: DigestLeads(horizon: 60), horizon: 60)

  /// - Parameters:
  ///   - values: What each model says of leads 1...30 and of those behind; nil refuses.
  mutating func play(cutoff: Int, _ values: [(near: Float, far: Float)?]) {
    let horizon = 60
    let panel = Panel(
      step: .day, firstIndex: 0, length: cutoff + horizon + 1,
      values: [Float](repeating: 0, count: cutoff + horizon + 1), seeds: [1])
    var blocks: [ForecastBlock] = []
    var curves: [[Float]] = []
    for value in values + [(0, 0)] {
      var block = ForecastBlock(count: 1, horizon: horizon)
      var curve = [Float](repeating: .nan, count: horizon)
      if let value {
        for lead in 1...horizon {
          let x = lead <= 30 ? value.near : value.far
          block.setNormal(series: 0, lead: lead, mean: x, deviation: 0)
          curve[lead - 1] = Levels.all.reduce(0) { $0 + Metrics.pinball(actual: 0, forecast: x, level: $1) }
        }
      } else {
        block.refusals[0] = .singular
      }
      blocks.append(block)
      curves.append(curve)
    }
    past.append(cutoff: cutoff, blocks: blocks, curves: curves, units: [1], panel: panel)
  }

  func recipe(_ name: String, at step: Int) -> Recipe {
    past.recipe(combination(name), series: 0, at: step, of: past.players(series: 0, at: step))
  }
}

@Suite struct PastFoldsTests {
  @Test(arguments: ["ensemble-weighted", "ensemble-stacked"])
  func onlyLeadsThatHaveComeTrueCount(name: String) throws {
    // Up to lead 30 theta is the best, behind it the worst.
    var folds = Folds()
    folds.play(cutoff: 100, [(9, 9), (1, 50), (1.2, 1), (1.2, 1)])
    func weight(of model: Int, at step: Int) -> Float {
      let recipe = folds.recipe(name, at: step)
      guard case .average(let weights) = recipe.blend, let at = recipe.members.firstIndex(of: model) else { return 0 }
      return weights[at]
    }
    #expect(weight(of: 1, at: 130) > weight(of: 2, at: 130))
    #expect(weight(of: 1, at: 160) < weight(of: 2, at: 160))
  }

  @Test(arguments: combinations.indices)
  func aLaterFoldChangesNothingAsOfAnEarlierStep(index: Int) {
    let name = type(of: combinations[index]).card.name
    var folds = Folds()
    folds.play(cutoff: 100, [(9, 9), (1, 1), (2, 2), (3, 3)])
    folds.play(cutoff: 161, [(9, 9), (2, 2), (2, 2), (3, 3)])
    let before = [120, 161, 180, 222].map { folds.recipe(name, at: $0) }
    folds.play(cutoff: 222, [(0, 0), (90, 90), (50, 70), (1, 80)])
    #expect([120, 161, 180, 222].map { folds.recipe(name, at: $0) } == before)
  }

  @Test func aFoldThatAModelRefusedCountsAsTheWorstOfTheOthers() throws {
    var folds = Folds()
    folds.play(cutoff: 100, [(6, 6), (1, 1), nil, (3, 3)])
    folds.play(cutoff: 161, [(6, 6), (1, 1), (1, 1), (1, 1)])
    let three = folds.recipe("ensemble", at: 222)
    #expect(three.members == [1, 2, 3], "the baseline was as bad on the first fold and worse on the second")
    let weighted = folds.recipe("ensemble-weighted", at: 222)
    #expect(weighted.members.contains(1))
    #expect(!weighted.members.contains(2), "one fold is no proof where the others have two")
  }

  @Test func aModelThatRefusedTheNewestFoldIsNoMember() {
    var folds = Folds()
    folds.play(cutoff: 100, [(9, 9), (1, 1), (1, 1), (1, 1)])
    folds.play(cutoff: 161, [(9, 9), nil, (1, 1), (1, 1)])
    for name in ["ensemble-mean", "ensemble-median", "ensemble-weighted", "ensemble-stacked"] {
      #expect(folds.recipe(name, at: 222).members == [2, 3])
    }
    #expect(folds.past.players(series: 0, at: 161) == [0, 1, 2, 3])
    #expect(folds.past.players(series: 0, at: 100).isEmpty)
  }
}

@Suite struct RecipeTests {
  /// Long enough for five folds 61 days apart.
  private let panel = SyntheticPanel.panel(kinds: [.seasonal, .trend, .noise, .gappy, .step], length: 640)
  private let contestants = Catalog.all.filter { !$0.isLearner && $0.card.cost < .dear }

  private func digests(
    _ panel: Panel, folds: Int, keep: ((KeptForecast) -> Void)? = nil
  ) -> [SeriesDigest] {
    contest(
      ContestTile(
        names: (0..<panel.count).map { SeriesName(server: "s\($0)", resource: "cpu") }, panel: panel,
        lastReading: [Int](repeating: panel.cutoff, count: panel.count), staleAfter: 14),
      settings: ContestSettings(contestants: contestants, horizon: 60, folds: folds), keep: keep)
  }

  @Test func whatIsPublishedIsWhatTheNextFoldWillUse() throws {
    var kept: [Int: [Int: [Int: ForecastBlock]]] = [:]  // [cutoff][series][model]
    let later = digests(panel, folds: 5) {
      kept[$0.cutoff, default: [:]][$0.series, default: [:]][$0.model] = $0.block.row($0.row)
    }
    let cutoffs = later[0].foldCutoffs
    let today = try #require(cutoffs.last)
    let sooner = digests(panel.cut(at: today), folds: 4)
    #expect(sooner[0].foldCutoffs == cutoffs.dropLast())
    var compared = 0
    for s in 0..<panel.count {
      for (model, recipe) in sooner[s].recipes.enumerated() {
        guard let recipe else { continue }
        let blocks = try #require(kept[today]?[s])
        var block = ForecastBlock(count: 1, horizon: blocks[model]!.horizon)
        block.combine(series: 0, recipe.blend, of: recipe.members.map { blocks[$0]! })
        block.clampQuantiles(series: 0, to: Bounds(history: panel.cut(at: today).history(s), ceiling: .nan))
        for (a, b) in zip(block.quantiles, blocks[model]!.quantiles) { #expect(abs(a - b) <= 1e-4 * max(1, abs(b))) }
        compared += 1
      }
    }
    #expect(compared == panel.count * combinations.count)
  }

  @Test func noReadingBehindACutoffChangesAFoldAtOrBeforeIt() {
    let plan = digests(panel, folds: 5)[0].foldCutoffs
    for fold in plan.indices {
      var changed: [Float] = []
      for s in 0..<panel.count {
        for t in panel.firstIndex...panel.cutoff {
          changed.append(t <= plan[fold] ? panel.actual(s, at: t) : 500 - panel.actual(s, at: t))
        }
      }
      let other = Panel(
        step: .day, firstIndex: panel.firstIndex, length: panel.length, values: changed, seeds: panel.seeds)
      func bits(_ panel: Panel) -> [UInt32] {
        var bits: [UInt32] = []
        _ = digests(panel, folds: 5) { kept in
          guard kept.cutoff <= plan[fold], contestants[kept.model].card.cost == .combined else { return }
          bits += kept.block.row(kept.row).quantiles.map(\.bitPattern)
        }
        return bits
      }
      let own = bits(panel)
      #expect(own == bits(other) && !own.isEmpty)
    }
  }

  @Test func noCombinationIsAMemberOfAnother() {
    for digest in digests(panel, folds: 5) {
      let recipes = digest.recipes.compactMap { $0 }
      #expect(recipes.count == combinations.count)
      #expect(recipes.allSatisfy { $0.members.allSatisfy { contestants[$0].card.cost != .combined } })
    }
  }
}
