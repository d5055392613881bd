import Foundation
import HorizonCore

/// The weights that would have been best on earlier folds, held near those of `ensemble-weighted`.
///
/// Exponentiated gradient on the simplex: the pinball loss of averaged quantiles is convex in the weights, and a step keeps
/// them above 0 with a sum of 1. The pull towards the start is that of the relative entropy, since a series has few folds.
struct EnsembleStacked: ForecastCombination {
  static let card = ModelCard(
    name: "ensemble-stacked",
    summary: "Average of quantiles by the weights with the least loss of the average on earlier folds.",
    minimumHistory: 1, cost: .combined,
    reference: "Berrisch, Ziel, \"CRPS Learning\", 2021; Kivinen, Warmuth, \"Exponentiated Gradient\", 1997")

  private static let iterations = 12
  /// Length of a step, for a gradient in shares of the loss at the start.
  private static let rate = 2.0
  /// What a unit of relative entropy costs, in shares of the loss at the start.
  private static let pull = 0.5

  func recipe(_ record: PastLosses, errors: ([Int]) -> PastErrors?) -> Recipe {
    let start = EnsembleWeighted().recipe(record, errors: errors)
    guard start.members.count > 1, case .average(let first) = start.blend, let past = errors(start.members) else {
      return start
    }
    return Recipe(members: start.members, weights: Self.stacked(past, from: first.map(Double.init)))
  }

  /// The mean of the later iterates: single ones swing around the kinks of the loss.
  static func stacked(_ past: PastErrors, from start: [Double]) -> [Double] {
    let loss = AveragedLoss(past)
    let unit = loss.at(start).loss
    guard unit > 0 else { return start }
    let pulled = start.map { log($0) }
    var logarithms = pulled
    var weights = start
    var sum = [Double](repeating: 0, count: start.count)
    for iteration in 0..<iterations {
      let gradient = loss.at(weights).gradient
      let step = rate / (1 + Double(iteration) / 6).squareRoot()
      let back = min(1, step * pull)
      for m in weights.indices {
        logarithms[m] += back * (pulled[m] - logarithms[m]) - step * gradient[m] / unit
      }
      let most = logarithms.max()!
      for m in weights.indices { weights[m] = exp(logarithms[m] - most) }
      let total = weights.reduce(0, +)
      for m in weights.indices {
        weights[m] /= total
        if iteration >= iterations / 2 { sum[m] += weights[m] }
      }
    }
    return sum
  }
}

/// Pinball loss of averaged quantiles as a function of the weights.
private struct AveragedLoss {
  private let models: Int
  /// Vectors of eight points, the last one filled up with points that cost nothing.
  private let vectors: Int
  private let errors: [SIMD8<Float>]
  private let above: [SIMD8<Float>]
  private let below: [SIMD8<Float>]

  init(_ past: PastErrors) {
    func packed(_ values: [Float]) -> [SIMD8<Float>] {
      stride(from: 0, to: values.count, by: 8).map { at in
        var vector = SIMD8<Float>(repeating: 0)
        for k in 0..<min(8, values.count - at) { vector[k] = values[at + k] }
        return vector
      }
    }
    models = past.errors.count
    above = packed(past.above)
    below = packed(past.below)
    vectors = above.count
    errors = past.errors.flatMap(packed)
  }

  func at(_ weights: [Double]) -> (loss: Double, gradient: [Double]) {
    let shares = weights.map(Float.init)
    var slopes = [SIMD8<Float>](repeating: SIMD8(repeating: 0), count: models)
    errors.withUnsafeBufferPointer { errors in
      slopes.withUnsafeMutableBufferPointer { slopes in
        for v in 0..<vectors {
          var error = SIMD8<Float>(repeating: 0)
          for m in 0..<models { error += shares[m] * errors[m * vectors + v] }
          let slope = (-below[v]).replacing(with: above[v], where: error .> 0)
          for m in 0..<models { slopes[m] += slope * errors[m * vectors + v] }
        }
      }
    }
    // The loss is linear between its kinks, so it is the weighted sum of its slopes.
    let gradient = slopes.map { Double($0.sum()) }
    return (zip(weights, gradient).reduce(0) { $0 + $1.0 * $1.1 }, gradient)
  }
}
