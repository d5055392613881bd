import Foundation
import HorizonCore
import HorizonNumerics

/// Regression on trend and seasonal waves with autoregressive errors, by generalised least squares.
///
/// The design is `HarmonicDesign`'s. A filter turns and scales a wave and maps a line to a line, so the regression that is whitened by
/// the errors' own process needs no other Gram matrix: one factor serves all series with the same span, whatever their
/// memory. Forecasts start from the newest errors and return to the regression at the process' own pace. Readings enter as
/// they are or, where that makes them more likely, as logarithms.
struct HarmonicAR: ForecastModel {
  static let card = ModelCard(
    name: "harmonic-ar",
    summary: "Trend and seasonal waves with errors that remember: starts from the newest readings.",
    minimumHistory: 12, cost: .cheap,
    reference: "Hyndman & Athanasopoulos, FPP3, 10; Cochrane & Orcutt 1949; Burg 1975; Hurvich & Tsai 1989")

  func fitted(to panel: Panel) -> any FittedModel { FittedHarmonic(fits: regressions(of: panel)) }

  /// The fit of every series; models that build on it share one.
  func regressions(of panel: Panel) -> [Result<HarmonicARFit, ModelError>] {
    panel.notes.value(HarmonicAR.card.name) { solved(panel) }
  }

  private func solved(_ panel: Panel) -> [Result<HarmonicARFit, ModelError>] {
    var designs: [Int: HarmonicDesign] = [:]
    var factors: [Int: HarmonicFactor] = [:]
    return fits(to: panel) { _, history, readings throws(ModelError) in
      // The trend's penalty only keeps the equations solvable: what it has not earned is taken away after the fit.
      let design =
        designs[history.count] ?? HarmonicDesign(history: history, halfLife: 365, trendPenalty: 1e-3)
      designs[history.count] = design
      let isWhole = readings == history.count
      let shared = isWhole ? factors[history.count] : nil
      guard let factor = shared ?? HarmonicFactor(design, present: isWhole ? nil : history) else {
        throw .singular
      }
      if isWhole { factors[history.count] = factor }
      return HarmonicARFit(history, design: design, factor: factor)
    }
  }
}

/// How readings enter the regression.
enum ReadingTransform: Sendable, Hashable {
  case plain
  /// log(reading + offset): for series whose noise and seasons grow with their level.
  case logarithm(offset: Double)

  func callAsFunction(_ reading: Double) -> Double {
    switch self {
    case .plain: reading
    case .logarithm(let offset): log(reading + offset)
    }
  }

  /// The reading behind a transformed value, at most `most` where the transform could explode.
  func inverse(_ value: Double, most: Double) -> Double {
    switch self {
    case .plain: value
    case .logarithm(let offset): exp(min(value, most)) - offset
    }
  }
}

/// The factor of a design with what follows from it for the errors of the coefficients.
struct HarmonicFactor: Sendable {
  let cholesky: Cholesky
  /// Inverse of the penalised Gram matrix.
  let inverse: [Double]
  /// Coefficients that the ridge leaves free, as a number.
  let freedom: Double
  /// Sum of the weights of the readings.
  let weight: Double

  init?(_ design: HarmonicDesign, present history: History?) {
    guard let cholesky = design.factor(present: history) else { return nil }
    self.cholesky = cholesky
    let p = design.terms
    var inverse: [Double] = []
    var freedom = Double(p)
    for i in 0..<p {
      let column = cholesky.solve((0..<p).map { $0 == i ? 1 : 0 })
      freedom -= design.penalties[i] * column[i]
      inverse += column
    }
    self.inverse = inverse
    self.freedom = freedom
    var weight = 0.0
    for (t, w) in design.weights.enumerated() {
      if let history, history.values[history.values.startIndex + t].isNaN { continue }
      weight += w
    }
    self.weight = weight
  }
}

/// A robust regression without regard to the errors' memory, under one transform.
private struct FirstFit {
  let transform: ReadingTransform
  /// The newest reading, transformed; values are differences to it.
  let base: Double
  /// Transformed readings, 0 at gaps.
  let values: [Double]
  /// The same, at most three deviations from the regression (Huber's pseudo-observations).
  let clipped: [Double]
  let coefficients: [Double]
  /// Of the clipped values.
  let residuals: [Double]
  let process: Autoregression
  /// Minus twice the log likelihood, in the unit of the readings.
  let criterion: Double

