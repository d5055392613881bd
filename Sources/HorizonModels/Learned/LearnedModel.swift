import HorizonCore

/// A fitted model that corrects the forecast of `harmonic-ar` by what many series have taught it.
///
/// Its parts are those of `harmonic-ar` and, last, `learned`: what the correction adds.
package protocol LearnedModel: ComponentModel {
  /// Who corrects: the subject of a sentence, in the singular.
  var teacher: String { get }
  /// What `learned` adds up from at one lead, the largest amount first; empty where the model cannot tell.
  ///
  /// - Parameter horizon: Of the forecast that is explained; the lead is within it.
  func contributions(series: Int, lead: Int, horizon: Int) -> [Contribution]
}

/// What one kind of input brings to a forecast.
package struct Contribution: Sendable, Hashable {
  /// Name for programs, the same in every version.
  package let family: String
  /// As people call it; nil for what only makes the sum whole.
  package let words: String?
  /// In the unit of the readings.
  package let amount: Double

  package init(family: String, words: String?, amount: Double) {
    self.family = family
    self.words = words
    self.amount = amount
  }
}

/// The usual form of a `LearnedModel`: it keeps the panel whose fits of `harmonic-ar` it corrects.
protocol CorrectedFits: LearnedModel {
  var panel: Panel { get set }
}

extension CorrectedFits {
  /// What is corrected.
  var reference: FittedHarmonic<HarmonicARFit> { FittedHarmonic(fits: HarmonicAR().regressions(of: panel)) }

  /// The same for some of the series.
  func only(_ rows: Range<Int>) -> Self {
    var own = self
    own.panel = panel.selecting(Array(rows), cutoff: panel.cutoff)
    return own
  }

  func components(series: Int, horizon: Int) -> [ForecastComponent] {
    components(of: series..<(series + 1), horizon: horizon)[0]
  }

  func components(of rows: Range<Int>, horizon: Int) -> [[ForecastComponent]] {
    let own = only(rows)
    let corrected = own.forecast(horizon: horizon)
    let reference = own.reference
    let alone = reference.forecast(horizon: horizon)
    return (0..<rows.count).map { s in
      guard corrected.refusals[s] == nil else { return [] }
      let parts = reference.components(series: s, horizon: horizon)
      let leads = (s * horizon)..<((s + 1) * horizon)
      return parts + [
        ForecastComponent(
          name: "learned", isMultiplicative: false, past: [Float](repeating: 0, count: parts[0].past.count),
          ahead: leads.map { corrected.mean[$0] - alone.mean[$0] })
      ]
    }
  }
}
