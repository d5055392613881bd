import HorizonCore

/// Additive seasonal indices by classical decomposition, or none where the season is not significant.
struct SeasonalIndices: Sendable {
  /// One value for each place of the season, mean 0; a single 0 when there is no season.
  let indices: [Double]

  /// Index at a place counted from the first reading of the history.
  func value(at place: Int) -> Double { indices[place % indices.count] }

  init(_ history: History) {
    let day = history.step.nominalSeason
    let week = Int((604_800 / Double(history.step.seconds)).rounded())
    let candidates = week > day && history.count >= 3 * week ? [week, day] : [day]
    for season in candidates where season > 1 && history.count >= 2 * season + 1 {
      if let found = SeasonalIndices.indices(of: history, season: season) {
        indices = found
        return
      }
    }
    indices = [0]
  }

  /// Indices of one season by place from the first reading; nil where it is not significant.
  static func indices(of history: History, season: Int) -> [Double]? {
    let values = history.filled(season: season).map(Double.init)
    guard isSeasonal(values, season: season) else { return nil }
    // Centred moving average over one season; for an even season the two ends weigh one half.
    let half = season / 2
    let even = season % 2 == 0
    var sums = [Double](repeating: 0, count: season)
    var counts = [Double](repeating: 0, count: season)
    var window = values[0..<(2 * half + 1)].reduce(0, +)
    for t in half..<(values.count - half) {
      if t > half { window += values[t + half] - values[t - half - 1] }
      let trend =
        even ? (window - (values[t - half] + values[t + half]) / 2) / Double(season) : window / Double(season)
      guard !history.values[history.values.startIndex + t].isNaN else { continue }
      sums[t % season] += values[t] - trend
      counts[t % season] += 1
    }
    let means = zip(sums, counts).map { $1 > 0 ? $0 / $1 : 0 }
    let centre = means.reduce(0, +) / Double(season)
    return means.map { $0 - centre }
  }

  /// Whether the autocorrelation of the first differences at the season exceeds its 90 % bound (the test of the Theta literature).
  private static func isSeasonal(_ values: [Double], season: Int) -> Bool {
    // First differences, so that a trend does not pass for a season.
    var d = [Double](repeating: 0, count: values.count - 1)
    for t in d.indices { d[t] = values[t + 1] - values[t] }
    let mean = d.reduce(0, +) / Double(d.count)
    for t in d.indices { d[t] -= mean }
    let variance = d.reduce(0) { $0 + $1 * $1 }
    guard variance > 0, d.count > season else { return false }
    func correlation(_ lag: Int) -> Double {
      var sum = 0.0
      d.withUnsafeBufferPointer { d in for t in lag..<d.count { sum += d[t] * d[t - lag] } }
      return sum / variance
    }
    var squares = 0.0
    for lag in 1..<season {
      let r = correlation(lag)
      squares += r * r
    }
    return correlation(season) > 1.645 * ((1 + 2 * squares) / Double(d.count)).squareRoot()
  }
}
