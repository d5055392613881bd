import Foundation
import HorizonNumerics

/// How a network is trained.
package struct TrainingOptions: Sendable, Hashable, Codable {
  /// At most so often every example is seen.
  package var epochs = 20
  /// Examples of a step; a multiple of `tileWidth`.
  package var batch = 64
  /// The highest learning rate, reached after the warm-up.
  package var learningRate = 2e-3
  /// Share of all steps in which the rate rises from 0; then it falls to 0 along a cosine.
  package var warmUp = 0.05
  /// How much of each weight (not bias) is taken off per step, times the learning rate.
  package var weightDecay = 0.0
  /// Longer gradients are shortened to this length.
  package var largestGradient = 1.0
  /// Share of the last hidden state that is dropped in training.
  package var dropout = 0.0
  /// Ends after so many epochs without a better validation loss.
  package var patience = 5
  package var seed: UInt64 = 42

  package init() {}

  /// The learning rate of a step, counted from 1, of a training of `steps` steps.
  package func learningRate(step: Int, of steps: Int) -> Double {
    let rising = (warmUp * Double(steps)).rounded()
    if Double(step) <= rising { return learningRate * Double(step) / rising }
    return learningRate * 0.5 * (1 + cos(.pi * (Double(step) - rising) / (Double(steps) + 1 - rising)))
  }
}

/// What happened in a training, epoch by epoch.
package struct TrainingLog: Sendable, Hashable, Codable {
  package struct Epoch: Sendable, Hashable, Codable {
    /// Epoch 0 is the network as it was given.
    package let number: Int
    /// Mean over the epoch's steps, with dropout; nil before the first one.
    package let trainingLoss: Double?
    /// Nil without validation examples.
    package let validationLoss: Double?
  }

  package fileprivate(set) var epochs: [Epoch] = []
  /// Whose parameters were kept.
  package fileprivate(set) var best = 0
  /// Whether it ended before all epochs because the validation loss did not fall any more.
  package fileprivate(set) var stoppedEarly = false
}

/// Fits a network to examples by AdamW on one thread; the same seed gives the same bits.
package enum NetworkTrainer {
  /// Trains a network from the parameters that it has, and leaves the best ones of all epochs in it.
  ///
  /// With validation examples the best are those with the least loss there, the given ones included, so that tuning never ends
  /// worse than it began; without, the last ones.
  ///
  /// - Parameters:
  ///   - checkpoint: Called before each step; what it throws ends the training, and the network stays as it was given.
  /// - Throws: `LearningError.failed` when no target is known or the loss is no number any more.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  package static func train<Scalar: NetworkScalar>(
    _ network: inout QuantileLSTM<Scalar>, on examples: LearningExamples<Scalar>,
    validation: LearningExamples<Scalar>? = nil, options: TrainingOptions = TrainingOptions(),
    checkpoint: () throws -> Void = {}
  ) throws -> TrainingLog {
    precondition(options.batch > 0 && options.batch % tileWidth == 0 && options.epochs > 0)
    precondition((0..<1).contains(options.dropout))
    examples.check(fit: network)
    validation?.check(fit: network)

    var trained = network
    var best = network.parameters
    var log = TrainingLog()
    var bestLoss = try validation.map { try known($0, loss: trained.loss(on: $0), of: "validation") }
    log.epochs.append(TrainingLog.Epoch(number: 0, trainingLoss: nil, validationLoss: bestLoss))

    let loss = PinballLoss(levels: network.levels.map { Scalar($0) })
    let tile = LSTMTile<Scalar>(network.shape, steps: examples.steps, keepsHistory: true)
    let stepsPerEpoch = (examples.count + options.batch - 1) / options.batch
    var optimiser = AdamW<Scalar>(network.shape, options: options, steps: stepsPerEpoch * options.epochs)
    var random = SplitMix64(seed: options.seed)
    var order = Array(0..<examples.count)
    var gradient = [Scalar](repeating: 0, count: network.parameters.count)

    for epoch in 1...options.epochs {
      shuffle(&order, with: &random)
      var sum = 0.0
      var weight = 0.0
      for start in stride(from: 0, to: order.count, by: options.batch) {
        try checkpoint()
        let rows = order[start..<min(start + options.batch, order.count)]
        let weightOfStep = loss.weight(examples, rows: rows)
        optimiser.step += 1
        if weightOfStep == 0 { continue }
        for at in gradient.indices { gradient[at] = 0 }
        sum += trained.addGradient(
          of: loss, on: examples, rows: rows, scale: 1 / weightOfStep, dropout: options.dropout, with: &random,
          tile: tile, to: &gradient)
        weight += weightOfStep
        optimiser.update(&trained.parameters, by: gradient)
      }
      let trainingLoss = try known(examples, loss: sum / weight, of: "training")
      let validationLoss = try validation.map { try known($0, loss: trained.loss(on: $0), of: "validation") }
      log.epochs.append(
        TrainingLog.Epoch(number: epoch, trainingLoss: trainingLoss, validationLoss: validationLoss))
      if let validationLoss, let leastLoss = bestLoss {
        if validationLoss < leastLoss {
          bestLoss = validationLoss
          best = trained.parameters
          log.best = epoch
        } else if epoch - log.best >= options.patience {
          log.stoppedEarly = epoch < options.epochs
          break
        }
      } else {
        best = trained.parameters
        log.best = epoch
      }
    }
    network.parameters = best
    return log
  }

  private static func known<Scalar>(
    _ examples: LearningExamples<Scalar>, loss: Double, of kind: String
  ) throws -> Double {
    if loss.isFinite { return loss }
    if examples.targets.allSatisfy(\.isNaN) { throw LearningError.failed("none of the \(kind) targets is known") }
    throw LearningError.failed(
      "the \(kind) loss is no number any more: an input is not finite, or the learning rate is too high")
  }

  /// Fisher and Yates, spelled out so that the order does not depend on the toolchain.
  private static func shuffle(_ order: inout [Int], with random: inout SplitMix64) {
    for last in order.indices.reversed() {
      order.swapAt(last, Int(random.next().multipliedFullWidth(by: UInt64(last + 1)).high))
    }
  }
}

