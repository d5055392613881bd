import HorizonCore

/// A regressor as it enters one history: standardised on the steps with a reading, 0 where it is unknown.
struct ProphetRegressor: Sendable {
  let column: ProphetFeatures.Column
  private let regressor: Regressor
  private let mean: Double
  private let scale: Double

  /// - Returns: nil for a regressor that is nowhere known at a reading.
  init?(_ regressor: Regressor, options: ProphetOptions, timeline: ProphetTimeline) {
    var known: [Double] = []
    for t in 0..<timeline.count where timeline.mask[t] > 0 {
      let value = regressor.value(at: timeline.firstIndex + t)
      if !value.isNaN { known.append(Double(value)) }
    }
    guard let first = known.first else { return nil }
    let own = options.regressors[regressor.name] ?? .init()
    let isBinary = known.allSatisfy { $0 == 0 || $0 == 1 }
    let isConstant = known.allSatisfy { $0 == first }
    if !isConstant && own.standardize ?? !isBinary {
      let mean = known.reduce(0, +) / Double(known.count)
      self.mean = mean
      scale = (known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(known.count - 1)).squareRoot()
    } else {
      mean = 0
      scale = 1
    }
    self.regressor = regressor
    column = ProphetFeatures.Column(
      regressor: regressor.name, priorScale: own.priorScale ?? options.holidaysPriorScale,
      isMultiplicative: (own.mode ?? options.seasonalityMode) == .multiplicative)
  }

  /// What the model sees at a step; 0, the mean of a standardised one, where the value is unknown.
  func value(at index: Int) -> Double {
    let value = regressor.value(at: index)
    return value.isNaN ? 0 : (Double(value) - mean) / scale
  }
}
