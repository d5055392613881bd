import Foundation

/// Finds weights and form: a coarse grid on the newest readings, a pattern search on all, the least AICc, trends on probation.
package struct EtsSearch {
  private enum Trend: CaseIterable { case none, damped, additive }

  /// Weights in coordinates without bounds, so that a step means as much near a bound as in the middle.
  private struct Point {
    /// Log odds of the level's weight, of the slope's as a share of it, of the season's as a share of the rest; the damping.
    var x: SIMD4<Double>

    func weights(_ trend: Trend, hasSeason: Bool) -> EtsWeights {
      var w = EtsWeights()
      w.level = min(0.99, max(0.01, share(x[0])))
      if trend != .none {
        w.slope = w.level * min(0.9, max(0.001, share(x[1])))
        w.damping = trend == .additive ? 1 : min(0.98, max(0.8, x[3]))
      }
      if hasSeason { w.season = (1 - w.level) * min(0.5, max(0.0005, share(x[2]))) }
      return w
    }

    private func share(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    static func odds(_ share: Double) -> Double { log(share / (1 - share)) }
  }

  private struct Candidate {
    var point: Point
    var error = Double.infinity
  }

  private static let levels = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.92]
  private static let screened = 400
  private let series: SmoothedSeries

  /// - Parameter trendMargin: What a trend must save in the AICc.
  package static func best(for series: SmoothedSeries, trendMargin: Double = 2) -> EtsRun {
    EtsSearch(series: series).best(trendMargin: trendMargin)
  }

  private func best(trendMargin: Double) -> EtsRun {
    // The season first, with a level alone; then the trend with that season.
    var season = 0
    var level = Candidate(point: Point(x: .zero))
    var least = Double.infinity
    for place in series.seasons.indices {
      let found = coarse(.none, season: place)
      let score = criterion(found.error, .none, season: place)
      if score < least { (least, season, level) = (score, place, found) }
    }
    let flat = refined(level, .none, season: season)
    var best = EtsRun(flat.point.weights(.none, hasSeason: season > 0), over: series, seasonPlace: season)
    let flatScore = criterion(best.meanSquaredError, .none, season: season)
    var bestScore = flatScore
    let yardstick = best
    for trend in [Trend.damped, .additive] {
      let rough = coarse(trend, season: season)
      guard criterion(rough.error, trend, season: season) < least + 6 else { continue }
      let found = refined(rough, trend, season: season)
      let run = EtsRun(found.point.weights(trend, hasSeason: season > 0), over: series, seasonPlace: season)
      let score = criterion(run.meanSquaredError, trend, season: season)
      guard score + trendMargin < flatScore, score < bestScore, isBetterFarAhead(run, than: yardstick) else { continue }
      (best, bestScore) = (run, score)
    }
    return best
  }

  /// Whether forecasts from eight steps ahead on err less than another form's, as a geometric mean over leads.
  private func isBetterFarAhead(_ run: EtsRun, than other: EtsRun) -> Bool {
    var lead = 8
    var (sum, n) = (0.0, 0.0)
    while lead <= series.count / 3 {
      let (mine, theirs) = (run.meanError(lead: lead, of: series), other.meanError(lead: lead, of: series))
      if theirs > 0 {
        sum += log(max(1e-9, mine) / theirs)
        n += 1
      }
      lead *= 2
    }
    return n > 0 && sum < 0
  }

  /// Akaike's criterion, corrected for the length of the history; infinite where that is too short for the form.
  private func criterion(_ error: Double, _ trend: Trend, season: Int) -> Double {
    let n = Double(series.readings)
    let trendTerms = trend == .none ? 0 : trend == .additive ? 2 : 3
    let k = Double(3 + trendTerms + (season > 0 ? series.seasons[season].count : 0))
    guard n > k + 1 else { return season == 0 && trend == .none ? .greatestFiniteMagnitude : .infinity }
    return n * log(max(error, 1e-12)) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
  }

  private func coarse(_ trend: Trend, season: Int) -> Candidate {
    let slopes = trend == .none ? [0.5] : trend == .additive ? [0.01, 0.1] : [0.05, 0.3]
    let dampings = trend == .damped ? [0.9, 0.97] : [1]
    let shares = season > 0 && trend == .none ? [0.01, 0.1] : [0.01]
    let m = series.seasons[season].count
    let first = max(0, series.count - max(Self.screened, 3 * m))
    var best = Candidate(point: Point(x: .zero))
    for slope in slopes {
      for damping in dampings {
        for share in shares {
          let points = Self.levels.map {
            Point(x: SIMD4(Point.odds($0), Point.odds(slope), Point.odds(share), damping))
          }
          improve(&best, points, trend, season: season, first: first)
        }
      }
    }
    return best
  }

  /// Steps away from the best point and halves them where none improves.
  private func refined(_ rough: Candidate, _ trend: Trend, season: Int) -> Candidate {
    var best = Candidate(point: rough.point)
    let directions = Self.directions(trend, hasSeason: season > 0)
    var size = 0.5
    for pass in 0..<5 {
      let x = best.point.x
      var points = directions.map { Point(x: x + size * $0) }
      // The rough point has not been tried on all readings.
      if pass == 0 { points[7] = rough.point }
      if !improve(&best, points, trend, season: season, first: 0) { size /= 2 }
    }
    return best
  }

  /// Eight steps in the coordinates that the form has.
  private static func directions(_ trend: Trend, hasSeason: Bool) -> [SIMD4<Double>] {
    let a = SIMD4<Double>(1, 0, 0, 0)
    let b = SIMD4<Double>(0, 1, 0, 0)
    let g = SIMD4<Double>(0, 0, 1.5, 0)
    let f = SIMD4<Double>(0, 0, 0, 0.04)
    switch (trend, hasSeason) {
    case (.none, false): return [0.3 * a, 0.6 * a, a, 1.4 * a, -0.3 * a, -0.6 * a, -a, -1.4 * a]
    case (.none, true): return [a, -a, g, -g, a + g, a - g, g - a, -a - g]
    case (.additive, false): return [a, -a, b, -b, a + b, a - b, b - a, -a - b]
    case (.additive, true): return [a, -a, b, -b, g, -g, a - b, b - a]
    case (.damped, false): return [a, -a, b, -b, f, -f, a - b, b - a]
    case (.damped, true): return [a, -a, b, -b, f, -f, g, -g]
    }
  }

  @discardableResult
  private func improve(_ best: inout Candidate, _ points: [Point], _ trend: Trend, season: Int, first: Int) -> Bool {
    let lanes = EtsLanes(points.map { $0.weights(trend, hasSeason: season > 0) })
    let errors = lanes.meanSquaredErrors(series, seasonPlace: season, first: first, isTrended: trend != .none)
    var improved = false
    for k in points.indices where errors[k] < best.error {
      best = Candidate(point: points[k], error: errors[k])
      improved = true
    }
    return improved
  }
}
