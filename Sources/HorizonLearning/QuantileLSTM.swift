import HorizonNumerics

/// A network that reads a sequence and forecasts all quantiles of all leads at once.
///
/// One LSTM layer reads the steps; a linear head turns its last hidden state, with what is known of the example, into forecasts
/// laid out [lead][level]. It calculates what PyTorch's `nn.LSTM` and `nn.Linear` do. The caller sets the matrix library to one
/// thread (`useOneThreadForMatrices`); different networks may then be used on different threads.
///
/// Sources: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997; Gers, Schmidhuber and Cummins, "Learning to Forget",
/// 2000; for quantiles by a direct head: Wen and others, "A Multi-Horizon Quantile Recurrent Forecaster", 2017.
package struct QuantileLSTM<Scalar: NetworkScalar>: Sendable {
  package let shape: LSTMShape
  /// Each in (0, 1).
  package let levels: [Double]
  /// All tensors behind each other, as `LSTMShape.range(of:)` says.
  package var parameters: [Scalar] {
    didSet { precondition(parameters.count == shape.parameterCount) }
  }

  package var leads: Int { shape.outputs / levels.count }

  /// A network that has learned nothing yet.
  ///
  /// Weights are uniform within 1 / sqrt(hidden), those of the head a tenth of that; forget gates start with a bias of 1, so
  /// that the past is kept until there is a reason to forget it (Jozefowicz, Zaremba and Sutskever, 2015); other biases are 0.
  package init(_ shape: LSTMShape, levels: [Double], seed: UInt64) {
    self.init(shape, levels: levels, parameters: [Scalar](repeating: 0, count: shape.parameterCount))
    var random = SplitMix64(seed: seed)
    let bound = 1 / Double(shape.hidden).squareRoot()
    for tensor in LSTMTensor.allCases where !tensor.isBias {
      let reach = tensor == .headWeights ? bound / 10 : bound
      for at in shape.range(of: tensor) { parameters[at] = Scalar(random.uniform(-reach, reach)) }
    }
    let forget = shape.range(of: .inputBias).dropFirst(shape.hidden).prefix(shape.hidden)
    for at in forget { parameters[at] = 1 }
  }

  /// - Parameter parameters: As `LSTMShape.range(of:)` lays them out.
  package init(_ shape: LSTMShape, levels: [Double], parameters: [Scalar]) {
    precondition(!levels.isEmpty && levels.allSatisfy { $0 > 0 && $0 < 1 })
    precondition(shape.outputs % levels.count == 0 && parameters.count == shape.parameterCount)
    self.shape = shape
    self.levels = levels
    self.parameters = parameters
  }

  /// One tensor, row by row.
  package subscript(tensor: LSTMTensor) -> [Scalar] {
    get { Array(parameters[shape.range(of: tensor)]) }
    set {
      let range = shape.range(of: tensor)
      precondition(newValue.count == range.count)
      parameters.replaceSubrange(range, with: newValue)
    }
  }

  /// Forecasts of any number of examples; each one's bits are independent of the others.
  ///
  /// - Parameters:
  ///   - inputs: [example][step][feature]; how many steps follows from its length.
  ///   - statics: [example][feature].
  /// - Returns: [example][lead][level]; levels may cross.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  package func forward(inputs: [Scalar], statics: [Scalar] = [], count: Int) -> [Scalar] {
    guard count > 0 else { return [] }
    let steps = inputs.count / (count * shape.inputs)
    precondition(steps > 0 && inputs.count == count * steps * shape.inputs && statics.count == count * shape.statics)
    let tile = LSTMTile<Scalar>(shape, steps: steps, keepsHistory: false)
    let rows = Array(0..<count)
    return [Scalar](unsafeUninitializedCapacity: count * shape.outputs) { forecasts, filled in
      parameters.withUnsafeBufferPointer { parameters in
        tile.pack(parameters.baseAddress!)
        for start in stride(from: 0, to: count, by: tileWidth) {
          let inTile = rows[start..<min(start + tileWidth, count)]
          tile.forward(parameters.baseAddress!, inputs: inputs, statics: statics, rows: inTile)
          for (column, example) in inTile.enumerated() {
            let forecast = forecasts.baseAddress! + example * shape.outputs
            for output in 0..<shape.outputs { (forecast + output).initialize(to: tile.outputs.row(output)[column]) }
          }
        }
      }
      filled = count * shape.outputs
    }
  }

  /// Mean pinball loss over all targets that are known, weighted by example.
  ///
  /// - Returns: NaN when no target is known.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  package func loss(on examples: LearningExamples<Scalar>) -> Double {
    examples.check(fit: self)
    let loss = PinballLoss(levels: levels.map { Scalar($0) })
    let tile = LSTMTile<Scalar>(shape, steps: examples.steps, keepsHistory: false)
    let rows = Array(0..<examples.count)
    var sum = 0.0
    parameters.withUnsafeBufferPointer { parameters in
      tile.pack(parameters.baseAddress!)
      for start in stride(from: 0, to: examples.count, by: tileWidth) {
        let inTile = rows[start..<min(start + tileWidth, examples.count)]
        tile.forward(parameters.baseAddress!, inputs: examples.inputs, statics: examples.statics, rows: inTile)
        sum += loss.sum(of: tile.outputs, examples, rows: inTile)
      }
    }
    return sum / loss.weight(examples, rows: rows[...])
  }

  /// The loss and its gradient by every parameter, laid out like `parameters`.
  ///
  /// - Parameters:
  ///   - dropout: Share of the last hidden states that count as 0, the others more in turn; in [0, 1).
  ///   - seed: Decides which ones.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  package func gradient(
    on examples: LearningExamples<Scalar>, dropout: Double = 0, seed: UInt64 = 0
  ) -> (loss: Double, gradient: [Scalar]) {
    examples.check(fit: self)
    let tile = LSTMTile<Scalar>(shape, steps: examples.steps, keepsHistory: true)
    var gradient = [Scalar](repeating: 0, count: parameters.count)
    var random = SplitMix64(seed: seed)
    let rows = Array(0..<examples.count)
    let loss = PinballLoss(levels: levels.map { Scalar($0) })
    let weight = loss.weight(examples, rows: rows[...])
    let sum = addGradient(
      of: loss, on: examples, rows: rows[...], scale: 1 / weight, dropout: dropout, with: &random, tile: tile,
      to: &gradient)
    return (sum / weight, gradient)
  }

  /// Adds the gradient of `scale` times the summed loss of the given examples.
  ///
  /// - Returns: The sum of the losses.
  @inline(__always)
  func addGradient(
    of loss: PinballLoss<Scalar>, on examples: LearningExamples<Scalar>, rows: ArraySlice<Int>, scale: Double,
    dropout: Double, with random: inout SplitMix64, tile: borrowing LSTMTile<Scalar>, to gradient: inout [Scalar]
  ) -> Double {
    var sum = 0.0
    parameters.withUnsafeBufferPointer { parameters in
      gradient.withUnsafeMutableBufferPointer { gradient in
        tile.pack(parameters.baseAddress!)
        for start in stride(from: rows.startIndex, to: rows.endIndex, by: tileWidth) {
          let inTile = rows[start..<min(start + tileWidth, rows.endIndex)]
          if dropout > 0 { tile.drop(dropout, with: &random) }
          tile.forward(parameters.baseAddress!, inputs: examples.inputs, statics: examples.statics, rows: inTile)
          sum += loss.sum(of: tile.outputs, examples, rows: inTile, gradientScale: scale)
          tile.backward(parameters.baseAddress!, into: gradient.baseAddress!)
        }
      }
    }
    return sum
  }
}
