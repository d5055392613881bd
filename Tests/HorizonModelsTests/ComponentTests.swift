import Foundation
import HorizonCore
import HorizonModels
import HorizonTestKit
import Testing

private let componentModels = Catalog.all.compactMap { contestant -> (any ForecastModel)? in
  guard case .model(let model) = contestant else { return nil }
  return model.fitted(to: SyntheticPanel.panel(kinds: [.seasonal])) is any ComponentModel ? model : nil
}

/// trend * (1 + sum of multiplicative parts) + sum of additive parts.
private func total(_ components: [ForecastComponent], _ side: (ForecastComponent) -> [Float], at t: Int) -> Double {
  guard let trend = components.first.map({ Double(side($0)[t]) }) else { return 0 }
  return components.dropFirst().reduce(trend) { sum, part in
    sum + (part.isMultiplicative ? trend : 1) * Double(side(part)[t])
  }
}

@Suite struct ComponentTests {
  @Test func someModelsSayWhatTheirForecastIsMadeOf() {
    let names = componentModels.map { type(of: $0).card.name }
    #expect(names.contains("harmonic") && names.contains("harmonic-ar"))
  }

  @Test(arguments: componentModels.indices, [Step.day, .hour, Step(seconds: 604_800)])
  func theyAddUpToThePointForecast(index: Int, step: Step) {
    let model = componentModels[index]
    let horizon = 60
    let panel = SyntheticPanel.panel(length: 900, step: step)
    let fitted = model.fitted(to: panel)
    let block = fitted.forecast(horizon: horizon)
    guard let made = fitted as? any ComponentModel else { return }
    for s in 0..<panel.count {
      let components = made.components(series: s, horizon: horizon)
      guard block.refusals[s] == nil else {
        #expect(components.isEmpty)
        continue
      }
      #expect(components.first?.name == "trend" && components.first?.isMultiplicative == false)
      #expect(Set(components.map(\.name)).count == components.count)
      for part in components {
        #expect(part.past.count == panel.history(s).count && part.ahead.count == horizon)
        #expect(part.past.allSatisfy(\.isFinite) && part.ahead.allSatisfy(\.isFinite))
      }
      for lead in 0..<horizon {
        let mean = Double(block.mean[s * horizon + lead])
        let size = components.map { abs(Double($0.ahead[lead])) }.max() ?? 0
        #expect(abs(total(components, \.ahead, at: lead) - mean) <= 1e-5 * max(size, abs(mean), 1e-3))
      }
    }
  }

  /// A week that swings by a share of a level that doubles: harmonic-ar takes logarithms.
  @Test func theWeekOfALogarithmGrowsWithItsLevel() throws {
    let values = (0..<800).map { t -> Float in
      let week: Double = 1 + 0.2 * sin(2 * Double.pi * Double(t) / 7)
      let level: Double = 40 * exp2(Double(t) / 800)
      return Float(level * week + 0.02 * Double(t * t % 17))
    }
    let panel = Panel(step: .day, firstIndex: 19_000, length: 800, values: values, seeds: [1])
    let model = try #require(componentModels.first { type(of: $0).card.name == "harmonic-ar" })
    let made = try #require(model.fitted(to: panel) as? any ComponentModel)
    let week = try #require(made.components(series: 0, horizon: 30).first { $0.name == "weekly" })
    let (early, late) = (week.past.prefix(7).max()!, week.ahead.suffix(7).max()!)
    #expect(late > 1.7 * early && early > 6)
  }

  @Test func whatIsRememberedFades() throws {
    var values = (0..<500).map { t -> Float in
      let week: Double = 5 * sin(2 * Double.pi * Double(t) / 7)
      return Float(60 + week + sin(Double(t * t)))
    }
    var level: Float = 0
    for t in values.indices {
      level = 0.9 * level + Float(cos(Double(t * t * t)))
      values[t] += level + (t > 490 ? 8 : 0)
    }
    let panel = Panel(step: .day, firstIndex: 19_000, length: 500, values: values, seeds: [1])
    let model = try #require(componentModels.first { type(of: $0).card.name == "harmonic-ar" })
    let made = try #require(model.fitted(to: panel) as? any ComponentModel)
    let memory = try #require(made.components(series: 0, horizon: 120).first { $0.name == "memory" })
    #expect(memory.past[0] == 0 && memory.past[499] > 4)
    #expect(memory.ahead[0] > 3 && abs(memory.ahead[119]) < 0.1 * memory.ahead[0])
  }
}
