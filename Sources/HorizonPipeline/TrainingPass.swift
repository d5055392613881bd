import Foundation
package import HorizonContest
package import HorizonCore
import HorizonModels

/// The contestants of a run after those that learn from the fleet have learnt.
struct TrainedContestants: Sendable {
  /// For the folds: each is forecast with what was learnt from readings up to its cutoff.
  var contest: [Contestant]
  /// For publishing: learnt from all readings up to the as-of.
  var publishing: [Contestant]
  /// What was learnt for publishing, to be kept with the run: name of the file and its content.
  var files: [(name: String, bytes: [UInt8])] = []
  /// What a reader should know of it.
  var notes: [String] = []
  /// By model those for folds, by cutoff, and last the one for publishing.
  private(set) var trainings: [String: [Training]] = [:]

  /// Contestants of which none learns from the fleet.
  init(_ contestants: [Contestant]) {
    contest = contestants
    publishing = contestants
  }

  /// - Parameter trainings: Of every one that learns from the fleet.
  init(_ contestants: [Contestant], trainings: [String: [Training]]) {
    self.init(contestants)
    self.trainings = trainings
    for at in contestants.indices {
      guard case .learner(let learner) = contestants[at], let own = trainings[contestants[at].card.name] else {
        continue
      }
      contest[at] = learner.contestant(Array(own.dropLast()))
      publishing[at] = learner.contestant(own.last!)
    }
  }

  /// Writes what was learnt into the folder of a run.
  func save(to folder: URL) throws {
    for file in files { try Data(file.bytes).write(to: folder.appending(path: file.name)) }
  }
}

/// Trains the contestants that learn from the fleet, between the survey and the contest: for every second fold of the longest
/// history, so that each fold has a training that knows nothing after it, and for publishing.
///
/// Each training is one task on one thread, so that its bits depend on nothing but its inputs.
///
/// - Parameter shelf: Trainings of other as-ofs, of which those from the same are taken; it gets those for folds.
func train(
  _ contestants: [Contestant], sample: Panel?, settings: ContestSettings, seed: UInt64, shelf: TrainingShelf? = nil,
  execution: Execution
) async throws -> TrainedContestants {
  guard let sample, contestants.contains(where: \.isLearner) else { return TrainedContestants(contestants) }
  let cutoffs = trainingCutoffs(sample, settings: settings) + [sample.cutoff]
  let tasks = contestants.indices.filter { contestants[$0].isLearner }.flatMap { at in
    cutoffs.indices.map { (contestant: at, cutoff: $0) }
  }
  let inputs = cutoffs.map { sample.cut(at: $0).digest ^ stableHash("\(settings.horizon)", seed: seed) }
  func name(_ task: Int) -> String { contestants[tasks[task].contestant].card.name }
  @Sendable func learner(_ task: Int) -> any FleetModel {
    guard case .learner(let learner) = contestants[tasks[task].contestant] else { preconditionFailure("a learner") }
    return learner
  }
  var trainings = tasks.indices.map { shelf?[name($0), inputs[tasks[$0].cutoff]] }
  // What takes longest comes first, so that no thread ends alone: the dearest learner, and of each the newest cutoff.
  func cost(_ task: Int) -> Double { type(of: learner(task)).trainingSeconds }
  let order = tasks.indices.filter { trainings[$0] == nil }
    .sorted { (cost($1), tasks[$1].cutoff, $0) < (cost($0), tasks[$0].cutoff, $1) }
  var next = 0
  var done = 0
  // None waits for those before it: all are kept anyway.
  try await mapInOrder(threads: execution.threads, window: order.count) { () -> Int? in
    guard next < order.count else { return nil }
    defer { next += 1 }
    return order[next]
  } transform: { (task: Int) -> (Int, Training) in
    let cutoff = cutoffs[tasks[task].cutoff]
    let known = sample.cut(at: cutoff)
    do throws(TrainingError) {
      let model = try learner(task).trained(on: known, horizon: settings.horizon, seed: seed)
      return (task, Training(cutoff: cutoff, result: .success(model), inputs: inputs[tasks[task].cutoff]))
    } catch {
      return (task, Training(cutoff: cutoff, result: .failure(error), inputs: inputs[tasks[task].cutoff]))
    }
  } consume: { task, training in
    trainings[task] = training
    done += 1
    execution.progress.report("train", Double(done) / Double(order.count))
  }
  if let shelf {
    shelf.keep(
      tasks.indices.filter { tasks[$0].cutoff < cutoffs.count - 1 }.map { (name($0), trainings[$0]!) },
      from: cutoffs[0])
  }
  var result = TrainedContestants(
    contestants,
    trainings: Dictionary(grouping: tasks.indices, by: { name($0) }).mapValues { $0.map { trainings[$0]! } })
  for case .learner(let learner) in contestants { result.add(learner) }
  return result
}

