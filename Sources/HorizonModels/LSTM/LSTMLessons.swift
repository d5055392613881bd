package import HorizonCore
package import HorizonLearning

/// Moments of the past as a network takes them, with what came after each.
package struct LSTMLessons: Sendable {
  private let layout: LSTMLayout
  private var inputs: [Float] = []
  private var statics: [Float] = []
  private var targets: [Float] = []
  package private(set) var count = 0

  package init(_ layout: LSTMLayout) { self.layout = layout }

  /// Adds one moment unless nothing is known of what came after it.
  ///
  /// - Parameter isTarget: Whether the reading at a step index is to be forecast.
  mutating func add(_ example: Example, of sample: Panel, isTarget: (Int) -> Bool) {
    let own = (1...layout.leads).map { lead -> Float in
      let index = example.view.cutoff + lead
      return index <= sample.cutoff && isTarget(index) ? example.score(sample, lead: lead) : .nan
    }
    guard own.contains(where: { !$0.isNaN }) else { return }
    layout.write(example.view, inputs: &inputs, statics: &statics)
    targets += own
    count += 1
  }

  /// Adds the moment `cutoff` of every series of a panel.
  package mutating func add(_ panel: Panel, cutoff: Int) {
    let known = panel.cut(at: cutoff).rebased().panel
    let views = SeriesView.of(known, horizon: layout.leads)
    for (s, view) in views.enumerated() {
      if let view { add(Example(view: view, series: s), of: panel) { _ in true } }
    }
  }

  package var examples: LearningExamples<Float> {
    LearningExamples(
      count: count, steps: layout.patches, leads: layout.leads, inputs: inputs, statics: statics, targets: targets)
  }
}
