import Foundation

/// Quantile of the standard normal distribution, relative error below 1.2e-9.
///
/// Source: P. J. Acklam, "An algorithm for computing the inverse normal cumulative distribution function", 2003.
/// - Parameter p: In (0, 1).
package func normalQuantile(_ p: Double) -> Double {
  let low = 0.02425
  if p < low || p > 1 - low {
    let tail = p < 0.5 ? p : 1 - p
    let q = (-2 * log(tail)).squareRoot()
    let numerator =
      ((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q - 2.549732539343734) * q
        + 4.374664141464968) * q + 2.938163982698783
    let denominator =
      (((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1
    return p < 0.5 ? numerator / denominator : -numerator / denominator
  }
  let q = p - 0.5
  let r = q * q
  let numerator =
    (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r + 1.383577518672690e+02)
      * r - 3.066479806614716e+01) * r + 2.506628277459239) * q
  let denominator =
    ((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r + 6.680131188771972e+01)
      * r - 1.328068155288572e+01) * r + 1
  return numerator / denominator
}

/// Distribution function of the standard normal.
package func normalProbability(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
