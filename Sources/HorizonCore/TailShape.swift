import Foundation

/// How a forecast's distribution goes on beyond its outer two stored quantiles.
package enum TailShape: String, Sendable, Codable, CaseIterable {
  /// Every halving of the chance costs the distance between the outer two again, without end.
  case exponential
  /// As dense as between the outer two for once more that distance, and then nothing.
  case bounded

  /// How far beyond the outer quantile a value lies, in distances between the outer two quantiles.
  ///
  /// - Parameter share: The chance beyond the value over the chance beyond the outer quantile, in (0, 1].
  package func reach(share: Double) -> Double {
    switch self {
    case .exponential: -log2(share)
    case .bounded: 1 - share
    }
  }

  /// The most that a tail of this shape takes for the distance between the outer two quantiles, below and above: for a bounded
  /// one the median over the leads, without limit else.
  ///
  /// Around a clean-up's likely time the outer two may stand for "cleaned" and "not yet": the distance between them is the depth
  /// of a clean-up then, and says nothing of what lies above.
  ///
  /// - Parameter quantiles: [lead][level], ascending at each lead.
  package func outerLimits(_ quantiles: UnsafeBufferPointer<Float>) -> (lower: Float, upper: Float) {
    let leads = quantiles.count / Levels.count
    guard self == .bounded, leads > 0 else { return (.infinity, .infinity) }
    func median(_ inner: Int, _ outer: Int) -> Float {
      var gaps = (0..<leads).map { abs(quantiles[$0 * Levels.count + outer] - quantiles[$0 * Levels.count + inner]) }
      gaps.sort()
      return gaps[leads / 2]
    }
    return (median(1, 0), median(Levels.count - 2, Levels.count - 1))
  }
}
