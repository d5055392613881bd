import Foundation
import HorizonCore
import HorizonModels
import HorizonTestKit
import Testing

private func forecast(_ name: String, _ values: [Float], step: Step = .day, horizon: Int = 30) -> ForecastBlock {
  let panel = Panel(step: step, firstIndex: 20_000 - values.count + 1, length: values.count, values: values, seeds: [1])
  guard case .model(let model)? = Catalog.all.first(where: { $0.card.name == name }) else { fatalError("no \(name)") }
  return model.checkedForecast(of: panel, horizon: horizon)
}

@Suite struct ModelTests {
  @Test func seasonalNaiveRepeatsTheLastWeek() {
    let values: [Float] = (0..<70).map { (t: Int) -> Float in Float(t % 7 * 10 + t / 7) }
    let block = forecast("seasonal-naive", values)
    for lead in 0..<14 {
      let expected = Float(lead % 7 * 10 + 9)
      #expect(block.mean[lead] == expected)
    }
  }

  @Test func straightLinesContinueALineExactly() {
    for name in ["line-30", "line-90", "drift"] {
      let line: [Float] = (0..<120).map { (t: Int) -> Float in 5 + 0.25 * Float(t) }
      let error: Float = abs(forecast(name, line).mean[29] - 42.25)
      #expect(error < 1e-3, "\(name)")
    }
  }

  @Test func line30SeesOnlyThirtyDays() {
    let bent: [Float] = (0..<200).map { (t: Int) -> Float in
      t < 170 ? Float(100 - t) : Float(2 * t - 330)
    }
    let error: Float = abs(forecast("line-30", bent).mean[0] - 70)
    #expect(error < 1e-3)
  }

  @Test func thetaFollowsALevelAndAWeek() {
    let values = SyntheticPanel.series(.seasonal, length: 400, seed: 3)
    let block = forecast("theta", values, horizon: 14)
    for lead in 1...14 {
      let angle: Double = 2 * Double.pi * Double(399 + lead) / 7
      let error: Double = abs(Double(block.mean[lead - 1]) - 50 - 10 * sin(angle))
      #expect(error < 2.5)
    }
  }

  @Test func thetaAgreesWithAGridSearchOverItsParameters() {
    // The slow, obvious twin: the one-step errors written out for every weight and share.
    let values = SyntheticPanel.series(.trend, length: 150, seed: 11)
    let block = forecast("theta", values, horizon: 10)
    let best = slowTheta(values.map(Double.init), horizon: 10)
    for lead in 0..<10 {
      let error: Double = abs(Double(block.mean[lead]) - best[lead])
      #expect(error < 0.3)
    }
  }

  @Test func harmonicContinuesTrendWeekAndYear() {
    func truth(_ t: Int) -> Double {
      let week: Double = 4 * sin(2 * Double.pi * Double(t) / 7)
      let year: Double = 8 * cos(2 * Double.pi * Double(t) / 365.25)
      return 40 + 0.01 * Double(t) + week + year
    }
    let block = forecast("harmonic", (0..<1_095).map { Float(truth($0)) }, horizon: 180)
    let worst = (0..<180).map { abs(Double(block.mean[$0]) - truth(1_095 + $0)) }.max()!
    #expect(worst < 0.6)
  }

  @Test func normalIntervalsCoverWhiteNoise() {
    let values = SyntheticPanel.series(.noise, length: 600, seed: 5)
    for name in ["harmonic", "theta"] {
      let block = forecast(name, Array(values.prefix(500)), horizon: 100)
      let inside = (0..<100).count { lead in
        let q = block.quantiles[(lead * 7)..<(lead * 7 + 7)]
        let interval = q[q.startIndex + Levels.lower80]...q[q.startIndex + Levels.upper80]
        return interval.contains(values[500 + lead])
      }
      #expect((65...92).contains(inside), "\(name) covers \(inside) of 100")
    }
  }
}

private func slowTheta(_ y: [Double], horizon: Int) -> [Double] {
  let n = y.count
  let middle = Double(n + 1) / 2
  var sxy = 0.0
  var sxx = 0.0
  for t in 0..<n {
    sxy += (Double(t + 1) - middle) * y[t]
    sxx += (Double(t + 1) - middle) * (Double(t + 1) - middle)
  }
  let slope = sxy / sxx
  let intercept = y.reduce(0, +) / Double(n) - slope * middle
  var least = Double.infinity
  var best: [Double] = []
  for a in stride(from: 0.02, through: 0.98, by: 0.02) {
    for w in stride(from: 0.0, through: 1.0, by: 0.04) {
      for first in stride(from: y[0] - 25, through: y[0] + 5, by: 0.5) {
        var level = first
        var sse = 0.0
        func trend(_ t: Int) -> Double {
          w * (pow(1 - a, Double(t)) * intercept + (1 - pow(1 - a, Double(t + 1))) / a * slope)
        }
        for t in 0..<n {
          let e = y[t] - level - trend(t)
          sse += e * e
          level = a * y[t] + (1 - a) * level
        }
        if sse < least {
          least = sse
          let early = pow(1 - a, Double(n)) * intercept + (1 - pow(1 - a, Double(n + 1))) / a * slope
          best = (0..<horizon).map { level + w * (early + Double($0) * slope) }
        }
      }
    }
  }
  return best
}
