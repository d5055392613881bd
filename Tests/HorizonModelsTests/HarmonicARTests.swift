import Foundation
import HorizonCore
import HorizonModels
import HorizonNumerics
import Testing

/// `count` values of an autoregressive process with normal innovations of deviation 1, after 500 that are dropped.
private func simulated(_ coefficients: [Double], count: Int, seed: UInt64) -> [Double] {
  var random = SplitMix64(seed: seed)
  var values = [Double](repeating: 0, count: coefficients.count)
  for _ in 0..<(count + 500) {
    var next = random.normal()
    for (j, c) in coefficients.enumerated() { next += c * values[values.count - 1 - j] }
    values.append(next)
  }
  return Array(values.suffix(count))
}

private func forecast(_ rows: [[Double]], horizon: Int) -> ForecastBlock {
  let length = rows[0].count
  let panel = Panel(
    step: .day, firstIndex: 20_000 - length + 1, length: length, values: rows.flatMap { $0.map { Float($0) } },
    seeds: rows.indices.map { UInt64($0) })
  guard case .model(let model)? = Catalog.all.first(where: { $0.card.name == "harmonic-ar" }) else { fatalError() }
  return model.checkedForecast(of: panel, horizon: horizon)
}

@Suite struct AutoregressionTests {
  @Test func burgRecoversTheCoefficientsOfASimulatedProcess() {
    let process = Autoregression.burg(
      simulated([0.6, 0.25], count: 4_000, seed: 5), runs: Runs(present: { _ in true }, count: 4_000), most: 7)
    #expect(process.order >= 2)
    #expect(abs(process.coefficients[0] - 0.6) < 0.05)
    #expect(abs(process.coefficients[1] - 0.25) < 0.05)
    #expect(abs(process.variance - 1) < 0.1)
  }

  @Test(arguments: [false, true])
  func burgAgreesWithItsDefinition(hasGaps: Bool) {
    let present = { (t: Int) in !hasGaps || (t % 11 != 3 && !(100..<120).contains(t)) }
    let values = simulated([0.5, -0.3, 0.2], count: 300, seed: 8).enumerated().map { present($0) ? $1 : 0 }
    let fast = Autoregression.burg(values, runs: Runs(present: present, count: 300), most: 6)
    let slow = slowBurg(values, present: (0..<300).map(present), most: 6)
    #expect(fast.order == slow.count && fast.order >= 1)
    for (a, b) in zip(fast.coefficients, slow) { #expect(abs(a - b) < 1e-9) }
  }

  @Test func yuleWalkerSolvesTheEquationsOfTheAutocovariances() {
    let values = simulated([0.7, 0.1], count: 500, seed: 3)
    let process = Autoregression.yuleWalker(values, runs: Runs(present: { _ in true }, count: 500), most: 5)
    let p = process.order
    func covariance(_ lag: Int) -> Double { (lag..<500).reduce(0) { $0 + values[$1] * values[$1 - lag] } / 500 }
    #expect(p >= 1)
    for lag in 1...p {
      let expected = (1...p).reduce(0) { $0 + process.coefficients[$1 - 1] * covariance(abs(lag - $1)) }
      #expect(abs(expected - covariance(lag)) < 1e-9)
    }
  }

  @Test func everyFitIsStationaryWhateverTheGaps() {
    for seed in 0..<40 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      var level = 0.0
      let walk = (0..<120).map { _ -> Double in
        level += random.normal()
        return level
      }
      let present = walk.map { _ in random.uniform() > 0.15 }
      let values = zip(walk, present).map { $1 ? $0 : 0 }
      let runs = Runs(present: { present[$0] }, count: 120)
      for process in [
        Autoregression.burg(values, runs: runs, most: 28), .yuleWalker(values, runs: runs, most: 7),
      ] {
        let tail = process.impulse(count: 20_001).last!
        #expect(abs(tail) < 1e-2 && process.gain > 0)
      }
    }
  }

