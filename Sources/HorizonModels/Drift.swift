import HorizonCore

/// Last reading plus the average change since the first one.
struct Drift: SeriesModel {
  static let card = ModelCard(
    name: "drift", summary: "Last reading plus the average change per step over the whole history.", minimumHistory: 3,
    cost: .instant, reference: "Hyndman & Athanasopoulos, FPP3, 5.2")

  func fitted(to history: History) throws(ModelError) -> RandomWalk {
    let end = history.values.lastIndex { !$0.isNaN }!
    let steps = end - history.values.startIndex
    let slope = steps > 0 ? (history.values[end] - history.values.first!) / Float(steps) : 0
    return RandomWalk(
      last: history.values[end], slope: slope, deviation: history.differenceDeviation(season: 1),
      count: max(1, steps))
  }
}
