import HorizonCore
import HorizonRisk

/// How a forecast of one scenario did against what is known to come.
///
/// Losses are pooled over live series in shares of capacity. A nil is a figure for which nothing happened or nothing was said.
package struct StressScore: Sendable, Hashable, Codable {
  /// Calls of "breaches the lowest threshold within the window" against what happened, over live series not over it yet.
  package struct Calls: Sendable, Hashable, Codable {
    package var called = 0
    package var hits = 0

    package init(called: Int = 0, hits: Int = 0) {
      self.called = called
      self.hits = hits
    }

    mutating func add(called isCalled: Bool, happened: Bool) {
      if isCalled { called += 1 }
      if isCalled && happened { hits += 1 }
    }
  }

  package var series = 0
  /// Series with neither a forecast nor a row that says why.
  package var lost = 0
  /// Weighted quantile loss against the path without noise, of what was published and of the baselines' own quantiles.
  package var wql: Double?
  package var wqlSeasonalNaive: Double?
  package var wqlLine30: Double?
  /// Share of the readings that follow inside the 80 % and the 90 % interval.
  package var coverage80: Double?
  package var coverage90: Double?
  /// Series that could breach, and that did within the window.
  package var watched = 0
  package var happened = 0
  package var published = Calls()
  package var line30 = Calls()
  /// Breaches within the horizon that have a p50 date, and the median of its distance to the day, in days.
  package var dated = 0
  package var medianDaysOff: Double?
  /// Series whose path without noise crosses within the horizon, and those whose p50 is within max(7 days, 10 %) of that day.
  package var crossing = 0
  package var datedRight = 0

  package var precision: Double? { ratio(published.hits, published.called) }
  package var recall: Double? { ratio(published.hits, happened) }
  package var linePrecision: Double? { ratio(line30.hits, line30.called) }
  package var lineRecall: Double? { ratio(line30.hits, happened) }
  package var datesRight: Double? { ratio(datedRight, crossing) }
  /// 1 - loss over that of seasonal naive.
  package var skill: Double? {
    guard let wql, let wqlSeasonalNaive, wqlSeasonalNaive > 0 else { return nil }
    return 1 - wql / wqlSeasonalNaive
  }

  /// - Parameters:
  ///   - threshold: The lowest one, percent of capacity.
  ///   - within: The window of a call, in days.
  package init(of stressed: [StressedSeries], threshold: Double, within: Double) {
    var losses = [PooledLoss](repeating: PooledLoss(), count: 3)
    var inside80 = 0
    var inside90 = 0
    var readings = 0
    var daysOff: [Double] = []
    series = stressed.count
    for s in stressed {
      guard let quantiles = s.published else {
        if !s.isExplained { lost += 1 }
        continue
      }
      // A server that was switched off has no future to be scored against.
      guard s.isLive else { continue }
      for (k, forecast) in [quantiles, s.naive, s.line].enumerated() {
        losses[k].add(forecast, actual: s.path, scale: s.capacity)
      }
      for (lead, actual) in s.actual.enumerated() where !actual.isNaN {
        let row = lead * Levels.count
        readings += 1
        let isInside80 = quantiles[row + Levels.lower80] <= actual && actual <= quantiles[row + Levels.upper80]
        if isInside80 { inside80 += 1 }
        if quantiles[row] <= actual && actual <= quantiles[row + Levels.count - 1] { inside90 += 1 }
      }
      let limit = Float(threshold / 100 * s.capacity)
      guard !BreachHistory(s.history, rule: s.rule).isBreached(limit) else { continue }
      let p50 = s.risk?.daysToBreachP50.map(Double.init)
      let breach = s.daysToBreach(of: s.actual, after: s.history, threshold: threshold)
      let line = s.daysToBreach(of: s.lineMean, after: s.history, threshold: threshold)
      let didHappen = (breach ?? .infinity) <= within
      watched += 1
      if didHappen { happened += 1 }
      published.add(called: s.risk?.isCall ?? false, happened: didHappen)
      line30.add(called: (line ?? .infinity) <= within, happened: didHappen)
      if let breach, let p50 { daysOff.append(abs(p50 - breach)) }
      if let day = s.daysToBreach(of: s.path, after: s.pathBefore[...], threshold: threshold) {
        crossing += 1
        if let p50, abs(p50 - day) <= max(7, 0.1 * day) { datedRight += 1 }
      }
    }
    (wql, wqlSeasonalNaive, wqlLine30) = (losses[0].wql, losses[1].wql, losses[2].wql)
    coverage80 = ratio(inside80, readings)
    coverage90 = ratio(inside90, readings)
    dated = daysOff.count
    medianDaysOff = median(daysOff)
  }
}

/// Nil of nothing.
private func ratio(_ part: Int, _ whole: Int) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }

private func median(_ values: [Double]) -> Double? {
  guard !values.isEmpty else { return nil }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// The sums behind a weighted quantile loss over series of different size.
private struct PooledLoss {
  private var pinball = 0.0
  private var level = 0.0

  /// - Parameter scale: What readings are divided by, so that a large machine counts as much as a small one.
  mutating func add(_ quantiles: [Float], actual: [Float], scale: Double) {
    for (lead, value) in actual.enumerated() where !value.isNaN {
      for (k, at) in Levels.all.enumerated() {
        let forecast = quantiles[lead * Levels.count + k]
        pinball += Double(Metrics.pinball(actual: value, forecast: forecast, level: at)) / scale
      }
      level += Double(abs(value)) / scale
    }
  }

  var wql: Double? { level > 0 ? 2 * pinball / (Double(Levels.count) * level) : nil }
}

extension RiskRow {
  /// Whether the row says that a breach is to come: its severity has a threshold's name, or the chance within 90 days is half.
  fileprivate var isCall: Bool {
    if case .breach = severity { return true }
    return (pBreach90 ?? 0) >= 0.5
  }
}
