import Foundation
package import HorizonCore

/// One forecast at one lead as a curve from standard scores to values and back: what conformal calibration counts errors in.
///
/// A score is the normal score of the probability that the model's own quantiles give a value, so calibration moves along the
/// model's own distribution (Kuleshov, Fenner, Ermon, "Accurate uncertainties for deep learning using calibrated regression",
/// 2018), whose skew and limits it keeps: of a series that idles and bursts the upper half is stretched as the model draws it.
package struct StandardScore {
  private let quantiles: UnsafePointer<Float>
  private let spread: Float
  private let tail: TailShape
  private let limits: (lower: Float, upper: Float)

  /// - Parameters:
  ///   - quantiles: The seven stored ones, ascending.
  ///   - scale: Of the scaled loss, above 0.
  ///   - limits: `TailShape.outerLimits` of the whole forecast.
  package init(_ quantiles: UnsafePointer<Float>, scale: Float, tail: TailShape, limits: (lower: Float, upper: Float)) {
    self.quantiles = quantiles
    self.tail = tail
    self.limits = limits
    spread = forecastSpread(quantiles, scale: scale)
  }

  package func score(of value: Float) -> Float {
    let q = quantiles
    let last = Levels.count - 1
    if value > q[last] { return Levels.normal[last] + beyond((value - q[last]) / upperUnit) }
    if value < q[0] { return Levels.normal[0] - beyond((q[0] - value) / lowerUnit) }
    var above = 0
    while q[above] < value { above += 1 }
    var below = last
    while q[below] > value { below -= 1 }
    let (low, high) = (Levels.normal[below], Levels.normal[above])
    // Where quantiles coincide with the value, the middle of their scores.
    return above <= below ? (low + high) / 2 : low + (value - q[below]) / (q[above] - q[below]) * (high - low)
  }

  package func value(at score: Float) -> Float {
    let q = quantiles
    let z = Levels.normal
    let last = Levels.count - 1
    if score >= z[last] { return q[last] + reach(score - z[last]) * upperUnit }
    if score <= z[0] { return q[0] - reach(z[0] - score) * lowerUnit }
    var k = 0
    while score > z[k + 1] { k += 1 }
    return q[k] + (score - z[k]) / (z[k + 1] - z[k]) * (q[k + 1] - q[k])
  }

  // The distances that tails are measured in, kept above a small share of the spread.
  private var upperUnit: Float {
    max(min(quantiles[Levels.count - 1] - quantiles[Levels.count - 2], limits.upper), 0.01 * spread)
  }
  private var lowerUnit: Float { max(min(quantiles[1] - quantiles[0], limits.lower), 0.01 * spread) }

  // Beyond the outer quantiles the chance halves about every 0.32 of a normal score, and in an exponential tail with every outer
  // distance. Nine tenths of a bounded tail are reached so; from there on scores and values go on along a line, so that readings beyond the bound are told apart and, when there
  // are enough of them, move it.
  private static let halving: Float = 0.32
  private static let bend: Float = 0.9
  private static let bendScore = -halving * log2(1 - bend)
  private static let slope = 0.693_147 * (1 - bend) / halving

  /// Score beyond the outer quantile's of a value this many outer distances beyond it.
  private func beyond(_ distances: Float) -> Float {
    guard tail == .bounded else { return Self.halving * distances }
    return distances <= Self.bend
      ? -Self.halving * log2(1 - distances) : Self.bendScore + (distances - Self.bend) / Self.slope
  }

  /// The inverse of `beyond`.
  private func reach(_ score: Float) -> Float {
    guard tail == .bounded else { return score / Self.halving }
    return score <= Self.bendScore ? 1 - exp2(-score / Self.halving) : Self.bend + (score - Self.bendScore) * Self.slope
  }
}
