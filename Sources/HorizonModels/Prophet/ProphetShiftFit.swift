import Foundation
import HorizonCore
import HorizonNumerics

/// `prophet-shift` fitted to one series.
///
/// Two rounds of the same exact solver. The first, with bursts bounded, finds the scale and what the errors remember; in the second each
/// coefficient is shrunk by the noise at its own frequency: what moves slowly meets more noise where errors have memory, so the
/// trend does not follow them.
struct ProphetShiftFit: Sendable {
  let design: ProphetDesign
  let regressors: [ProphetRegressor]
  private let scale: ReadingScale
  private let centre: Double
  private let unit: Double
  /// Offset, rate, features, rate changes.
  private let coefficients: [Double]
  private let memory: ErrorMemory
  private let last: Int

  /// Prior scales, in deviations of the readings: of the base rate over the history, of a change of it (stiff, usual, loose), of a first wave,
  /// of a holiday or regressor.
  fileprivate static let priors = (rate: 1.0, changes: [0.05, 0.35, 1.0], wave: 0.2, effect: 1.0)
  /// A prior that shrinks rate changes makes those that were found too small and too sure; the variances of what they bring to a
  /// forecast are multiplied by these. Chosen, like the priors, on the mixed fleet of seed 42 and the scenarios of seed 5.
  private static let widening = (bends: 6.0, line: 4.0)
  /// Variance of the errors before any are known, in deviations of the readings squared.
  private static let firstNoise = 0.3

  /// The equations of the first round, which are the same for all series of a design.
  static func firstRegression(_ design: ProphetDesign) -> LaplaceRegression? {
    design.regression(design.noise(Autoregression(coefficients: [], variance: firstNoise)))
  }

  var cutoff: Int { last }

  /// - Parameter regression: What `firstRegression` gives for the design.
  /// - Returns: nil when the equations have no unique solution.
  init?(
    _ history: History, design: ProphetDesign, regression: LaplaceRegression, regressors: [ProphetRegressor],
    ceiling: Double
  ) {
    self.design = design
    self.regressors = regressors
    last = history.cutoff
    let mask = design.timeline.mask
    let runs = Runs(present: { mask[$0] > 0 }, count: mask.count)
    var best: FirstRound?
    for scale in ReadingScale.candidates(history, ceiling: ceiling) {
      let round = FirstRound(history, scale: scale, design: design, regression: regression, runs: runs)
      if best.map({ round.criterion < $0.criterion }) ?? true { best = round }
    }
    let first = best!
    let noise = design.noise(first.process)
    guard let x = ProphetShiftFit.coefficients(first.clipped, design: design, noise: noise, runs: runs) else {
      return nil
    }
    coefficients = x
    let waiting = [Double](repeating: 0, count: history.count - mask.count)
    let whole = Runs(present: { $0 < mask.count && mask[$0] > 0 }, count: history.count)
    memory = ErrorMemory(
      design.residuals(first.clipped, x) + waiting,
      excess: zip(first.values, first.clipped).map { $0 - $1 } + waiting, runs: whole,
      freedom: Double(design.columns.count) / 2 + 2)
    scale = first.scale
    centre = first.centre
    unit = first.unit
  }

  /// The coefficients under the stiffest trend that the readings do not contradict: likelihood of what the errors leave, and Schwarz's price
  /// half as high again for each bend, whose place was searched for.
  private static func coefficients(
    _ values: [Double], design: ProphetDesign, noise: ProphetDesign.Noise, runs: Runs
  ) -> [Double]? {
    guard let regression = design.regression(noise) else { return nil }
    let right = design.products(values)
    let count = Double(runs.present)
    var x = [Double](repeating: 0, count: design.size)
    var best: (x: [Double], criterion: Double)?
    for change in priors.changes {
      regression.solve(right: right, weight: noise.slow / change, x: &x)
      let process = Autoregression.yuleWalker(design.residuals(values, x), runs: runs, most: 7)
      let bends = Double(x[design.free...].count { $0 != 0 })
      let criterion = count * log(max(process.variance, 1e-20)) + 1.5 * bends * log(count)
      if best.map({ criterion < $0.criterion }) ?? true { best = (x, criterion) }
    }
    return best?.x
  }

