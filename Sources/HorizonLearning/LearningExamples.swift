/// What a network learns from: sequences of equal length with what came after each.
package struct LearningExamples<Scalar: NetworkScalar>: Sendable {
  package let count: Int
  package let steps: Int
  package let leads: Int
  /// [example][step][feature].
  package let inputs: [Scalar]
  /// [example][feature].
  package let statics: [Scalar]
  /// [example][lead]; NaN is not scored.
  package let targets: [Scalar]
  /// How much each example counts; all 1 when empty.
  package let weights: [Scalar]

  package init(
    count: Int, steps: Int, leads: Int, inputs: [Scalar], statics: [Scalar] = [], targets: [Scalar],
    weights: [Scalar] = []
  ) {
    precondition(targets.count == count * leads && (weights.isEmpty || weights.count == count))
    self.count = count
    self.steps = steps
    self.leads = leads
    self.inputs = inputs
    self.statics = statics
    self.targets = targets
    self.weights = weights
  }

  func weight(of example: Int) -> Scalar { weights.isEmpty ? 1 : weights[example] }

  func check(fit network: QuantileLSTM<Scalar>) {
    precondition(
      inputs.count == count * steps * network.shape.inputs && statics.count == count * network.shape.statics
        && leads == network.leads)
  }
}
