import Foundation
import HorizonCore
import HorizonNumerics

/// What a fit says of the leads after its cutoff, in the model's scaled values.
struct ProphetForecast {
  let fit: ProphetFit
  let future: ProphetFeatures
  private let horizon: Int
  /// Argument of the trend: the trend itself unless growth is logistic.
  private let argument: [Double]
  /// Change of the argument in a step after the newest reading.
  private let slope: Double
  /// 1 + sum of multiplicative features.
  private let factor: [Double]
  private let additive: [Double]

  init(_ fit: ProphetFit, future: ProphetFeatures) {
    self.fit = fit
    self.future = future
    horizon = future.count
    let p = fit.parameters
    let isLogistic = fit.scale.cap != nil
    let design = fit.design
    let line = design.lastLine(offset: isLogistic ? -p.k * p.m : p.m, rate: p.k, changes: p.delta)
    argument = (1...future.count).map { line.level + line.rate * (1 + Double($0 + fit.age) * design.timeline.pace) }
    slope = line.rate * design.timeline.pace
    func sum(_ start: Double, multiplicative: Bool) -> [Double] {
      var sum = [Double](repeating: start, count: future.count)
      let members = design.columns.indices.filter { design.columns[$0].isMultiplicative == multiplicative }
      design.addEffects(p.beta, of: members, regressors: fit.regressors, over: future, to: &sum)
      return sum
    }
    factor = sum(1, multiplicative: true)
    additive = sum(0, multiplicative: false)
  }

  private func trend(_ argument: Double) -> Double {
    fit.scale.cap.map { $0 / (1 + exp(-argument)) } ?? argument
  }

  private func reading(_ value: Double) -> Double { value * fit.scale.scale + fit.scale.floor }

  func write(series: Int, into block: inout ForecastBlock) {
    let quantiles = fit.scale.cap == nil ? linearQuantiles() : logisticQuantiles()
    for lead in 0..<horizon {
      let at = series * horizon + lead
      // The floor belongs to the trend, so a multiplicative feature multiplies it too.
      let mean = reading(trend(argument[lead])) * factor[lead] + additive[lead] * fit.scale.scale
      block.mean[at] = Float(mean)
      for q in 0..<Levels.count {
        block.quantiles[at * Levels.count + q] = Float(mean + quantiles[lead * Levels.count + q] * fit.scale.scale)
      }
    }
  }

  /// Scale of future rate changes, by the package's rule.
  private var changeScale: Double {
    let delta = fit.parameters.delta
    return delta.reduce(0) { $0 + abs($1) } / Double(max(1, delta.count)) + 1e-8
  }

  /// Scaled time from the newest reading to a lead, and the changes expected in it.
  private func distance(_ lead: Int) -> (length: Double, changes: Double) {
    let length = Double(lead + 1 + fit.age) * fit.design.timeline.pace
    return (length, Double(max(1, fit.design.sparse)) * length)
  }

  /// Differences of the quantiles to the mean, `[lead][level]`.
  private func linearQuantiles() -> [Double] {
    var result = [Double](repeating: 0, count: horizon * Levels.count)
    let sigma = fit.parameters.sigma
    let law = ProphetTrendLaw.shared
    let scale = fit.design.isFlat ? 0 : changeScale
    for lead in 0..<horizon {
      let (length, changes) = distance(lead)
      let (a, b, c) = law.quantiles(changes: changes, ratio: abs(factor[lead]) * scale * length / sigma)
      for (place, value) in [a, b, c].enumerated() {
        result[lead * Levels.count + Levels.median + 1 + place] = sigma * value
        result[lead * Levels.count + Levels.median - 1 - place] = -sigma * value
      }
    }
    return result
  }

  /// The same under logistic growth, where a change of the argument bends on its way: mixtures of normals at some leads, straight lines
  /// between.
  private func logisticQuantiles() -> [Double] {
    var result = [Double](repeating: 0, count: horizon * Levels.count)
    let stride = max(1, horizon / 30)
    var previous = -1
    var lead = 0
    while true {
      let values = logisticQuantiles(lead)
      for q in 0..<Levels.count { result[lead * Levels.count + q] = values[q] }
      if previous >= 0 {
        for between in (previous + 1)..<max(lead, previous + 1) {
          let share = Double(between - previous) / Double(lead - previous)
          for q in 0..<Levels.count {
            let from = result[previous * Levels.count + q]
            result[between * Levels.count + q] = from + share * (values[q] - from)
          }
        }
      }
      if lead == horizon - 1 { return result }
      previous = lead
      lead = min(horizon - 1, lead + stride)
    }
  }

  private func logisticQuantiles(_ lead: Int) -> [Double] {
    let (length, changes) = distance(lead)
    let sigma = fit.parameters.sigma
    let centre = trend(argument[lead])
    let nodes = ProphetTrendLaw.shared.nodes(changes: changes)
    let moved = (nodes.map { -$0 } + nodes).map {
      factor[lead] * (trend(argument[lead] + changeScale * length * $0) - centre)
    }
    let least = moved.min()!
    let most = moved.max()!
    return Levels.all.map { level in
      let z = normalQuantile(Double(level)) * sigma
      var low = least + min(z, -5 * sigma)
      var high = most + max(z, 5 * sigma)
      for _ in 0..<24 {
        let middle = (low + high) / 2
        let below = moved.reduce(0) { $0 + normalProbability((middle - $1) / sigma) } / Double(moved.count)
        if below < Double(level) { low = middle } else { high = middle }
      }
      return (low + high) / 2
    }
  }
}

extension ProphetForecast {
  /// Trend, seasonalities, holidays together, and each regressor, over the history and the leads.
  func components() -> [ForecastComponent] {
    let design = fit.design
    let p = fit.parameters
    let isLogistic = fit.scale.cap != nil
    let past = design.line(offset: isLogistic ? -p.k * p.m : p.m, rate: p.k, changes: p.delta)
    let beyond = past.count + fit.age
    // Steps after the newest reading have no part in the fit; the trend goes on.
    let waiting = (past.count..<beyond).map { past.last! + Double($0 - past.count + 1) * slope }
    var components = [
      ForecastComponent(
        name: "trend", isMultiplicative: false, past: (past + waiting).map { Float(reading(trend($0))) },
        ahead: argument.map { Float(reading(trend($0))) })
    ]
    let whole = future.over(firstIndex: design.timeline.firstIndex, count: beyond)
    for (name, members) in design.componentGroups {
      let isMultiplicative = design.columns[members[0]].isMultiplicative
      let unit = isMultiplicative ? 1 : fit.scale.scale
      func sum(_ features: ProphetFeatures) -> [Float] {
        var sum = [Double](repeating: 0, count: features.count)
        design.addEffects(p.beta, of: members, regressors: fit.regressors, over: features, to: &sum)
        return sum.map { Float($0 * unit) }
      }
      components.append(
        ForecastComponent(name: name, isMultiplicative: isMultiplicative, past: sum(whole), ahead: sum(future)))
    }
    return components
  }
}