  /// A fit without regard to memory, on one scale.
  private struct FirstRound {
    let scale: ReadingScale
    let centre: Double
    let unit: Double
    /// Readings on the scale, in deviations; 0 at gaps.
    let values: [Double]
    /// The same, at most three deviations from the regression.
    let clipped: [Double]
    let process: Autoregression
    /// Minus twice the log likelihood, in the unit of the readings.
    let criterion: Double

    init(_ history: History, scale: ReadingScale, design: ProphetDesign, regression: LaplaceRegression, runs: Runs) {
      let start = history.values.startIndex
      let mask = design.timeline.mask
      let present = mask.indices.filter { mask[$0] > 0 }
      let count = Double(present.count)
      var values = [Double](repeating: 0, count: mask.count)
      var slopes = 0.0
      var sum = 0.0
      for t in present {
        let reading = Double(history.values[start + t])
        values[t] = scale(reading)
        slopes += scale.logSlope(reading)
        sum += values[t]
      }
      let centre = sum / count
      var squares = 0.0
      for t in present {
        values[t] -= centre
        squares += values[t] * values[t]
      }
      let unit = squares > 0 ? (squares / count).squareRoot() : 1
      for t in present { values[t] /= unit }
      var x = [Double](repeating: 0, count: design.size)
      let weight = ProphetShiftFit.firstNoise / ProphetShiftFit.priors.changes[1]
      regression.solve(right: design.products(values), weight: weight, x: &x)
      var residuals = design.residuals(values, x)
      let bounded = outliersBounded(values, residuals: residuals, present: present.count)
      if let bounded {
        regression.solve(right: design.products(bounded), weight: weight, x: &x)
        residuals = design.residuals(bounded, x)
      }
      process = .yuleWalker(residuals, runs: runs, most: 7)
      criterion = count * log(max(process.variance, 1e-20) * unit * unit) - 2 * slopes
      self.scale = scale
      self.centre = centre
      self.unit = unit
      self.values = values
      clipped = bounded ?? values
    }
  }

  func write(series: Int, future: ProphetFeatures, into block: inout ForecastBlock) {
    let horizon = block.horizon
    let timeline = design.timeline
    let pace = timeline.pace
    let changes = coefficients[design.free...]
    let trend = design.trendAtEnd(coefficients)
    let effects = design.effects(coefficients, regressors: regressors, future: future)
    // The line that is extrapolated rests on the readings since its last bend.
    let bend = changes.lastIndex { $0 != 0 }.map { timeline.edges[$0 - design.free + 1] } ?? 0
    let span = Double(max(timeline.count - bend, min(timeline.count, 30)))
    let lasting = memory.lasting
    let levelVariance = 4 * lasting / span
    let covariance = 6 * lasting / (span * span)
    let slopeVariance = 12 * lasting / (span * span * span)
    let changeScale = changes.reduce(0) { $0 + abs($1) } / Double(max(1, changes.count)) * pace
    let waveVariance = memory.process.variance * Double(design.columns.count) / Double(timeline.readings)
    for (l, errors) in memory.ahead(horizon: horizon).enumerated() {
      let distance = Double(l + 1 + memory.age)
      let place = trend.level + trend.slope * distance + effects[l] + errors.mean
      let parameters =
        errors.level * errors.level * levelVariance + 2 * errors.level * errors.line * covariance
        + errors.line * errors.line * slopeVariance
      let expected = Double(max(1, changes.count)) * distance * pace
      let bends = Self.widening.bends * changeScale * changeScale * distance * distance * expected * 2 / 3
      let deviation = (errors.variance + Self.widening.line * parameters + bends + waveVariance).squareRoot()
      let at = series * horizon + l
      block.mean[at] = reading(place)
      for q in 0..<Levels.count {
        block.quantiles[at * Levels.count + q] = reading(place + deviation * errors.shape[q])
      }
    }
  }

  private func reading(_ place: Double) -> Float { Float(scale.inverse(centre + unit * place)) }
}

