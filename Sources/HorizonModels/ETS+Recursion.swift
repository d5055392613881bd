package import HorizonCore
import HorizonNumerics

/// The readings that the recursion runs over: centred, divided by the typical deviation, bursts bounded.
package struct SmoothedSeries: Sendable {
  /// What the recursion sees; NaN where a reading is missing.
  package let values: [Double]
  /// The same without the bound on bursts.
  let unbounded: [Double]
  /// Starting values of each season that may be used, by place from the first value; the first is "none".
  package let seasons: [[Double]]
  package let base: Double
  package let scale: Double
  let readings: Int

  var count: Int { values.count }

  /// - Returns: Nil for a series that never changes.
  package init?(_ history: History) {
    let base = Double(history.lastReading)
    let filled = history.filled(season: history.step.nominalSeason).map { Double($0) - base }
    // Rare bursts would hide the season: they are bounded before it is learned, so widely that no season's peak is cut.
    let calm = Neighbours(filled).bounding(filled) { 3 * $0[$0.count * 98 / 100] }
    var quiet = history.values
    for (t, at) in quiet.indices.enumerated() where !quiet[at].isNaN { quiet[at] = Float(calm[t] + base) }
    let seasons = Self.seasons(
      of: History(values: quiet, firstIndex: history.firstIndex, step: history.step, seed: history.seed))
    let usual = seasons.last!
    let adjusted = filled.indices.map { filled[$0] - usual[$0 % usual.count] }
    let neighbours = Neighbours(adjusted)
    guard let scale = neighbours.typicalDistance ?? filled.last(where: { $0 != 0 }).map({ abs($0) }) else { return nil }
    // Four typical deviations from the neighbours: a reading beyond that moves the level as if it were there.
    let bounded = neighbours.bounding(adjusted) { _ in 4 * scale }
    var values = [Double](repeating: .nan, count: filled.count)
    var unbounded = values
    for (t, v) in history.values.enumerated() where !v.isNaN {
      unbounded[t] = filled[t] / scale
      values[t] = (bounded[t] + usual[t % usual.count]) / scale
    }
    self.base = base
    self.scale = scale
    self.seasons = seasons.map { $0.map { $0 / scale } }
    self.values = values
    self.unbounded = unbounded
    readings = history.readings
  }

  /// No season, then those that are significant, shortest first: the nominal one, and for hours the week.
  private static func seasons(of history: History) -> [[Double]] {
    let nominal = history.step.nominalSeason
    let week = Int((604_800 / Double(history.step.seconds)).rounded())
    let candidates = week > nominal && week <= 168 && history.count >= 4 * week ? [nominal, week] : [nominal]
    return [[0]]
      + candidates.filter { $0 > 1 && history.count >= 2 * $0 + 1 }
      .compactMap { SeasonalIndices.indices(of: history, season: $0) }
  }
}

/// What values lie around: the running median of each, and how far the newest ones are from it.
private struct Neighbours {
  private let medians: [Double]
  /// Ascending.
  private let distances: [Double]

  init(_ values: [Double]) {
    let medians = runningMedian(values)
    self.medians = medians
    distances = values.indices.suffix(365).map { abs(values[$0] - medians[$0]) }.sorted()
  }

  /// The median distance as a deviation, or the mean one of all but rare bursts where that is more; nil when there is none.
  var typicalDistance: Double? {
    let most = distances.prefix(max(1, distances.count * 98 / 100))
    let mean = most.reduce(0, +) / Double(most.count)
    let typical = max(1.4826 * distances[distances.count / 2], mean)
    if typical > 0 { return typical }
    let all = distances.reduce(0, +) / Double(distances.count)
    return all > 0 ? all : nil
  }

  /// - Parameter limit: The largest distance from the median that stays, given the newest distances in ascending order.
  func bounding(_ values: [Double], limit: ([Double]) -> Double) -> [Double] {
    let limit = limit(distances)
    return values.indices.map { medians[$0] + min(limit, max(-limit, values[$0] - medians[$0])) }
  }
}

