import HorizonCore
import HorizonModels
import HorizonTestKit
import Testing

private let models: [any ForecastModel] = Catalog.all.compactMap { if case .model(let m) = $0 { m } else { nil } }
private let steps: [Step] = [.day, .hour, Step(seconds: 604_800), Step(seconds: 300)]

@Suite struct ContractTests {
  @Test(arguments: models.indices, steps)
  func everyModelKeepsTheContract(index: Int, step: Step) {
    let contract = ModelContract(models[index])
    let panel = SyntheticPanel.panel(length: 400, step: step)
    #expect(contract.forecastsAreWellFormed(panel).isEmpty)
    #expect(contract.theRightKindIsTaken(step: step).isEmpty)
    #expect(contract.forecastsAreDeterministic(panel).isEmpty)
    #expect(contract.nothingAfterTheCutoffIsSeen(panel).isEmpty)
    #expect(contract.neighboursDoNotMatter(panel).isEmpty)
  }

  @Test func theContractCatchesAModelThatLooksAhead() {
    let panel = SyntheticPanel.panel()
    #expect(!ModelContract(Leaky()).neighboursDoNotMatter(panel).isEmpty)
    #expect(!ModelContract(Crossing()).forecastsAreWellFormed(panel).contains { $0.contains("crossing") })
    #expect(!ModelContract(NotFinite()).forecastsAreWellFormed(panel).isEmpty)
  }

  @Test func theContractCatchesAModelThatRefusesEverySeries() {
    let contract = ModelContract(Refusing())
    #expect(contract.forecastsAreWellFormed(SyntheticPanel.panel()).isEmpty)
    #expect(!contract.theRightKindIsTaken(step: .day).isEmpty)
  }

  @Test func cardsAreUniqueAndComplete() {
    let cards = Catalog.all.map(\.card)
    #expect(Set(cards.map(\.name)).count == cards.count)
    for card in cards {
      #expect(card.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
      #expect(card.summary.hasSuffix(".") && card.summary.first!.isUppercase)
      #expect(!card.reference.isEmpty && card.minimumHistory >= 1)
    }
  }
}

private func card(_ name: String) -> ModelCard {
  ModelCard(name: name, summary: "Breaks the contract.", minimumHistory: 1, cost: .instant, reference: "none")
}

/// Lets neighbours change its forecast.
private struct Leaky: ForecastModel {
  static let card = HorizonModelsTests.card("leaky")
  func fitted(to panel: Panel) -> any FittedModel { Constant(value: Float(panel.count), count: panel.count) }
}
private struct Crossing: ForecastModel {
  static let card = HorizonModelsTests.card("crossing")
  func fitted(to panel: Panel) -> any FittedModel { Constant(value: 1, count: panel.count, crosses: true) }
}
private struct NotFinite: ForecastModel {
  static let card = HorizonModelsTests.card("not-finite")
  func fitted(to panel: Panel) -> any FittedModel { Constant(value: .infinity, count: panel.count) }
}

/// Finds no series good enough.
private struct Refusing: SeriesModel {
  static let card = HorizonModelsTests.card("refusing")
  func fitted(to history: History) throws(ModelError) -> Nothing { throw .noCycle }
}
private struct Nothing: SeriesFit {
  func forecast(series: Int, into block: inout ForecastBlock) {}
}

private struct Constant: FittedModel {
  var value: Float
  var count: Int
  var crosses = false
  func forecast(horizon: Int) -> ForecastBlock {
    var block = ForecastBlock(count: count, horizon: horizon)
    for s in 0..<count {
      for lead in 1...horizon { block.setNormal(series: s, lead: lead, mean: value, deviation: crosses ? -1 : 1) }
    }
    return block
  }
}
