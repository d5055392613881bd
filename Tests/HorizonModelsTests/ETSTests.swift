import Foundation
import HorizonCore
import HorizonModels
import HorizonNumerics
import Testing

private func history(_ values: [Float], step: Step = .day) -> History {
  History(values: values[...], firstIndex: 20_001 - values.count, step: step, seed: 1)
}

private func forecast(_ values: [Float], horizon: Int) -> ForecastBlock {
  let panel = Panel(step: .day, firstIndex: 20_001 - values.count, length: values.count, values: values, seeds: [1])
  guard case .model(let ets)? = Catalog.all.first(where: { $0.card.name == "ets" }) else { fatalError("no ets") }
  return ets.checkedForecast(of: panel, horizon: horizon)
}

/// A level that takes over `weight` of every error, a weekly wave, unit noise.
private func localLevel(_ count: Int, weight: Double, wave: Double = 0, seed: UInt64) -> [Float] {
  var random = SplitMix64(seed: seed)
  var level = 50.0
  return (0..<count).map { t in
    let error = random.normal()
    defer { level += weight * error }
    return Float(level + wave * sin(2 * .pi * Double(t) / 7) + error)
  }
}

@Suite struct ETSTests {
  @Test func lanesAgreeWithAScalarTwin() throws {
    var values = localLevel(330, weight: 0.2, wave: 4, seed: 3)
    for t in [40, 41, 42, 200, 329] { values[t] = .nan }
    let series = try #require(SmoothedSeries(history(values)))
    #expect(series.seasons.count == 2)
    for isTrended in [false, true] {
      for place in series.seasons.indices {
        let sets = (0..<8).map { k in
          var w = EtsWeights()
          w.level = 0.05 + 0.11 * Double(k)
          w.season = place > 0 ? 0.01 * Double(k) : 0
          if isTrended { (w.slope, w.damping) = (w.level * 0.1, k % 2 == 0 ? 0.9 : 1) }
          return w
        }
        let lanes = EtsLanes(sets).meanSquaredErrors(series, seasonPlace: place, first: 0, isTrended: isTrended)
        for k in 0..<8 {
          let twin = slowMeanSquaredError(series.values, sets[k], season: series.seasons[place])
          #expect(abs(lanes[k] - twin) < 1e-9 * twin)
          let run = EtsRun(sets[k], over: series, seasonPlace: place)
          #expect(abs(run.meanSquaredError - twin) < 1e-9 * twin)
        }
      }
    }
  }

  @Test(arguments: [0.1, 0.3, 0.7]) func theLevelsWeightIsRecovered(weight: Double) throws {
    var sum = 0.0
    for seed in 0..<8 {
      let series = try #require(SmoothedSeries(history(localLevel(1_000, weight: weight, seed: UInt64(seed)))))
      sum += EtsSearch.best(for: series).weights.level
    }
    #expect(abs(sum / 8 - weight) < 0.05)
  }

  @Test func aTrendIsFollowedAndARandomWalkIsNot() throws {
    let line = (0..<400).map { Float(10 + 0.2 * Double($0)) + localLevel(400, weight: 0.02, seed: 9)[$0] - 50 }
    #expect(abs(forecast(line, horizon: 90).mean[89] - (10 + 0.2 * 489)) < 8)
    var flat = 0
    for seed in 0..<20 {
      let series = try #require(SmoothedSeries(history(localLevel(600, weight: 0.9, seed: UInt64(seed)))))
      if EtsSearch.best(for: series).weights.damping < 1 { flat += 1 }
    }
    #expect(flat >= 17)
  }

  @Test(arguments: [300, 598, 599]) func oneBurstDoesNotWreckTheLevel(at: Int) {
    let calm = localLevel(600, weight: 0.2, wave: 3, seed: 4)
    var burst = calm
    burst[at] += 1_000
    let (a, b) = (forecast(calm, horizon: 60), forecast(burst, horizon: 60))
    for lead in 0..<60 {
      #expect(abs(a.mean[lead] - b.mean[lead]) < 1.5)
      let width = b.quantiles[lead * 7 + 5] - b.quantiles[lead * 7 + 1]
      #expect(width < 1.3 * (a.quantiles[lead * 7 + 5] - a.quantiles[lead * 7 + 1]))
    }
  }