/// The median of seven neighbours; at the ends that of the outermost seven.
func runningMedian(_ values: [Double]) -> [Double] {
  guard values.count > 7 else {
    let middle = values.sorted()[values.count / 2]
    return values.map { _ in middle }
  }
  var result = [Double](repeating: 0, count: values.count)
  values.withUnsafeBufferPointer { v in
    let raw = UnsafeRawPointer(v.baseAddress!)
    func load(_ at: Int) -> SIMD4<Double> { raw.loadUnaligned(fromByteOffset: at * 8, as: SIMD4<Double>.self) }
    let last = values.count - 7
    var t = 0
    while t <= last {
      // Four windows at a time; the last group overlaps the one before.
      let at = min(t, max(0, last - 3))
      if last < 3 {
        for w in 0...last { result[w + 3] = v[w..<(w + 7)].sorted()[3] }
        break
      }
      let middle = medianOfSeven(
        load(at), load(at + 1), load(at + 2), load(at + 3), load(at + 4), load(at + 5), load(at + 6))
      for k in 0..<4 { result[at + 3 + k] = middle[k] }
      t += 4
    }
  }
  for t in 0..<3 {
    result[t] = result[3]
    result[values.count - 1 - t] = result[values.count - 4]
  }
  return result
}

/// Lane by lane, by exchanges (Devillard's network of 13).
private func medianOfSeven(
  _ a: SIMD4<Double>, _ b: SIMD4<Double>, _ c: SIMD4<Double>, _ d: SIMD4<Double>, _ e: SIMD4<Double>,
  _ f: SIMD4<Double>, _ g: SIMD4<Double>
) -> SIMD4<Double> {
  var p = (a, b, c, d, e, f, g)
  func order(_ x: inout SIMD4<Double>, _ y: inout SIMD4<Double>) {
    let swap = x .> y
    let low = x.replacing(with: y, where: swap)
    y = y.replacing(with: x, where: swap)
    x = low
  }
  order(&p.0, &p.5)
  order(&p.0, &p.3)
  order(&p.1, &p.6)
  order(&p.2, &p.4)
  order(&p.0, &p.1)
  order(&p.3, &p.5)
  order(&p.2, &p.6)
  order(&p.2, &p.3)
  order(&p.3, &p.6)
  order(&p.4, &p.5)
  order(&p.1, &p.4)
  order(&p.1, &p.3)
  order(&p.3, &p.4)
  return p.3
}

/// The smoothing weights of one form: zero where a component is missing.
package struct EtsWeights: Sendable, Equatable {
  package var level = 0.0
  package var slope = 0.0
  package var season = 0.0
  /// 1 for a trend that goes on, 0 without a trend.
  package var damping = 0.0

  package init() {}
}

/// Eight sets of weights, one a lane, run over the same readings.
package struct EtsLanes {
  package typealias Lanes = SIMD8<Double>
  var level = Lanes.zero
  var slope = Lanes.zero
  var season = Lanes.zero
  var damping = Lanes.zero

  /// - Parameter sets: One to eight; the last fills the lanes that are left.
  package init(_ sets: [EtsWeights]) {
    for k in 0..<8 {
      let w = sets[min(k, sets.count - 1)]
      (level[k], slope[k], season[k], damping[k]) = (w.level, w.slope, w.season, w.damping)
    }
  }

  /// Steps from which the first level and slope are estimated.
  private static let head = 100

  /// Mean squared one-step error of each lane over `values[first...]`, first level and slope at their least squares values.
  package func meanSquaredErrors(_ series: SmoothedSeries, seasonPlace: Int, first: Int, isTrended: Bool) -> Lanes {
    let indices = series.seasons[seasonPlace]
    let start = firstState(series, indices: indices, first: first, isTrended: isTrended)
    var l = start.level
    var b = start.slope
    var sum = Lanes.zero
    var n = 0.0
    let m = indices.count
    var place = first % m
    let hasSeason = m > 1
    var states = [Lanes](repeating: .zero, count: m)
    for j in 0..<m { states[j] = Lanes(repeating: indices[j]) }
    series.values.withUnsafeBufferPointer { values in
      states.withUnsafeMutableBufferPointer { s in
        for t in first..<values.count {
          let value = values[t]
          b *= damping
          l += b
          if !value.isNaN {
            var e = Lanes(repeating: value) - l
            if hasSeason { e -= s[place] }
            sum += e * e
            n += 1
            l += level * e
            b += slope * e
            if hasSeason { s[place] += season * e }
          }
          place = place + 1 == m ? 0 : place + 1
        }
      }
    }
    return sum / max(1, n)
  }

  /// The errors are linear in the first level and slope: least squares over the first steps, the season held still.
  func firstState(
    _ series: SmoothedSeries, indices: [Double], first: Int, isTrended: Bool
  ) -> (level: Lanes, slope: Lanes) {
    var (l, b) = (Lanes.zero, Lanes.zero)
    // Responses of level and slope to a unit of first level, and to a unit of first slope.
    var (lu, bu) = (Lanes(repeating: 1), Lanes.zero)
    var (lv, bv) = (Lanes.zero, Lanes(repeating: 1))
    // Not quite 0, for a head without a reading.
    var uu = Lanes(repeating: 1e-9)
    var (uv, vv, ur, vr) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    let m = indices.count
    series.values.withUnsafeBufferPointer { values in
      for t in first..<min(values.count, first + Self.head) {
        b *= damping
        l += b
        bu *= damping
        lu += bu
        bv *= damping
        lv += bv
        let value = values[t]
        guard !value.isNaN else { continue }
        let r = Lanes(repeating: value - indices[t % m]) - l
        uu += lu * lu
        ur += lu * r
        if isTrended {
          uv += lu * lv
          vv += lv * lv
          vr += lv * r
          bu -= slope * lu
          bv -= slope * lv
          lv -= level * lv
        }
        lu -= level * lu
        l += level * r
        b += slope * r
      }
    }
    guard isTrended else { return (ur / uu, .zero) }
    // A first slope of one deviation a step is far out: it costs as much as one such error.
    vv += Lanes(repeating: 1)
    let determinant = uu * vv - uv * uv
    return ((vv * ur - uv * vr) / determinant, (uu * vr - uv * ur) / determinant)
  }
}

