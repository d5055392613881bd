import HorizonCore
import HorizonNumerics

/// What the errors around a regression remember, and how widely they spread ahead: an autoregressive process and the errors' own shapes.
struct ErrorMemory: Sendable {
  let process: Autoregression
  /// The last errors, newest first, as many as the process remembers.
  let newest: [Double]
  /// Steps since the newest reading.
  let age: Int
  /// Variance of the errors around the regression.
  private let errorVariance: Double
  /// Quantiles of innovations and of errors at the stored levels, in their deviations.
  private let innovationShape: [Double]
  private let errorShape: [Double]

  /// Four weeks of days, a day and more of hours.
  private static let mostLags = 28

  /// Variance of a long sum of errors, a step.
  var lasting: Double { process.variance / (process.gain * process.gain) }

  /// - Parameters:
  ///   - errors: Readings minus regression, outliers bounded, 0 at gaps.
  ///   - excess: What was bounded away at each step: the shapes show outliers as they were.
  ///   - freedom: Coefficients that the regression was free to choose.
  init(_ errors: [Double], excess: [Double], runs: Runs, freedom: Double) {
    let n = errors.count
    var errors = errors
    let fitted = Autoregression.burg(errors, runs: runs, most: ErrorMemory.mostLags)
    var innovations = fitted.innovations(of: &errors, runs: runs)
    let readings = Double(runs.present)
    let inflation = readings / max(2, readings - freedom - Double(fitted.order))
    process = Autoregression(coefficients: fitted.coefficients, variance: fitted.variance * inflation)
    newest = (0..<fitted.order).map { errors[n - 1 - $0] }
    age = runs.lengths.reversed().prefix { $0 == 0 }.count
    var squares = 0.0
    for t in 0..<n where runs.lengths[t] > 0 { squares += errors[t] * errors[t] }
    errorVariance = squares / readings * inflation
    for t in 0..<n where excess[t] != 0 {
      innovations[t] += excess[t]
      errors[t] += excess[t]
    }
    innovationShape = ErrorMemory.shape(innovations, runs: runs, variance: process.variance / inflation)
    errorShape = ErrorMemory.shape(errors, runs: runs, variance: errorVariance / inflation)
  }

  /// Quantiles at the stored levels in deviations, leaning on the normal distribution by 20 readings' worth.
  private static func shape(_ errors: [Double], runs: Runs, variance: Double) -> [Double] {
    guard variance > 0 else { return Levels.normal.map(Double.init) }
    var present: [Float] = []
    present.reserveCapacity(runs.present)
    for t in errors.indices where runs.lengths[t] > 0 { present.append(Float(errors[t])) }
    selectQuantiles(Levels.all, in: &present)
    let share = Double(present.count) / Double(present.count + 20)
    let deviation = variance.squareRoot()
    return present.withUnsafeBufferPointer { sorted in
      (0..<Levels.count).map { k in
        share * Double(quantile(sorted: sorted, level: Levels.all[k])) / deviation
          + (1 - share) * Double(Levels.normal[k])
      }
    }
  }

  /// Errors at one lead.
  struct Ahead {
    /// Expected.
    let mean: Double
    let variance: Double
    /// Of a unit level and of a line of slope 1, what the newest errors leave unsaid of their coefficients' error.
    let level: Double
    let line: Double
    /// Quantiles at the stored levels in deviations: from innovations near by to errors far away.
    let shape: [Double]
  }

  func ahead(horizon: Int) -> [Ahead] {
    let errors = process.continuation(of: newest, horizon: horizon)
    // What the newest errors already say of a level and of a line: only the rest of their coefficients' error reaches a lead.
    let level = process.continuation(of: [Double](repeating: 1, count: process.order), horizon: horizon)
    let line = process.continuation(of: (0..<process.order).map { -Double($0) }, horizon: horizon)
    let impulse = process.impulse(count: horizon + age)
    var spread = 0.0
    for h in 0..<age { spread += impulse[h] * impulse[h] }
    let innovation = process.variance
    let room = errorVariance - innovation
    return (1...horizon).map { lead in
      spread += impulse[age + lead - 1] * impulse[age + lead - 1]
      let own = innovation * spread
      let far = room > 0 ? min(1, max(0, (own - innovation) / room)) : 0
      return Ahead(
        mean: errors[lead - 1], variance: own, level: 1 - level[lead - 1], line: Double(lead) - line[lead - 1],
        shape: (0..<Levels.count).map { (1 - far) * innovationShape[$0] + far * errorShape[$0] })
    }
  }
}
