import Foundation
import HorizonCore
import HorizonNumerics

/// `prophet` fitted to one series: the most probable parameters, found by algebra instead of a general optimiser.
///
/// For a given noise the linear model is least squares with a ridge and a Laplace prior, solved exactly on the normal equations; the
/// most probable noise for given coefficients has a closed form; the two alternate until neither moves. Logistic growth and
/// multiplicative features are linearised anew at each step (Gauss-Newton), with the same solver inside and a line search outside.
package struct ProphetFit: Sendable {
  let design: ProphetDesign
  let scale: ProphetScale
  let regressors: [ProphetRegressor]
  package let parameters: ProphetParameters
  /// Steps between the newest reading and the cutoff.
  let age: Int

  var cutoff: Int { design.timeline.firstIndex + design.timeline.count - 1 + age }

  /// What a reading is divided by, after the floor is taken off.
  package var yScale: Double { scale.scale }
  /// Names of the columns that `beta` belongs to, as the package writes them.
  package var columns: [String] { design.columns.map(\.name) }
  /// Scaled times of the changepoints.
  package var changepoints: [Double] { design.timeline.changepoints }

  init(_ history: History, design: ProphetDesign, scale: ProphetScale, regressors: [ProphetRegressor]) {
    self.design = design
    self.scale = scale
    self.regressors = regressors
    age = history.count - design.timeline.count
    let values = history.values
    var y = [Double](repeating: 0, count: design.timeline.count)
    for t in y.indices where design.timeline.mask[t] > 0 { y[t] = scale.scaled(values[values.startIndex + t]) }
    parameters = ProphetSearch(design: design, y: y, cap: scale.cap).best()
    self.y = y
  }

  /// Scaled readings, 0 at gaps.
  private let y: [Double]

  /// The same series at other parameters.
  package func with(_ parameters: ProphetParameters) -> ProphetFit { ProphetFit(self, parameters: parameters) }

  private init(_ fit: ProphetFit, parameters: ProphetParameters) {
    (design, scale, regressors, age, y) = (fit.design, fit.scale, fit.regressors, fit.age, fit.y)
    self.parameters = parameters
  }

  /// Logarithm of the posterior density without constants, as `prophet.stan` writes it.
  package func logPosterior(_ p: ProphetParameters) -> Double {
    ProphetSearch(design: design, y: y, cap: scale.cap).logPosterior(p)
  }
}

/// The search for the most probable parameters of one series.
struct ProphetSearch {
  let design: ProphetDesign
  /// Scaled readings, 0 at gaps.
  let y: [Double]
  let cap: Double?

  /// Noise below this is rounding.
  private static let leastSigma = 1e-9
  private static let mostSteps = 60

  private var isLinear: Bool { cap == nil && !design.isMultiplicative }

  func best() -> ProphetParameters {
    let known = y.indices.filter { design.timeline.mask[$0] > 0 }
    if cap == nil, known.allSatisfy({ y[$0] == y[known[0]] }) {
      return ProphetParameters(
        k: 0, m: y[known[0]], delta: [Double](repeating: 0, count: design.sparse), sigma: Self.leastSigma,
        beta: [Double](repeating: 0, count: design.columns.count))
    }
    if isLinear { return linear() }
    return starts(known).map(climbed).max { logPosterior($0) < logPosterior($1) }!
  }

  /// The most probable noise for a sum of squared residuals: the root of 4 s^4 + N s^2 = RSS.
  private func sigma(_ squares: Double) -> Double {
    let n = Double(design.timeline.readings)
    // (sqrt(n^2 + 16 RSS) - n) / 8, without the difference of nearly equal numbers.
    let variance = 2 * squares / ((n * n + 16 * squares).squareRoot() + n)
    return max(Self.leastSigma, variance.squareRoot())
  }

  /// Additive features on a linear or flat trend.
  private func linear() -> ProphetParameters {
    let gram = design.linearGram
    let right = design.products(y)
    let total = y.reduce(0) { $0 + $1 * $1 }
    var x = [Double](repeating: 0, count: design.size)
    var sigma = 0.05 * (total / Double(design.timeline.readings)).squareRoot()
    for _ in 0..<Self.mostSteps {
      let variance = sigma * sigma
      let ridge = design.precisions.map { $0 * variance }
      guard let regression = LaplaceRegression(gram: gram, ridge: ridge, sparse: design.sparse) else { break }
      regression.solve(right: right, weight: variance / design.changepointScale, x: &x)
      let next = self.sigma(squares(x, gram: gram, right: right, total: total))
      let isSettled = abs(next - sigma) <= 1e-5 * sigma
      sigma = next
      if isSettled { break }
    }
    return parameters(x, sigma: sigma)
  }