/// One set of weights run over all readings, with its states kept.
package struct EtsRun: Sendable {
  package let weights: EtsWeights
  package let level: Double
  package let slope: Double
  /// The season at leads 1..., repeated from there; one 0 without a season.
  package let season: [Double]
  /// Mean squared one-step error on the bounded readings.
  package let meanSquaredError: Double
  /// After each step.
  private let levels: [Double]
  private let slopes: [Double]
  /// The season's value for the place of each step, after it.
  private let seasons: [Double]
  private let firstSeason: [Double]
  private let predictions: [Double]

  package init(_ weights: EtsWeights, over series: SmoothedSeries, seasonPlace: Int) {
    self.weights = weights
    let indices = series.seasons[seasonPlace]
    let lanes = EtsLanes([weights])
    let start = lanes.firstState(series, indices: indices, first: 0, isTrended: weights.damping > 0)
    var (l, b) = (start.level[0], start.slope[0])
    var s = indices
    let (m, n) = (indices.count, series.count)
    var levels = [Double](repeating: 0, count: n)
    var slopes = levels
    var seasons = levels
    var predictions = levels
    var sum = 0.0
    for t in 0..<n {
      let place = t % m
      b *= weights.damping
      l += b
      predictions[t] = l + s[place]
      let value = series.values[t]
      if !value.isNaN {
        let e = value - predictions[t]
        sum += e * e
        l += weights.level * e
        b += weights.slope * e
        if m > 1 { s[place] += weights.season * e }
      }
      (levels[t], slopes[t], seasons[t]) = (l, b, s[place])
    }
    (self.level, self.slope) = (l, b)
    season = (0..<m).map { s[(n + $0) % m] }
    meanSquaredError = sum / Double(series.readings)
    (self.levels, self.slopes, self.seasons, self.predictions) = (levels, slopes, seasons, predictions)
    firstSeason = indices
  }

  /// One-step errors on the readings as they are, oldest first.
  func errors(of series: SmoothedSeries) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(series.readings)
    for t in predictions.indices where !series.unbounded[t].isNaN {
      result.append(Float(series.unbounded[t] - predictions[t]))
    }
    return result
  }

  /// Mean absolute error of forecasts `lead` steps ahead from every step of the history, on the bounded readings; 0 without any.
  func meanError(lead: Int, of series: SmoothedSeries) -> Double {
    let reach =
      weights.damping == 1 ? Double(lead) : weights.damping * (1 - power(weights.damping, lead)) / (1 - weights.damping)
    let m = season.count
    let back = m * ((lead + m - 1) / m) - lead
    var sum = 0.0
    var n = 0.0
    var t = 0
    while t + lead < series.count {
      let value = series.values[t + lead]
      if !value.isNaN {
        let seasonal = m == 1 ? 0 : t >= back ? seasons[t - back] : firstSeason[(t + lead) % m]
        sum += abs(value - levels[t] - reach * slopes[t] - seasonal)
        n += 1
      }
      t += 1
    }
    return n > 0 ? sum / n : 0
  }

  private func power(_ x: Double, _ n: Int) -> Double {
    var (result, base, left) = (1.0, x, n)
    while left > 0 {
      if left & 1 == 1 { result *= base }
      base *= base
      left >>= 1
    }
    return result
  }
}