  @Test func aFilteredRegressionIsThePlainOneWithOtherCoefficients() {
    let history = History(
      values: [Float](repeating: 1, count: 900)[...], firstIndex: 19_000, step: .day, seed: 1)
    let design = HarmonicDesign(history: history, halfLife: 365)
    let process = Autoregression(coefficients: [0.5, 0.2, -0.1], variance: 1)
    var random = SplitMix64(seed: 2)
    let b = (0..<design.terms).map { _ in random.normal() }
    let whitening = Whitening(process, design: design)
    func value(_ b: [Double], _ t: Int) -> Double {
      b.indices.reduce(0) { $0 + b[$1] * design.columns[$1 * 900 + t] }
    }
    let filtered = whitening.filtered(b)
    for t in stride(from: 3, to: 900, by: 37) {
      let direct = value(b, t) - 0.5 * value(b, t - 1) - 0.2 * value(b, t - 2) + 0.1 * value(b, t - 3)
      #expect(abs(direct - value(filtered, t)) < 1e-9)
    }
    for (x, y) in zip(whitening.unfiltered(filtered), b) { #expect(abs(x - y) < 1e-9) }
  }
}

@Suite struct HarmonicARTests {
  @Test func forecastsStartFromTheNewestReadingsAndReturnToTheRegression() {
    var values = simulated([0.8], count: 700, seed: 4).enumerated().map { t, n in
      60 + 10 * sin(2 * Double.pi * Double(t) / 7) + n
    }
    for t in 690..<700 { values[t] += 8 }
    let block = forecast([values], horizon: 90)
    func wave(_ lead: Int) -> Double { 60 + 10 * sin(2 * Double.pi * Double(699 + lead) / 7) }
    #expect(Double(block.mean[0]) - wave(1) > 4)
    for lead in 60...90 { #expect(abs(Double(block.mean[lead - 1]) - wave(lead)) < 1.5) }
  }

  @Test func intervalsCoverSimulatedProcessesAtEveryLead() {
    for (index, coefficient) in [0.0, 0.8].enumerated() {
      let paths = (0..<300).map { simulated([coefficient], count: 460, seed: UInt64(1_000 * index + $0)) }
      let block = forecast(paths.map { $0.prefix(400).map { 100 + 2 * $0 } }, horizon: 60)
      for lead in [1, 10, 60] {
        let inside = paths.indices.count { s in
          let at = (s * 60 + lead - 1) * Levels.count
          let actual = Float(100 + 2 * paths[s][399 + lead])
          return actual >= block.quantiles[at + Levels.lower80] && actual <= block.quantiles[at + Levels.upper80]
        }
        #expect((219...264).contains(inside), "\(inside) of 300 at lead \(lead), coefficient \(coefficient)")
      }
    }
  }

  @Test func aTrendThatIsOnlyNoiseIsNotExtrapolated() {
    let paths = (0..<100).map { simulated([0.9], count: 120, seed: UInt64(7_000 + $0)) }
    let block = forecast(paths.map { $0.map { 200 + $0 } }, horizon: 120)
    let far = paths.indices.map { abs(Double(block.mean[$0 * 120 + 119]) - 200) }.sorted()
    // The process' own deviation is 2.3; a least squares line misses by more than that at the median.
    #expect(far[50] < 1.5)
  }

  @Test func aTrendThatIsThereIsContinued() {
    let noise = simulated([0.5], count: 400, seed: 9)
    let block = forecast([noise.enumerated().map { 20 + 0.1 * Double($0) + $1 }], horizon: 100)
    #expect(abs(Double(block.mean[99]) - (20 + 0.1 * 499)) < 2)
  }

  @Test func quantilesFollowTheSkewOfTheReadings() {
    var random = SplitMix64(seed: 12)
    let block = forecast([(0..<600).map { _ in 50 + 4 * random.exponential() }], horizon: 30)
    let at = 29 * Levels.count
    let median = block.quantiles[at + Levels.median]
    let up = block.quantiles[at + Levels.upper80] - median
    let down = median - block.quantiles[at + Levels.lower80]
    #expect(up > 1.5 * down)
  }

  @Test func aBurstMovesTheForecastLittle() {
    let calm = simulated([0.3], count: 500, seed: 21).map { 40 + $0 }
    var burst = calm
    for t in stride(from: 20, to: 480, by: 46) { burst[t] += 60 }
    let block = forecast([calm, burst], horizon: 30)
    #expect(abs(block.mean[29] - block.mean[59]) < 1)
  }
}

/// Burg's recursion as it is defined: errors of each window written out from the coefficients of the order below.
private func slowBurg(_ x: [Double], present: [Bool], most: Int) -> [Double] {
  let n = x.count
  let readings = Double(present.count { $0 })
  var power = zip(x, present).reduce(0) { $0 + ($1.1 ? $1.0 * $1.0 : 0) } / readings
  func aicc(_ power: Double, _ order: Int) -> Double {
    let k = Double(order + 1)
    return readings * log(power) + 2 * k * readings / (readings - k - 1)
  }
  var a: [Double] = []
  var best = a
  var least = aicc(power, 0)
  for m in 1...most {
    var products = 0.0
    var squares = 0.0
    for t in m..<n where (t - m...t).allSatisfy({ present[$0] }) {
      var f = x[t]
      var b = x[t - m]
      for (j, c) in a.enumerated() {
        f -= c * x[t - 1 - j]
        b -= c * x[t - m + 1 + j]
      }
      products += f * b
      squares += f * f + b * b
    }
    let k = 2 * products / squares
    a = a.indices.map { a[$0] - k * a[m - 2 - $0] } + [k]
    power *= 1 - k * k
    if aicc(power, m) < least {
      least = aicc(power, m)
      best = a
    }
  }
  return best
}
