import Foundation
package import HorizonCore

/// One forecast at one lead as a curve from standard scores to values and back: what conformal calibration counts errors in.
///
/// A model of exponential tails counts in spreads around its median. One of bounded tails counts in the normal score of the
/// probability that its own quantiles give a value: calibration then moves along the model's own distribution, whose shape and
/// limits it keeps, instead of stretching it over a ceiling that no reading has passed.
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
    guard tail == .bounded else { return (value - q[Levels.median]) / spread }
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
    guard tail == .bounded else { return q[Levels.median] + spread * score }
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

  // Beyond the outer quantiles the chance halves about every 0.32 of a normal score. Nine tenths of a bounded tail are reached
  // so; from there on scores and values go on along a line, so that readings beyond the bound are told apart and, when there
  // are enough of them, move it.
  private static let halving: Float = 0.32
  private static let bend: Float = 0.9
  private static let bendScore = -halving * log2(1 - bend)
  private static let slope = 0.693_147 * (1 - bend) / halving

  /// Score beyond the outer quantile's of a value this many outer distances beyond it.
  private func beyond(_ distances: Float) -> Float {
    distances <= Self.bend
      ? -Self.halving * log2(1 - distances) : Self.bendScore + (distances - Self.bend) / Self.slope
  }

  /// The inverse of `beyond`.
  private func reach(_ score: Float) -> Float {
    score <= Self.bendScore ? 1 - exp2(-score / Self.halving) : Self.bend + (score - Self.bendScore) * Self.slope
  }
}
