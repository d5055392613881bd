import Foundation
import HorizonCore
import HorizonModels
import HorizonNumerics
import HorizonTestKit
import Testing

private let steps: [Step] = [.day, .hour, Step(seconds: 604_800), Step(seconds: 300)]

private func views(_ step: Step, length: Int = 400, horizon: Int) -> [SeriesView] {
  SeriesView.of(SyntheticPanel.panel(length: length, step: step), horizon: horizon).compactMap(\.self)
}

private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

/// What models that learn from the fleet are told of a series.
@Suite struct SeriesViewTests {
  @Test(arguments: steps) func aSeriesThatNeverChangesHasNothingToTeach(step: Step) {
    let panel = SyntheticPanel.panel(kinds: [.constant, .zero, .short, .single], length: 400, step: step)
    #expect(SeriesView.of(panel, horizon: 10).allSatisfy { $0 == nil })
    #expect(views(step, horizon: 10).count >= 8)
  }

  @Test(arguments: steps) func aScoreIsReadBackFromItsReading(step: Step) {
    for view in views(step, horizon: 90) {
      for lead in [1, 7, 30, 90] {
        let readings = [Float(-2), -0.5, 0, 1, 2].map { ($0, view.reference.reading($0, lead: lead)) }
        #expect(zip(readings, readings.dropFirst()).allSatisfy { $0.1 < $1.1 })
        // What lies below all that a logarithm can tell comes back higher.
        for (score, reading) in readings where score >= -0.5 {
          #expect(abs(view.reference.score(reading, lead: lead) - score) < 1e-2)
        }
      }
    }
  }

  @Test func errorsAreInTheirOwnDeviationsWithGapsKept() {
    for (kind, view) in zip(
      [SyntheticPanel.Kind.seasonal, .gappy, .noise],
      SeriesView.of(SyntheticPanel.panel(kinds: [.seasonal, .gappy, .noise], length: 400), horizon: 5))
    {
      let errors = view!.reference.errors
      let known = errors.filter { !$0.isNaN }
      let history = SyntheticPanel.panel(kinds: [kind], length: 400).history(0)
      #expect(errors.map(\.isNaN) == history.values.map(\.isNaN))
      let square = known.reduce(0) { $0 + Double($1) * Double($1) } / Double(known.count)
      #expect(abs(square - 1) < 0.05, "\(kind): \(square)")
    }
  }

  @Test(arguments: steps) func noFeatureIsInfiniteOrMissesItsName(step: Step) {
    for view in views(step, horizon: 400) + views(step, length: 20, horizon: 400) {
      let features = XGBoostFeatures(view, mostLead: 180)
      for lead in [1, 2, 7, 8, 30, 181, 365, 400] {
        var row: [Float] = []
        features.write(lead: lead, into: &row)
        #expect(row.count == XGBoostFeatures.names.count)
        let infinite = zip(XGBoostFeatures.names, row).filter { $1.isInfinite }.map(\.0)
        #expect(infinite.isEmpty, "lead \(lead): \(infinite)")
      }
    }
    #expect(Set(XGBoostFeatures.names).count == XGBoostFeatures.names.count)
  }

  /// A fold's horizon is often shorter than the run's.
  @Test(arguments: steps) func whatIsToldOfALeadDoesNotDependOnTheHorizon(step: Step) {
    let layout = LSTMLayout(step)
    for (near, far) in zip(views(step, horizon: layout.leads), views(step, horizon: layout.leads + 100)) {
      for lead in [1, 10, 100] {
        var rows: [[Float]] = [[], []]
        XGBoostFeatures(near, mostLead: 180).write(lead: lead, into: &rows[0])
        XGBoostFeatures(far, mostLead: 180).write(lead: lead, into: &rows[1])
        #expect(bits(rows[0]) == bits(rows[1]))
      }
      let told = [near, far].map { view in
        var (inputs, statics): ([Float], [Float]) = ([], [])
        layout.write(view, inputs: &inputs, statics: &statics)
        return bits(inputs + statics)
      }
      #expect(told[0] == told[1])
    }
  }

  @Test(arguments: steps) func theNetworkReadsTheNewestPatchesAsTheyLie(step: Step) {
    let layout = LSTMLayout(step)
    for view in views(step, horizon: layout.leads) {
      var (inputs, statics): ([Float], [Float]) = ([], [])
      layout.write(view, inputs: &inputs, statics: &statics)
      #expect(inputs.count == layout.patches * layout.inputs && statics.count == LSTMLayout.statics)
      #expect(inputs.allSatisfy(\.isFinite) && statics.allSatisfy { abs($0) <= 4 })
      let errors = view.reference.errors
      for k in 0..<layout.patches {
        let step = inputs[(k * layout.inputs)..<((k + 1) * layout.inputs)]
        let first = errors.count - (layout.patches - k) * layout.patch
        let known = (first..<(first + layout.patch)).map { t -> Float in
          t < 0 || errors[t].isNaN ? 0 : asinh(errors[t])
        }
        let present = (first..<(first + layout.patch)).count { $0 >= 0 && !errors[$0].isNaN }
        #expect(Array(step.prefix(layout.patch)) == known)
        #expect(step[step.startIndex + layout.patch] == Float(present) / Float(layout.patch))
        #expect(Array(step.suffix(LSTMLayout.statics)) == statics)
      }
    }
  }
}

@Suite struct ErrorSumsTests {
  /// Normal errors with stretches and single places missing.
  private func errors(_ random: inout SplitMix64) -> [Float] {
    let gap = Int(random.uniform(0, 60))
    return (0..<120).map { t in
      let e = Float(2 + random.normal())
      return random.uniform() < 0.2 || (gap..<(gap + 25)).contains(t) ? .nan : e
    }
  }

  private func mean(_ values: [Float]) -> Float {
    values.isEmpty ? .nan : Float(values.reduce(0) { $0 + Double($1) } / Double(values.count))
  }

  private func agree(_ a: Float, _ b: Float) -> Bool { a.isNaN ? b.isNaN : abs(a - b) <= 1e-5 * (1 + abs(b)) }

  @Test func stretchesWithGapsAgreeWithTheirDefinitions() {
    var random = SplitMix64(seed: 11)
    for _ in 0..<20 {
      let errors = errors(&random)
      let sums = ErrorSums(errors)
      for _ in 0..<40 {
        let start = Int(random.uniform(0, 121))
        let range = start..<min(120, start + Int(random.uniform(0, 60)))
        let known = errors[range].filter { !$0.isNaN }
        #expect(agree(sums.mean(range), mean(known)))
        let centre = mean(known)
        let square = mean(known.map { ($0 - centre) * ($0 - centre) })
        #expect(agree(sums.deviation(range), known.count < 2 ? .nan : square.squareRoot()))
        let middle = (range.lowerBound + range.upperBound) / 2
        let halves = [range.lowerBound..<middle, middle..<range.upperBound].map { half in
          mean(errors[half].filter { !$0.isNaN })
        }
        #expect(agree(sums.slope(range), halves[1] - halves[0]))
        #expect(agree(sums.most(range), known.max() ?? .nan) && agree(sums.least(range), known.min() ?? .nan))
        let place = Int(random.uniform(-20, 140))
        let cycle = stride(from: place, to: place - 28, by: -7).filter(errors.indices.contains)
        #expect(agree(sums.place(place, every: 7, times: 4), mean(cycle.map { errors[$0] }.filter { !$0.isNaN })))
      }
    }
  }
}