  /// Sum of squared residuals from the normal equations, or from the residuals where little of it is left.
  private func squares(_ x: [Double], gram: [Double], right: [Double], total: Double) -> Double {
    var sum = total
    gram.withUnsafeBufferPointer { g in
      x.withUnsafeBufferPointer { x in
        for i in x.indices where x[i] != 0 {
          sum += x[i] * (dot(g.baseAddress! + i * x.count, x.baseAddress!, count: x.count) - 2 * right[i])
        }
      }
    }
    if sum > 1e-8 * total { return sum }
    return State(self, parameters(x, sigma: 1)).squares
  }

  /// - Parameter x: Offset of the trend's argument, rate, features, rate changes.
  private func parameters(_ x: [Double], sigma: Double) -> ProphetParameters {
    let trend = design.isFlat ? 1 : 2
    return ProphetParameters(
      k: design.isFlat ? 0 : x[1], m: cap == nil ? x[0] : -x[0] / x[1], delta: Array(x[design.free...]), sigma: sigma,
      beta: Array(x[trend..<design.free]))
  }

  private func coefficients(_ p: ProphetParameters) -> [Double] {
    (design.isFlat ? [p.m] : [cap == nil ? p.m : -p.k * p.m, p.k]) + p.beta + p.delta
  }

  func logPosterior(_ p: ProphetParameters) -> Double { logPosterior(p, squares: State(self, p).squares) }

  private func logPosterior(_ p: ProphetParameters, squares: Double) -> Double {
    var value = -p.k * p.k / 50 - p.m * p.m / 50 - 2 * p.sigma * p.sigma
    for d in p.delta { value -= abs(d) / design.changepointScale }
    let first = design.free - design.columns.count
    for (c, b) in p.beta.enumerated() { value -= b * b * design.precisions[first + c] / 2 }
    return value - Double(design.timeline.readings) * log(p.sigma) - squares / (2 * p.sigma * p.sigma)
  }

  // MARK: Logistic growth and multiplicative features

  /// The model's values at some parameters.
  private struct State {
    /// The trend, and its derivative by its argument.
    var trend: [Double]
    var bend: [Double]
    /// 1 + sum of multiplicative features.
    var factor: [Double]
    var residuals: [Double]
    var squares: Double

    init(_ search: ProphetSearch, _ p: ProphetParameters) {
      let design = search.design
      let n = search.y.count
      bend = [Double](repeating: 1, count: n)
      if let cap = search.cap {
        trend = design.line(offset: -p.k * p.m, rate: p.k, changes: p.delta)
        for t in 0..<n {
          let share = 1 / (1 + exp(-trend[t]))
          trend[t] = cap * share
          bend[t] = cap * share * (1 - share)
        }
      } else {
        trend = design.line(offset: p.m, rate: p.k, changes: p.delta)
      }
      factor = [Double](repeating: 1, count: n)
      design.addFeatures(p.beta, multiplicative: true, to: &factor)
      var mean = [Double](repeating: 0, count: n)
      design.addFeatures(p.beta, multiplicative: false, to: &mean)
      residuals = search.y
      squares = 0
      for t in 0..<n {
        residuals[t] = (search.y[t] - mean[t] - trend[t] * factor[t]) * design.timeline.mask[t]
        squares += residuals[t] * residuals[t]
      }
    }
  }

