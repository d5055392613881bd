/// The parameters of `prophet` in the scaled units of the package: readings over `yScale`, time 0 at the first reading and 1 at the
/// newest.
package struct ProphetParameters: Sendable, Hashable {
  /// Base rate of the trend.
  package var k: Double
  /// Offset: the level at time 0; under logistic growth the time at which half the cap is reached.
  package var m: Double
  /// Change of the rate at each changepoint.
  package var delta: [Double]
  /// Standard deviation of the noise.
  package var sigma: Double
  /// One for each seasonal, holiday and regressor column.
  package var beta: [Double]

  package init(k: Double, m: Double, delta: [Double], sigma: Double, beta: [Double]) {
    self.k = k
    self.m = m
    self.delta = delta
    self.sigma = sigma
    self.beta = beta
  }
}
