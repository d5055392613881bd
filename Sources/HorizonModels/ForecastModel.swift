package import HorizonCore

/// A method that forecasts a panel. One file a model; `Catalog` lists it.
///
/// A model computes and nothing else: what it is given is valid, and validation of what it returns, ordering of quantiles and
/// bounds stand once in `CatalogEntry.forecast`.
package protocol ForecastModel: Sendable {
  static var card: ModelCard { get }
  /// Fits every series of the panel on its readings up to the panel's cutoff.
  func fitted(to panel: Panel) -> any FittedModel
  /// Tells apart what a model knows besides the panel when it forecasts from a cutoff: fits of equal knowledge to the same panel
  /// are the same.
  func knowledge(at cutoff: Int) -> UInt64
}

extension ForecastModel {
  /// Most know nothing besides.
  package func knowledge(at cutoff: Int) -> UInt64 { 0 }
}

/// A model with its parameters for every series of a panel.
package protocol FittedModel: Sendable {
  /// Point forecasts and quantiles for leads 1...`horizon` after the panel's cutoff; refused series carry their reason.
  func forecast(horizon: Int) -> ForecastBlock
}

/// A model that works series by series; the loop over the panel comes with it.
package protocol SeriesModel: ForecastModel {
  associatedtype Fit: SeriesFit
  /// - Parameter history: At least the card's minimum of readings.
  func fitted(to history: History) throws(ModelError) -> Fit
}

/// The fitted parameters of one series.
package protocol SeriesFit: Sendable {
  /// Writes leads 1...`block.horizon` of row `series`.
  func forecast(series: Int, into block: inout ForecastBlock)
}

extension ForecastModel {
  /// Fits a panel series by series; those with fewer readings than the card asks for are refused.
  ///
  /// - Parameter fit: Given the series, its history and the number of its readings.
  func fits<Fit>(
    to panel: Panel, _ fit: (Int, History, Int) throws(ModelError) -> Fit
  ) -> [Result<Fit, ModelError>] {
    (0..<panel.count).map { s in
      let history = panel.history(s)
      let readings = history.readings
      guard readings >= Self.card.minimumHistory else {
        return .failure(.tooShort(readings: readings, needed: Self.card.minimumHistory))
      }
      do throws(ModelError) { return .success(try fit(s, history, readings)) } catch { return .failure(error) }
    }
  }
}

extension ForecastBlock {
  /// Forecasts of all fits, a row each; what could not be fitted is refused with its reason.
  init<Fit>(
    of fits: [Result<Fit, ModelError>], horizon: Int, write: (Fit, Int, inout ForecastBlock) -> Void
  ) {
    self.init(count: fits.count, horizon: horizon)
    for (s, fit) in fits.enumerated() {
      switch fit {
      case .success(let fit): write(fit, s, &self)
      case .failure(let error): refusals[s] = error
      }
    }
  }
}

extension SeriesModel {
  package func fitted(to panel: Panel) -> any FittedModel {
    FittedSeries(
      fits: fits(to: panel) { _, history, _ throws(ModelError) in try fitted(to: history) })
  }
}

private struct FittedSeries<Fit: SeriesFit>: FittedModel {
  let fits: [Result<Fit, ModelError>]

  func forecast(horizon: Int) -> ForecastBlock {
    ForecastBlock(of: fits, horizon: horizon) { $0.forecast(series: $1, into: &$2) }
  }
}
