import Foundation
import HorizonCore
import HorizonNumerics

/// What one series says of itself before the fleet is asked: the forecast of `harmonic-ar` and the errors around its regression.
///
/// Models that learn from the fleet learn *scores*: readings minus that forecast, in its deviations, on the scale of its fit.
/// Scores have no unit, level, trend or season left, so what one series teaches holds for the next, and a tree that cannot
/// extrapolate still continues a trend. A hybrid of this kind (a local model for level and season, a global network for the rest)
/// won the M4 competition: Smyl, "A hybrid method of exponential smoothing and recurrent neural networks for time series
/// forecasting", IJF 2020.
package struct Reference: Sendable {
  let fit: HarmonicARFit
  /// Leads 1...horizon.
  let leads: [HarmonicARFit.Lead]
  /// Errors around the regression at each step of the history in their own deviations, held within `mostErrors`; NaN at gaps.
  package let errors: [Float]
  /// Deviation of the errors on the scale of the fit.
  let deviation: Double

  private static let mostErrors: Float = 12

  /// - Returns: Nil where the fit leaves no errors: a constant needs no help.
  init?(_ fit: HarmonicARFit, history: History, future: [Double], horizon: Int) {
    leads = fit.ahead(horizon: horizon, future: future)
    let raw = fit.errors(of: history)
    var squares = 0.0
    var size = 0.0
    var count = 0
    for e in raw where !e.isNaN {
      squares += min(e * e, 1e300)
      size = max(size, abs(e))
      count += 1
    }
    // One outlier must not make all else look like nothing.
    var typical = (squares / Double(max(1, count))).squareRoot()
    if size > 6 * typical {
      let limit = 6 * typical
      squares = raw.reduce(0) { $1.isNaN ? $0 : $0 + min($1 * $1, limit * limit) }
      typical = (squares / Double(max(1, count))).squareRoot()
    }
    let least = leads.reduce(Double.infinity) { min($0, $1.deviation) }
    guard typical > 1e-9 * (1 + abs(fit.base)), least > 1e-9 * (1 + abs(fit.base)), least.isFinite else { return nil }
    self.fit = fit
    deviation = typical
    errors = raw.map { e in
      e.isNaN ? .nan : max(-Reference.mostErrors, min(Reference.mostErrors, Float(e / typical)))
    }
  }

  /// A reading at a lead as a score.
  package func score(_ reading: Float, lead: Int) -> Float {
    let at = leads[lead - 1]
    return Float((fit.value(of: Double(reading)) - at.mean) / at.deviation)
  }

  /// The reading behind a score at a lead.
  package func reading(_ score: Float, lead: Int) -> Float {
    let at = leads[lead - 1]
    return fit.reading(at.mean + Double(score) * at.deviation)
  }
}

extension HarmonicARFit {
  /// A reading on the scale of the fit.
  func value(of reading: Double) -> Double {
    switch transform {
    case .plain: reading
    // What lies below the offset has no logarithm.
    case .logarithm(let offset): log(max(reading + offset, 0.01 * offset))
    }
  }

  /// Readings minus the regression on the scale of the fit, NaN at gaps.
  func errors(of history: History) -> [Double] {
    let n = design.count
    var result = history.values.map { $0.isNaN ? .nan : value(of: Double($0)) - base }
    result.withUnsafeMutableBufferPointer { r in
      design.columns.withUnsafeBufferPointer { x in
        for (i, c) in coefficients.enumerated() {
          let column = x.baseAddress! + i * n
          for t in 0..<n { r[t] -= c * column[t] }
        }
      }
    }
    return result
  }
}
