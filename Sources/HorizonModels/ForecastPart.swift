/// A part of a forecast on the scale of its fit: the history's steps and the leads.
struct ForecastPart {
  let name: String
  var past: [Double]
  var ahead: [Double]
}

extension [ForecastPart] {
  /// The parts in the unit of the readings, the trend first; they still add up to the whole.
  ///
  /// Each part takes its share of what lies between trend and whole, by the logarithmic mean, which leaves no rest (Ang,
  /// "Decomposition analysis for policymaking in energy: which is the preferred method?", 2004).
  ///
  /// - Parameter inverse: From the scale of the fit to readings.
  func components(inverse: (Double) -> Double) -> [ForecastComponent] {
    var parts = self
    parts.untransform(\.past, inverse)
    parts.untransform(\.ahead, inverse)
    return parts.map {
      ForecastComponent(
        name: $0.name, isMultiplicative: false, past: $0.past.map { Float($0) }, ahead: $0.ahead.map { Float($0) })
    }
  }

  private mutating func untransform(_ side: WritableKeyPath<ForecastPart, [Double]>, _ inverse: (Double) -> Double) {
    for t in self[0][keyPath: side].indices {
      let trend = self[0][keyPath: side][t]
      var rest = 0.0
      for part in dropFirst() { rest += part[keyPath: side][t] }
      let alone = inverse(trend)
      let whole = inverse(trend + rest)
      // Where the parts cancel, the mean is the slope of the inverse.
      let step = 1e-4 * (1 + abs(trend))
      let mean =
        abs(rest) > 1e-9 ? (whole - alone) / rest : (inverse(trend + step) - inverse(trend - step)) / (2 * step)
      self[0][keyPath: side][t] = alone
      for i in indices.dropFirst() { self[i][keyPath: side][t] *= mean }
    }
  }
}
