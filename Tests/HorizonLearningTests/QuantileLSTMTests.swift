import HorizonLearning
import HorizonNumerics
import Testing

@Suite struct QuantileLSTMTests {
  private static let levels = [0.1, 0.5, 0.9]
  private static let shapes = [
    LSTMShape(inputs: 3, statics: 2, hidden: 5, outputs: 6),
    LSTMShape(inputs: 4, statics: 0, hidden: 16, outputs: 3),
    LSTMShape(inputs: 1, statics: 1, hidden: 33, outputs: 9),
  ]

  init() { useOneThreadForMatrices() }

  @Test(arguments: shapes) func agreesWithTheSlowTwin(shape: LSTMShape) {
    let network = QuantileLSTM<Double>(shape, levels: Self.levels, seed: 3)
    let examples: LearningExamples<Double> = randomExamples(
      count: 70, steps: 7, leads: network.leads, shape: shape, seed: 4, weighted: true)
    let slow = SlowLSTM(network: network).loss(on: examples)
    #expect(abs(network.loss(on: examples) - slow) < 1e-12 * slow)
    #expect(abs(network.gradient(on: examples).loss - slow) < 1e-12 * slow)
  }

  @Test(arguments: shapes) func doubleGradientsAgreeWithFiniteDifferences(shape: LSTMShape) {
    checkGradients(of: Double.self, shape: shape, tolerance: 1e-6)
  }

  /// The differences are taken in Double: in Float they would drown in rounding.
  @Test(arguments: shapes) func floatGradientsAgreeWithFiniteDifferences(shape: LSTMShape) {
    checkGradients(of: Float.self, shape: shape, tolerance: 1e-3)
  }

  @Test func gradientsAgreeWithFiniteDifferencesUnderDropout() {
    checkGradients(of: Double.self, shape: Self.shapes[0], dropout: 0.4, tolerance: 1e-6)
  }

  private func checkGradients<Scalar: NetworkScalar>(
    of: Scalar.Type, shape: LSTMShape, dropout: Double = 0, tolerance: Double
  ) {
    let step = 1e-5
    let precise = QuantileLSTM<Double>(shape, levels: Self.levels, parameters: scattered(shape))
    let examples: LearningExamples<Double> = randomExamples(
      count: 70, steps: 6, leads: precise.leads, shape: shape, seed: 6, weighted: true)
    let network = QuantileLSTM<Scalar>(
      shape, levels: Self.levels, parameters: precise.parameters.map { Scalar($0) })
    let gradient = network.gradient(
      on: LearningExamples(
        count: examples.count, steps: examples.steps, leads: examples.leads,
        inputs: examples.inputs.map { Scalar($0) }, statics: examples.statics.map { Scalar($0) },
        targets: examples.targets.map { Scalar($0) }, weights: examples.weights.map { Scalar($0) }),
      dropout: dropout, seed: 7
    ).gradient
    for tensor in LSTMTensor.allCases {
      let range = shape.range(of: tensor)
      let largest = range.map { abs(Double(gradient[$0])) }.max() ?? 0
      #expect(largest > 0)
      for at in stride(from: range.lowerBound, to: range.upperBound, by: max(1, range.count / 40)) {
        var moved = precise
        moved.parameters[at] = precise.parameters[at] + step
        let up = loss(of: moved, on: examples, dropout: dropout)
        moved.parameters[at] = precise.parameters[at] - step
        let difference = (up - loss(of: moved, on: examples, dropout: dropout)) / (2 * step)
        #expect(
          abs(Double(gradient[at]) - difference) <= tolerance * largest, "\(tensor.rawValue)[\(at - range.lowerBound)]")
      }
    }
  }

  private func loss(
    of network: QuantileLSTM<Double>, on examples: LearningExamples<Double>, dropout: Double
  ) -> Double {
    dropout > 0 ? network.gradient(on: examples, dropout: dropout, seed: 7).loss : network.loss(on: examples)
  }

  /// Larger than those of a fresh network, so that no gate is in its linear range.
  private func scattered(_ shape: LSTMShape) -> [Double] {
    var random = SplitMix64(seed: 5)
    return (0..<shape.parameterCount).map { _ in 0.5 * random.normal() }
  }

  @Test(arguments: [
    LSTMShape(inputs: 5, statics: 3, hidden: 24, outputs: 21),
    LSTMShape(inputs: 16, statics: 2, hidden: 64, outputs: 1_272),
  ]) func aForecastHasTheSameBitsInAnyCompanyAndPlace(shape: LSTMShape) {
    let network = QuantileLSTM<Float>(shape, levels: Self.levels, seed: 8)
    let all: LearningExamples<Float> = randomExamples(
      count: 150, steps: 9, leads: network.leads, shape: shape, seed: 9)
    let together = network.forward(inputs: all.inputs, statics: all.statics, count: all.count)
    let length = 9 * shape.inputs
    for example in [0, 1, 15, 63, 64, 100, 149] {
      let inputs = Array(all.inputs[example * length..<(example + 1) * length])
      let statics = Array(all.statics[example * shape.statics..<(example + 1) * shape.statics])
      let own = Array(together[example * shape.outputs..<(example + 1) * shape.outputs])
      #expect(network.forward(inputs: inputs, statics: statics, count: 1) == own)
      // Behind others, some of them without a number.
      let before = [Float](repeating: .nan, count: length) + [Float](repeating: 1e30, count: length * 6)
      let company = network.forward(
        inputs: before + inputs, statics: [Float](repeating: 7, count: 7 * shape.statics) + statics, count: 8)
      #expect(Array(company.suffix(shape.outputs)) == own)
    }
  }

  @Test func aFreshNetworkForecastsItsBiasAndRemembers() {
    let shape = LSTMShape(inputs: 2, hidden: 16, outputs: 3)
    var network = QuantileLSTM<Float>(shape, levels: Self.levels, seed: 1)
    network[.headBias] = [-1, 0, 1]
    network[.headWeights] = [Float](repeating: 0, count: 48)
    #expect(network.forward(inputs: [1, 2, 3, 4], count: 1) == [-1, 0, 1])
    #expect(network[.inputBias].prefix(32).suffix(16).allSatisfy { $0 == 1 })
    #expect(network.forward(inputs: [], count: 0).isEmpty)
  }

  @Test func noKnownTargetHasNoLoss() {
    let shape = LSTMShape(inputs: 1, hidden: 4, outputs: 3)
    let network = QuantileLSTM<Float>(shape, levels: Self.levels, seed: 1)
    let examples = LearningExamples<Float>(count: 1, steps: 2, leads: 1, inputs: [1, 2], targets: [.nan])
    #expect(network.loss(on: examples).isNaN)
  }
}
