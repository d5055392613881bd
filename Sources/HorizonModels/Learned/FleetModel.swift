package import HorizonCore

/// A method that learns from many series of the fleet before it forecasts any of them.
///
/// It learns from a sample, at a cutoff; what it learnt then forecasts every series, those outside the sample too.
package protocol FleetModel: Sendable {
  static var card: ModelCard { get }
  /// Name of the file that keeps in a run's folder what was learnt.
  static var fileName: String { get }
  /// CPU seconds of a training on a large fleet's sample, about: those that take longest are begun first.
  static var trainingSeconds: Double { get }
  /// Learns from what came after moments of the past.
  ///
  /// - Parameters:
  ///   - sample: Readings of some series, as they are. Nothing after its cutoff is seen.
  ///   - horizon: Leads that will be asked for.
  ///   - seed: Of everything random; the same gives the same bits on any number of threads.
  func trained(on sample: Panel, horizon: Int, seed: UInt64) throws(TrainingError) -> any TrainedModel
  /// What was learnt in an earlier run.
  ///
  /// - Parameter bytes: As `TrainedModel.saved` gave them.
  func loaded(from bytes: [UInt8]) throws(TrainingError) -> any TrainedModel
}

/// What a fleet model has learnt: a model like any other, but for what it knows of other series.
package protocol TrainedModel: ForecastModel {
  /// The content of the file of `FleetModel.fileName`.
  var saved: [UInt8] { get }
  /// How the training went, for the notes of a run.
  var story: String { get }
}

/// Why a fleet model learnt nothing.
package struct TrainingError: Error, Sendable, Hashable {
  /// What is said of each series.
  package let refusal: ModelError
  /// What is said once, of the run.
  package let message: String

  package init(_ refusal: ModelError, _ message: String? = nil) {
    self.refusal = refusal
    self.message = message ?? refusal.description
  }
}

/// What a fleet model learnt, or why not, from readings up to a cutoff.
package struct Training: Sendable {
  package let cutoff: Int
  package let result: Result<any TrainedModel, TrainingError>
  /// Of all that was learnt from: trainings of equal digest are the same.
  package let inputs: UInt64

  package init(cutoff: Int, result: Result<any TrainedModel, TrainingError>, inputs: UInt64 = 0) {
    self.cutoff = cutoff
    self.result = result
    self.inputs = inputs
  }
}

extension FleetModel {
  /// The contestant that forecasts each panel with the newest training that knows nothing after the panel's cutoff.
  ///
  /// - Parameter trainings: By cutoff, ascending.
  package func contestant(_ trainings: [Training]) -> Contestant {
    .model(Anchored<Self>(trainings: trainings))
  }

  /// The contestant that forecasts every panel with one training, whatever the panel's cutoff: for publishing, when all that was
  /// learnt from is known.
  package func contestant(_ training: Training) -> Contestant {
    contestant([Training(cutoff: .min, result: training.result)])
  }
}

private struct Anchored<Learner: FleetModel>: ForecastModel {
  static var card: ModelCard { Learner.card }
  let trainings: [Training]

  private func training(at cutoff: Int) -> Training? { trainings.last { $0.cutoff <= cutoff } }

  func knowledge(at cutoff: Int) -> UInt64 { training(at: cutoff)?.inputs ?? 0 }

  func fitted(to panel: Panel) -> any FittedModel {
    switch training(at: panel.cutoff)?.result {
    case nil: Refused(count: panel.count, error: .beforeTraining)
    case .failure(let error): Refused(count: panel.count, error: error.refusal)
    case .success(let model): model.fitted(to: panel)
    }
  }
}

/// Every series of a panel refused for one reason.
struct Refused: FittedModel {
  let count: Int
  let error: ModelError

  func forecast(horizon: Int) -> ForecastBlock {
    var block = ForecastBlock(count: count, horizon: horizon)
    for s in 0..<count { block.refusals[s] = error }
    return block
  }
}
