/// Point forecasts and quantiles of a panel for leads 1...`horizon`.
///
/// `mean` is row-major [series][lead]; `quantiles` is [series][lead][level]. A refused series has a reason and its rows mean nothing.
package struct ForecastBlock: Sendable {
  package let count: Int
  package let horizon: Int
  package var mean: [Float]
  package var quantiles: [Float]
  package var refusals: [ModelError?]

  package init(count: Int, horizon: Int) {
    self.count = count
    self.horizon = horizon
    mean = [Float](repeating: 0, count: count * horizon)
    quantiles = [Float](repeating: 0, count: count * horizon * Levels.count)
    refusals = [ModelError?](repeating: nil, count: count)
  }

  /// Writes one lead of one series as mean and normal quantiles around it.
  package mutating func setNormal(series: Int, lead: Int, mean m: Float, deviation: Float) {
    let at = series * horizon + lead - 1
    mean[at] = m
    for q in 0..<Levels.count { quantiles[at * Levels.count + q] = m + Levels.normal[q] * deviation }
  }
}

/// Why a model does not forecast a series.
package enum ModelError: Error, Sendable, Hashable, CustomStringConvertible {
  case tooShort(readings: Int, needed: Int)
  case notFinite
  case singular
  /// The readings have no cycle of the kind that the model describes.
  case noCycle
  /// Growth that saturates needs a cap, and the series has no ceiling.
  case noCap
  /// The cap does not lie above the floor.
  case capBelowFloor
  /// A model that learns from the fleet has too few examples of what came after a moment of the past.
  case tooLittleToLearn(examples: Int, needed: Int)
  /// The cutoff lies before the oldest one that a model that learns from the fleet was trained for.
  case beforeTraining
  /// The library that a model needs cannot be opened.
  case noLibrary
  case trainingFailed
  /// A flat series, which a dear model is not asked about.
  case nothingToGain

  package var description: String {
    switch self {
    case .tooShort(let readings, let needed): "needs \(needed) readings, has \(readings)"
    case .notFinite: "gave a value that is not a finite number"
    case .singular: "its equations have no unique solution"
    case .noCycle: "finds no fill-and-clean cycle that goes on until now"
    case .noCap: "logistic growth needs a cap: the series has no capacity and the settings no prophet.cap"
    case .capBelowFloor: "the cap of its logistic growth does not lie above its floor"
    case .tooLittleToLearn(let examples, let needed):
      "needs \(needed) examples of what came next to learn from, the fleet up to then has \(examples)"
    case .beforeTraining: "is not trained for a cutoff so far back"
    case .noLibrary: "the XGBoost library cannot be opened; 'horizonscale doctor' says how to mend that"
    case .trainingFailed: "its training failed; the notes of the run say why"
    case .nothingToGain: "the series is flat, so a dear model has nothing to gain"
    }
  }
}
