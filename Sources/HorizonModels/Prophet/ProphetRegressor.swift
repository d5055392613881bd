import HorizonCore

/// A regressor as it enters one history: standardised on the steps with a reading, at its usual value where it is unknown.
struct ProphetRegressor: Sendable {
  let column: ProphetFeatures.Column
  private let regressor: Regressor
  private let mean: Double
  private let scale: Double
  /// What the model sees where the value is unknown: 0 for events, else the mean.
  private let usual: Double

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
    let mean = isConstant ? Double(first) : known.reduce(0, +) / Double(known.count)
    if !isConstant && own.standardize ?? !isBinary {
      self.mean = mean
      usual = 0
      scale = (known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(known.count - 1)).squareRoot()
    } else {
      self.mean = 0
      scale = 1
      usual = isBinary && !isConstant ? 0 : mean
    }
    self.regressor = regressor
    column = ProphetFeatures.Column(
      regressor: regressor.name, priorScale: own.priorScale ?? options.holidaysPriorScale,
      isMultiplicative: (own.mode ?? options.seasonalityMode) == .multiplicative)
  }

  /// What the model sees at a step.
  func value(at index: Int) -> Double {
    let value = regressor.value(at: index)
    return value.isNaN ? usual : (Double(value) - mean) / scale
  }
}
