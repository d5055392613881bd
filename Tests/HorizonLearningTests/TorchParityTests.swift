import Foundation
import HorizonLearning
import HorizonNumerics
import Testing

/// Our network against PyTorch's `nn.LSTM` and `nn.Linear` in double precision: scripts/parity/lstm writes the files.
@Suite struct TorchParityTests {
  struct Golden: Decodable, Sendable, CustomTestStringConvertible {
    struct Case: Decodable, Sendable {
      let name: String
      let inputs, statics, hidden, leads, steps, count: Int
      let seed: UInt64
    }
    let `case`: Case
    let levels: [Double]
    let forecasts: [Double]
    let loss: Double
    let gradients: [String: [Double]]

    var testDescription: String { `case`.name }

    var shape: LSTMShape {
      LSTMShape(
        inputs: `case`.inputs, statics: `case`.statics, hidden: `case`.hidden,
        outputs: `case`.leads * levels.count)
    }

    /// The numbers that the script drew, in its order.
    func made<Scalar: NetworkScalar>() -> (network: QuantileLSTM<Scalar>, examples: LearningExamples<Scalar>) {
      var random = SplitMix64(seed: `case`.seed)
      func draw(_ count: Int) -> [Scalar] {
        (0..<count).map { _ in Scalar(Double(random.next() >> 52) / 2_048 - 1) }
      }
      let network = QuantileLSTM<Scalar>(shape, levels: levels, parameters: draw(shape.parameterCount))
      let inputs = draw(`case`.count * `case`.steps * `case`.inputs)
      let statics = draw(`case`.count * `case`.statics)
      var targets = draw(`case`.count * `case`.leads)
      for at in targets.indices where at % 5 == 3 { targets[at] = .nan }
      return (
        network,
        LearningExamples(
          count: `case`.count, steps: `case`.steps, leads: `case`.leads, inputs: inputs, statics: statics,
          targets: targets, weights: (0..<`case`.count).map { Scalar(1 + $0 % 3) })
      )
    }
  }

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Golden/lstm")

  static let golden: [Golden] = ["small", "many", "long"].map { name in
    do {
      let file = folder.appending(path: "\(name).json")
      return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    } catch { fatalError("\(name).json: \(error)") }
  }

  init() { useOneThreadForMatrices() }

  @Test(arguments: golden) func doubleAgreesWithTorch(_ golden: Golden) {
    check(golden, Double.self, tolerance: 1e-9)
  }

  @Test(arguments: golden) func floatAgreesWithTorch(_ golden: Golden) {
    check(golden, Float.self, tolerance: 1e-5)
  }

  private func check<Scalar: NetworkScalar>(_ golden: Golden, _: Scalar.Type, tolerance: Double) {
    let (network, examples): (QuantileLSTM<Scalar>, LearningExamples<Scalar>) = golden.made()
    let forecasts = network.forward(inputs: examples.inputs, statics: examples.statics, count: examples.count)
    let (loss, gradient) = network.gradient(on: examples)
    #expect(distance(forecasts, golden.forecasts) < tolerance)
    #expect(abs(loss / golden.loss - 1) < tolerance)
    for tensor in LSTMTensor.allCases {
      let far = distance(Array(gradient[golden.shape.range(of: tensor)]), golden.gradients[tensor.rawValue] ?? [])
      #expect(far < tolerance, "\(tensor.rawValue)")
    }
  }

  /// The largest difference, relative to the largest entry.
  private func distance<Scalar: NetworkScalar>(_ ours: [Scalar], _ theirs: [Double]) -> Double {
    guard ours.count == theirs.count, let largest = theirs.map(abs).max() else { return .infinity }
    return zip(ours, theirs).map { abs(Double($0) - $1) }.max()! / largest
  }

  /// The file is that of the safetensors package, to the byte: what it writes we read, what we write it reads.
  @Test func weightsAreInterchangedWithTheSafetensorsPackage() throws {
    let golden = Self.golden[0]
    let (network, _): (QuantileLSTM<Float>, LearningExamples<Float>) = golden.made()
    let bytes = try Data(contentsOf: Self.folder.appending(path: "small.safetensors"))
    let read = try SafetensorsFile(bytes)
    let loaded = try QuantileLSTM<Float>(golden.shape, levels: golden.levels, tensors: read.tensors)
    #expect(loaded.parameters == network.parameters)
    #expect(SafetensorsFile(tensors: network.tensors, metadata: ["case": "small"]).bytes == bytes)
  }
}
