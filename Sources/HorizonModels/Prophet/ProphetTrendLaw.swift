import Foundation
import HorizonCore
import HorizonNumerics

/// The law of `prophet`'s forecast error, without sampling: future changepoints come as a Poisson process, each changes the rate by a
/// Laplace variable, and noise is added.
///
/// At a distance, the rate changes sum to scale * distance * S, where S is a compound Poisson sum of Laplace times uniform
/// variables: a changepoint acts on what is left of the distance. Its law depends on the expected number of changes alone,
/// E exp(itS) = exp(mu (atan(t)/t - 1)), so the quantiles of S plus noise are a table of two numbers, found once by inverting the
/// characteristic function. The package draws 1,000 samples of the same law.
///
/// Source: Taylor & Letham 2018, 3.1.4; J. Gil-Pelaez, "Note on the inversion theorem", Biometrika 1951.
struct ProphetTrendLaw: Sendable {
  static let shared = ProphetTrendLaw()

  /// Expected changes, a grid even in the logarithm.
  private static let fewest = 0.01
  private static let most = 60.0
  private static let rows = 18
  /// Arc tangent of the trend's deviation over the noise's, an even grid from 0.
  private static let widest = atan(12.0)
  private static let places = 14

  /// `[row][place][level]`, in deviations of the sum, for the levels above the median.
  private let quantiles: [Double]
  /// `[row][node]`: S at evenly spaced levels above the median.
  private let nodes: [Double]
  /// Nodes on one side.
  static let nodeCount = 10

  private init() {
    let levels = Levels.all.suffix(Levels.count - Levels.median - 1).map(Double.init)
    let nodeLevels = (0..<Self.nodeCount).map { 0.5 + (Double($0) + 0.5) / Double(2 * Self.nodeCount) }
    var quantiles: [Double] = []
    var nodes: [Double] = []
    for row in 0..<Self.rows {
      let changes = Self.fewest * pow(Self.most / Self.fewest, Double(row) / Double(Self.rows - 1))
      for place in 0..<Self.places {
        let ratio = tan(Self.widest * Double(place) / Double(Self.places - 1))
        let law = Inversion(changes: changes, ratio: ratio)
        quantiles += levels.map { law.quantile($0) / (1 + ratio * ratio).squareRoot() }
      }
      let law = Inversion(changes: changes, ratio: tan(Self.widest))
      let unit = (2 * changes / 3).squareRoot() / (1 + tan(Self.widest) * tan(Self.widest)).squareRoot()
      nodes += nodeLevels.map { law.quantile($0) * unit }
    }
    self.quantiles = quantiles
    self.nodes = nodes
  }

  private static func place(ofChanges changes: Double) -> Double {
    let place = log(max(fewest, min(most, changes)) / fewest) / log(most / fewest) * Double(rows - 1)
    return min(place, Double(rows - 1) - 1e-9)
  }

  /// Quantiles of (scale * S + noise) above the median, in units of the noise's deviation.
  ///
  /// - Parameters:
  ///   - changes: Expected number of changes, above 0.
  ///   - ratio: Scale over the noise's deviation.
  func quantiles(changes: Double, ratio: Double) -> (Double, Double, Double) {
    let row = Self.place(ofChanges: changes)
    let spread = ratio * (2 * changes / 3).squareRoot()
    let place = min(atan(spread) / Self.widest * Double(Self.places - 1), Double(Self.places - 1) - 1e-9)
    let (i, j) = (Int(row), Int(place))
    let (a, b) = (row - Double(i), place - Double(j))
    let deviation = (1 + spread * spread).squareRoot()
    func value(_ level: Int) -> Double {
      func at(_ i: Int, _ j: Int) -> Double { quantiles[(i * Self.places + j) * 3 + level] }
      let low = at(i, j) + b * (at(i, j + 1) - at(i, j))
      let high = at(i + 1, j) + b * (at(i + 1, j + 1) - at(i + 1, j))
      return deviation * (low + a * (high - low))
    }
    return (value(0), value(1), value(2))
  }

  /// Equally likely values of S above 0; those below are the same with a minus.
  func nodes(changes: Double) -> [Double] {
    let row = Self.place(ofChanges: changes)
    let i = Int(row)
    return (0..<Self.nodeCount).map { k in
      let low = nodes[i * Self.nodeCount + k]
      return low + (row - Double(i)) * (nodes[(i + 1) * Self.nodeCount + k] - low)
    }
  }

  /// Distribution of scale * S plus standard normal noise, from its characteristic function on Gauss-Legendre panels.
  private struct Inversion {
    /// Frequency, and weight times the characteristic function there.
    private var terms: [(t: Double, weight: Double)] = []

    /// - Parameter ratio: Deviation of scale * S.
    init(changes: Double, ratio: Double) {
      let scale = ratio / (2 * changes / 3).squareRoot()
      var low = 0.0
      var width = min(0.25, 0.2 / max(scale, 0.2))
      while low < 8 {
        for (x, w) in zip(Self.abscissas, Self.weights) {
          for side in [-x, x] {
            let t = low + width * (1 + side) / 2
            let turn = scale * t
            let jumps = turn > 1e-4 ? atan(turn) / turn - 1 : -turn * turn / 3
            terms.append((t, w * width / 2 * exp(-t * t / 2 + changes * jumps) / Double.pi))
          }
        }
        low += width
        width = min(0.25, width * 1.6)
      }
    }

    /// - Parameter level: Above 0.5.
    func quantile(_ level: Double) -> Double {
      // Above the median the distribution is concave, so Newton's steps from below never overshoot.
      var x = normalQuantile(level)
      for _ in 0..<60 {
        var probability = 0.5
        var density = 0.0
        for (t, weight) in terms {
          probability += weight * sin(t * x) / t
          density += weight * cos(t * x)
        }
        let change = (level - probability) / max(density, 1e-12)
        x += change
        if abs(change) < 1e-6 * x { break }
      }
      return x
    }

    private static let abscissas = [
      0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363,
    ]
    private static let weights = [
      0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763,
    ]
  }
}
