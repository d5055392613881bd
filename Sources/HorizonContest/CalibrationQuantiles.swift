/// What forecasts are calibrated with: the table of this run, or what an earlier one kept of its own.
package protocol CalibrationQuantiles: Sendable {
  /// The stored levels' quantiles of the standardised error of a contestant at a lead, in ascending order.
  func quantiles(model: Int, group: ErrorGroup, lead: Int) -> [Float]
}

extension CalibrationTable: CalibrationQuantiles {}

extension ErrorGroup {
  package static let all = (0..<4).flatMap { volatility in
    (0..<3).map { ErrorGroup(volatility: volatility, shape: $0) }
  }
}
