/// Error measures of the glossary (design, section 3). All are means or sums in the unit of the readings unless said otherwise.
package enum Metrics {
  /// Pinball loss of one forecast at one level: d = actual - forecast; max(q d, (q - 1) d), no factor 2.
  package static func pinball(actual: Float, forecast: Float, level: Float) -> Float {
    let d = actual - forecast
    return max(level * d, (level - 1) * d)
  }

  /// Scale of MASE and of the scaled loss: mean absolute seasonal difference at the nominal season, at least 1 % of the mean
  /// absolute level of the last 365 readings.
  ///
  /// - Returns: A value above 0, or nil when the history is too short or all zero (a series without a scale).
  /// - Complexity: O(*n*).
  package static func scale(of history: History) -> Double? {
    let season = history.step.nominalSeason
    var sum = 0.0
    var n = 0
    history.values.withUnsafeBufferPointer { v in
      guard v.count > season else { return }
      for t in season..<v.count where !v[t].isNaN && !v[t - season].isNaN {
        sum += Double(abs(v[t] - v[t - season]))
        n += 1
      }
    }
    let difference = n > 0 ? sum / Double(n) : 0
    let result = max(difference, 0.01 * level(of: history))
    return result > 0 ? result : nil
  }

  /// Mean absolute level of the last 365 readings; 0 for an empty history.
  package static func level(of history: History) -> Double {
    var sum = 0.0
    var n = 0
    history.values.withUnsafeBufferPointer { v in
      var t = v.count - 1
      while t >= 0 && n < 365 {
        if !v[t].isNaN {
          sum += Double(abs(v[t]))
          n += 1
        }
        t -= 1
      }
    }
    return n > 0 ? sum / Double(n) : 0
  }

  /// Geometric mean over series of the ratio of a loss to a baseline's: each loss plus 0.1 % of the level, ratios clipped to
  /// 0.01...100.
  package static func ratio(loss: Double, baseline: Double, level: Double) -> Double {
    let cushion = 0.001 * level
    guard baseline + cushion > 0 else { return 1 }
    return min(100, max(0.01, (loss + cushion) / (baseline + cushion)))
  }
}
