import Foundation
import HorizonNumerics

/// The distributions that the laws draw from.
extension SplitMix64 {
  mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  /// Uniform in the logarithm, in [low, high); both above 0.
  mutating func logUniform(_ low: Double, _ high: Double) -> Double { low * exp(uniform() * log(high / low)) }

  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(uniform() * Double(range.count))
  }

  mutating func sign() -> Double { chance(0.5) ? 1 : -1 }

  mutating func pick<Choice>(_ choices: [(weight: Double, Choice)]) -> Choice {
    var left = uniform() * choices.reduce(0) { $0 + $1.weight }
    for (weight, choice) in choices {
      left -= weight
      if left < 0 { return choice }
    }
    return choices[choices.count - 1].1
  }

  /// Waiting time of a geometric law with this mean, at least 1.
  mutating func wait(mean: Double) -> Int {
    mean <= 1 ? 1 : 1 + Int(min(1e9, -log(1 - uniform()) / -log(1 - 1 / mean)))
  }

  /// Gamma with scale 1.
  ///
  /// Source: Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
  mutating func gamma(shape: Double) -> Double {
    if shape < 1 { return gamma(shape: shape + 1) * pow(1 - uniform(), 1 / shape) }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
      if v > 0, log(1 - uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
    }
  }

  /// Student's t, not scaled to a variance of 1.
  mutating func studentT(freedom: Double) -> Double {
    normal() / (gamma(shape: freedom / 2) * 2 / freedom).squareRoot()
  }

  /// A count with this mean: exact up to 30, the rounded normal law beyond.
  mutating func poisson(mean: Double) -> Double {
    if mean > 30 { return max(0, (mean + mean.squareRoot() * normal()).rounded()) }
    let limit = exp(-mean)
    var product = uniform()
    var count = 0.0
    while product > limit {
      product *= uniform()
      count += 1
    }
    return count
  }
}