  /// Where climbs begin: the package's own start, and a straight fit of what the trend is a function of.
  private func starts(_ known: [Int]) -> [ProphetParameters] {
    let none = ProphetParameters(
      k: 0, m: 0, delta: [Double](repeating: 0, count: design.sparse), sigma: 1,
      beta: [Double](repeating: 0, count: design.columns.count))
    var first = none
    var linear = none
    guard let cap else {
      if design.isFlat {
        first.m = known.reduce(0) { $0 + y[$1] } / Double(known.count)
        return [first]
      }
      first.k = y[known.last!] - y[known[0]]
      first.m = y[known[0]]
      let fit = trendOnly(y)
      linear.k = fit.k
      linear.m = fit.m
      linear.delta = fit.delta
      return [first, linear]
    }
    var ends = [y[known[0]], y[known.last!]].map { cap / max(0.01 * cap, min(0.99 * cap, $0)) }
    if abs(ends[0] - ends[1]) <= 0.01 { ends[0] *= 1.05 }
    let logs = ends.map { log($0 - 1) }
    first.k = logs[0] - logs[1]
    first.m = logs[0] / first.k
    var argument = y
    for t in known {
      let share = max(0.02, min(0.98, y[t] / cap))
      argument[t] = log(share / (1 - share))
    }
    let fit = trendOnly(argument)
    // An argument that hardly moves leaves the place of its zero open.
    linear.k = abs(fit.k) < 0.05 ? (fit.k < 0 ? -0.05 : 0.05) : fit.k
    linear.m = max(-20, min(20, -fit.m / linear.k))
    linear.delta = fit.delta
    return [first, linear]
  }

  /// The piecewise linear trend alone, under the same priors.
  private func trendOnly(_ values: [Double]) -> ProphetParameters {
    ProphetSearch(design: design.withoutFeatures(), y: values, cap: nil).linear()
  }

  /// Climbs from a start until a step no longer gains anything.
  private func climbed(_ start: ProphetParameters) -> ProphetParameters {
    var p = start
    var state = State(self, p)
    p.sigma = sigma(state.squares)
    var height = logPosterior(p, squares: state.squares)
    var idle = 0
    for _ in 0..<Self.mostSteps {
      let x = coefficients(p)
      guard let goal = step(from: p, state) else { break }
      var share = 1.0
      var gained = 0.0
      while share > 1e-4 {
        var q = parameters(zip(x, goal).map { $0 + share * ($1 - $0) }, sigma: p.sigma)
        let next = State(self, q)
        q.sigma = sigma(next.squares)
        let value = logPosterior(q, squares: next.squares)
        if value > height {
          gained = value - height
          (p, state, height) = (q, next, value)
          break
        }
        share *= 0.4
      }
      idle = gained < 1e-5 ? idle + 1 : 0
      if gained == 0 || idle == 2 { break }
    }
    return p
  }

  /// The best coefficients of the model that is straight around `p`.
  private func step(
    from p: ProphetParameters, _ state: State
  ) -> [Double]? {
    let n = y.count
    let k = design.columns.count
    var u = design.timeline.mask
    for t in 0..<n { u[t] *= state.factor[t] * state.bend[t] }
    var scaled: [Double]?
    if design.isMultiplicative {
      var columns = [Double](repeating: 0, count: k * n)
      for c in 0..<k {
        let byTrend = design.columns[c].isMultiplicative
        design.withColumn(c) { x in
          for t in 0..<n { columns[c * n + t] = x[t] * design.timeline.mask[t] * (byTrend ? state.trend[t] : 1) }
        }
      }
      scaled = columns
    }
    var gram = design.normalMatrix(trendWeights: u, scaled: scaled)
    var right = design.products(state.residuals, trendWeights: u, scaled: scaled)
    if cap != nil { addPriorOfPlace(&gram, &right, p) }
    let x = coefficients(p)
    let size = design.size
    for i in 0..<size {
      right[i] += gram.withUnsafeBufferPointer { dot($0.baseAddress! + i * size, x, count: size) }
    }
    var goal = x
    let variance = p.sigma * p.sigma
    var ridge = design.precisions.map { $0 * variance }
    if cap != nil { ridge[0] = 0 }
    guard let regression = LaplaceRegression(gram: gram, ridge: ridge, sparse: design.sparse) else { return nil }
    regression.solve(right: right, weight: variance / design.changepointScale, x: &goal)
    return goal
  }

  /// The argument of logistic growth, k (t - m), is straight in its offset b = -k m, so steps are taken in b, and the prior of m = -b/k is
  /// linearised with the rest.
  private func addPriorOfPlace(_ gram: inout [Double], _ right: inout [Double], _ p: ProphetParameters) {
    let precision = design.precisions[0] * p.sigma * p.sigma
    let slopes = [-1 / p.k, -p.m / p.k]
    for i in 0..<2 {
      for j in 0..<2 { gram[i * design.size + j] += precision * slopes[i] * slopes[j] }
      right[i] -= precision * slopes[i] * p.m
    }
  }
}
