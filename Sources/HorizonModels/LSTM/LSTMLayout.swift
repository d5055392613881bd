import Foundation
package import HorizonCore
import HorizonLearning

/// What the networks read and forecast, by step: patches of a week for days and longer steps, of a day for hours and shorter ones.
package enum LSTMLayout: String, Sendable, CaseIterable {
  /// Steps of a day and more: a year of weeks in, half a year out.
  case day
  /// Steps below a day: six weeks of days in, two weeks out.
  case hour

  package init(_ step: Step) { self = step.seconds >= 86_400 ? .day : .hour }

  /// Readings of a patch, and patches that are read.
  package var patch: Int { self == .day ? 7 : 24 }
  package var patches: Int { self == .day ? 52 : 42 }
  /// Leads that are forecast; what lies beyond repeats the last patch's scores.
  package var leads: Int { self == .day ? 182 : 336 }
  /// Of the patch, its share of readings that are there, and where it lies in the year (and the week).
  private var ownInputs: Int { patch + 1 + (self == .day ? 2 : 4) }
  package var inputs: Int { ownInputs + LSTMLayout.statics }
  package static let statics = ResourceKind.allCases.count + 17

  func shape(hidden: Int) -> LSTMShape {
    LSTMShape(inputs: inputs, statics: LSTMLayout.statics, hidden: hidden, outputs: leads * Levels.count)
  }

  /// What is said of the series as a whole, to each step and to the head.
  private func statics(of view: SeriesView) -> [Float] {
    let reference = view.reference
    let fit = reference.fit
    let ahead = reference.leads
    let first = ahead[0]
    // Near, middle and last lead of the layout, whatever horizon is asked for.
    let far = [leads / 20, leads / 5, leads].map { ahead[$0 - 1] }
    var values = ResourceKind.allCases.map { $0 == view.attributes.kind ? Float(1) : 0 }
    values += [
      Float(log(Double(view.readings) / Double(view.step.nominalSeason)) / 5),
      Float(view.readings) / Float(reference.errors.count),
      fit.transform == .plain ? 0 : 1,
      Float(log(fit.memory.process.gain) / 3),
      squashed(fit.coefficients[1] * fit.design.yearsPerStep * Double(leads) / first.deviation),
      Float(log(reference.deviation / first.deviation) / 2),
      squashed((view.ceiling - first.mean) / first.deviation),
      squashed((first.mean - view.floor) / first.deviation),
      Float(first.shape[Levels.lower80]) / 2, Float(first.shape[Levels.upper80]) / 2,
      Float(far[2].shape[Levels.lower80]) / 2, Float(far[2].shape[Levels.upper80]) / 2,
    ]
    values += far.map { Float(log($0.deviation / first.deviation) / 2) }
    values += [first, far[1]].map { squashed($0.memory / $0.deviation) }
    // No series is so strange that it should drown what the network knows of others.
    return values.map { $0.isNaN ? 0 : max(-4, min(4, $0)) }
  }

  /// Appends what the network reads of one series.
  ///
  /// - Parameter view: With at least `leads` leads.
  package func write(_ view: SeriesView, inputs: inout [Float], statics: inout [Float]) {
    let own = self.statics(of: view)
    let errors = view.reference.errors
    for k in stride(from: patches - 1, through: 0, by: -1) {
      let end = errors.count - k * patch
      var present: Float = 0
      for t in (end - patch)..<end {
        guard t >= 0, !errors[t].isNaN else {
          inputs.append(0)
          continue
        }
        inputs.append(asinh(errors[t]))
        present += 1
      }
      inputs.append(present / Float(patch))
      let days = Double(view.step.microseconds(of: view.cutoff - k * patch)) / 86_400e6
      let turns = self == .day ? [days / 365.25] : [days / 365.25, days / 7]
      for turn in turns { inputs += [Float(sin(2 * .pi * turn)), Float(cos(2 * .pi * turn))] }
      inputs += own
    }
    statics += own
  }

  /// A distance in deviations; 0 where there is none.
  private func squashed(_ distance: Double) -> Float { distance.isNaN ? 0 : Float(asinh(distance) / 3) }
}
