import Foundation
import HorizonNumerics

/// How the level wanders; every path is of the order of 1 over its whole length and starts at 0, unless stationary.
enum TrendLaw {
  case line, brokenLine, dampedLine, meanReverting, randomWalk, smoothWalk, saturating, growth

  /// One law, sometimes a second and weaker one on top.
  static func path(count: Int, _ random: inout SplitMix64) -> [Double] {
    var path = random.pick(mixture).path(count: count, &random)
    if random.chance(0.25) {
      let second = random.pick(mixture).path(count: count, &random)
      let weight = random.logUniform(0.05, 1)
      for t in path.indices { path[t] += weight * second[t] }
    }
    return path
  }

  private static let mixture: [(weight: Double, TrendLaw)] = [
    (2, .line), (3, .brokenLine), (1.5, .dampedLine), (2, .meanReverting), (2, .randomWalk), (2, .smoothWalk),
    (1.5, .saturating), (1, .growth),
  ]

  private func path(count: Int, _ random: inout SplitMix64) -> [Double] {
    let span = Double(count)
    switch self {
    case .line:
      let slope = random.sign() * random.uniform(0.2, 2) / span
      return (0..<count).map { slope * Double($0) }
    case .brokenLine: return brokenLine(count: count, &random)
    case .dampedLine:
      // Each push of the slope dies out.
      let life = random.logUniform(8, 2 * span)
      let keep = exp(-1 / life)
      let pause = random.logUniform(life, 4 * span)
      var next = random.wait(mean: pause)
      var slope = random.normal() / min(life, span)
      return accumulated(count) { t in
        if t == next {
          slope += random.normal() / min(life, span)
          next += random.wait(mean: pause)
        }
        slope *= keep
        return slope
      }
    case .meanReverting:
      let keep = exp(-1 / random.logUniform(4, span))
      let push = (1 - keep * keep).squareRoot()
      var level = random.normal()
      return (0..<count).map { _ in
        level = keep * level + push * random.normal()
        return level
      }
    case .randomWalk:
      let freedom = random.chance(0.3) ? random.uniform(1.6, 5) : nil
      let drift = random.chance(0.4) ? random.normal() / span : 0
      let size = 1 / span.squareRoot()
      return accumulated(count) { _ in
        let push = if let freedom { random.studentT(freedom: freedom) * 0.6 } else { random.normal() }
        return drift + size * push
      }
    case .smoothWalk:
      let life = random.logUniform(5, span)
      let keep = exp(-1 / life)
      let push = (1 - keep * keep).squareRoot()
      let size = 1 / (span * 2 * life).squareRoot()
      var slope = random.normal()
      return accumulated(count) { _ in
        slope = keep * slope + push * random.normal()
        return slope * size
      }
    case .saturating:
      var path = [Double](repeating: 0, count: count)
      for _ in 0..<random.integer(1...3) {
        let size = random.sign() * random.logUniform(0.2, 1.5)
        let life = random.logUniform(2, span)
        let start = random.uniform(-0.5, 1) * span
        let isS = random.chance(0.5)
        for t in path.indices {
          let age = (Double(t) - start) / life
          path[t] += size * (isS ? 1 / (1 + exp(-age)) : age > 0 ? 1 - exp(-age) : 0)
        }
      }
      let origin = path[0]
      return path.map { $0 - origin }
    case .growth:
      let rate = random.uniform(0.5, 3.5)
      let sign = random.sign()
      let isReversed = random.chance(0.3)
      let size = 1 / (exp(rate) - 1)
      return (0..<count).map {
        let place = Double($0) / span
        return sign * (isReversed ? (1 - exp(-rate * place)) : (exp(rate * place) - 1) * size)
      }
    }
  }

  /// A continuous line whose slope changes at random times, by heavy-tailed amounts or to a fresh slope.
  private func brokenLine(count: Int, _ random: inout SplitMix64) -> [Double] {
    let span = Double(count)
    let pause = random.logUniform(10, 2 * span)
    let size = 1 / (span * min(pause, span)).squareRoot()
    let freedom = random.uniform(1.5, 6)
    let isFresh = random.chance(0.5)
    let flatShare = random.chance(0.5) ? random.uniform(0, 0.7) : 0
    func change(_ random: inout SplitMix64) -> Double {
      random.chance(flatShare) ? 0 : size * max(-20, min(20, random.studentT(freedom: freedom)))
    }
    var slope = change(&random)
    var next = random.wait(mean: pause)
    return accumulated(count) { t in
      if t == next {
        slope = change(&random) + (isFresh ? 0 : slope)
        next += random.wait(mean: pause)
      }
      return slope
    }
  }

  private func accumulated(_ count: Int, _ change: (Int) -> Double) -> [Double] {
    var level = 0.0
    return (0..<count).map { t in
      defer { level += change(t) }
      return level
    }
  }
}
