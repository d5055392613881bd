import Foundation
package import HorizonCore
import HorizonNumerics

/// The columns of the regression over one span of the calendar.
package struct HarmonicDesign: Sendable {
  let waves: [Wave]
  let step: Step
  let cutoff: Int
  let count: Int
  /// `[term][time]`, contiguous.
  package let columns: [Double]
  /// Of each step, 1 for the newest.
  let weights: [Double]
  /// Ridge penalty of each term.
  let penalties: [Double]

  /// One sine and cosine pair.
  struct Wave: Sendable {
    /// Length in steps.
    let period: Double
    /// Ridge penalty in readings: higher harmonics are shrunk more.
    let penalty: Double
  }

  package var terms: Int { 2 + 2 * waves.count }
  /// Length of a step in the unit of the trend.
  var yearsPerStep: Double { step.days / 365.25 }

  package init(history: History, halfLife: Double, trendPenalty: Double = 0.5) {
    step = history.step
    cutoff = history.cutoff
    count = history.count
    waves = HarmonicDesign.waves(step: history.step, count: history.count)
    let n = count
    let p = 2 + 2 * waves.count
    var columns = [Double](repeating: 1, count: p * n)
    var weights = [Double](repeating: 1, count: n)
    for t in 0..<n {
      let age = Double(n - 1 - t) * step.days
      weights[t] = exp2(-age / halfLife)
      columns[n + t] = -age / 365.25
    }
    for (w, wave) in waves.enumerated() {
      for t in 0..<n {
        let (s, c) = wave.value(at: history.firstIndex + t)
        columns[(2 + 2 * w) * n + t] = s
        columns[(3 + 2 * w) * n + t] = c
      }
    }
    self.columns = columns
    self.weights = weights
    penalties = [1e-6, trendPenalty] + waves.flatMap { [$0.penalty, $0.penalty] }
  }

  /// Waves that a history of this length can carry: at least two cycles of a season (a year and a half for the year).
  static func waves(step: Step, count: Int) -> [Wave] {
    var waves: [Wave] = []
    let day = 86_400 / Double(step.seconds)
    let most = [day: 6, 7 * day: 6, 365.25 * day: 6]
    for season in [day, 7 * day, 365.25 * day] where season >= 2 {
      let cycles = season > 300 * day ? 1.5 : 2
      guard Double(count) >= cycles * season else { continue }
      for k in 1...most[season]! where season / Double(k) >= 2.2 {
        // Harmonics of the week that are harmonics of the day are there already.
        if season == 7 * day && day >= 2 && k % 7 == 0 { continue }
        waves.append(Wave(period: season / Double(k), penalty: 2 * Double(k * k)))
      }
    }
    return waves
  }

  /// Factor of the penalised Gram matrix over all steps, or over those at which `history` has a reading.
  func factor(present history: History?) -> Cholesky? {
    let n = count
    let p = terms
    var gram = [Double](repeating: 0, count: p * p)
    var mask = weights
    if let history {
      for (t, v) in history.values.enumerated() where v.isNaN { mask[t] = 0 }
    }
    var weighted = [Double](repeating: 0, count: n)
    columns.withUnsafeBufferPointer { x in
      for i in 0..<p {
        for t in 0..<n { weighted[t] = x[i * n + t] * mask[t] }
        for j in 0...i {
          let value = dot(weighted, x.baseAddress! + j * n, count: n)
          gram[i * p + j] = value
          gram[j * p + i] = value
        }
      }
    }
    for i in 0..<p { gram[i * (p + 1)] += penalties[i] }
    return Cholesky(gram, size: p)
  }

  /// The weighted inner products of all terms with values that are 0 at gaps.
  func products(_ values: [Double]) -> [Double] {
    var weighted = values
    for t in 0..<count { weighted[t] *= weights[t] }
    return columns.withUnsafeBufferPointer { x in
      (0..<terms).map { dot(weighted, x.baseAddress! + $0 * count, count: count) }
    }
  }

  /// Values minus the regression, 0 at gaps.
  func residuals(_ values: [Double], _ coefficients: [Double], runs: Runs) -> [Double] {
    var residuals = values
    residuals.withUnsafeMutableBufferPointer { r in
      columns.withUnsafeBufferPointer { x in
        for (i, c) in coefficients.enumerated() {
          let column = x.baseAddress! + i * count
          for t in 0..<count { r[t] -= c * column[t] }
        }
      }
    }
    if runs.hasGaps {
      for t in 0..<count where runs.lengths[t] == 0 { residuals[t] = 0 }
    }
    return residuals
  }
}

