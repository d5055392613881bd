import HorizonCore
import HorizonModels
import HorizonTestKit
import Testing

private let horizon = 60

/// `xgboost` and `lstm` after they have learnt from a small fleet, and `lstm-zero-shot`.
private let models: [(name: String, model: any ForecastModel)] = {
  let kinds: [SyntheticPanel.Kind] = [.seasonal, .trend, .noise, .step]
  let values = (0..<24).flatMap { SyntheticPanel.series(kinds[$0 % 4], length: 400, seed: UInt64($0)) }
  let fleet = Panel(
    step: .day, firstIndex: 19_601, length: 400, values: values, seeds: (0..<24).map { UInt64($0 + 100) })
  return Catalog.all.compactMap { contestant in
    let name = contestant.card.name
    switch contestant {
    case .learner(let learner):
      return (try? learner.trained(on: fleet, horizon: horizon, seed: 3)).map { (name, $0) }
    case .model(let model): return name == "lstm-zero-shot" ? (name, model) : nil
    case .combination: return nil
    }
  }
}()

@Suite struct LearnedComponentTests {
  @Test func allModelsThatLearnFromManySeriesAreAsked() {
    #expect(models.map(\.name) == ["xgboost", "lstm", "lstm-zero-shot"])
  }

  @Test(arguments: models.indices)
  func harmonicARAndWhatIsLearnedAddUpToTheForecast(index: Int) throws {
    let panel = SyntheticPanel.panel(length: 400)
    let fitted = models[index].model.fitted(to: panel)
    let made = try #require(fitted as? any LearnedModel)
    let block = fitted.forecast(horizon: horizon)
    let alone = HarmonicARTwin.forecast(of: panel)
    let all = made.components(of: 0..<panel.count, horizon: horizon)
    var corrected = 0
    for s in 0..<panel.count {
      guard block.refusals[s] == nil else {
        #expect(all[s].isEmpty)
        continue
      }
      let learned = try #require(all[s].last)
      #expect(learned.name == "learned" && all[s].first?.name == "trend")
      #expect(learned.past.count == panel.history(s).count && learned.past.allSatisfy { $0 == 0 })
      for lead in 0..<horizon {
        let mean = Double(block.mean[s * horizon + lead])
        let parts = all[s].map { Double($0.ahead[lead]) }
        let size = parts.map(abs).max()!
        #expect(abs(parts.reduce(0, +) - mean) <= 1e-5 * max(size, abs(mean), 1e-3))
        #expect(
          abs(parts.dropLast().reduce(0, +) - Double(alone.mean[s * horizon + lead])) <= 1e-5 * max(size, 1e-3))
      }
      if learned.ahead.contains(where: { $0 != 0 }) { corrected += 1 }
    }
    #expect(corrected >= 5)
  }

  @Test(arguments: models.indices)
  func oneSeriesIsTakenApartAsAmongOthers(index: Int) throws {
    let panel = SyntheticPanel.panel(kinds: [.seasonal, .trend, .gappy], length: 400)
    let made = try #require(models[index].model.fitted(to: panel) as? any LearnedModel)
    let all = made.components(of: 0..<3, horizon: horizon)
    for s in 0..<3 {
      let own = made.components(series: s, horizon: horizon)
      #expect(own.map(\.name) == all[s].map(\.name))
      for (a, b) in zip(own, all[s]) {
        #expect(zip(a.ahead, b.ahead).allSatisfy { abs($0 - $1) <= 1e-4 })
      }
    }
  }

  @Test(arguments: [1, 20, 28, 33, 60]) func contributionsOfTheTreesAddUpToWhatIsLearned(lead: Int) throws {
    let panel = SyntheticPanel.panel(kinds: [.seasonal, .trend, .noise, .gappy, .sawtooth], length: 400)
    let made = try #require(models[0].model.fitted(to: panel) as? any LearnedModel)
    for s in 0..<panel.count {
      let learned = Double(try #require(made.components(series: s, horizon: horizon).last).ahead[lead - 1])
      let found = made.contributions(series: s, lead: lead, horizon: horizon)
      #expect(Set(found.map(\.family)).count == found.count && found.count > 10)
      #expect(Set(["recent", "year", "headroom", "fleet", "interpolation"]).isSubset(of: found.map(\.family)))
      let sizes = found.map { abs($0.amount) }
      #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 >= $1 })
      #expect(abs(found.reduce(0) { $0 + $1.amount } - learned) < 1e-6)
      // These leads are asked of the trees themselves, so nothing is interpolated.
      if [1, 28, 60].contains(lead) {
        let between = try #require(found.first { $0.family == "interpolation" }).amount
        #expect(abs(between) < 1e-3 * sizes[0] + 1e-4, "series \(s): \(between) beside \(sizes[0])")
      }
    }
  }

  @Test func whatIsRefusedHasNoContributions() throws {
    let panel = SyntheticPanel.panel(kinds: [.short, .constant], length: 400)
    for (_, model) in models {
      let made = try #require(model.fitted(to: panel) as? any LearnedModel)
      #expect(made.components(series: 0, horizon: 10).isEmpty)
      #expect(made.components(series: 1, horizon: 10).last?.ahead.allSatisfy { $0 == 0 } == true)
      for s in 0..<2 { #expect(made.contributions(series: s, lead: 5, horizon: 10).isEmpty) }
    }
  }
}

private enum HarmonicARTwin {
  static func forecast(of panel: Panel) -> ForecastBlock {
    for case .model(let model) in Catalog.all where type(of: model).card.name == "harmonic-ar" {
      return model.fitted(to: panel).forecast(horizon: horizon)
    }
    return ForecastBlock(count: panel.count, horizon: horizon)
  }
}
