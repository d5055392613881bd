import Foundation
import HorizonCore
import HorizonNumerics

/// Exponential smoothing with additive errors: level, with or without a (damped) trend, with or without a season.
///
/// Three things differ from the textbook, because servers burst and horizons are long. A reading far from the median of its
/// neighbours enters the recursion pulled towards it. A trend must lower not only the AICc but also the errors of forecasts
/// weeks ahead. And the analytical spread, which can explode, is held to what the history showed: see `SpreadGrowth`.
struct ETS: SeriesModel {
  static let card = ModelCard(
    name: "ets", summary: "Exponential smoothing of level, trend and season, in the form that the AICc chooses.",
    minimumHistory: 8, cost: .cheap,
    reference:
      "Hyndman, Koehler, Ord, Snyder, \"Forecasting with exponential smoothing\", 2008; Gelper, Fried, Croux 2010")

  /// Steps that a fit looks at: the newest ones.
  private static let window = 1_500

  func fitted(to history: History) throws(ModelError) -> Fit {
    let recent = history.newest(max(Self.window, 8 * history.step.nominalSeason))
    guard let series = SmoothedSeries(recent) else { return Fit(constant: history.lastReading) }
    let best = EtsSearch.best(for: series)
    return Fit(series: series, run: best)
  }

  struct Fit: SeriesFit {
    private let level: Double
    private let slope: Double
    private let damping: Double
    /// The season at leads 1...its length, repeated from there.
    private let season: [Double]
    /// One-step errors at the stored levels.
    private let errors: [Double]
    private let growth: SpreadGrowth

    fileprivate init(constant: Float) {
      level = Double(constant)
      (slope, damping, season) = (0, 0, [0])
      errors = [Double](repeating: 0, count: Levels.count)
      growth = .none
    }

    fileprivate init(series: SmoothedSeries, run: EtsRun) {
      level = series.base + series.scale * run.level
      slope = series.scale * run.slope
      damping = run.weights.damping
      season = run.season.map { $0 * series.scale }
      var newest = Array(run.errors(of: series).suffix(365))
      selectQuantiles(Levels.all, in: &newest)
      errors = newest.withUnsafeBufferPointer { sorted in
        Levels.all.map { Double(quantile(sorted: sorted, level: $0)) * series.scale }
      }
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
        let at = series * block.horizon + lead - 1
        block.mean[at] = Float(mean)
        for k in 0..<Levels.count {
          block.quantiles[at * Levels.count + k] = Float(mean + factors[lead - 1] * errors[k])
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
///
/// Up to a third of the history it is what the errors of the same recursion grew to, forecasting from every step of the
/// history; beyond, the analytical deviation (class 1 of Hyndman et al. 2008, table 6.1) goes on from there, but grows at most
/// with the root of the lead, as a random walk does. The analytical formula alone is wrong in both directions on servers:
/// a level that wanders explodes, one that was moved once by hand looks still.
struct SpreadGrowth: Sendable {
  private let weights: EtsWeights
  /// 0 without a season.
  private let season: Int
  /// Leads at which the history was asked: 1, 2, 4, ...
  private let leads: [Int]
  private let seen: [Double]

  static let none = SpreadGrowth(weights: EtsWeights(), season: 0, leads: [1], seen: [1])

  private init(weights: EtsWeights, season: Int, leads: [Int], seen: [Double]) {
    (self.weights, self.season, self.leads, self.seen) = (weights, season, leads, seen)
  }

  init(run: EtsRun, series: SmoothedSeries) {
    let first = run.meanError(lead: 1, of: series)
    var leads = [1]
    var seen = [1.0]
    while leads.last! * 2 <= series.count / 3, first > 0 {
      leads.append(leads.last! * 2)
      seen.append(max(seen.last!, run.meanError(lead: leads.last!, of: series) / first))
    }
    self.init(weights: run.weights, season: run.season.count > 1 ? run.season.count : 0, leads: leads, seen: seen)
  }

  /// Multiples at leads 1...`horizon`, never falling.
  func factors(horizon: Int) -> [Double] {
    let formula = analytical(leads: max(horizon, leads.last!))
    var segment = 0
    return (1...horizon).map { lead in
      while segment + 1 < leads.count && leads[segment + 1] <= lead { segment += 1 }
      let from = leads[segment]
      guard segment + 1 < leads.count else {
        return seen[segment] * min(formula[lead - 1] / formula[from - 1], (Double(lead) / Double(from)).squareRoot())
      }
      let share = Double(lead - from) / Double(leads[segment + 1] - from)
      return seen[segment] + share * (seen[segment + 1] - seen[segment])
    }
  }

  /// The deviation at leads 1...`leads` over that at lead 1, if the form and its weights were the truth.
  func analytical(leads: Int) -> [Double] {
    var variance = 1.0
    var trend = 0.0
    var power = 1.0
    return (1...leads).map { lead in
      if lead > 1 {
        power *= weights.damping
        trend += power
        var response = weights.level + weights.slope * trend
        if season > 0 && (lead - 1) % season == 0 { response += weights.season }
        variance += response * response
      }
      return variance.squareRoot()
    }
  }
}