  init(
    _ history: History, runs: Runs, transform: ReadingTransform, design: HarmonicDesign, factor: HarmonicFactor
  ) {
    self.transform = transform
    let base = transform(Double(history.lastReading))
    var values = [Double](repeating: 0, count: design.count)
    var sum = 0.0
    for (t, reading) in history.values.enumerated() where !reading.isNaN {
      values[t] = transform(Double(reading)) - base
      sum += values[t] + base
    }
    var coefficients = factor.cholesky.solve(design.products(values))
    var residuals = design.residuals(values, coefficients, runs: runs)
    let bounded = outliersBounded(values, residuals: residuals, present: runs.present)
    if let bounded {
      coefficients = factor.cholesky.solve(design.products(bounded))
      residuals = design.residuals(bounded, coefficients, runs: runs)
    }
    process = .yuleWalker(residuals, runs: runs, most: 7)
    criterion =
      Double(runs.present) * log(process.variance) + (transform == .plain ? 0 : 2 * sum)
    self.base = base
    self.values = values
    clipped = bounded ?? values
    self.coefficients = coefficients
    self.residuals = residuals
  }
}

/// The fitted regression and process of one series.
struct HarmonicARFit: Sendable {
  let design: HarmonicDesign
  let transform: ReadingTransform
  let base: Double
  /// Where forecasts of logarithms end.
  let most: Double
  let coefficients: [Double]
  let memory: ErrorMemory
  /// Variances and covariance of level and trend.
  let levelVariance: Double
  let levelTrendCovariance: Double
  let trendVariance: Double
  /// Variance that the waves' coefficients bring to a forecast.
  let waveVariance: Double

  init(_ history: History, design: HarmonicDesign, factor: HarmonicFactor) {
    let n = design.count
    let start = history.values.startIndex
    let runs = Runs(present: { !history.values[start + $0].isNaN }, count: n)
    let first = HarmonicARFit.firstFit(history, runs: runs, design: design, factor: factor)
    coefficients = HarmonicARFit.whitened(first, runs: runs, design: design, factor: factor)
    memory = ErrorMemory(
      design.residuals(first.clipped, coefficients, runs: runs),
      excess: zip(first.values, first.clipped).map { $0 - $1 }, runs: runs, freedom: factor.freedom)
    let lasting = memory.lasting
    levelVariance = lasting * factor.inverse[0]
    levelTrendCovariance = lasting * factor.inverse[1]
    trendVariance = lasting * factor.inverse[design.terms + 1]
    waveVariance = memory.process.variance * (factor.freedom - 2) / factor.weight
    transform = first.transform
    base = first.base
    most = first.base + first.values.max()! + 1.5
    self.design = design
  }

  /// The transform under which the readings are more likely; logarithms only where no reading is negative.
  private static func firstFit(
    _ history: History, runs: Runs, design: HarmonicDesign, factor: HarmonicFactor
  ) -> FirstFit {
    let plain = FirstFit(history, runs: runs, transform: .plain, design: design, factor: factor)
    var least = Float.infinity
    var sum = 0.0
    for v in history.values where !v.isNaN {
      least = min(least, v)
      sum += Double(v)
    }
    guard least >= 0, sum > 0 else { return plain }
    // Without the offset zeros would be outliers of any size.
    let offset = 0.3 * sum / Double(runs.present)
    let logarithm = FirstFit(
      history, runs: runs, transform: .logarithm(offset: offset), design: design, factor: factor)
    return logarithm.criterion < plain.criterion ? logarithm : plain
  }

