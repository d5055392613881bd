import HorizonCore
import HorizonModels

/// What the models forecast from one cutoff: each is fitted once, however many contests ask.
final class FoldForecasts {
  private let known: Panel
  /// What users have today sees raw readings; our models see them on the levels known at the cutoff.
  private lazy var rebased = known.rebased().panel
  private var fits: [Fit: any FittedModel] = [:]
  private var blocks: [Forecast: ForecastBlock] = [:]

  private struct Fit: Hashable {
    let model: String
    let knowledge: UInt64
  }

  private struct Forecast: Hashable {
    let fit: Fit
    let horizon: Int
  }

  /// - Parameter known: Readings up to the cutoff.
  init(_ known: Panel) { self.known = known }

  /// Forecasts of some series of the panel, a row each.
  ///
  /// - Parameter rows: Nil for all.
  func block(_ model: any ForecastModel, horizon: Int, rows: [Int]?) -> ForecastBlock {
    let card = type(of: model).card
    let fit = Fit(model: card.name, knowledge: model.knowledge(at: known.cutoff))
    let forecast = Forecast(fit: fit, horizon: horizon)
    if blocks[forecast] == nil {
      if fits[fit] == nil { fits[fit] = model.fitted(to: card.seesRawReadings ? known : rebased) }
      // What a lead is forecast as may depend on how many are asked for, so a shorter forecast is no part of a longer one.
      blocks[forecast] = fits[fit]!.checkedForecast(horizon: horizon)
    }
    guard let rows else { return blocks[forecast]! }
    return blocks[forecast]!.selecting(rows)
  }
}

extension ForecastBlock {
  /// Some of the series as a block of their own.
  fileprivate func selecting(_ rows: [Int]) -> ForecastBlock {
    if rows == Array(0..<count) { return self }
    var block = ForecastBlock(count: rows.count, horizon: horizon)
    let width = horizon * Levels.count
    for (row, s) in rows.enumerated() {
      block.mean.replaceSubrange(
        (row * horizon)..<((row + 1) * horizon), with: mean[(s * horizon)..<((s + 1) * horizon)])
      block.quantiles.replaceSubrange(
        (row * width)..<((row + 1) * width), with: quantiles[(s * width)..<((s + 1) * width)])
      block.refusals[row] = refusals[s]
    }
    return block
  }
}
