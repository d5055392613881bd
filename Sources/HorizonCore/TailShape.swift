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
}
