/// Huber's pseudo-observations: values whose residuals from a regression are at most three deviations wide.
///
/// The deviation follows from the mean absolute residual, outliers counted as three deviations only.
///
/// Source: P. J. Huber, "Robust Statistics", 1981, 7.8.
///
/// - Parameters:
///   - values: 0 at gaps.
///   - residuals: Of the values; 0 at gaps.
///   - present: Values that are no gaps.
/// - Returns: nil where no residual is wider.
func outliersBounded(_ values: [Double], residuals: [Double], present: Int) -> [Double]? {
  let clip = 3.0
  let toDeviation = (Double.pi / 2).squareRoot() / Double(present)
  var bound = Double.infinity
  for _ in 0..<4 {
    var sum = 0.0
    for r in residuals { sum += min(abs(r), bound) }
    bound = clip * toDeviation * sum
  }
  var bounded: [Double]?
  for t in residuals.indices where abs(residuals[t]) > bound {
    bounded = bounded ?? values
    bounded![t] -= residuals[t] - (residuals[t] > 0 ? bound : -bound)
  }
  return bounded
}
