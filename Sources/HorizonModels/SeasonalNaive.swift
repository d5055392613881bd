import HorizonCore

/// The newest reading at the same place of the season: the baseline that every skill refers to.
struct SeasonalNaive: SeriesModel {
  static let card = ModelCard(
    name: "seasonal-naive", summary: "Repeats the readings of the last week (for hours, of the last day).",
    minimumHistory: 1, cost: .instant, reference: "Hyndman & Athanasopoulos, FPP3, 5.2", isBaseline: true)

  func fitted(to history: History) throws(ModelError) -> Fit {
    let season = history.step.nominalSeason
    let values = history.values
    var cycle = [Float](repeating: history.lastReading, count: season)
    for place in 0..<season {
      var t = values.endIndex - season + place
      while t >= values.startIndex {
        if !values[t].isNaN {
          cycle[place] = values[t]
          break
        }
        t -= season
      }
    }
    let seasonal = history.differenceDeviation(season: season)
    return Fit(cycle: cycle, deviation: seasonal > 0 ? seasonal : history.differenceDeviation(season: 1))
  }

  struct Fit: SeriesFit {
    let cycle: [Float]
    let deviation: Float

    func forecast(series: Int, into block: inout ForecastBlock) {
      for lead in 1...block.horizon {
        let cycles = Float((lead - 1) / cycle.count + 1)
        block.setNormal(
          series: series, lead: lead, mean: cycle[(lead - 1) % cycle.count], deviation: deviation * cycles.squareRoot())
      }
    }
  }
}
