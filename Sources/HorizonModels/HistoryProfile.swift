package import HorizonCore

/// What a history is made of, for people: level, trend, and how the day, the week and the year repeat.
///
/// A ridge regression on a trend and Fourier terms, the design of the model `harmonic`, so recent readings weigh more. It
/// describes readings and forecasts nothing.
package struct HistoryProfile: Sendable, Hashable {
  /// One repeating cycle.
  package struct Cycle: Sendable, Hashable {
    /// Deviation from the level at each place of the cycle, in the unit of the readings, mean about 0.
    package let deviations: [Double]
    /// Share of what the trend leaves unexplained that the cycle explains, 0...1: 1 - var(rest) / var(rest + cycle).
    ///
    /// Wang, Smith, Hyndman, "Characteristic-based clustering for time series data", 2006.
    package let strength: Double
  }

  /// Level at the cutoff without cycles, in the unit of the readings.
  package let level: Double
  /// Change of the level in 30.44 days.
  package let trendPerMonth: Double
  /// Standard deviation of what neither trend nor cycles explain.
  package let noise: Double
  /// 24 hours, UTC or the master's local ones; nil where the step is not below a day or the history too short.
  package let day: Cycle?
  /// Monday to Sunday; nil where the step is above a day or the history too short.
  package let week: Cycle?
  /// January to December; nil for histories below one and a half years.
  package let year: Cycle?

  /// Half of a reading's weight is gone after these days.
  private static let halfLife = 365.0

  /// - Returns: nil for fewer than twelve readings.
  package init?(_ history: History) {
    guard history.readings >= Harmonic.card.minimumHistory else { return nil }
    let design = HarmonicDesign(history: history, halfLife: HistoryProfile.halfLife)
    guard let factor = design.factor(present: history.readings == history.count ? nil : history) else { return nil }
    let fit = design.fit(history, factor: factor)
    level = fit.base + fit.coefficients[0]
    trendPerMonth = fit.coefficients[1] / 12
    let waves = Waves(fit)
    let days = 1 / history.step.days
    let recent = Swift.max(0, history.count - Int(2 * 365.25 * days))
    var rest = Moments()
    var withCycle = [Moments](repeating: Moments(), count: Span.allCases.count)
    for (t, value) in history.values.enumerated() where t >= recent && !value.isNaN {
      let index = history.firstIndex + t
      let age = Double(history.cutoff - index) * history.step.days
      let parts = Span.allCases.map { waves.value($0, at: index) }
      let left = Double(value) - level + fit.coefficients[1] * age / 365.25 - parts.reduce(0, +)
      rest.add(left)
      for span in Span.allCases { withCycle[span.rawValue].add(left + parts[span.rawValue]) }
    }
    noise = rest.variance.squareRoot()
    func cycle(_ span: Span, places: Int, place: (Int) -> Int, over indices: [Int]) -> Cycle? {
      guard waves.has(span) else { return nil }
      var sums = [Double](repeating: 0, count: places)
      var counts = [Double](repeating: 0, count: places)
      for index in indices {
        sums[place(index)] += waves.value(span, at: index)
        counts[place(index)] += 1
      }
      let both = withCycle[span.rawValue].variance
      return Cycle(
        deviations: zip(sums, counts).map { $1 > 0 ? $0 / $1 : 0 },
        strength: both > 0 ? Swift.max(0, 1 - rest.variance / both) : 0)
    }
    let step = history.step
    let cutoff = history.cutoff
    func date(_ index: Int) -> Int { CivilDate.daysSinceEpoch(ofMicroseconds: step.microseconds(of: index)) }
    day = cycle(
      .day, places: 24, place: { Int(step.microseconds(of: $0) / 3_600_000_000 % 24 + 24) % 24 },
      over: (0..<Int(days.rounded(.up))).map { cutoff - $0 })
    week = cycle(
      // 1970-01-01 was a Thursday.
      .week, places: 7, place: { ((date($0) + 3) % 7 + 7) % 7 },
      over: (0..<Int((7 * days).rounded(.up))).map { cutoff - $0 })
    let everyDay = Swift.max(1, Int(days))
    year = cycle(
      .year, places: 12, place: { CivilDate(daysSinceEpoch: date($0)).month - 1 },
      over: Swift.stride(from: 0, to: Int(365.25 * days), by: everyDay).map { cutoff - $0 })
  }

  private enum Span: Int, CaseIterable { case day, week, year }

  /// The waves of a fit, told apart by the cycle that they belong to.
  private struct Waves {
    let fit: HarmonicFit
    let spans: [Span]

    init(_ fit: HarmonicFit) {
      self.fit = fit
      let day = 1 / fit.design.step.days
      spans = fit.design.waves.map { $0.period > 7.5 * day ? .year : $0.period > 1.001 * day ? .week : .day }
    }

    func has(_ span: Span) -> Bool { spans.contains(span) }

    func value(_ span: Span, at index: Int) -> Double {
      var sum = 0.0
      for (w, wave) in fit.design.waves.enumerated() where spans[w] == span {
        let (s, c) = wave.value(at: index)
        sum += fit.coefficients[2 + 2 * w] * s + fit.coefficients[3 + 2 * w] * c
      }
      return sum
    }
  }

  /// Running mean and variance, Welford's.
  private struct Moments {
    private var count = 0.0
    private var mean = 0.0
    private var squares = 0.0

    mutating func add(_ x: Double) {
      count += 1
      let d = x - mean
      mean += d / count
      squares += d * (x - mean)
    }

    var variance: Double { count > 0 ? squares / count : 0 }
  }
}
