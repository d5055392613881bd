/// What can be chosen about `prophet`; the defaults are those of the `prophet` package, version 1.
///
/// Source of names and defaults: the package's documentation, https://facebook.github.io/prophet.
package struct ProphetOptions: Sendable, Hashable, Codable {
  package enum Growth: String, Sendable, Codable, CaseIterable { case linear, logistic, flat }
  package enum Mode: String, Sendable, Codable, CaseIterable { case additive, multiplicative }
  package enum Scaling: String, Sendable, Codable, CaseIterable { case absmax, minmax }

  /// Whether a built-in seasonality takes part, and with how many waves.
  package enum Order: Sendable, Hashable, Codable {
    /// By span and step of the history.
    case automatic
    /// Number of sine and cosine pairs; 0 leaves it out.
    case waves(Int)
  }

  /// A seasonality beyond the built-in ones.
  package struct Seasonality: Sendable, Hashable, Codable {
    package var name: String
    /// In days.
    package var period: Double
    package var order: Int
    package var priorScale: Double?
    package var mode: Mode?

    package init(name: String, period: Double, order: Int, priorScale: Double? = nil, mode: Mode? = nil) {
      self.name = name
      self.period = period
      self.order = order
      self.priorScale = priorScale
      self.mode = mode
    }
  }

  /// How a regressor enters.
  package struct RegressorOptions: Sendable, Hashable, Codable {
    package var priorScale: Double?
    package var mode: Mode?
    /// nil: unless its values are 0 and 1 only.
    package var standardize: Bool?

    package init(priorScale: Double? = nil, mode: Mode? = nil, standardize: Bool? = nil) {
      self.priorScale = priorScale
      self.mode = mode
      self.standardize = standardize
    }
  }

  package var growth = Growth.linear
  /// Where logistic growth saturates, in the unit of the readings; nil for the series' ceiling.
  package var cap: Double?
  /// Where logistic growth starts from, in the unit of the readings; nil for 0, and for the least reading under `minmax`.
  package var floor: Double?
  /// Microseconds since the epoch; nil places `changepointCount` of them evenly.
  package var changepoints: [Int64]?
  package var changepointCount = 25
  /// Share of the readings, from the oldest, in which changepoints are placed.
  package var changepointRange = 0.8
  package var changepointPriorScale = 0.05
  package var yearly = Order.automatic
  package var weekly = Order.automatic
  package var daily = Order.automatic
  package var seasonalities: [Seasonality] = []
  package var seasonalityMode = Mode.additive
  package var seasonalityPriorScale = 10.0
  /// nil: the seasonality's.
  package var holidaysMode: Mode?
  package var holidaysPriorScale = 10.0
  /// By name; a regressor that is not named enters with the defaults.
  package var regressors: [String: RegressorOptions] = [:]
  package var scaling = Scaling.absmax

  package init() {}
}
