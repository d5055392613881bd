import HorizonCore
import HorizonNumerics

/// The readings that the recursion runs over: centred, divided by the typical deviation, bursts bounded.
struct SmoothedSeries: Sendable {
  /// What the recursion sees; NaN where a reading is missing.
  let values: [Double]
  /// The same without the bound on bursts.
  let unbounded: [Double]
  /// Starting values of each season that may be used, by place from the first value; the first is "none".
  let seasons: [[Double]]
  let base: Double
  let scale: Double
  let readings: Int

  var count: Int { values.count }

  /// Deviations from the local median beyond which a reading is pulled in.
  private static let reach = 4.0

  /// - Returns: Nil for a series that never changes.
  init?(_ history: History, seasons: [[Double]]) {
    let filled = history.filled(season: history.step.nominalSeason)
    let usual = seasons.last!
    let last = Double(history.lastReading)
    var adjusted = [Double](repeating: 0, count: filled.count)
    for t in filled.indices { adjusted[t] = Double(filled[t]) - last - usual[t % usual.count] }
    let medians = runningMedian(adjusted)
    var distances: [Double] = []
    for t in filled.indices.suffix(365) { distances.append(abs(adjusted[t] - medians[t])) }
    distances.sort()
    let mean = distances.reduce(0, +) / Double(distances.count)
    let typical = max(1.4826 * distances[distances.count / 2], mean)
    guard typical > 0, typical.isFinite else {
      guard let other = history.values.last(where: { !$0.isNaN && $0 != history.lastReading }) else { return nil }
      // Changes older than the newest ones: the only deviation there is.
      self.init(history, scale: abs(Double(other) - Double(history.lastReading)), seasons: seasons, adjusted: nil)
      return
    }
    self.init(history, scale: typical, seasons: seasons, adjusted: (adjusted, medians))
  }

  private init(
    _ history: History, scale: Double, seasons: [[Double]], adjusted: (values: [Double], medians: [Double])?
  ) {
    base = Double(history.lastReading)
    self.scale = scale
    self.seasons = seasons.map { $0.map { $0 / scale } }
    var bounded = [Double](repeating: .nan, count: history.count)
    var raw = bounded
    var present = 0
    for (t, v) in history.values.enumerated() where !v.isNaN {
      raw[t] = (Double(v) - base) / scale
      bounded[t] = raw[t]
      present += 1
      if let adjusted {
        let excess = (adjusted.values[t] - adjusted.medians[t]) / scale
        bounded[t] -= excess - min(Self.reach, max(-Self.reach, excess))
      }
    }
    values = bounded
    unbounded = raw
    readings = present
  }

  /// No season, and those that the test of `SeasonalIndices` finds, shortest first.
  static func seasons(of history: History) -> [[Double]] {
    let found = SeasonalIndices(history).indices
    guard found.count > 1 else { return [[0]] }
    return [[0], found]
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
struct EtsWeights: Sendable, Equatable {
  var level = 0.0
  var slope = 0.0
  var season = 0.0
  /// 1 for a trend that goes on, 0 without a trend.
  var damping = 0.0
}

/// Eight sets of weights, one a lane, run over the same readings.
struct EtsLanes {
  typealias Lanes = SIMD8<Double>
  var level = Lanes.zero
  var slope = Lanes.zero
  var season = Lanes.zero
  var damping = Lanes.zero

  init(_ sets: [EtsWeights]) {
    for k in 0..<8 {
      let w = sets[min(k, sets.count - 1)]
      (level[k], slope[k], season[k], damping[k]) = (w.level, w.slope, w.season, w.damping)
    }
  }

  /// Steps from which the first level and slope are estimated.
  private static let head = 100

  /// Mean squared one-step error of each lane over `values[first...]`, first level and slope at their least squares values.
  func meanSquaredErrors(_ series: SmoothedSeries, seasonPlace: Int, first: Int, isTrended: Bool) -> Lanes {
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
    var (uu, uv, vv, ur, vr) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
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
struct EtsRun: Sendable {
  let weights: EtsWeights
  let level: Double
  let slope: Double
  /// The season at leads 1..., repeated from there; one 0 without a season.
  let season: [Double]
  /// Mean squared one-step error on the bounded readings.
  let meanSquaredError: Double
  /// After each step.
  private let levels: [Double]
  private let slopes: [Double]
  /// The season's value for the place of each step, after it.
  private let seasons: [Double]
  private let firstSeason: [Double]
  private let predictions: [Double]

  init(_ weights: EtsWeights, over series: SmoothedSeries, seasonPlace: Int) {
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
    let reach = weights.damping == 1 ? Double(lead) : weights.damping * (1 - power(weights.damping, lead)) / (1 - weights.damping)
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
