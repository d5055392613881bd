import HorizonCore

/// Last reading for every lead.
struct Naive: SeriesModel {
  static let card = ModelCard(
    name: "naive", summary: "Repeats the last reading.", minimumHistory: 1, cost: .instant,
    reference: "Hyndman & Athanasopoulos, FPP3, 5.2", isBaseline: true)

  func fitted(to history: History) throws(ModelError) -> RandomWalk {
    RandomWalk(last: history.lastReading, slope: 0, deviation: history.differenceDeviation(season: 1), count: nil)
  }
}

/// A random walk, with or without drift: normal steps, deviation growing with the root of the lead.
struct RandomWalk: SeriesFit {
  let last: Float
  let slope: Float
  let deviation: Float
  /// Readings behind the slope; nil when there is none.
  let count: Int?

  func forecast(series: Int, into block: inout ForecastBlock) {
    for lead in 1...block.horizon {
      let h = Float(lead)
      let growth = h * (1 + (count.map { h / Float($0) } ?? 0))
      block.setNormal(series: series, lead: lead, mean: last + slope * h, deviation: deviation * growth.squareRoot())
    }
  }
}

extension History {
  /// The newest reading; the history is not empty.
  var lastReading: Float { values.last { !$0.isNaN }! }

  /// Root mean square of the differences between readings one season apart; 0 when there are none.
  func differenceDeviation(season: Int) -> Float {
    values.withUnsafeBufferPointer { v in
      var sum = 0.0
      var n = 0
      guard v.count > season else { return 0 }
      for t in season..<v.count where !v[t].isNaN && !v[t - season].isNaN {
        let d = Double(v[t] - v[t - season])
        sum += d * d
        n += 1
      }
      return n > 0 ? Float((sum / Double(n)).squareRoot()) : 0
    }
  }
}
