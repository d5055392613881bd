package import HorizonCore
package import HorizonModels

/// What every model of the catalog promises; one suite for all of them.
///
/// Each check returns what was violated in words, nothing when the promise holds.
package struct ModelContract: Sendable {
  package let model: any ForecastModel
  private let horizon = 40

  package init(_ model: any ForecastModel) { self.model = model }

  private var card: ModelCard { type(of: model).card }

  /// Shape, finite values and ordered quantiles for every awkward kind of series, or a refusal with a reason.
  package func forecastsAreWellFormed(_ panel: Panel) -> [String] {
    let block = model.checkedForecast(of: panel, horizon: horizon)
    guard block.count == panel.count, block.horizon == horizon else { return ["\(card.name): wrong shape"] }
    var found: [String] = []
    for s in 0..<panel.count {
      let readings = panel.history(s).readings
      if let refusal = block.refusals[s] {
        // A series may not be of its kind; `theRightKindIsTaken` sees to it that the model takes some.
        if readings >= card.minimumHistory && refusal != .noCycle {
          found.append("\(card.name) refused row \(s): \(refusal)")
        }
        continue
      }
      if readings < card.minimumHistory { found.append("\(card.name) took row \(s) with \(readings) readings") }
      for lead in 0..<horizon {
        let at = s * horizon + lead
        let q = block.quantiles[(at * Levels.count)..<((at + 1) * Levels.count)]
        if !block.mean[at].isFinite || !q.allSatisfy(\.isFinite) {
          found.append("\(card.name): not finite in row \(s)")
        }
        if zip(q, q.dropFirst()).contains(where: { $0 > $1 }) { found.append("\(card.name): crossing in row \(s)") }
      }
    }
    return found
  }

  /// A long series with a trend-free cycle that every model claims to handle is not refused.
  package func theRightKindIsTaken(step: Step) -> [String] {
    let panel = SyntheticPanel.panel(kinds: [.sawtooth], length: 400, step: step)
    return model.checkedForecast(of: panel, horizon: horizon).refusals.compactMap { refusal in
      refusal.map { "\(card.name) refused a saw-tooth: \($0)" }
    }
  }

  /// The same panel twice gives the same bits.
  package func forecastsAreDeterministic(_ panel: Panel) -> [String] {
    same(
      model.checkedForecast(of: panel, horizon: horizon),
      // What a panel remembers of the first time would be no second one.
      model.checkedForecast(of: panel.cut(at: panel.cutoff), horizon: horizon), "determinism")
  }

  /// Readings after the cutoff change nothing.
  package func nothingAfterTheCutoffIsSeen(_ panel: Panel) -> [String] {
    let cutoff = panel.cutoff - 30
    var values: [Float] = []
    for s in 0..<panel.count {
      for t in panel.firstIndex...panel.cutoff { values.append(t <= cutoff ? panel.actual(s, at: t) : 1e6 + Float(t)) }
    }
    let changed = Panel(
      step: panel.step, firstIndex: panel.firstIndex, length: panel.length, values: values, seeds: panel.seeds)
    return same(
      model.checkedForecast(of: panel.cut(at: cutoff), horizon: horizon),
      model.checkedForecast(of: changed.cut(at: cutoff), horizon: horizon), "look-ahead")
  }

  /// A series forecast alone, or among others that begin earlier, gives the same bits.
  package func neighboursDoNotMatter(_ panel: Panel) -> [String] {
    let together = model.checkedForecast(of: panel, horizon: horizon)
    return (0..<panel.count).flatMap { s in
      let history = panel.history(s)
      guard history.count > 0 else { return [String]() }
      let alone = Panel(
        step: panel.step, firstIndex: history.firstIndex, length: history.count, values: Array(history.values),
        seeds: [panel.seeds[s]])
      return same(together.row(s), model.checkedForecast(of: alone, horizon: horizon), "neighbours of row \(s)")
    }
  }

  private func same(_ a: ForecastBlock, _ b: ForecastBlock, _ what: String) -> [String] {
    let equal =
      a.refusals == b.refusals && a.mean.map(\.bitPattern) == b.mean.map(\.bitPattern)
      && a.quantiles.map(\.bitPattern) == b.quantiles.map(\.bitPattern)
    return equal ? [] : ["\(card.name): \(what)"]
  }
}