  /// One step of feasible generalised least squares, then trend and waves keep the share that they have earned.
  private static func whitened(
    _ first: FirstFit, runs: Runs, design: HarmonicDesign, factor: HarmonicFactor
  ) -> [Double] {
    let p = design.terms
    // A little less memory than was found: near a unit root the filter would leave nothing of the level.
    let process = Autoregression(
      coefficients: first.process.coefficients.enumerated().map { $1 * pow(0.98, Double($0 + 1)) },
      variance: first.process.variance)
    let whitening = Whitening(process, design: design)
    var residuals = first.residuals
    let innovations = process.innovations(of: &residuals, runs: runs)
    var filtered = whitening.filtered(first.coefficients)
    var right = design.products(innovations)
    for i in 0..<p { right[i] -= design.penalties[i] * filtered[i] }
    let change = factor.cholesky.solve(right)
    for i in 0..<p { filtered[i] += change[i] }

    let readings = Double(runs.present)
    let variance =
      process.variance * readings / max(2, readings - factor.freedom - Double(process.order))
    let inverse = factor.inverse
    // James and Stein's rule: of an estimate's square, what noise alone would have brought is taken away; thrice for the trend,
    // which is extrapolated.
    let trend = filtered[1] * filtered[1] / inverse[p + 1]
    let lost = filtered[1] * min(1, 3 * variance / max(trend, .leastNormalMagnitude))
    filtered[1] -= lost
    filtered[0] -= inverse[p] / inverse[p + 1] * lost
    for i in stride(from: 2, to: p, by: 2) {
      let wave =
        filtered[i] * filtered[i] / inverse[i * (p + 1)]
        + filtered[i + 1] * filtered[i + 1] / inverse[(i + 1) * (p + 1)]
      let kept = max(0, 1 - 4 * variance / max(wave, .leastNormalMagnitude))
      filtered[i] *= kept
      filtered[i + 1] *= kept
    }
    return whitening.unfiltered(filtered)
  }
}

extension HarmonicARFit {
  /// What is expected at one lead, on the scale of the fit.
  struct Lead {
    let mean: Double
    let deviation: Double
    /// The share of the mean that the errors' memory brings.
    let memory: Double
    /// Quantiles at the stored levels in deviations.
    let shape: [Double]
  }

  /// - Parameter future: What `HarmonicDesign.future` gives for this horizon.
  func ahead(horizon: Int, future: [Double]) -> [Lead] {
    let p = coefficients.count
    return memory.ahead(horizon: horizon).enumerated().map { l, errors in
      var mean = base + errors.mean
      for i in 0..<p { mean += coefficients[i] * future[l * p + i] }
      let slope = errors.line * design.yearsPerStep
      let parameters =
        errors.level * errors.level * levelVariance + 2 * errors.level * slope * levelTrendCovariance
        + slope * slope * trendVariance
      return Lead(
        mean: mean, deviation: (errors.variance + max(0, parameters) + waveVariance).squareRoot(), memory: errors.mean,
        shape: errors.shape)
    }
  }

  /// Back in the unit of the readings; a forecast of logarithms ends at four to five times the largest one.
  func reading(_ value: Double) -> Float { Float(transform.inverse(value, most: most)) }
}

extension HarmonicARFit: HarmonicForecast {
  func forecast(series: Int, future: [Double], into block: inout ForecastBlock) {
    for (l, lead) in ahead(horizon: block.horizon, future: future).enumerated() {
      let at = series * block.horizon + l
      block.mean[at] = reading(lead.mean)
      for q in 0..<Levels.count {
        block.quantiles[at * Levels.count + q] = reading(lead.mean + lead.deviation * lead.shape[q])
      }
    }
  }
}

extension HarmonicARFit {
  /// The parts in the unit of the readings. `memory` holds the newest errors as far back as the process remembers, and what is
  /// expected of them ahead.
  func components(horizon: Int, future: [Double]) -> [ForecastComponent] {
    var parts = design.parts(coefficients, horizon: horizon, future: future)
    for t in parts[0].past.indices { parts[0].past[t] += base }
    for l in parts[0].ahead.indices { parts[0].ahead[l] += base }
    if memory.process.order > 0 {
      var past = [Double](repeating: 0, count: design.count)
      for (k, error) in memory.newest.enumerated() where k < design.count { past[design.count - 1 - k] = error }
      parts.append(
        ForecastPart(
          name: "memory", past: past, ahead: memory.process.continuation(of: memory.newest, horizon: horizon)))
    }
    return parts.components { transform.inverse($0, most: most) }
  }
}
