/// A part of a forecast that people can look at alone: trend, week, year, a holiday, a regressor.
package struct ForecastComponent: Sendable, Hashable {
  /// `trend`, `yearly`, `weekly`, `daily`, `holidays`, `memory`, `learned`, or the name of a seasonality or a regressor.
  package let name: String
  /// True: a share of the trend, 0.1 for a tenth above it. False: in the unit of the readings.
  package let isMultiplicative: Bool
  /// At each step of the history.
  package let past: [Float]
  /// At leads 1...horizon.
  package let ahead: [Float]

  package init(name: String, isMultiplicative: Bool, past: [Float], ahead: [Float]) {
    self.name = name
    self.isMultiplicative = isMultiplicative
    self.past = past
    self.ahead = ahead
  }
}

/// A fitted model that can say what its point forecast is made of.
package protocol ComponentModel: FittedModel {
  /// Parts of the point forecast of one series: trend * (1 + sum of multiplicative parts) + sum of additive parts.
  ///
  /// - Returns: The trend first; empty when the series was refused.
  func components(series: Int, horizon: Int) -> [ForecastComponent]
  /// The same for several series at once, which is cheaper for models that work in tiles.
  func components(of rows: Range<Int>, horizon: Int) -> [[ForecastComponent]]
}

extension ComponentModel {
  package func components(of rows: Range<Int>, horizon: Int) -> [[ForecastComponent]] {
    rows.map { components(series: $0, horizon: horizon) }
  }
}
