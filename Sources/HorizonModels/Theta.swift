import Foundation
import HorizonCore
import HorizonNumerics

/// The optimised Theta model: exponential smoothing of the level plus a share of the linear trend.
///
/// For a fixed smoothing weight the squared one-step errors are quadratic in the first level and in the share of the trend, so
/// only the smoothing weight is searched, eight values at a time.
struct Theta: SeriesModel {
  static let card = ModelCard(
    name: "theta",
    summary: "Exponential smoothing with an optimised share of the linear trend, after removing the season.",
    minimumHistory: 6, cost: .cheap,
    reference:
      "Fiorucci, Pellegrini, Louzada, Petropoulos, Koehler, \"Models for optimising the theta method\", IJF 2016")

  func fitted(to history: History) throws(ModelError) -> Fit {
    let season = SeasonalIndices(history)
    let filled = history.filled(season: history.step.nominalSeason)
    var adjusted = filled.enumerated().map { t, v in Double(v) - season.value(at: t) }
    let mean = adjusted.reduce(0, +) / Double(adjusted.count)
    for t in adjusted.indices { adjusted[t] -= mean }
    let line = LeastSquaresLine(adjusted)
    let best = Smoothing.best(for: adjusted, line: line)
    return Fit(
      season: season, count: adjusted.count, base: mean + best.lastLevel, smoothing: best.weight,
      share: best.share, line: line,
      deviation: (best.squaredErrors / Double(max(1, adjusted.count - 3))).squareRoot())
  }

  struct Fit: SeriesFit {
    let season: SeasonalIndices
    let count: Int
    let base: Double
    let smoothing: Double
    let share: Double
    let line: LeastSquaresLine
    let deviation: Double

    func forecast(series: Int, into block: inout ForecastBlock) {
      let decay = pow(1 - smoothing, Double(count))
      let early = decay * line.intercept + (1 - decay * (1 - smoothing)) / smoothing * line.slope
      for lead in 1...block.horizon {
        let trend = share * (early + Double(lead - 1) * line.slope)
        let growth = (1 + Double(lead - 1) * smoothing * smoothing).squareRoot()
        block.setNormal(
          series: series, lead: lead, mean: Float(base + trend + season.value(at: count + lead - 1)),
          deviation: Float(deviation * growth))
      }
    }
  }
}

/// The least squares line through values at 1, 2, ...
struct LeastSquaresLine: Sendable {
  let intercept: Double
  let slope: Double

  init(_ values: [Double]) {
    let n = Double(values.count)
    let middle = (n + 1) / 2
    var covariance = 0.0
    var sum = 0.0
    for (t, v) in values.enumerated() {
      covariance += (Double(t + 1) - middle) * v
      sum += v
    }
    let spread = n * (n * n - 1) / 12
    slope = spread > 0 ? covariance / spread : 0
    intercept = sum / n - slope * middle
  }
}

/// The smoothing weight, first level and trend share of least squared one-step error.
private struct Smoothing {
  var weight = 0.5
  var share = 0.0
  var squaredErrors = Double.infinity
  var lastLevel = 0.0

  private typealias Lanes = SIMD8<Double>

  static func best(for values: [Double], line: LeastSquaresLine) -> Smoothing {
    var best = Smoothing()
    var grid = Lanes(0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
    for _ in 0..<3 {
      let at = best.improve(on: values, line: line, weights: grid)
      // The next grid lies strictly between the neighbours of the best weight.
      let low = at > 0 ? grid[at - 1] : max(0.01, grid[0] - (grid[1] - grid[0]))
      let high = at < 7 ? grid[at + 1] : min(0.99, grid[7] + (grid[7] - grid[6]))
      for k in 0..<8 { grid[k] = low + (high - low) * Double(k + 1) / 9 }
    }
    return best
  }

  /// Tries eight ascending weights in one pass over the values; returns the place of the best of them.
  private mutating func improve(on values: [Double], line: LeastSquaresLine, weights: Lanes) -> Int {
    let keep = 1 - weights
    var decay = Lanes(repeating: 1)
    var level = Lanes.zero
    var uu = Lanes.zero
    var ug = Lanes.zero
    var gg = Lanes.zero
    var ur = Lanes.zero
    var gr = Lanes.zero
    var rr = Lanes.zero
    let slopeByWeight = line.slope / weights
    let intercept = Lanes(repeating: line.intercept)
    values.withUnsafeBufferPointer { values in
      for value in values {
        let y = Lanes(repeating: value)
        let r = y - level
        let next = decay * keep
        let g = decay * intercept + (1 - next) * slopeByWeight
        uu += decay * decay
        ug += decay * g
        gg += g * g
        ur += decay * r
        gr += g * r
        rr += r * r
        level = level + weights * r
        decay = next
      }
    }
    var place = 0
    var least = Double.infinity
    for k in 0..<8 {
      let determinant = uu[k] * gg[k] - ug[k] * ug[k]
      var w = determinant > 1e-9 * uu[k] * gg[k] ? (uu[k] * gr[k] - ug[k] * ur[k]) / determinant : 0
      w = min(1, max(0, w))
      let first = (ur[k] - w * ug[k]) / uu[k]
      let errors = max(
        0, rr[k] - 2 * first * ur[k] - 2 * w * gr[k] + first * first * uu[k] + 2 * first * w * ug[k] + w * w * gg[k])
      if errors < least {
        (least, place) = (errors, k)
      }
      if errors < squaredErrors {
        self = Smoothing(weight: weights[k], share: w, squaredErrors: errors, lastLevel: level[k] + first * decay[k])
      }
    }
    return place
  }
}
