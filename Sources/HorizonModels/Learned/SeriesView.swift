package import HorizonCore

/// One series at one cutoff as models that learn from the fleet see it.
package struct SeriesView: Sendable {
  package let reference: Reference
  /// Step index of the last reading known.
  package let cutoff: Int
  let step: Step
  let readings: Int
  let attributes: SeriesAttributes
  /// What 100 % is on the scale of the fit; NaN where there is none.
  let ceiling: Double
  /// What 0 is on the scale of the fit; NaN where readings are negative.
  let floor: Double

  /// The series of a panel; nil where `harmonic-ar` refuses, or leaves no errors to learn from.
  package static func of(_ panel: Panel, horizon: Int) -> [SeriesView?] {
    of(panel, fits: HarmonicAR().regressions(of: panel), horizon: horizon)
  }

  /// The series of a panel; nil where `harmonic-ar` refuses, or leaves no errors to learn from.
  ///
  /// - Parameter fits: Of `harmonic-ar` to the panel.
  static func of(
    _ panel: Panel, fits: [Result<HarmonicARFit, ModelError>], horizon: Int
  ) -> [SeriesView?] {
    var futures: [Int: [Double]] = [:]
    return fits.enumerated().map { s, fit in
      guard case .success(let fit) = fit else { return nil }
      let count = fit.design.count
      let future = futures[count] ?? fit.design.future(horizon: horizon)
      futures[count] = future
      let history = panel.history(s)
      guard let reference = Reference(fit, history: history, future: future, horizon: horizon) else { return nil }
      let ceiling = panel.ceilings[s]
      return SeriesView(
        reference: reference, cutoff: panel.cutoff, step: panel.step, readings: history.readings,
        attributes: panel.covariates.attributes(of: s),
        ceiling: ceiling.isNaN ? .nan : fit.value(of: ceiling),
        floor: history.values.contains { $0 < 0 } ? .nan : fit.value(of: 0))
    }
  }
}

/// Moments of the past of one series and what came after each: what models that learn from the fleet learn from.
struct Example: Sendable {
  let view: SeriesView
  /// Row of the sample.
  let series: Int

  /// What came at a lead as a score, held within what says "far off"; NaN where there was no reading.
  func score(_ sample: Panel, lead: Int) -> Float {
    let reading = sample.actual(series, at: view.cutoff + lead)
    guard !reading.isNaN else { return .nan }
    return max(-Example.mostScore, min(Example.mostScore, view.reference.score(reading, lead: lead)))
  }

  private static let mostScore: Float = 30
}

/// From which moments of the past a model learns, and what it holds out.
struct LearningPlan: Sendable {
  /// Step indices, newest first.
  let origins: [Int]
  /// Readings after this step are held out: they decide when to stop, and nothing is learnt from them.
  let heldAfter: Int

  /// Distances between origins, none sharing a factor with 7 or 24.
  private static let spacings = [61, 31, 17, 11, 5, 1]
  private static let mostOrigins = 12

  /// - Parameters:
  ///   - sample: Learnt from up to its cutoff.
  ///   - examples: As many are wanted.
  init(_ sample: Panel, horizon: Int, examples: Int) {
    let cutoff = sample.cutoff
    // Short leads can be seen in the newest stretch, the longest ones only from origins a horizon back and more.
    let wanted = max(8, min(LearningPlan.mostOrigins, (examples + max(1, sample.count) - 1) / max(1, sample.count)))
    let spacing = LearningPlan.spacings.first { $0 * wanted <= max(8, horizon * 8 / 5) } ?? 1
    let first = sample.firstIndex + HarmonicAR.card.minimumHistory
    var origins: [Int] = []
    var origin = cutoff - max(1, spacing / 2)
    while origins.count < wanted && origin >= first {
      origins.append(origin)
      origin -= spacing
    }
    self.origins = origins
    heldAfter = cutoff - max(1, horizon / 4)
  }

  /// Examples of all origins, about as many as asked for: each origin has its own draw of the series.
  func examples(from sample: Panel, horizon: Int, count: Int, seed: UInt64) -> [Example] {
    guard sample.count > 0, !origins.isEmpty else { return [] }
    let share = Double(count) / Double(sample.count * origins.count)
    return origins.flatMap { origin -> [Example] in
      let rows = (0..<sample.count).filter { s in
        // A hash and no stream: who takes part does not depend on who else is there.
        guard share < 1 else { return true }
        return Double(stableHash("\(origin)", seed: seed ^ sample.seeds[s]) >> 11) * 0x1p-53 < share
      }
      guard !rows.isEmpty else { return [] }
      let known = sample.selecting(rows, cutoff: origin).rebased().panel
      let views = SeriesView.of(known, horizon: horizon)
      return zip(rows, views).compactMap { row, view in
        guard let view, isLive(known, view) else { return nil }
        return Example(view: view, series: row)
      }
    }
  }

  /// Whether the newest reading is no older than the newest gap that a live series may have.
  private func isLive(_ panel: Panel, _ view: SeriesView) -> Bool {
    let errors = view.reference.errors
    return errors.suffix(panel.step.staleAfter).contains { !$0.isNaN }
  }
}
