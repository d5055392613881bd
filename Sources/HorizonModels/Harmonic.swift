import Foundation
import HorizonCore
import HorizonNumerics

/// Ridge regression on a linear trend and Fourier terms for day, week and year, recent readings weighing more.
///
/// Design and Gram matrix depend on the calendar and on a series' first step alone, so series that begin together share
/// one factorisation. Phases count from the epoch and ages from the cutoff, so a series' result never depends on its neighbours.
struct Harmonic: ForecastModel {
  static let card = ModelCard(
    name: "harmonic", summary: "Linear trend with daily, weekly and yearly waves, recent readings weighing more.",
    minimumHistory: 12, cost: .cheap, reference: "Hyndman & Athanasopoulos, FPP3, 7.4 and 12.1; Hoerl & Kennard 1970")

  /// Days after which a reading weighs half.
  private static let halfLife = 365.0

  func fitted(to panel: Panel) -> any FittedModel {
    var designs: [Int: HarmonicDesign] = [:]
    var factors: [Int: Cholesky] = [:]
    let fits = fits(to: panel) { _, history, readings throws(ModelError) in
      let design = designs[history.count] ?? HarmonicDesign(history: history, halfLife: Self.halfLife)
      designs[history.count] = design
      let isWhole = readings == history.count
      let shared = isWhole ? factors[history.count] : nil
      guard let factor = shared ?? design.factor(present: isWhole ? nil : history) else { throw .singular }
      if isWhole { factors[history.count] = factor }
      return design.fit(history, factor: factor)
    }
    return FittedHarmonic(fits: fits)
  }
}

extension HarmonicDesign {
  func fit(_ history: History, factor: Cholesky) -> HarmonicFit {
    let n = count
    let p = terms
    // Differences to one reading keep the digits of large levels; gaps get weight 0.
    let base = Double(history.lastReading)
    var y = [Double](repeating: 0, count: n)
    for (t, v) in history.values.enumerated() where !v.isNaN { y[t] = (Double(v) - base) * weights[t] }
    var right = [Double](repeating: 0, count: p)
    columns.withUnsafeBufferPointer { x in
      for i in 0..<p { right[i] = dot(y, x.baseAddress! + i * n, count: n) }
    }
    let coefficients = factor.solve(right)
    let recent = max(0, n - max(60, Int(365 / step.days)))
    var residuals: [Float] = []
    residuals.reserveCapacity(n - recent)
    columns.withUnsafeBufferPointer { x in
      for (t, v) in history.values.enumerated() where t >= recent && !v.isNaN {
        var mean = base
        for i in 0..<p { mean += coefficients[i] * x[i * n + t] }
        residuals.append(Float(Double(v) - mean))
      }
    }
    selectQuantiles(Levels.all, in: &residuals)
    let spread = residuals.withUnsafeBufferPointer { sorted in Levels.all.map { quantile(sorted: sorted, level: $0) } }
    return HarmonicFit(design: self, base: base, coefficients: coefficients, residuals: spread)
  }
}

struct HarmonicFit: Sendable {
  let design: HarmonicDesign
  let base: Double
  let coefficients: [Double]
  /// Quantiles of the residuals at the stored levels.
  let residuals: [Float]
}

extension HarmonicFit: HarmonicForecast {
  func forecast(series: Int, future: [Double], into block: inout ForecastBlock) {
    let p = coefficients.count
    let half = max(8, Double(design.count) / 2)
    for lead in 1...block.horizon {
      var mean = base
      for i in 0..<p { mean += coefficients[i] * future[(lead - 1) * p + i] }
      // The slope's error grows with the lead as a share of the history that it was learned from.
      let reach = Double(lead) / half
      let growth = Float((1 + reach * reach).squareRoot())
      let at = series * block.horizon + lead - 1
      block.mean[at] = Float(mean)
      for q in 0..<Levels.count { block.quantiles[at * Levels.count + q] = Float(mean) + residuals[q] * growth }
    }
  }
}

extension HarmonicFit {
  func components(horizon: Int, future: [Double]) -> [ForecastComponent] {
    design.parts(coefficients, horizon: horizon, future: future).map { part in
      let level = part.name == "trend" ? base : 0
      return ForecastComponent(
        name: part.name, isMultiplicative: false, past: part.past.map { Float(level + $0) },
        ahead: part.ahead.map { Float(level + $0) })
    }
  }
}
