import Foundation
import HorizonLearning
import HorizonNumerics
import Testing

@Suite struct NetworkTrainerTests {
  private static let levels = [0.1, 0.5, 0.9]

  init() { useOneThreadForMatrices() }

  @Test func learnsATinyPanelByHeart() throws {
    let shape = LSTMShape(inputs: 3, statics: 1, hidden: 24, outputs: 6)
    var network = QuantileLSTM<Float>(shape, levels: Self.levels, seed: 1)
    let examples: LearningExamples<Float> = randomExamples(count: 8, steps: 5, leads: 2, shape: shape, seed: 2)
    let before = network.loss(on: examples)
    var options = TrainingOptions()
    options.epochs = 400
    options.learningRate = 0.02
    let log = try NetworkTrainer.train(&network, on: examples, options: options)
    let after = network.loss(on: examples)
    #expect(after < 0.03 * before, "\(before) -> \(after)")
    #expect(log.epochs.count == 401 && log.best == 400)
  }

  /// Waves on rising lines: the network sees 24 steps, relative to the newest, and forecasts 8.
  private func waves(from start: Int, count: Int, seed: UInt64) -> LearningExamples<Float> {
    var random = SplitMix64(seed: seed)
    var inputs: [Float] = []
    var targets: [Float] = []
    for _ in 0..<count {
      let (phase, slope) = (random.uniform(0, 2 * .pi), random.uniform(-0.05, 0.05))
      func value(_ t: Int) -> Float { Float(sin(2 * .pi * Double(t) / 12 + phase) + slope * Double(t)) }
      let now = start + Int(random.uniform() * 50)
      for t in now - 23...now { inputs.append(value(t) - value(now)) }
      for t in now + 1...now + 8 { targets.append(value(t) - value(now)) }
    }
    return LearningExamples(count: count, steps: 24, leads: 8, inputs: inputs, targets: targets)
  }

  @Test func continuesAWaveWithTrend() throws {
    let shape = LSTMShape(inputs: 1, hidden: 32, outputs: 24)
    var network = QuantileLSTM<Float>(shape, levels: Self.levels, seed: 3)
    var options = TrainingOptions()
    options.epochs = 40
    options.learningRate = 0.01
    _ = try NetworkTrainer.train(
      &network, on: waves(from: 100, count: 1_024, seed: 4), validation: waves(from: 100, count: 128, seed: 5),
      options: options)
    // Later than anything seen in training.
    let later = waves(from: 400, count: 200, seed: 6)
    let forecasts = network.forward(inputs: later.inputs, count: later.count)
    let errors = later.targets.indices.map { abs(later.targets[$0] - forecasts[$0 * 3 + 1]) }.sorted()
    let typical = errors[errors.count / 2]
    #expect(typical < 0.06, "median error \(typical) of an amplitude of 1")
    let covered = later.targets.indices.filter {
      forecasts[$0 * 3] <= later.targets[$0] && later.targets[$0] <= forecasts[$0 * 3 + 2]
    }
    #expect(covered.count > later.targets.count / 2)
  }

  private func trained(seed: UInt64, dropout: Double = 0.2) throws -> QuantileLSTM<Float> {
    let shape = LSTMShape(inputs: 2, statics: 1, hidden: 16, outputs: 6)
    var network = QuantileLSTM<Float>(shape, levels: Self.levels, seed: 7)
    var options = TrainingOptions()
    options.epochs = 3
    options.batch = 128
    options.dropout = dropout
    options.weightDecay = 0.01
    options.seed = seed
    _ = try NetworkTrainer.train(
      &network, on: randomExamples(count: 300, steps: 6, leads: 2, shape: shape, seed: 8),
      validation: randomExamples(count: 70, steps: 6, leads: 2, shape: shape, seed: 9), options: options)
    return network
  }

  @Test func theSameSeedGivesTheSameBitsOnAnyThread() async throws {
    let alone = try trained(seed: 1).parameters
    let together = try await withThrowingTaskGroup(of: [Float].self) { group in
      for _ in 0..<4 { group.addTask { try trained(seed: 1).parameters } }
      return try await group.reduce(into: [[Float]]()) { $0.append($1) }
    }
    #expect(together.allSatisfy { $0 == alone })
    #expect(try trained(seed: 2).parameters != alone)
    #expect(try trained(seed: 1, dropout: 0).parameters != alone)
  }

  @Test func keepsTheBestParametersAndStopsWhenNothingImproves() throws {
    let shape = LSTMShape(inputs: 2, hidden: 32, outputs: 6)
    var network = QuantileLSTM<Float>(shape, levels: Self.levels, seed: 1)
    // Nothing but chance: what helps in training hurts in validation.
    let examples: LearningExamples<Float> = randomExamples(count: 64, steps: 5, leads: 2, shape: shape, seed: 2)
    let validation: LearningExamples<Float> = randomExamples(count: 300, steps: 5, leads: 2, shape: shape, seed: 3)
    var options = TrainingOptions()
    options.epochs = 300
    options.learningRate = 0.02
    options.patience = 4
    let log = try NetworkTrainer.train(&network, on: examples, validation: validation, options: options)
    let least = try #require(log.epochs.compactMap(\.validationLoss).min())
    #expect(log.stoppedEarly && log.epochs.count == log.best + 5)
    #expect(log.epochs[log.best].validationLoss == least && network.loss(on: validation) == least)
  }

