import Foundation
import HorizonCore
import HorizonLearning

/// A global recurrent network that forecasts the errors of `harmonic-ar`, all leads and levels at once, with the weights it was
/// shipped with.
struct LSTMZeroShot: ForecastModel {
  static let card = ModelCard(
    name: "lstm-zero-shot",
    summary:
      "Recurrent network trained beforehand on random series: corrects harmonic-ar without having seen the fleet.",
    minimumHistory: HarmonicAR.card.minimumHistory, cost: .dear, reference: LSTM.reference)

  /// Nil for the shipped ones.
  let weights: LSTMWeights?

  func fitted(to panel: Panel) -> any FittedModel {
    FittedLSTM(
      network: (weights ?? .shipped)[LSTMLayout(panel.step)]!, panel: panel,
      teacher: "the network, which has learnt from random series and not from this fleet,")
  }
}

/// The same network after it has learnt from the fleet.
struct LSTM: FleetModel {
  static let card = ModelCard(
    name: "lstm", summary: "The network of lstm-zero-shot, trained further on the fleet's own past.",
    minimumHistory: HarmonicAR.card.minimumHistory, cost: .dear, reference: LSTM.reference)
  static let fileName = "lstm.safetensors"
  static let trainingSeconds = 7.0
  static let reference =
    "Hochreiter & Schmidhuber, \"Long short-term memory\", 1997; Wen et al., "
    + "\"A multi-horizon quantile recurrent forecaster\", 2017; Smyl, IJF 2020"

  /// Where training starts; nil for the shipped ones.
  let weights: LSTMWeights?

  private static let mostExamples = 3_072
  private static let plentyOfExamples = 2_000.0

  func trained(on sample: Panel, horizon: Int, seed: UInt64) throws(TrainingError) -> any TrainedModel {
    let layout = LSTMLayout(sample.step)
    let plan = LearningPlan(sample, horizon: min(horizon, layout.leads))
    let examples = try plan.examples(from: sample, horizon: layout.leads, count: LSTM.mostExamples, seed: seed)
    var learnt = LSTMLessons(layout)
    var held = LSTMLessons(layout)
    for example in examples {
      learnt.add(example, of: sample) { $0 <= plan.heldAfter }
      held.add(example, of: sample) { $0 > plan.heldAfter }
    }
    var network = (weights ?? .shipped)[layout]!
    var options = TrainingOptions()
    options.seed = seed
    options.epochs = 4
    // What few examples teach is mostly luck: the fewer, the smaller the steps away from what random series taught.
    options.learningRate *= min(1, Double(learnt.count) / LSTM.plentyOfExamples)
    options.dropout = 0.1
    options.patience = 2
    // Where all series ended long ago nothing is held out; then each example is seen twice and no more.
    let validation = held.count >= LearningPlan.leastExamples ? held.examples : nil
    if validation == nil { options.epochs = 2 }
    do {
      let log = try NetworkTrainer.train(&network, on: learnt.examples, validation: validation, options: options)
      let losses = [log.epochs[0], log.epochs[log.best]].compactMap(\.validationLoss).map { String(format: "%.4f", $0) }
      let judged =
        losses.isEmpty
        ? "nothing could be held out" : "the loss on what was held out went from \(losses[0]) to \(losses[1])"
      return TrainedLSTM(
        network: network, layout: layout, story: "from \(learnt.count) examples, each seen \(log.best) times; \(judged)"
      )
    } catch let error as LearningError { throw TrainingError(error) } catch {
      throw TrainingError(.trainingFailed, "\(error)")
    }
  }

  func loaded(from bytes: [UInt8]) throws(TrainingError) -> any TrainedModel {
    do throws(LearningError) {
      let weights = try LSTMWeights(Data(bytes))
      guard let layout = LSTMLayout.allCases.first(where: { weights[$0] != nil }) else {
        throw .badWeights("no network")
      }
      return TrainedLSTM(network: weights[layout]!, layout: layout, story: "from an earlier run")
    } catch { throw TrainingError(error) }
  }
}

/// A network that has learnt from a fleet.
private struct TrainedLSTM: TrainedModel {
  static var card: ModelCard { LSTM.card }
  let network: QuantileLSTM<Float>
  let layout: LSTMLayout
  let story: String

  var saved: [UInt8] { [UInt8](LSTMWeights([layout: network]).bytes) }

  func fitted(to panel: Panel) -> any FittedModel {
    guard LSTMLayout(panel.step) == layout else { return Refused(count: panel.count, error: .trainingFailed) }
    return FittedLSTM(network: network, panel: panel, teacher: "the network, which has learnt from this fleet,")
  }
}

private struct FittedLSTM: CorrectedFits {
  let network: QuantileLSTM<Float>
  var panel: Panel
  let teacher: String

  /// A network does not say what its output adds up from.
  func contributions(series: Int, lead: Int, horizon: Int) -> [Contribution] { [] }

  func forecast(horizon: Int) -> ForecastBlock {
    // What has no errors to learn from is what the reference makes of it.
    var block = reference.forecast(horizon: horizon)
    let layout = LSTMLayout(panel.step)
    let views = SeriesView.of(panel, horizon: max(horizon, layout.leads))
    let known = views.indices.filter { views[$0] != nil }
    var inputs: [Float] = []
    var statics: [Float] = []
    for s in known { layout.write(views[s]!, inputs: &inputs, statics: &statics) }
    let scores = network.forward(inputs: inputs, statics: statics, count: known.count)
    let width = layout.leads * Levels.count
    for (place, s) in known.enumerated() {
      let reference = views[s]!.reference
      for lead in 1...horizon {
        // Beyond what the network forecasts, its last patch goes on.
        let seen = lead <= layout.leads ? lead : layout.leads - layout.patch + 1 + (lead - 1) % layout.patch
        let from = place * width + (seen - 1) * Levels.count
        let at = s * horizon + lead - 1
        for q in 0..<Levels.count {
          block.quantiles[at * Levels.count + q] = reference.reading(scores[from + q], lead: lead)
        }
        block.mean[at] = block.quantiles[at * Levels.count + Levels.median]
      }
    }
    return block
  }
}
