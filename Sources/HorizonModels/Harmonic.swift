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
    let fits: [Result<HarmonicFit, ModelError>] = (0..<panel.count).map { s in
      let history = panel.history(s)
      let readings = history.readings
      guard readings >= Self.card.minimumHistory else {
        return .failure(.tooShort(readings: readings, needed: Self.card.minimumHistory))
      }
      let design = designs[history.count] ?? HarmonicDesign(history: history, halfLife: Self.halfLife)
      designs[history.count] = design
      let isWhole = readings == history.count
      let shared = isWhole ? factors[history.count] : nil
      guard let factor = shared ?? design.factor(present: isWhole ? nil : history) else { return .failure(.singular) }
      if isWhole { factors[history.count] = factor }
      return .success(design.fit(history, factor: factor))
    }
    return FittedHarmonic(fits: fits)
  }
}

/// The columns of the regression over one span of the calendar.
struct HarmonicDesign: Sendable {
  let waves: [Wave]
  let step: Step
  let cutoff: Int
  let count: Int
  /// `[term][time]`, contiguous.
  private let columns: [Double]
  private let weights: [Double]

  /// One sine and cosine pair.
  struct Wave: Sendable {
    /// Length in steps.
    let period: Double
    /// Ridge penalty in readings: higher harmonics are shrunk more.
    let penalty: Double
  }

  var terms: Int { 2 + 2 * waves.count }

  init(history: History, halfLife: Double) {
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
    gram[0] += 1e-6
    gram[p + 1] += 0.5
    for (w, wave) in waves.enumerated() {
      gram[(2 + 2 * w) * (p + 1)] += wave.penalty
      gram[(3 + 2 * w) * (p + 1)] += wave.penalty
    }
    return Cholesky(gram, size: p)
  }

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
    residuals.sort()
    let spread = residuals.withUnsafeBufferPointer { sorted in Levels.all.map { quantile(sorted: sorted, level: $0) } }
    return HarmonicFit(design: self, base: base, coefficients: coefficients, residuals: spread)
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

struct HarmonicFit: Sendable {
  let design: HarmonicDesign
  let base: Double
  let coefficients: [Double]
  /// Quantiles of the residuals at the stored levels.
  let residuals: [Float]
}

private struct FittedHarmonic: FittedModel {
  let fits: [Result<HarmonicFit, ModelError>]

  func forecast(horizon: Int) -> ForecastBlock {
    var block = ForecastBlock(count: fits.count, horizon: horizon)
    var futures: [Int: [Double]] = [:]
    for (s, fit) in fits.enumerated() {
      switch fit {
      case .failure(let error): block.refusals[s] = error
      case .success(let fit):
        let future = futures[fit.design.count] ?? fit.design.future(horizon: horizon)
        futures[fit.design.count] = future
        fit.forecast(series: s, future: future, into: &block)
      }
    }
    return block
  }
}

extension HarmonicDesign {
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

extension HarmonicFit {
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
