import Foundation
import HorizonLearning
import HorizonNumerics

/// The slow, obvious twin: one example, one number at a time.
struct SlowLSTM {
  let network: QuantileLSTM<Double>

  func forecast(inputs: [[Double]], statics: [Double]) -> [Double] {
    let shape = network.shape
    let (wi, wh) = (network[.inputWeights], network[.recurrentWeights])
    let (bi, bh) = (network[.inputBias], network[.recurrentBias])
    var h = [Double](repeating: 0, count: shape.hidden)
    var c = h
    for x in inputs {
      let z = (0..<4 * shape.hidden).map { row in
        var sum = bi[row] + bh[row]
        for k in 0..<shape.inputs { sum += wi[row * shape.inputs + k] * x[k] }
        for k in 0..<shape.hidden { sum += wh[row * shape.hidden + k] * h[k] }
        return sum
      }
      for unit in 0..<shape.hidden {
        let gate = (0..<4).map { z[$0 * shape.hidden + unit] }
        c[unit] = sigmoid(gate[1]) * c[unit] + sigmoid(gate[0]) * tanh(gate[2])
        h[unit] = sigmoid(gate[3]) * tanh(c[unit])
      }
    }
    let head = h + statics
    let (weights, bias) = (network[.headWeights], network[.headBias])
    return (0..<shape.outputs).map { row in
      head.indices.reduce(bias[row]) { $0 + weights[row * head.count + $1] * head[$1] }
    }
  }

  func loss(on examples: LearningExamples<Double>) -> Double {
    let shape = network.shape
    var sum = 0.0
    var weight = 0.0
    for example in 0..<examples.count {
      let inputs = (0..<examples.steps).map { step in
        let start = (example * examples.steps + step) * shape.inputs
        return Array(examples.inputs[start..<start + shape.inputs])
      }
      let statics = Array(examples.statics[example * shape.statics..<(example + 1) * shape.statics])
      let forecast = forecast(inputs: inputs, statics: statics)
      let own = examples.weights.isEmpty ? 1 : examples.weights[example]
      for lead in 0..<examples.leads where !examples.targets[example * examples.leads + lead].isNaN {
        let target = examples.targets[example * examples.leads + lead]
        for (level, q) in network.levels.enumerated() {
          let error = target - forecast[lead * network.levels.count + level]
          sum += own * max(q * error, (q - 1) * error)
          weight += own
        }
      }
    }
    return sum / weight
  }

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}

/// Examples of standard normal numbers; every fifth target is unknown.
func randomExamples<Scalar: NetworkScalar>(
  count: Int, steps: Int, leads: Int, shape: LSTMShape, seed: UInt64, weighted: Bool = false
) -> LearningExamples<Scalar> {
  var random = SplitMix64(seed: seed)
  func normals(_ count: Int) -> [Scalar] { (0..<count).map { _ in Scalar(random.normal()) } }
  let inputs = normals(count * steps * shape.inputs)
  let statics = normals(count * shape.statics)
  var targets = normals(count * leads)
  for at in targets.indices where at % 5 == 3 { targets[at] = .nan }
  return LearningExamples(
    count: count, steps: steps, leads: leads, inputs: inputs, statics: statics, targets: targets,
    weights: weighted ? (0..<count).map { Scalar(1 + $0 % 3) } : [])
}