extension HarmonicDesign.Wave {
  /// Sine and cosine at a step; the phase counts from the epoch.
  func value(at index: Int) -> (Double, Double) {
    let turns = Double(index) / period
    let angle = 2 * Double.pi * (turns - turns.rounded(.down))
    return (sin(angle), cos(angle))
  }
}

extension HarmonicDesign {
  /// The regression taken apart: the trend, then the cycles that have waves, from the shortest. The level stays out.
  func parts(_ coefficients: [Double], horizon: Int, future: [Double]) -> [ForecastPart] {
    let day = 1 / step.days
    // The week's slowest wave is the week itself.
    let cycles = waves.map { $0.period > 7.5 * day ? "yearly" : $0.period > 1.001 * day ? "weekly" : "daily" }
    func part(_ name: String, _ own: [Int]) -> ForecastPart {
      var part = ForecastPart(
        name: name, past: [Double](repeating: 0, count: count), ahead: [Double](repeating: 0, count: horizon))
      for i in own {
        for t in 0..<count { part.past[t] += coefficients[i] * columns[i * count + t] }
        for l in 0..<horizon { part.ahead[l] += coefficients[i] * future[l * terms + i] }
      }
      return part
    }
    var parts = [part("trend", [0, 1])]
    for name in ["daily", "weekly", "yearly"] where cycles.contains(name) {
      parts.append(part(name, (2..<terms).filter { cycles[($0 - 2) / 2] == name }))
    }
    return parts
  }

  /// The rows of the design at leads 1...`horizon`: `[lead][term]`.
  func future(horizon: Int) -> [Double] {
    var rows: [Double] = []
    rows.reserveCapacity(horizon * terms)
    for lead in 1...horizon {
      rows += [1, Double(lead) * step.days / 365.25]
      for wave in waves {
        let (s, c) = wave.value(at: cutoff + lead)
        rows += [s, c]
      }
    }
    return rows
  }
}

/// A fit on a harmonic design; series that share a design share the rows of its future.
protocol HarmonicForecast: Sendable {
  var design: HarmonicDesign { get }
  /// - Parameter future: What `HarmonicDesign.future` gives for the block's horizon.
  func forecast(series: Int, future: [Double], into block: inout ForecastBlock)
  /// Trend first; what there is of `daily`, `weekly`, `yearly` and `memory` after it.
  ///
  /// - Parameter future: What `HarmonicDesign.future` gives for this horizon.
  func components(horizon: Int, future: [Double]) -> [ForecastComponent]
}

struct FittedHarmonic<Fit: HarmonicForecast>: ComponentModel {
  let fits: [Result<Fit, ModelError>]

  func components(series: Int, horizon: Int) -> [ForecastComponent] {
    guard case .success(let fit) = fits[series] else { return [] }
    return fit.components(horizon: horizon, future: fit.design.future(horizon: horizon))
  }

  func forecast(horizon: Int) -> ForecastBlock {
    var futures: [Int: [Double]] = [:]
    return ForecastBlock(of: fits, horizon: horizon) { fit, s, block in
      let future = futures[fit.design.count] ?? fit.design.future(horizon: horizon)
      futures[fit.design.count] = future
      fit.forecast(series: s, future: future, into: &block)
    }
  }
}