/// Adam with decoupled weight decay, a bound on the gradient's length, and a learning rate that rises, then falls to 0.
///
/// Sources: Kingma and Ba, "Adam", 2015; Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.
struct AdamW<Scalar: NetworkScalar> {
  /// From 1; counts steps without known targets too, so that the schedule ends where it should.
  var step = 0
  private var mean: [Scalar]
  private var square: [Scalar]
  private let shape: LSTMShape
  private let options: TrainingOptions
  private let steps: Int
  private let decayOfMean = 0.9
  private let decayOfSquare = 0.999

  init(_ shape: LSTMShape, options: TrainingOptions, steps: Int) {
    mean = [Scalar](repeating: 0, count: shape.parameterCount)
    square = mean
    self.shape = shape
    self.options = options
    self.steps = steps
  }

  /// One step downhill.
  mutating func update(_ parameters: inout [Scalar], by gradient: [Scalar]) {
    let rate = options.learningRate(step: step, of: steps)
    let length = length(of: gradient)
    let shortening = Scalar(length > options.largestGradient ? options.largestGradient / length : 1)
    let pace = Scalar(rate / (1 - pow(decayOfMean, Double(step))))
    let correction = Scalar(1 / (1 - pow(decayOfSquare, Double(step))).squareRoot())
    let (keepsMean, keepsSquare) = (Scalar(decayOfMean), Scalar(decayOfSquare))
    let tiny: Scalar = 1e-8
    for tensor in LSTMTensor.allCases {
      let staying = Scalar(tensor.isBias ? 1 : 1 - rate * options.weightDecay)
      for at in shape.range(of: tensor) {
        let g = gradient[at] * shortening
        mean[at] = keepsMean * mean[at] + (1 - keepsMean) * g
        square[at] = keepsSquare * square[at] + (1 - keepsSquare) * g * g
        parameters[at] = staying * parameters[at] - pace * mean[at] / (square[at].squareRoot() * correction + tiny)
      }
    }
  }

  private func length(of gradient: [Scalar]) -> Double {
    var sum = 0.0
    for g in gradient { sum += Double(g) * Double(g) }
    return sum.squareRoot()
  }
}
