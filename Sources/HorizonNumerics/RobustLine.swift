/// A straight line through points that may hold outliers, its slope shrunk towards 0 by how sure it is.
///
/// Weighted least squares, reweighted by Huber's function. A slope keeps the share t² / (1 + t²) of itself, *t* being slope over
/// standard error, so that noise does not pass for growth; the line then turns around the points' centre.
///
/// Source: P. J. Huber, "Robust Statistics", 1981, 7.8.
package struct RobustLine: Sendable {
  package let slope: Double
  /// Where the points lie, and the line's height there.
  package let centre: Double
  package let level: Double
  package let slopeError: Double
  package let levelError: Double

  /// - Parameters:
  ///   - x: Not empty, finite.
  ///   - y: As many as `x`.
  ///   - weights: As many as `x`, above 0.
  /// - Complexity: O(*n*) on average.
  package init(x: [Double], y: [Double], weights: [Double]) {
    var w = weights
    var fit = Moments(x, y, w)
    for _ in 0..<4 {
      var sizes = x.indices.map { abs(y[$0] - fit.value(x[$0])) }
      select([sizes.count / 2], in: &sizes)
      let limit = 1.345 * 1.4826 * sizes[sizes.count / 2]
      guard limit > 0 else { break }
      for i in x.indices { w[i] = weights[i] * min(1, limit / max(abs(y[i] - fit.value(x[i])), limit * 1e-9)) }
      fit = Moments(x, y, w)
    }
    var squares = 0.0
    var weight = 0.0
    var squaredWeights = 0.0
    for i in x.indices {
      let residual = y[i] - fit.value(x[i])
      squares += w[i] * residual * residual
      weight += w[i]
      squaredWeights += w[i] * w[i]
    }
    let count = weight * weight / squaredWeights
    let variance = squares / weight * count / max(1, count - 2)
    levelError = (variance / count).squareRoot()
    slopeError = fit.spread > 0 ? (variance / count / fit.spread).squareRoot() : 0
    let certainty = fit.slope * fit.slope
    slope = certainty > 0 ? fit.slope * certainty / (certainty + slopeError * slopeError) : 0
    centre = fit.centre
    level = fit.level
  }

  package func value(at x: Double) -> Double { level + slope * (x - centre) }

  /// Weighted means, variance of x, and the line of least squares.
  private struct Moments {
    var centre = 0.0
    var level = 0.0
    var spread = 0.0
    var slope = 0.0

    init(_ x: [Double], _ y: [Double], _ w: [Double]) {
      let total = w.reduce(0, +)
      for i in x.indices {
        centre += w[i] * x[i] / total
        level += w[i] * y[i] / total
      }
      var covariance = 0.0
      for i in x.indices {
        spread += w[i] * (x[i] - centre) * (x[i] - centre) / total
        covariance += w[i] * (x[i] - centre) * (y[i] - level) / total
      }
      slope = spread > 0 ? covariance / spread : 0
    }

    func value(_ x: Double) -> Double { level + slope * (x - centre) }
  }
}