  @Test func aShiftOfTheLevelIsTakenOver() {
    let values = localLevel(600, weight: 0.2, seed: 5).enumerated().map { $0 < 580 ? $1 : $1 + 40 }
    #expect(abs(forecast(values, horizon: 7).mean[6] - values[590...].reduce(0, +) / 10) < 6)
  }

  @Test func trendAndSeasonGoOnThroughAGap() {
    func truth(_ t: Int) -> Float { 20 + 0.1 * Float(t) + 5 * sin(2 * .pi * Float(t) / 7) }
    var values = (0..<420).map(truth)
    for t in 350..<380 { values[t] = .nan }
    for t in stride(from: 3, to: 340, by: 11) { values[t] = .nan }
    let block = forecast(values, horizon: 28)
    for lead in 1...28 { #expect(abs(block.mean[lead - 1] - truth(419 + lead)) < 0.7) }
  }

  @Test(arguments: [0.0, 0.1, 0.5]) func eightyPercentIntervalsHoldOnSimulatedLevels(weight: Double) {
    var inside = 0
    for seed in 0..<60 {
      let values = localLevel(860, weight: weight, wave: 2, seed: UInt64(100 + seed))
      let block = forecast(Array(values.prefix(800)), horizon: 60)
      for lead in 0..<60 where block.quantiles[lead * 7 + 1] <= values[800 + lead] {
        if values[800 + lead] <= block.quantiles[lead * 7 + 5] { inside += 1 }
      }
    }
    #expect((0.72...0.88).contains(Double(inside) / 3_600))
  }

  @Test func intervalsOfASteadySeriesDoNotGrow() {
    var values = localLevel(700, weight: 0, seed: 6)
    for t in stride(from: 20, to: 700, by: 97) { values[t] += 60 }
    let q = forecast(values, horizon: 180).quantiles
    #expect(q[179 * 7 + 5] - q[179 * 7 + 1] < 1.5 * (q[5] - q[1]))
  }
}

/// The errors written out: the first level and slope by least squares over the first hundred steps (the slope with a penalty of
/// one), from three runs with the season held still; then one run over everything.
private func slowMeanSquaredError(_ y: [Double], _ w: EtsWeights, season: [Double]) -> Double {
  func errors(_ y: [Double], level: Double, slope: Double, season: [Double], moves: Bool) -> [Double] {
    var (l, b, s) = (level, slope, season)
    var result: [Double] = []
    for t in y.indices {
      let predicted = l + w.damping * b + s[t % s.count]
      (l, b) = (l + w.damping * b, w.damping * b)
      guard !y[t].isNaN else { continue }
      let e = y[t] - predicted
      l += w.level * e
      b += w.slope * e
      if moves { s[t % s.count] += w.season * e }
      result.append(e)
    }
    return result
  }
  let head = Array(y.prefix(100))
  let quiet = head.map { $0.isNaN ? Double.nan : 0 }
  let none = [0.0]
  let r = errors(head, level: 0, slope: 0, season: season, moves: false)
  let u = errors(quiet, level: 1, slope: 0, season: none, moves: false)
  let v = errors(quiet, level: 0, slope: 1, season: none, moves: false)
  func sum(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
  let determinant = sum(u, u) * (sum(v, v) + 1) - sum(u, v) * sum(u, v)
  let level = -((sum(v, v) + 1) * sum(u, r) - sum(u, v) * sum(v, r)) / determinant
  let slope = -(sum(u, u) * sum(v, r) - sum(u, v) * sum(u, r)) / determinant
  let all = errors(y, level: level, slope: w.damping > 0 ? slope : 0, season: season, moves: true)
  return sum(all, all) / Double(all.count)
}
