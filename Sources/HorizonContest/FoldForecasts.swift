import HorizonCore
import HorizonModels

/// What the models forecast from one cutoff: each is fitted once, however many contests ask.
final class FoldForecasts {
  private let known: Panel
  /// What users have today sees raw readings; our models see them on the levels known at the cutoff.
  private lazy var rebased = known.rebased().panel
  /// The series that dear models are asked about, and the place of each series among them.
  private let busy: [Int]
  private let busyPlaces: [Int?]
  private lazy var rebasedBusy =
    busy.count == known.count ? rebased : rebased.selecting(busy, cutoff: rebased.cutoff)
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

  /// - Parameters:
  ///   - known: Readings up to the cutoff.
  ///   - isBusy: Whether some contest asks dear models about a series.
  init(_ known: Panel, isBusy: [Bool]) {
    self.known = known
    let busy = isBusy.indices.filter { isBusy[$0] }
    var places = [Int?](repeating: nil, count: known.count)
    for (place, row) in busy.enumerated() { places[row] = place }
    self.busy = busy
    busyPlaces = places
  }

  /// Forecasts of some series of the panel, a row each.
  ///
  /// - Parameters:
  ///   - rows: Nil for all.
  ///   - isBusy: By row of the result; dear models refuse the others.
  func block(_ model: any ForecastModel, horizon: Int, rows: [Int]?, isBusy: [Bool]) -> ForecastBlock {
    let card = type(of: model).card
    let isDear = card.cost == .dear
    if isDear && !isBusy.contains(true) { return .refused(count: isBusy.count, horizon: horizon) }
    let fit = Fit(model: card.name, knowledge: model.knowledge(at: known.cutoff))
    let forecast = Forecast(fit: fit, horizon: horizon)
    if blocks[forecast] == nil {
      if fits[fit] == nil {
        fits[fit] = model.fitted(to: isDear ? rebasedBusy : card.seesRawReadings ? known : rebased)
      }
      // What a lead is forecast as may depend on how many are asked for, so a shorter forecast is no part of a longer one.
      blocks[forecast] = fits[fit]!.checkedForecast(horizon: horizon)
    }
    let rows = rows ?? Array(0..<known.count)
    return blocks[forecast]!.selecting(
      rows.indices.map { row in isDear ? (isBusy[row] ? busyPlaces[rows[row]] : nil) : rows[row] })
  }
}

extension ForecastBlock {
  /// Nothing: no model that costs much is asked about a series that hardly moves.
  fileprivate static func refused(count: Int, horizon: Int) -> ForecastBlock {
    var block = ForecastBlock(count: count, horizon: horizon)
    block.refusals = [ModelError?](repeating: .nothingToGain, count: count)
    return block
  }

  /// Some of the series as a block of their own, and refusals between them.
  fileprivate func selecting(_ rows: [Int?]) -> ForecastBlock {
    if rows.count == count, rows.indices.allSatisfy({ rows[$0] == $0 }) { return self }
    var block = ForecastBlock.refused(count: rows.count, horizon: horizon)
    let width = horizon * Levels.count
    for (row, place) in rows.enumerated() {
      guard let s = place else { continue }
      let (means, quantiles) = ((s * horizon)..<((s + 1) * horizon), (s * width)..<((s + 1) * width))
      block.mean.replaceSubrange((row * horizon)..<((row + 1) * horizon), with: mean[means])
      block.quantiles.replaceSubrange((row * width)..<((row + 1) * width), with: self.quantiles[quantiles])
      block.refusals[row] = refusals[s]
    }
    return block
  }
}
