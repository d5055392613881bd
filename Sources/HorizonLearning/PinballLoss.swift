/// Mean pinball loss over forecasts laid out [lead][level].
///
/// At level q a forecast f of the reading y loses q (y - f) when it is too low and (1 - q)(f - y) when it is too high.
/// Source: Koenker and Bassett, "Regression Quantiles", Econometrica 46, 1978.
struct PinballLoss<Scalar: NetworkScalar> {
  let levels: [Scalar]

  /// How many losses of an example count, times its weight.
  func weight(_ examples: LearningExamples<Scalar>, rows: ArraySlice<Int>) -> Double {
    var total = 0.0
    let leads = examples.leads
    for row in rows {
      var known = 0
      for at in row * leads..<(row + 1) * leads where !examples.targets[at].isNaN { known += 1 }
      total += Double(known * levels.count) * Double(examples.weight(of: row))
    }
    return total
  }

  /// The weighted sum of the losses of the given examples, whose forecasts are the first columns of `forecasts`.
  ///
  /// - Parameter gradientScale: Where given, `forecasts` are replaced by the gradient of this times the sum; it is zero where
  ///   nothing is scored.
  func sum(
    of forecasts: Matrix<Scalar>, _ examples: LearningExamples<Scalar>, rows: ArraySlice<Int>,
    gradientScale: Double? = nil
  ) -> Double {
    // Columns are examples; those that are not scored have weight 0.
    var targets = [Scalar](repeating: 0, count: examples.leads * tileWidth)
    var weights = targets
    for (column, row) in rows.enumerated() {
      for lead in 0..<examples.leads {
        let target = examples.targets[row * examples.leads + lead]
        if target.isNaN { continue }
        targets[lead * tileWidth + column] = target
        weights[lead * tileWidth + column] = examples.weight(of: row)
      }
    }
    let scale = gradientScale.map { Scalar.Lanes(repeating: Scalar($0)) }
    var total = 0.0
    for lead in 0..<examples.leads {
      var ofLead = Scalar.Lanes(repeating: 0)
      for column in stride(from: 0, to: tileWidth, by: Scalar.Lanes.count) {
        let target: Scalar.Lanes = targets.withUnsafeBufferPointer { read($0.baseAddress! + lead * tileWidth + column) }
        let weight: Scalar.Lanes = weights.withUnsafeBufferPointer { read($0.baseAddress! + lead * tileWidth + column) }
        let scaled = scale.map { $0 * weight }
        for (level, q) in levels.enumerated() {
          let forecast = forecasts.row(lead * levels.count + level) + column
          let error = target - read(forecast)
          let isTooLow = error.isPositive()
          ofLead = ofLead + weight * error * (isTooLow - Scalar.Lanes(repeating: 1 - q))
          if let scaled { write(scaled * (Scalar.Lanes(repeating: 1 - q) - isTooLow), forecast) }
        }
      }
      total += Double(ofLead.sum())
    }
    return total
  }
}