  @Test func tuningNeverEndsWorseThanItBegan() throws {
    var network = try trained(seed: 1)
    let given = network
    let examples: LearningExamples<Float> = randomExamples(
      count: 64, steps: 6, leads: 2, shape: given.shape, seed: 20)
    let validation: LearningExamples<Float> = randomExamples(
      count: 64, steps: 6, leads: 2, shape: given.shape, seed: 21)
    var options = TrainingOptions()
    options.epochs = 10
    options.learningRate = 1
    options.largestGradient = 1e9
    let log = try NetworkTrainer.train(&network, on: examples, validation: validation, options: options)
    #expect(log.best == 0 && network.parameters == given.parameters)
  }

  @Test func aTrainingThatIsStoppedLeavesTheNetworkAsItWas() throws {
    let shape = LSTMShape(inputs: 2, hidden: 4, outputs: 3)
    var network = QuantileLSTM<Float>(shape, levels: Self.levels, seed: 1)
    let given = network.parameters
    var steps = 0
    #expect(throws: CancellationError.self) {
      try NetworkTrainer.train(
        &network, on: randomExamples(count: 200, steps: 3, leads: 1, shape: shape, seed: 2),
        checkpoint: {
          steps += 1
          if steps == 3 { throw CancellationError() }
        })
    }
    #expect(network.parameters == given)
  }

  @Test func whatCannotBeLearnedFromIsRefused() {
    let shape = LSTMShape(inputs: 1, hidden: 4, outputs: 3)
    var network = QuantileLSTM<Float>(shape, levels: Self.levels, seed: 1)
    let given = network.parameters
    func train(inputs: [Float], targets: [Float]) throws {
      _ = try NetworkTrainer.train(
        &network,
        on: LearningExamples(count: targets.count, steps: 2, leads: 1, inputs: inputs, targets: targets))
    }
    #expect(throws: LearningError.failed("none of the training targets is known")) {
      try train(inputs: [1, 2], targets: [.nan])
    }
    #expect(throws: LearningError.failed("none of the training targets is known")) {
      try train(inputs: [], targets: [])
    }
    #expect(throws: LearningError.self) { try train(inputs: [1, .nan], targets: [1]) }
    #expect(network.parameters == given)
  }

  /// Whole-panel steps, so that the order of examples does not matter.
  @Test func stepsAreThoseOfAdamW() throws {
    let shape = LSTMShape(inputs: 2, statics: 1, hidden: 4, outputs: 6)
    var network = QuantileLSTM<Double>(shape, levels: Self.levels, seed: 1)
    let examples: LearningExamples<Double> = randomExamples(count: 50, steps: 3, leads: 2, shape: shape, seed: 2)
    var options = TrainingOptions()
    options.epochs = 5
    options.learningRate = 0.05
    options.weightDecay = 0.1
    options.largestGradient = 0.05
    var slow = network
    var (mean, square) = (slow.parameters.map { _ in 0.0 }, slow.parameters.map { _ in 0.0 })
    for step in 1...5 {
      let gradient = slow.gradient(on: examples).gradient
      let length = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if step == 1 { #expect(length > 0.05) }
      let rate = options.learningRate(step: step, of: 5)
      for at in gradient.indices {
        let isBias = LSTMTensor.allCases.contains {
          $0.rawValue.contains("bias") && shape.range(of: $0).contains(at)
        }
        let g = gradient[at] * min(1, 0.05 / length)
        mean[at] = 0.9 * mean[at] + 0.1 * g
        square[at] = 0.999 * square[at] + 0.001 * g * g
        let (m, v) = (mean[at] / (1 - pow(0.9, Double(step))), square[at] / (1 - pow(0.999, Double(step))))
        slow.parameters[at] -= rate * (m / (v.squareRoot() + 1e-8) + (isBias ? 0 : 0.1 * slow.parameters[at]))
      }
    }
    _ = try NetworkTrainer.train(&network, on: examples, options: options)
    #expect(zip(network.parameters, slow.parameters).allSatisfy { abs($0 - $1) < 1e-10 })
  }

  @Test func theLearningRateRisesThenFallsToNothing() {
    var options = TrainingOptions()
    options.warmUp = 0.1
    options.learningRate = 1
    let rates = (1...100).map { options.learningRate(step: $0, of: 100) }
    #expect(abs(rates[0] - 0.1) < 1e-12 && abs(rates[9] - 1) < 1e-12)
    #expect(zip(rates[9...], rates[10...]).allSatisfy { $0 > $1 } && rates[99] < 0.001)
  }
}
