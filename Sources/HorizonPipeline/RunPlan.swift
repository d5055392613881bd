import Foundation
import HorizonContest
import HorizonCore
import HorizonModels
import HorizonStore

/// A prepared run on disk: what was found in the survey, who takes part and what those have learnt, so that another process, here or on
/// another machine, plays the same contest.
struct RunPlan: Codable, Sendable {
  static let version = 1
  static let fileName = "plan.json"

  var version = RunPlan.version
  var product = productVersion
  /// Of everything that the contest depends on.
  var key: String
  /// The same but for readings and as-of.
  var method: String
  var asOf: Int
  var horizon: Int
  var settings: RunSettings
  var survey: Survey
  var trainings: [StoredTraining]
  /// What the models that learnt from the fleet have to say.
  var notes: [String]

  /// A training in a file of its own, or why there is none.
  struct StoredTraining: Codable, Sendable {
    var model: String
    var cutoff: Int
    var inputs: UInt64
    var file: String?
    var sha256: String?
    var refusal: Int?
    var details: [Int]?
    var message: String?
  }

  init(_ prepared: PreparedRun, settings: RunSettings, key: String, method: String) {
    self.key = key
    self.method = method
    asOf = prepared.fleet.asOf
    horizon = prepared.horizon
    self.settings = settings
    survey = prepared.survey
    notes = prepared.contestants.notes
    trainings = []
  }

  /// Writes the trainings, then the plan, which makes the folder one.
  mutating func write(_ contestants: TrainedContestants, to folder: URL) throws {
    trainings = try contestants.trainings.sorted { $0.key < $1.key }.flatMap { model, trainings in
      try trainings.enumerated().map { number, training in
        var stored = StoredTraining(model: model, cutoff: training.cutoff, inputs: training.inputs)
        switch training.result {
        case .success(let trained):
          let bytes = trained.saved
          let name = "\(model)-\(number).trained"
          try atomicWrite(bytes, to: folder.appending(path: name).path)
          stored.file = name
          stored.sha256 = HorizonStore.sha256(of: Data(bytes))
        case .failure(let error):
          (stored.refusal, stored.details) = (error.refusal.words.kind, error.refusal.words.details)
          stored.message = error.message
        }
        return stored
      }
    }
    try atomicWrite(try JSONEncoder.pretty.encode(self), to: folder.appending(path: RunPlan.fileName).path)
  }

  /// - Throws: When there is none that this version understands.
  init(readingFrom folder: URL) throws {
    let file = folder.appending(path: RunPlan.fileName)
    guard let data = FileManager.default.contents(atPath: file.path) else {
      throw Failure(
        .missingInput, "There is no plan in \(folder.path).",
        remedy: "Make one with 'horizonscale worker --phase plan --plan \(folder.path)'.")
    }
    struct Version: Decodable {
      let version: Int
      let product: String
    }
    let found = try? JSONDecoder().decode(Version.self, from: data)
    guard found?.version == RunPlan.version, found?.product == productVersion,
      let plan = try? JSONDecoder().decode(RunPlan.self, from: data)
    else {
      throw Failure(
        .unusableData,
        "\(file.path) was made by \(found.map { "HorizonScale \($0.product)" } ?? "something else"); this is \(productVersion).",
        remedy: "Use the same version on every machine.")
    }
    self = plan
  }

  /// The contestants as they were trained.
  ///
  /// - Parameter options: As the settings say, of files that are here.
  func contestants(_ options: ModelOptions, in folder: URL) throws -> TrainedContestants {
    let untrained = try Catalog.named(settings.models, options: options)
    var byModel: [String: [Training]] = [:]
    var files: [(name: String, bytes: [UInt8])] = []
    for case .learner(let learner) in untrained {
      let name = type(of: learner).card.name
      for stored in trainings where stored.model == name {
        var learnt: Result<any TrainedModel, TrainingError>
        if let file = stored.file {
          let path = folder.appending(path: file)
          guard let bytes = FileManager.default.contents(atPath: path.path),
            HorizonStore.sha256(of: bytes) == stored.sha256
          else {
            throw Failure(.unusableData, "\(path.path) is missing or damaged.", remedy: "Make the plan anew.")
          }
          do throws(TrainingError) { learnt = .success(try learner.loaded(from: [UInt8](bytes))) } catch {
            learnt = .failure(error)
          }
          if stored.cutoff == trainings.last(where: { $0.model == name })?.cutoff {
            files.append((type(of: learner).fileName, [UInt8](bytes)))
          }
        } else {
          var details = (stored.details ?? []).makeIterator()
          let refusal = ModelError(kind: stored.refusal ?? -1) { details.next() ?? 0 } ?? .trainingFailed
          learnt = .failure(TrainingError(refusal, stored.message))
        }
        byModel[name, default: []].append(Training(cutoff: stored.cutoff, result: learnt, inputs: stored.inputs))
      }
    }
    var result = TrainedContestants(untrained, trainings: byModel)
    result.files = files
    result.notes = notes
    return result
  }

  /// The run as it was prepared, without its sample.
  ///
  /// - Parameters:
  ///   - folder: Of the plan.
  ///   - workspace: That holds the master's manifest, the inventory and, where they are read, the readings.
  ///   - local: The settings with the files that they name as they are called here.
  func prepared(in folder: URL, workspace: Workspace, local: RunSettings) throws -> PreparedRun {
    var fleet = try Fleet(workspace: workspace, settings: local, asOf: asOf)
    let contestants = try contestants(local.modelOptions(), in: folder)
    let groups = contestants.trainings.isEmpty ? [:] : try inventoryNumbers(workspace)
    try fleet.know(groups, settings: local, horizon: horizon)
    let contest = ContestSettings(contestants: contestants.contest, horizon: horizon, folds: settings.folds)
    return PreparedRun(fleet: fleet, survey: survey, horizon: horizon, contestants: contestants, contest: contest)
  }
}

/// SHA-256 over what a contest depends on besides readings and as-of: settings, the files they name, the inventory, and the executable.
func methodKey(_ workspace: Workspace, _ settings: RunSettings) throws -> String {
  var parts = ["\(RunPlan.version)", productVersion, FileStamp("/proc/self/exe").map { "\($0)" } ?? ""]
  for file in [workspace.inventory.path, settings.holidays, settings.regressors, settings.lstmWeights] as [String?] {
    parts.append(
      try file.flatMap { FileManager.default.fileExists(atPath: $0) ? try sha256(ofFile: $0) : nil } ?? "")
  }
  var asked = settings
  // What is read of earlier runs decides after the contest.
  asked.fresh = nil
  asked.asOf = nil
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  parts.append(String(decoding: try encoder.encode(asked), as: UTF8.self))
  return sha256(of: parts.joined(separator: "\n").utf8)
}

/// The same with the readings and the as-of.
func contestKey(_ workspace: Workspace, _ fleet: Fleet, _ settings: RunSettings, method: String) throws -> String {
  let master = try sha256(ofFile: workspace.master.appending(path: MasterManifest.fileName).path)
  return sha256(of: [method, master, "\(fleet.asOf)"].joined(separator: "\n").utf8)
}
