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

  /// The series of a panel; nil where `harmonic-ar` refuses or leaves no errors to learn from. Models share them.
  package static func of(_ panel: Panel, horizon: Int) -> [SeriesView?] {
    panel.notes.value("series-views/\(horizon)") {
      made(panel, fits: HarmonicAR().regressions(of: panel), horizon: horizon)
    }
  }

  private static func made(
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
  /// Steps between a moment and the newest reading that is known, ascending.
  let distances: [Int]
  /// Readings after this step are held out: they decide when to stop, and nothing is learnt from them.
  let heldAfter: Int

  /// Distances between moments, none sharing a factor with 7 or 24.
  private static let spacings = [61, 31, 17, 11, 5, 1]
  /// Moments of each series: many of few, so that a small fleet can be learnt from too.
  private static let moments = 8...40
  private static let momentsOfAll = 800
  /// With fewer nothing is learnt.
  static let leastExamples = 32

  /// - Parameter sample: Learnt from up to its cutoff.
  init(_ sample: Panel, horizon: Int) {
    let known = (0..<sample.count).count { sample.history($0).count > 0 }
    let most = LearningPlan.momentsOfAll / max(1, known)
    let count = max(LearningPlan.moments.lowerBound, min(LearningPlan.moments.upperBound, most))
    // Short leads can be seen in the newest stretch, the longest ones only from moments a horizon back and more.
    let spacing = LearningPlan.spacings.first { $0 * count <= max(count, horizon * 8 / 5) } ?? 1
    distances = (0..<count).map { max(1, spacing / 2) + $0 * spacing }
    heldAfter = sample.cutoff - max(1, horizon / 4)
  }

  /// Examples of all moments, about as many as asked for: each moment has its own draw of the series.
  ///
  /// A series that ended before the cutoff is learnt from as it was when it ended.
  ///
  /// - Throws: When there are fewer than `leastExamples`.
  func examples(
    from sample: Panel, horizon: Int, count: Int, seed: UInt64
  ) throws(TrainingError) -> [Example] {
    let ends = Dictionary(grouping: 0..<sample.count) { sample.end(of: $0) }
    let share = Double(count) / Double(max(1, sample.count * distances.count))
    let found = ends.keys.compactMap(\.self).sorted().flatMap { end in
      distances.flatMap { examples(from: sample, ends[end]!, at: end - $0, horizon: horizon, share: share, seed: seed) }
    }
    guard found.count >= LearningPlan.leastExamples else {
      throw TrainingError(.tooLittleToLearn(examples: found.count, needed: LearningPlan.leastExamples))
    }
    return found
  }

  private func examples(
    from sample: Panel, _ series: [Int], at origin: Int, horizon: Int, share: Double, seed: UInt64
  ) -> [Example] {
    guard origin - sample.firstIndex + 1 >= HarmonicAR.card.minimumHistory else { return [] }
    let rows = series.filter { s in
      // A hash and no stream: who takes part does not depend on who else is there.
      share >= 1 || Double(stableHash("\(origin)", seed: seed ^ sample.seeds[s]) >> 11) * 0x1p-53 < share
    }
    guard !rows.isEmpty else { return [] }
    let known = sample.selecting(rows, cutoff: origin).rebased().panel
    let views = SeriesView.of(known, horizon: horizon)
    return zip(rows, views).compactMap { row, view in
      guard let view, view.reference.errors.suffix(sample.step.staleAfter).contains(where: { !$0.isNaN }) else {
        return nil
      }
      return Example(view: view, series: row)
    }
  }
}