/// Trainings that as-ofs near each other share; used by one task at a time.
package final class TrainingShelf {
  private struct Key: Hashable {
    let model: String
    let inputs: UInt64
  }

  private var trainings: [Key: Training] = [:]

  init() {}

  /// - Parameter trainings: By model.
  init(_ trainings: [String: [Training]]) {
    for (model, trainings) in trainings {
      // The last one is for publishing.
      for training in trainings.dropLast() { self.trainings[Key(model: model, inputs: training.inputs)] = training }
    }
  }

  fileprivate subscript(model: String, inputs: UInt64) -> Training? { trainings[Key(model: model, inputs: inputs)] }

  /// Takes some, and lets go of those that no later as-of has a fold for.
  fileprivate func keep(_ new: [(model: String, training: Training)], from cutoff: Int) {
    for (model, training) in new { trainings[Key(model: model, inputs: training.inputs)] = training }
    trainings = trainings.filter { $0.value.cutoff >= cutoff }
  }
}

/// The cutoffs of every second fold of the sample's series, ascending: where all are live those of the longest history.
///
/// Where many series ended at times of their own there are more of them than can be paid for in a large fleet; then some between.
package func trainingCutoffs(_ sample: Panel, settings: ContestSettings) -> [Int] {
  /// A training serves the folds up to the next one: the older of each two is enough.
  func cutoffs(from first: Int, to last: Int) -> [Int] {
    let plan = FoldPlan(
      first: first, last: last, horizon: settings.horizon, folds: settings.folds, season: sample.step.nominalSeason)
    return plan.map { plan in stride(from: 0, to: plan.cutoffs.count, by: 2).map { plan.cutoffs[$0] } } ?? []
  }
  var folds: [Int] = []
  for s in 0..<sample.count {
    guard let end = sample.end(of: s) else { continue }
    folds += cutoffs(from: sample.history(s).firstIndex, to: end)
  }
  let sorted = Set(folds).sorted()
  let most = max((settings.folds + 1) / 2, trainingsOfSmallFleets / max(1, sample.count))
  guard sorted.count > most else { return sorted }
  let own = cutoffs(from: sample.firstIndex, to: sample.cutoff)
  if let first = own.first, folds.count(where: { $0 >= first }) * 5 >= folds.count * 4 { return own }
  return (0..<most).map { sorted[sorted.count * (2 * $0 + 1) / (2 * most + 1)] }
}

/// Trainings times series of the sample that cost next to nothing.
private let trainingsOfSmallFleets = 600

extension TrainedContestants {
  /// Keeps what was learnt for publishing, and tells of it.
  fileprivate mutating func add(_ learner: any FleetModel) {
    let name = type(of: learner).card.name
    switch trainings[name]!.last!.result {
    case .success(let model):
      files.append((type(of: learner).fileName, model.saved))
      notes.append("\(name) learnt \(model.story).")
    case .failure(let error): notes.append("\(name) takes no part: \(error.message).")
    }
  }
}

extension [Contestant] {
  /// The contestants with what a finished run kept of those that learnt from its fleet.
  ///
  /// - Parameter wanted: Names of those that are needed: reading takes time.
  /// - Returns: Besides them, for each whose file cannot be read, why and what to do; it refuses every series.
  func loaded(from run: URL, wanted: Set<String>) -> (contestants: [Contestant], unread: [Unread]) {
    var unread: [Unread] = []
    let contestants = map { contestant in
      guard case .learner(let learner) = contestant, wanted.contains(contestant.card.name) else { return contestant }
      let file = run.appending(path: type(of: learner).fileName)
      let result: Result<any TrainedModel, TrainingError>
      do throws(TrainingError) {
        guard let bytes = try? Data(contentsOf: file) else {
          throw TrainingError(.trainingFailed, "the file is missing or not readable")
        }
        result = .success(try learner.loaded(from: [UInt8](bytes)))
      } catch {
        result = .failure(error)
        unread.append(Unread(model: contestant.card.name, file: file.path, error: error))
      }
      return learner.contestant(Training(cutoff: .min, result: result))
    }
    return (contestants, unread)
  }
}

/// What a model learnt in a finished run and can no longer tell.
struct Unread: Sendable {
  let model: String
  let file: String
  let error: TrainingError

  /// What happened and what to do.
  var sentence: String {
    "What \(model) learnt in this run cannot be read, so its forecast cannot be taken apart: \(file): \(error.message). "
      + (error.refusal == .noLibrary
        ? "'horizonscale doctor' says how to mend that." : "The next run learns anew: 'horizonscale forecast'.")
  }
}
