import Foundation

/// How the filter of a process, 1 - a1 B - a2 B^2 - ..., changes the coefficients of a `HarmonicDesign`.
///
/// Filtering the columns gives the same columns again: each wave turned and scaled, the trend scaled and moved, the level scaled. So a
/// filtered regression is the plain one with other coefficients, and its Gram matrix is the plain one.
package struct Whitening {
  private let gain: Double
  private let shift: Double
  private let turns: [(Double, Double)]

  package init(_ process: Autoregression, design: HarmonicDesign) {
    gain = process.gain
    var shift = 0.0
    for (j, c) in process.coefficients.enumerated() { shift += Double(j + 1) * c * design.yearsPerStep }
    self.shift = shift
    turns = design.waves.map { wave in
      var turn = (1.0, 0.0)
      for (j, c) in process.coefficients.enumerated() {
        let angle = 2 * Double.pi * Double(j + 1) / wave.period
        turn.0 -= c * cos(angle)
        turn.1 += c * sin(angle)
      }
      return turn
    }
  }

  /// Coefficients of the filtered regression.
  package func filtered(_ b: [Double]) -> [Double] {
    var g = b
    g[0] = gain * b[0] + shift * b[1]
    g[1] = gain * b[1]
    for (w, (re, im)) in turns.enumerated() {
      let (s, c) = (b[2 + 2 * w], b[3 + 2 * w])
      g[2 + 2 * w] = re * s - im * c
      g[3 + 2 * w] = im * s + re * c
    }
    return g
  }

  /// The inverse of `filtered`.
  package func unfiltered(_ g: [Double]) -> [Double] {
    var b = g
    b[1] = g[1] / gain
    b[0] = (g[0] - shift * b[1]) / gain
    for (w, (re, im)) in turns.enumerated() {
      let (s, c) = (g[2 + 2 * w], g[3 + 2 * w])
      let size = re * re + im * im
      b[2 + 2 * w] = (re * s + im * c) / size
      b[3 + 2 * w] = (re * c - im * s) / size
    }
    return b
  }
}
