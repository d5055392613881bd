import HorizonCore
import HorizonModels
import Testing

private let combinations: [any ForecastCombination] = Catalog.all.compactMap {
  if case .combination(let c) = $0 { c } else { nil }
}

private func combination(_ name: String) -> any ForecastCombination {
  combinations.first { type(of: $0).card.name == name }!
}

private let cards = ["seasonal-naive", "line-90", "theta", "harmonic", "harmonic-ar"].map { name in
  Catalog.all.first { $0.card.name == name }!.card
}

/// Errors at three levels of many points: each model errs by its own amount, up and down in turn where it is not biased.
private func errors(of amounts: [(bias: Float, swing: Float)], points: Int = 120) -> PastErrors {
  let levels: [Float] = [0.1, 0.5, 0.9]
  return PastErrors(
    errors: amounts.map { amount in (0..<points).map { amount.bias + ($0 % 2 == 0 ? 1 : -1) * amount.swing } },
    above: (0..<points).map { 1 - levels[$0 % 3] }, below: (0..<points).map { levels[$0 % 3] })
}

@Suite struct CombinationTests {
  @Test(arguments: combinations.indices)
  func weightsAreSharesOfMembersThatAreThere(index: Int) throws {
    for losses: [Double?] in [
      [1, 2, 0.5, 0.4, 0.45], [nil, nil, nil, nil, nil], [0, 0, 0, 0, 0], [1, nil, 0.5, nil, 0.2],
      [1, 1, nil, nil, nil],
    ] {
      let recipe = combinations[index].recipe(PastLosses(cards: cards, losses: losses)) { models in
        errors(of: models.map { (0, Float(1 + $0)) })
      }
      #expect(!recipe.members.isEmpty && recipe.members == Set(recipe.members).sorted())
      #expect(recipe.members.allSatisfy(cards.indices.contains))
      guard case .average(let weights) = recipe.blend else { continue }
      #expect(weights.count == recipe.members.count && weights.allSatisfy { $0 >= 0 })
      #expect(abs(weights.reduce(0, +) - 1) < 1e-5)
    }
  }

  @Test(arguments: combinations.indices)
  func withOneModelItIsTheForecast(index: Int) {
    let recipe = combinations[index].recipe(PastLosses(cards: [cards[0]], losses: [0.3])) { _ in nil }
    #expect(recipe.members == [0])
    var block = ForecastBlock(count: 1, horizon: 2)
    for lead in 1...2 { block.setNormal(series: 0, lead: lead, mean: 40.7, deviation: Float(lead)) }
    var result = ForecastBlock(count: 1, horizon: 2)
    result.combine(series: 0, recipe.blend, of: [block])
    #expect(result.mean == block.mean && result.quantiles == block.quantiles)
  }

  @Test(arguments: ["ensemble-mean", "ensemble-median", "ensemble-weighted", "ensemble-stacked"])
  func whatUsersHaveTodayIsNoMember(name: String) {
    let losses: [Double?] = [0.1, 0.1, 0.5, 0.4, 0.45]
    let recipe = combination(name).recipe(PastLosses(cards: cards, losses: losses)) {
      errors(of: $0.map { _ in (0, 1) })
    }
    #expect(recipe.members.allSatisfy { !cards[$0].isBaseline })
    let only = combination(name).recipe(PastLosses(cards: Array(cards.prefix(2)), losses: [0.1, 0.2])) { _ in nil }
    #expect(only.members.contains(0), "where there is nothing else they are")
  }

  @Test func aBetterModelWeighsMoreAndAMuchWorseOneNothing() throws {
    let record = PastLosses(cards: cards, losses: [0.1, 0.1, 0.5, 0.4, 4])
    let recipe = combination("ensemble-weighted").recipe(record) { _ in nil }
    guard case .average(let weights) = recipe.blend else { throw NoAverage() }
    #expect(recipe.members == [2, 3] && weights[1] > weights[0])
  }

  @Test func stackingFindsTheModelThatIsPlainlyBest() throws {
    let record = PastLosses(cards: cards, losses: [1, 1, 0.5, 0.5, 0.5])
    let recipe = combination("ensemble-stacked").recipe(record) { models in
      errors(of: models.map { $0 == 3 ? (0, 0.05) : (0, 1) })
    }
    guard case .average(let weights) = recipe.blend else { throw NoAverage() }
    #expect(recipe.members == [2, 3, 4] && weights[1] > 0.6, "\(weights)")
  }

  @Test func stackingSetsErrorsAgainstEachOtherWhereTheyOffset() throws {
    // One is too high, one as much too low, the third is as far off as both without their mean being right.
    let record = PastLosses(cards: cards, losses: [1, 1, 0.5, 0.5, 0.5])
    let recipe = combination("ensemble-stacked").recipe(record) { _ in
      errors(of: [(1, 0), (-1, 0), (0, 1)])
    }
    guard case .average(let weights) = recipe.blend else { throw NoAverage() }
    #expect(abs(weights[0] - weights[1]) < 0.1 && weights[2] < weights[0], "\(weights)")
  }

  @Test func stackingWithoutACommonFoldFallsBackToTheLosses() {
    let record = PastLosses(cards: cards, losses: [1, 1, 0.5, 0.4, 0.45])
    #expect(
      combination("ensemble-stacked").recipe(record) { _ in nil }
        == combination("ensemble-weighted").recipe(record) { _ in nil })
  }

  @Test func whereNothingIsKnownTheDearModelsAreAsked() {
    let all = Catalog.all.map(\.card).filter { $0.cost != .combined }
    let nothing = [Double?](repeating: nil, count: all.count)
    for name in ["ensemble-weighted", "ensemble-stacked"] {
      let recipe = combination(name).recipe(PastLosses(cards: all, losses: nothing)) { _ in nil }
      #expect(recipe.blend == .median && recipe.members.count >= 3)
      #expect(recipe.members.allSatisfy { all[$0].cost == .dear })
    }
  }

  @Test func theMedianIsTakenLevelByLevel() {
    var blocks: [ForecastBlock] = []
    for (mean, deviation) in [(Float(10), Float(1)), (20, 9), (30, 1)] {
      var block = ForecastBlock(count: 1, horizon: 1)
      block.setNormal(series: 0, lead: 1, mean: mean, deviation: deviation)
      blocks.append(block)
    }
    var result = ForecastBlock(count: 1, horizon: 1)
    result.combine(series: 0, .median, of: blocks)
    #expect(result.mean == [20])
    for k in 0..<Levels.count { #expect(result.quantiles[k] == blocks.map { $0.quantiles[k] }.sorted()[1]) }
    result.combine(series: 0, .median, of: Array(blocks.prefix(2)))
    #expect(result.mean == [15])
  }

  @Test func withoutAMemberTheOthersKeepTheirProportions() {
    #expect(Blend.average([0.5, 0.25, 0.25]).keeping([0, 2]) == .average([0.5 / 0.75, 0.25 / 0.75]))
    #expect(Blend.average([1, 0]).keeping([1]) == .average([1]))
    #expect(Blend.median.keeping([1]) == .median)
  }
}

private struct NoAverage: Error {}
