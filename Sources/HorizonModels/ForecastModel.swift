package import HorizonCore

/// A method that forecasts a panel. One file a model; `Catalog` lists it.
///
/// A model computes and nothing else: what it is given is valid, and validation of what it returns, ordering of quantiles and
/// bounds stand once in `CatalogEntry.forecast`.
package protocol ForecastModel: Sendable {
  static var card: ModelCard { get }
  init()
  /// Fits every series of the panel on its readings up to the panel's cutoff.
  func fitted(to panel: Panel) -> any FittedModel
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

extension SeriesModel {
  package func fitted(to panel: Panel) -> any FittedModel {
    let fits: [Result<Fit, ModelError>] = (0..<panel.count).map { s in
      let history = panel.history(s)
      let readings = history.readings
      guard readings >= Self.card.minimumHistory else {
        return .failure(.tooShort(readings: readings, needed: Self.card.minimumHistory))
      }
      do throws(ModelError) { return .success(try fitted(to: history)) } catch { return .failure(error) }
    }
    return FittedSeries(fits: fits)
  }
}

private struct FittedSeries<Fit: SeriesFit>: FittedModel {
  let fits: [Result<Fit, ModelError>]

  func forecast(horizon: Int) -> ForecastBlock {
    var block = ForecastBlock(count: fits.count, horizon: horizon)
    for (s, fit) in fits.enumerated() {
      switch fit {
      case .success(let fit): fit.forecast(series: s, into: &block)
      case .failure(let error): block.refusals[s] = error
      }
    }
    return block
  }
}
