import Foundation
import HorizonCore
import HorizonNumerics

/// Exponential smoothing with additive errors: level, with or without a (damped) trend, with or without a season.
///
/// Three things differ from the textbook, because servers burst and horizons are long. A reading far from the median of its
/// neighbours enters the recursion pulled towards it. A trend must lower not only the AICc but also the errors of forecasts
/// weeks ahead. Intervals follow the analytical formulas, but never grow faster than the errors that the same recursion made
/// at that lead within the history.
struct ETS: SeriesModel {
  static let card = ModelCard(
    name: "ets", summary: "Exponential smoothing of level, trend and season, in the form that the AICc chooses.",
    minimumHistory: 8, cost: .cheap,
    reference:
      "Hyndman, Koehler, Ord, Snyder, \"Forecasting with exponential smoothing\", 2008; Gelper, Fried, Croux 2010")

  /// Steps that a fit looks at: the newest ones.
  private static let window = 1_000
  /// A trend is believed when it lowers the AICc by more than this.
  private static let trendMargin = 2.0

  func fitted(to history: History) throws(ModelError) -> Fit {
    let week = Int((604_800 / Double(history.step.seconds)).rounded())
    let longest = max(history.step.nominalSeason, week > 1 && history.count >= 4 * week ? week : 1)
    let recent = history.newest(max(Self.window, 8 * longest))
    let seasons = SmoothedSeries.seasons(of: recent)
    guard let series = SmoothedSeries(recent, seasons: seasons) else { return Fit(constant: history.lastReading) }
    let best = EtsSearch.best(for: series, trendMargin: Self.trendMargin)
    return Fit(series: series, run: best)
  }

  struct Fit: SeriesFit {
    private let level: Double
    private let slope: Double
    private let damping: Double
    /// The season at leads 1...its length, repeated from there.
    private let season: [Double]
    /// One-step errors at the stored levels, and their deviation.
    private let errors: [Double]
    private let deviation: Double
    private let growth: SpreadGrowth

    fileprivate init(constant: Float) {
      level = Double(constant)
      (slope, damping, season, deviation) = (0, 0, [0], 0)
      errors = [Double](repeating: 0, count: Levels.count)
      growth = .none
    }

    fileprivate init(series: SmoothedSeries, run: EtsRun) {
      level = series.base + series.scale * run.level
      slope = series.scale * run.slope
      damping = run.weights.damping
      season = run.season.map { $0 * series.scale }
      let newest = run.errors(of: series).suffix(365).sorted()
      errors = newest.withUnsafeBufferPointer { sorted in
        Levels.all.map { Double(quantile(sorted: sorted, level: $0)) * series.scale }
      }
      deviation = series.scale * (newest.reduce(0) { $0 + Double($1) * Double($1) } / Double(newest.count)).squareRoot()
      growth = SpreadGrowth(run: run, series: series)
    }

    func forecast(series: Int, into block: inout ForecastBlock) {
      var point = level
      var step = slope
      let factors = growth.factors(horizon: block.horizon)
      for lead in 1...block.horizon {
        step *= damping
        point += step
        let mean = point + season[(lead - 1) % season.count]
        let factor = factors[lead - 1]
        // The newest shock has the shape that shocks had; the sum of many is nearly normal.
        let own = 1 / (factor * factor)
        let at = series * block.horizon + lead - 1
        block.mean[at] = Float(mean)
        for k in 0..<Levels.count {
          let shape = own * errors[k] + (1 - own) * Double(Levels.normal[k]) * deviation
          block.quantiles[at * Levels.count + k] = Float(mean + factor * shape)
        }
      }
    }
  }
}

extension History {
  /// The newest steps alone, beginning with a reading.
  fileprivate func newest(_ steps: Int) -> History {
    let from = max(values.startIndex, values.endIndex - steps)
    let start = values[from...].firstIndex { !$0.isNaN }!
    return History(
      values: values[start...], firstIndex: firstIndex + start - values.startIndex, step: step, seed: seed)
  }
}

/// How the spread of a forecast grows with the lead, as a multiple of the spread one step ahead.
struct SpreadGrowth: Sendable {
  private let weights: EtsWeights
  private let season: Int
  /// Leads at which the history shows what errors grow to, ascending, and that growth.
  private let leads: [Int]
  private let seen: [Double]

  static let none = SpreadGrowth(weights: EtsWeights(), season: 1, leads: [1], seen: [1])

  private init(weights: EtsWeights, season: Int, leads: [Int], seen: [Double]) {
    (self.weights, self.season, self.leads, self.seen) = (weights, season, leads, seen)
  }

  init(run: EtsRun, series: SmoothedSeries) {
    let first = run.meanError(lead: 1, of: series)
    var leads = [1]
    var seen = [1.0]
    var lead = 2
    while lead <= series.count / 3, first > 0 {
      leads.append(lead)
      seen.append(max(seen.last!, run.meanError(lead: lead, of: series) / first))
      lead *= 2
    }
    self.init(
      weights: run.weights, season: run.season.count > 1 ? run.season.count : 0, leads: leads, seen: seen)
  }

  /// The analytical deviation at leads 1...`horizon` over that at lead 1 (class 1 of Hyndman et al. 2008, table 6.1), bounded by
  /// what the history showed; beyond the longest lead seen the bound grows with the root of the lead.
  func factors(horizon: Int) -> [Double] {
    var variance = 1.0
    var trend = 0.0
    var power = 1.0
    var segment = 0
    return (1...horizon).map { lead in
      if lead > 1 {
        power *= weights.damping
        trend += power
        var response = weights.level + weights.slope * trend
        if season > 0 && (lead - 1) % season == 0 { response += weights.season }
        variance += response * response
      }
      while segment + 1 < leads.count && leads[segment + 1] <= lead { segment += 1 }
      let bound: Double
      if segment + 1 < leads.count {
        let share = Double(lead - leads[segment]) / Double(leads[segment + 1] - leads[segment])
        bound = seen[segment] + share * (seen[segment + 1] - seen[segment])
      } else {
        bound = seen[segment] * (Double(lead) / Double(leads[segment])).squareRoot()
      }
      return max(1, min(variance.squareRoot(), bound))
    }
  }
}
