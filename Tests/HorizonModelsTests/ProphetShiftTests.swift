import Foundation
import HorizonCore
import HorizonModels
import HorizonNumerics
import HorizonTestKit
import Testing

private let days = 800
private let horizon = 120

private func panel(_ values: [Float], ceiling: Double = .nan) -> Panel {
  Panel(
    step: .day, firstIndex: 19_000, length: values.count, values: values, seeds: [1], ceilings: [ceiling])
}

private func noise(_ seed: UInt64) -> [Double] {
  var random = SplitMix64(seed: seed)
  return (0..<days).map { _ in random.normal() }
}

private func means(_ model: any ForecastModel, _ panel: Panel) -> [Float] {
  model.checkedForecast(of: panel, horizon: horizon).mean
}

@Suite struct ProphetShiftTests {
  @Test func growthTowardsTheCeilingIsNotFlattened() {
    let random = noise(3)
    let values = (0..<days).map { Float(40 + 45 * Double($0) / Double(days) + random[$0]) }
    var logistic = ProphetOptions()
    logistic.growth = .logistic
    let truth = 45.0 / Double(days) * Double(horizon - 60)
    let ours = means(ProphetShift(), panel(values, ceiling: 100))
    let flattened = means(Prophet(logistic), panel(values, ceiling: 100))
    #expect(abs(Double(ours[horizon - 1] - ours[59]) - truth) < 0.25 * truth)
    #expect(Double(flattened[horizon - 1] - flattened[59]) < 0.75 * truth)
  }

  @Test func aPercentageStaysInRange() {
    let random = noise(4)
    let values = (0..<days).map { Float(min(100, 60 + 39 * Double($0) / Double(days) + 0.5 * random[$0])) }
    let block = ProphetShift().checkedForecast(of: panel(values, ceiling: 100), horizon: horizon)
    #expect(block.mean.allSatisfy { $0 <= 100 } && block.quantiles.allSatisfy { $0 <= 100 })
    #expect(block.mean.last! > 97)
  }

  @Test func aLevelShiftIsAStepAndNoSlope() {
    let random = noise(5)
    let values = (0..<days).map { Float(($0 < days - 60 ? 30 : 55) + random[$0]) }
    let ours = means(ProphetShift(), panel(values).rebased().panel)
    let published = means(Prophet(), panel(values))
    #expect(ours.allSatisfy { abs($0 - 55) < 3 })
    #expect(published.contains { abs($0 - 55) > 6 })
  }

  @Test func burstsDoNotMoveIt() {
    let random = noise(6)
    let quiet = (0..<days).map { Float(20 + 3 * sin(2 * Double.pi * Double($0) / 7) + random[$0]) }
    var bursting = quiet
    for t in stride(from: 400, to: days - 5, by: 41) { bursting[t] += 60 }
    for (a, b) in zip(means(ProphetShift(), panel(quiet)), means(ProphetShift(), panel(bursting))) {
      #expect(abs(a - b) < 1.5)
    }
  }

  @Test func itStartsFromTheNewestReadings() {
    let random = noise(7)
    var state = 0.0
    var values = random.map { draw -> Float in
      state = 0.9 * state + draw
      return Float(50 + state)
    }
    for t in (days - 12)..<days { values[t] += 6 }
    let ours = means(ProphetShift(), panel(values))
    #expect(ours[0] > ours[horizon - 1] + 2)
  }

  @Test func whatItIsMadeOfAddsUpOnEitherScale() throws {
    let random = noise(8)
    for base in [5.0, 500.0] {
      let values = (0..<days).map { t -> Float in
        let week = 1 + 0.3 * sin(2 * Double.pi * Double(t) / 7)
        return Float(base * (1 + Double(t) / 400) * week * exp(0.05 * random[t]))
      }
      let fitted = ProphetShift().fitted(to: panel(values))
      let parts = try #require(fitted as? any ComponentModel).components(series: 0, horizon: horizon)
      #expect(parts.map(\.name).prefix(3) == ["trend", "yearly", "weekly"])
      let mean = fitted.forecast(horizon: horizon).mean
      for l in 0..<horizon {
        #expect(abs(parts.reduce(0) { $0 + $1.ahead[l] } - mean[l]) < 1e-4 * Float(base))
      }
    }
  }
}

@Suite struct LaplaceRegressionTests {
  /// No sign can improve the sum: the gradient is 0 where a coefficient is not, and within the weight where it is 0.
  @Test(arguments: [0.0, 0.1, 3, 100], [UInt64(1), 2, 3])
  func theSolutionIsOptimal(weight: Double, seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let (free, sparse, rows) = (5, 20, 60)
    let size = free + sparse
    // Hinges, as they come in a trend: neighbours are nearly the same column.
    let columns = (0..<size).map { c in
      (0..<rows).map { t in c < free ? random.normal() : max(0, Double(t) / 60 - Double(c - free) / 25) }
    }
    let y = (0..<rows).map { t in columns[1][t] + 2 * max(0, Double(t) / 60 - 0.5) + 0.1 * random.normal() }
    func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let gram = columns.flatMap { a in columns.map { product(a, $0) } }
    let right = columns.map { product($0, y) }
    let ridge = (0..<free).map { 0.1 * Double($0 + 1) }
    let regression = try #require(LaplaceRegression(gram: gram, ridge: ridge, sparse: sparse))
    var x = [Double](repeating: 0, count: size)
    regression.solve(right: right, weight: weight, x: &x)
    for i in 0..<size {
      var gradient = -right[i]
      for j in 0..<size { gradient += gram[i * size + j] * x[j] }
      if i < free {
        #expect(abs(gradient + ridge[i] * x[i]) < 1e-6)
      } else if x[i] != 0 {
        #expect(abs(gradient + (x[i] > 0 ? weight : -weight)) < 1e-5)
      } else {
        #expect(abs(gradient) <= weight + 1e-5)
      }
    }
    #expect(weight < 100 || x[free...].allSatisfy { $0 == 0 })
  }

  @Test func equationsWithoutASolutionAreRefused() {
    #expect(LaplaceRegression(gram: [Double](repeating: .nan, count: 9), ridge: [0, 0], sparse: 1) == nil)
    #expect(LaplaceRegression(gram: [Double](repeating: 1, count: 9), ridge: [0, 0], sparse: 1) == nil)
  }
}
