package import HorizonCore

extension ForecastBlock {
  /// Replaces the quantiles of one series by calibrated ones inside its bounds; the mean stays the model's own.
  package mutating func calibrate(
    series s: Int, decision: Decision, table: CalibrationTable, scale: Float, bounds: Bounds
  ) {
    let unit = scale > 0 ? scale : 1
    for lead in 1...horizon {
      let at = (s * horizon + lead - 1) * Levels.count
      let tested = decision.isContested ? min(lead, max(1, decision.testedLead)) : lead
      let z = table.quantiles(model: decision.champion, group: decision.group, lead: tested)
      quantiles.withUnsafeMutableBufferPointer { q in
        let row = q.baseAddress! + at
        let median = row[Levels.median]
        let spread = forecastSpread(row, scale: unit) * decision.spreadFactor
        for k in 0..<Levels.count { row[k] = bounds.clamp(median + spread * z[k]) }
      }
    }
  }
}
