import Foundation

/// How wide a series' own errors are beside its model's typical ones, shrunk: the folds of one series are few.
///
/// Folds' errors count as the logarithm of their mean absolute standardised error, so that one wild fold does not widen a series
/// for good. How much the typical error weighs comes from the fleet: the variance between the folds of a series over the
/// variance between series.
struct SpreadFactors {
  private let typical: [Double]
  /// Folds that the typical error weighs.
  let prior: Double

  /// The factor of a series whose contestant had these log errors on its folds; nil for a fold without.
  ///
  /// - Parameter fold: A position that is left out: a fold is standardised by the other folds' errors, as a new one would be.
  func factor(_ errors: [Double?], model: Int, without fold: Int? = nil) -> Float {
    var sum = 0.0
    var count = 0.0
    for (position, error) in errors.enumerated() where position != fold {
      guard let error else { continue }
      sum += error - typical[model]
      count += 1
    }
    return Float(exp(min(1.4, max(-1.4, sum / (count + prior)))))
  }

  /// Errors of the whole fleet. Sums are integers, so the order of series does not matter.
  struct Evidence {
    private var sums: [Int64]
    private var counts: [Int64]
    /// Squares of the folds' differences from their series' mean, and of the means' from their model's.
    private var within: Int64 = 0
    private var foldsLessOne: Int64 = 0
    private var means: [Int64]
    private var squares: [Int64]
    private var series: [Int64]
    private var folds: Int64 = 0

    private static let unit = 16_777_216.0

    init(models: Int) {
      let zeros = [Int64](repeating: 0, count: models)
      (sums, counts, means, squares, series) = (zeros, zeros, zeros, zeros, zeros)
    }

    /// The error of the model that would have been chosen without the fold.
    mutating func add(chosen model: Int, error: Double) {
      sums[model] += Evidence.fixed(error)
      counts[model] += 1
    }

    /// All folds of a series' champion.
    mutating func add(champion model: Int, errors: [Double?]) {
      let known = errors.compactMap { $0 }
      guard known.count > 1 else { return }
      let mean = known.reduce(0, +) / Double(known.count)
      within += Evidence.fixed(known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) })
      foldsLessOne += Int64(known.count - 1)
      folds += Int64(known.count)
      means[model] += Evidence.fixed(mean)
      squares[model] += Evidence.fixed(mean * mean)
      series[model] += 1
    }

    private static func fixed(_ value: Double) -> Int64 { Int64((value * unit).rounded()) }

    var factors: SpreadFactors {
      let typical = sums.indices.map {
        counts[$0] > 0 ? Double(sums[$0]) / Double(counts[$0]) / Evidence.unit : log(0.85)
      }
      let total = Double(series.reduce(0, +))
      guard foldsLessOne > 0, total > 10 else { return SpreadFactors(typical: typical, prior: 16) }
      let noise = Double(within) / Evidence.unit / Double(foldsLessOne)
      var spread = 0.0
      for model in series.indices where series[model] > 0 {
        let n = Double(series[model])
        let mean = Double(means[model]) / Evidence.unit / n
        spread += Double(squares[model]) / Evidence.unit - n * mean * mean
      }
      let between = max(spread / total - noise * total / Double(folds), 1e-6)
      return SpreadFactors(typical: typical, prior: min(40, max(4, noise / between)))
    }
  }
}

extension FoldScore {
  /// Logarithm of the mean absolute standardised error over steady leads, each clipped at 10; nil when nothing was scored.
  var logStandardError: Double? {
    guard outcome == .scored else { return nil }
    var sum: Float = 0
    var n: Float = 0
    for z in standardErrors.prefix(steadyErrors) where !z.isNaN {
      sum += min(abs(z), 10)
      n += 1
    }
    return n > 0 ? log(Double(sum / n) + 0.05) : nil
  }
}
