import Foundation
import HorizonNumerics

/// What no forecast can know: ARMA errors with innovations of many shapes and a variance of their own; variance about 1.
struct NoiseLaw {
  private enum Shape {
    case gaussian, uniform
    case studentT(freedom: Double)
    case laplace
    case logNormal(width: Double, sign: Double)
    case gamma(shape: Double, sign: Double)
  }

  private let shape: Shape
  /// Coefficients of earlier values and of earlier innovations, latest first.
  private let autoregressive: [Double]
  private let movingAverage: [Double]
  /// Of the logarithm of the innovations' scale: its memory and spread; nil for a steady one.
  private let volatility: (keep: Double, spread: Double)?

  init(_ random: inout SplitMix64) {
    shape =
      switch random.uniform() {
      case ..<0.4: .gaussian
      case ..<0.45: .uniform
      case ..<0.6: .studentT(freedom: random.uniform(2.2, 9))
      case ..<0.7: .laplace
      case ..<0.85: .logNormal(width: random.uniform(0.2, 1.2), sign: random.chance(0.85) ? 1 : -1)
      default: .gamma(shape: random.logUniform(0.3, 8), sign: random.chance(0.85) ? 1 : -1)
      }
    var factors: [[Double]] = []
    if random.chance(0.65) {
      for _ in 0..<random.integer(1...2) {
        factors.append([-(random.chance(0.85) ? 1 - random.logUniform(0.005, 1) : -random.uniform(0, 0.8))])
      }
      if random.chance(0.15) {
        let modulus = 1 - random.logUniform(0.01, 0.7)
        factors.append([-2 * modulus * cos(random.uniform(0.05, 3)), modulus * modulus])
      }
    }
    autoregressive = NoiseLaw.product(factors).map { -$0 }
    movingAverage = random.chance(0.25) ? (0..<random.integer(1...2)).map { _ in random.uniform(-0.8, 0.8) } : []
    volatility = random.chance(0.25) ? (exp(-1 / random.logUniform(3, 200)), random.uniform(0.2, 1)) : nil
  }

  func path(count: Int, _ random: inout SplitMix64) -> [Double] {
    let lead = 100
    let size = 1 / responsePower(count: 400).squareRoot()
    var innovations = [Double](repeating: 0, count: lead + count)
    var level = 0.0
    for t in innovations.indices {
      innovations[t] = innovation(&random)
      if let volatility {
        let push = (1 - volatility.keep * volatility.keep).squareRoot() * random.normal()
        level = volatility.keep * level + volatility.spread * push
        innovations[t] *= exp(level - volatility.spread * volatility.spread)
      }
    }
    return Array(filtered(innovations).dropFirst(lead)).map { $0 * size }
  }

  private func filtered(_ innovations: [Double]) -> [Double] {
    var path = innovations
    for t in path.indices {
      var value = innovations[t]
      for (k, weight) in movingAverage.enumerated() where k < t { value += weight * innovations[t - 1 - k] }
      for (k, weight) in autoregressive.enumerated() where k < t { value += weight * path[t - 1 - k] }
      path[t] = value
    }
    return path
  }

  /// Sum of squares of the response to one innovation: the variance of the path when that of the innovations is 1.
  private func responsePower(count: Int) -> Double {
    if autoregressive.isEmpty { return movingAverage.reduce(1) { $0 + $1 * $1 } }
    var impulse = [Double](repeating: 0, count: count)
    impulse[0] = 1
    return filtered(impulse).reduce(0) { $0 + $1 * $1 }
  }

  /// Mean 0, variance 1 (heavy tails: about).
  private func innovation(_ random: inout SplitMix64) -> Double {
    switch shape {
    case .gaussian: random.normal()
    case .uniform: random.uniform(-1.732, 1.732)
    case .studentT(let freedom): random.studentT(freedom: freedom) * (1 - 2 / freedom).squareRoot()
    case .laplace: random.sign() * random.exponential() * 0.7071
    case .logNormal(let width, let sign):
      sign * (exp(width * random.normal()) - exp(width * width / 2))
        / ((exp(width * width) - 1) * exp(width * width)).squareRoot()
    case .gamma(let shape, let sign): sign * (random.gamma(shape: shape) - shape) / shape.squareRoot()
    }
  }

  /// Coefficients behind the leading 1 of a product of polynomials that each lead with 1.
  private static func product(_ factors: [[Double]]) -> [Double] {
    factors.reduce([1.0]) { sum, factor in
      var product = [Double](repeating: 0, count: sum.count + factor.count)
      for (i, a) in sum.enumerated() {
        product[i] += a
        for (j, b) in factor.enumerated() { product[i + j + 1] += a * b }
      }
      return product
    }.dropFirst().map { $0 }
  }
}
