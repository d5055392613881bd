import ArgumentParser
import Foundation
import HorizonCore
import HorizonLearning
import HorizonModels
import HorizonNumerics
import HorizonPretraining

/// Trains the weights that the product ships on the random series of `synth --family pretrain`; see `make pretrain`.
struct Pretrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lstm-pretrain", abstract: "Trains the shipped weights of one layout on random series.")

  @Option(help: "day or hour.") var layout = LSTMLayout.day
  @Option(help: "Size of the hidden state.") var hidden = 64
  @Option(help: "Series to learn from, one moment of each.") var series = 60_000
  @Option(help: "Series that decide when to stop.") var validation = 6_000
  @Option(help: "Times that each series is seen.") var epochs = 12
  @Option(help: "Highest learning rate.") var rate = 2e-3
  @Option(help: "Seed of the series and of the training; those of the validation have the next one.") var seed: UInt64 =
    2026
  @Option(help: "Longest history, in readings.") var longest = 1_200
  @Option(help: "One of so many series is a short one.") var shortEvery = 3
  @Option(help: "Short ones have 12 readings and fewer than this more.") var shortSpan = 100
  @Option(help: "Weights file; the other layout's weights in it are kept.") var out: String
  @Option(help: "Where the log goes, a JSON object a line.") var log: String?
  @Option(help: "Highest share of hidden states that are dropped.") var dropout = 0.0

  func run() throws {
    useOneThreadForMatrices()
    let learnt = lessons(series, seed: seed)
    let held = lessons(validation, seed: seed + 1)
    say("\(learnt.count) moments to learn from, \(held.count) held out")
    var network = LSTMWeights.untrained(layout, hidden: hidden, seed: seed)
    var options = TrainingOptions()
    options.epochs = epochs
    options.learningRate = rate
    options.seed = seed
    options.dropout = dropout
    options.batch = 128
    let begin = ContinuousClock.now
    var steps = 0
    let all = (learnt.count + options.batch - 1) / options.batch * epochs
    let training = try NetworkTrainer.train(
      &network, on: learnt.examples, validation: held.examples, options: options,
      checkpoint: {
        steps += 1
        if steps % 500 == 0 { say("step \(steps) of \(all), \(ContinuousClock.now - begin)") }
      })
    for epoch in training.epochs {
      say("epoch \(epoch.number): training \(epoch.trainingLoss ?? .nan), held out \(epoch.validationLoss ?? .nan)")
    }
    let file = URL(fileURLWithPath: out)
    var weights = LSTMWeights([layout: network])
    if let bytes = try? Data(contentsOf: file), let earlier = try? LSTMWeights(bytes) {
      weights = weights.completed(by: earlier)
    }
    try weights.bytes.write(to: file)
    if let log {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let line = try encoder.encode(
        Record(
          layout: layout.rawValue, hidden: hidden, series: learnt.count, validation: held.count, options: options,
          log: training))
      let handle = try FileHandle(forWritingTo: made(log))
      try handle.seekToEnd()
      try handle.write(contentsOf: line + Data("\n".utf8))
    }
  }

  private struct Record: Encodable {
    let layout: String
    let hidden: Int
    let series: Int
    let validation: Int
    let options: TrainingOptions
    let log: TrainingLog
  }

  private func made(_ path: String) -> URL {
    if !FileManager.default.fileExists(atPath: path) { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    return URL(fileURLWithPath: path)
  }

  private func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  /// One moment of each series: what came before it and all the leads after it.
  private func lessons(_ count: Int, seed: UInt64) -> LSTMLessons {
    let family = PretrainFamily(seed: seed)
    let step: Step = layout == .day ? .day : .hour
    var lessons = LSTMLessons(layout)
    for index in 0..<count {
      // It is in short series that there is most to learn from others, and a contest on 30 readings begins with 12.
      let short = 12 + Int(stableHash("\(index)/short", seed: seed) % UInt64(shortSpan))
      let history = index % shortEvery == 0 ? short : family.length(index, longest: longest)
      let drawn = family.series(index, step: step, length: history + layout.leads)
      // Any place in the calendar, the same for the same index.
      let first = Int(stableHash("\(index)/place", seed: seed) % 8_000) + (layout == .day ? 10_000 : 240_000)
      let panel = Panel(
        step: step, firstIndex: first, length: drawn.values.count, values: drawn.values, seeds: [UInt64(index)],
        ceilings: [drawn.ceiling ?? .nan],
        covariates: Covariates(attributes: [SeriesAttributes(kind: drawn.kind)]))
      lessons.add(panel, cutoff: first + history - 1)
    }
    return lessons
  }
}

extension LSTMLayout: ExpressibleByArgument {}

Pretrain.main()
