import HorizonCore

/// Series whose errors are alike: by how much they move within a season, and by the shape of their errors.
///
/// Saw-tooth disks err within bounds and bursty processors do not; one pool for both would give the first a tail that cries wolf.
package struct ErrorGroup: Sendable, Hashable {
  /// By scale over level: below 3, 8, 20 %, and above.
  package let volatility: Int
  /// By the kurtosis of the standardised errors: bounded, about normal, heavy-tailed.
  package let shape: Int

  static let count = 12
  var index: Int { volatility * 3 + shape }

  package init(volatility: Int, shape: Int) {
    self.volatility = volatility
    self.shape = shape
  }

  static func volatility(_ digest: SeriesDigest) -> Int {
    let ratio = digest.level > 0 ? digest.scale / digest.level : 0
    return ratio < 0.03 ? 0 : ratio < 0.08 ? 1 : ratio < 0.2 ? 2 : 3
  }

  init(_ digest: SeriesDigest, model: Int) {
    // Each fold around its own mean: a biased fold says nothing of the shape.
    var squares = 0.0
    var fourths = 0.0
    var count = 0.0
    for fold in digest.foldCutoffs.indices {
      let score = digest.score(model: model, fold: fold)
      let errors = score.standardErrors.prefix(score.steadyErrors).filter { !$0.isNaN }.map(Double.init)
      guard errors.count >= 4 else { continue }
      let mean = errors.reduce(0, +) / Double(errors.count)
      for error in errors {
        let square = (error - mean) * (error - mean)
        squares += square
        fourths += square * square
      }
      count += Double(errors.count)
    }
    let kurtosis = squares > 0 ? fourths * count / (squares * squares) : 3
    self.init(
      volatility: ErrorGroup.volatility(digest),
      shape: count < 24 || (kurtosis >= 2.4 && kurtosis < 5) ? 1 : kurtosis < 2.4 ? 0 : 2)
  }
}
