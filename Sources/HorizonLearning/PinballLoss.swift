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

  /// The weighted sum of the losses of the given examples, whose forecasts are the first rows of `forecasts`.
  func sum(of forecasts: Matrix<Scalar>, _ examples: LearningExamples<Scalar>, rows: ArraySlice<Int>) -> Double {
    var total = 0.0
    examples.targets.withUnsafeBufferPointer { targets in
      for (tileRow, row) in rows.enumerated() {
        let forecast = forecasts.base + tileRow * forecasts.stride
        var ofRow = 0.0
        for lead in 0..<examples.leads {
          let target = targets[row * examples.leads + lead]
          if target.isNaN { continue }
          var ofLead: Scalar = 0
          for (level, q) in levels.enumerated() {
            let error = target - forecast[lead * levels.count + level]
            ofLead += error > 0 ? q * error : (q - 1) * error
          }
          ofRow += Double(ofLead)
        }
        total += ofRow * Double(examples.weight(of: row))
      }
    }
    return total
  }

  /// Replaces all forecasts by the gradient of `scale` times `sum`; it is zero where nothing is scored.
  func replaceByGradient(
    _ forecasts: Matrix<Scalar>, _ examples: LearningExamples<Scalar>, rows: ArraySlice<Int>, scale: Double
  ) {
    examples.targets.withUnsafeBufferPointer { targets in
      for (tileRow, row) in rows.enumerated() {
        let forecast = forecasts.base + tileRow * forecasts.stride
        let factor = Scalar(scale * Double(examples.weight(of: row)))
        for lead in 0..<examples.leads {
          let target = targets[row * examples.leads + lead]
          for (level, q) in levels.enumerated() {
            let at = lead * levels.count + level
            forecast[at] = target.isNaN ? 0 : target > forecast[at] ? -q * factor : (1 - q) * factor
          }
        }
      }
    }
    for tileRow in rows.count..<forecasts.rows {
      (forecasts.base + tileRow * forecasts.stride).update(repeating: 0, count: forecasts.columns)
    }
  }
}
