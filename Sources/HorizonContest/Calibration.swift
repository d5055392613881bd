package import HorizonCore

extension ForecastBlock {
  /// Replaces the quantiles of one series by calibrated ones inside its bounds; the mean stays the model's own.
  package mutating func calibrate(
    series s: Int, decision: Decision, table: some CalibrationQuantiles, scale: Float, bounds: Bounds
  ) {
    let unit = scale > 0 ? scale : 1
    let limits = quantiles.withUnsafeBufferPointer { decision.tail.outerLimits(self.quantiles(of: s, in: $0)) }
    for lead in 1...horizon {
      let at = (s * horizon + lead - 1) * Levels.count
      let tested = decision.isContested ? min(lead, max(1, decision.testedLead)) : lead
      let z = table.quantiles(model: decision.champion, group: decision.group, lead: tested)
      quantiles.withUnsafeMutableBufferPointer { q in
        let row = q.baseAddress! + at
        let curve = StandardScore(row, scale: unit, tail: decision.tail, limits: limits)
        let values = z.map { bounds.clamp(curve.value(at: $0 * decision.spreadFactor)) }
        for k in 0..<Levels.count { row[k] = values[k] }
      }
    }
  }
}

extension ForecastBlock {
  /// The part of `all`, this block's quantiles, that belongs to one series: [lead][level].
  func quantiles(of series: Int, in all: UnsafeBufferPointer<Float>) -> UnsafeBufferPointer<Float> {
    let width = horizon * Levels.count
    return UnsafeBufferPointer(rebasing: all[(series * width)..<((series + 1) * width)])
  }
}