extension ProphetShiftFit {
  /// Trend, seasonalities, holidays together, each regressor, and `memory`: the newest errors as far back as the process remembers, and what
  /// is expected of them ahead.
  func components(future: ProphetFeatures) -> [ForecastComponent] {
    let count = design.timeline.count
    let steps = count + memory.age
    let trend = design.trendAtEnd(coefficients)
    let rate = design.isFlat ? 0 : coefficients[1]
    let line = design.line(offset: coefficients[0], rate: rate, changes: Array(coefficients[design.free...]))
    let after = { (from: Int, to: Int) in (from..<to).map { trend.level + trend.slope * Double($0) } }
    var parts = [
      ForecastPart(
        name: "trend", past: (line + after(1, steps - count + 1)).map { centre + unit * $0 },
        ahead: after(memory.age + 1, memory.age + future.count + 1).map { centre + unit * $0 })
    ]
    let whole = future.over(firstIndex: design.timeline.firstIndex, count: steps)
    for group in design.componentGroups {
      func sum(_ features: ProphetFeatures) -> [Double] {
        design.effects(coefficients, of: group.members, regressors: regressors, future: features).map { unit * $0 }
      }
      parts.append(ForecastPart(name: group.name, past: sum(whole), ahead: sum(future)))
    }
    if memory.process.order > 0 {
      var past = [Double](repeating: 0, count: steps)
      for (k, error) in memory.newest.enumerated() where k < steps { past[steps - 1 - k] = unit * error }
      parts.append(
        ForecastPart(
          name: "memory", past: past, ahead: memory.ahead(horizon: future.count).map { unit * $0.mean }))
    }
    return parts.components(inverse: scale.inverse)
  }
}

extension ProphetDesign {
  /// Variance of the noise that each free coefficient meets, and of the slow noise that rate changes meet.
  fileprivate typealias Noise = (free: [Double], slow: Double)

  /// The noise of a process at the frequency of each column.
  fileprivate func noise(_ process: Autoregression) -> Noise {
    // Less memory than was found: near a unit root all that is slow would be noise, and no trend could be told from it.
    let memory = process.coefficients.enumerated().map { $1 * pow(0.9, Double($0 + 1)) }
    func power(_ turnsPerStep: Double) -> Double {
      var real = 1.0
      var imaginary = 0.0
      for (k, c) in memory.enumerated() {
        let angle = 2 * Double.pi * turnsPerStep * Double(k + 1)
        real -= c * cos(angle)
        imaginary -= c * sin(angle)
      }
      return process.variance / (real * real + imaginary * imaginary)
    }
    let slow = power(0)
    let trend = [Double](repeating: slow, count: free - columns.count)
    var seen: [Double: Double] = [:]
    let byColumn = columns.map { column -> Double in
      guard let turns = column.turns else { return process.variance }
      if let known = seen[turns] { return known }
      let value = power(turns * features.step.days)
      seen[turns] = value
      return value
    }
    return (trend + byColumn, slow)
  }

  /// The equations under the priors of `prophet-shift`, rate changes apart.
  fileprivate func regression(_ noise: Noise) -> LaplaceRegression? {
    let priors = ProphetShiftFit.priors
    var ridge = noise.free
    let first = free - columns.count
    // The level is given by the readings.
    ridge[0] *= 1e-4
    if first > 1 { ridge[1] /= priors.rate * priors.rate }
    for (c, column) in columns.enumerated() {
      let scale = column.harmonic > 0 ? priors.wave / Double(column.harmonic) : priors.effect
      ridge[first + c] /= scale * scale
    }
    return LaplaceRegression(gram: linearGram, ridge: ridge, sparse: sparse)
  }

  fileprivate func residuals(_ values: [Double], _ x: [Double]) -> [Double] {
    let first = free - columns.count
    let line = line(offset: x[0], rate: first > 1 ? x[1] : 0, changes: Array(x[free...]))
    var mean = line
    addFeatures(Array(x[first..<free]), multiplicative: false, to: &mean)
    return values.indices.map { (values[$0] - mean[$0]) * timeline.mask[$0] }
  }

  /// Level of the trend at the newest reading and its change a step.
  fileprivate func trendAtEnd(_ x: [Double]) -> (level: Double, slope: Double) {
    let line = lastLine(offset: x[0], rate: free - columns.count > 1 ? x[1] : 0, changes: x[free...])
    return (line.level + line.rate, line.rate * timeline.pace)
  }

  /// Sum of features and regressors at each step of `future`.
  fileprivate func effects(
    _ x: [Double], of members: [Int]? = nil, regressors: [ProphetRegressor], future: ProphetFeatures
  ) -> [Double] {
    var sum = [Double](repeating: 0, count: future.count)
    let beta = Array(x[(free - columns.count)..<free])
    addEffects(beta, of: members ?? Array(columns.indices), regressors: regressors, over: future, to: &sum)
    return sum
  }
}
