import Foundation
package import HorizonCore
package import HorizonModels
import HorizonNumerics
package import HorizonRisk
import HorizonStore

/// Everything that decides the outcome of a run, after flags, environment, file and defaults have been merged.
package struct RunSettings: Sendable, Codable {
  package var step: String?
  package var aggregate: [String: Aggregation] = [:]
  package var map: [String: String] = [:]
  package var units: [String: String] = [:]
  package var inventory: String?
  package var renames: String?
  package var capacity: String?
  package var timezone = "UTC"
  package var asOf: String?
  package var horizon: Int?
  package var folds = 6
  package var models: [String] = Catalog.all.map(\.card.name)
  package var breach: [String: BreachRule] = [:]
  package var seed: UInt64 = 42
  package var maxBadRows = 0.01
  package var staleAfter: Int?
  /// Whether level shifts, resizes and bursts are taken out before models see the readings; nil is yes.
  package var rebase: Bool?
  package var thresholds = RiskSettings.defaultThresholds
  package var within = 90.0
  package var procurementDays = 30.0
  package var raw = false
  package var keepForecasts = false
  /// Files of holidays and of regressors; absent where none were given.
  package var holidays: String?
  package var regressors: String?
  /// What was chosen about `prophet`; absent for the defaults.
  package var prophet: ProphetOptions?
  /// File of the network's weights; absent for those that come with the product.
  package var lstmWeights: String?
  /// Nothing of earlier runs is read; absent in the files of runs that read what there was.
  package var fresh: Bool?

  package init() {}

  /// - Throws: When a file that is named cannot be used.
  package func modelOptions() throws(Failure) -> ModelOptions {
    var options = ModelOptions()
    options.prophet = prophet ?? options.prophet
    if let path = lstmWeights { options.lstmWeights = try LSTMWeights(file: path).completed(by: .shipped) }
    return options
  }

  /// That the weights which were given have no network for a step, so that those shipped are used; nil when they have one.
  func noteOnWeights(_ step: Step) throws(Failure) -> String? {
    guard let path = lstmWeights, try LSTMWeights(file: path)[LSTMLayout(step)] == nil else { return nil }
    return "\(path) has no network for this step, \(step.name): lstm and lstm-zero-shot use the shipped one."
  }

  /// What counts as a risk.
  package func risk() throws(Failure) -> RiskSettings {
    try RiskSettings(
      thresholds: thresholds, within: within, procurementDays: procurementDays,
      rules: breach.filter { $0.key != "*" }, everyRule: breach["*"])
  }

  /// - Throws: The first setting that is out of range.
  func validate() throws(SettingError) {
    func require(_ holds: Bool, _ name: String, _ what: String, _ remedy: String) throws(SettingError) {
      if !holds { throw SettingError(name: name, message: what, remedy: remedy) }
    }
    try require((1...60).contains(folds), "folds", "\(folds) is no number of folds.", "Use 1 to 60.")
    if let horizon {
      try require(
        (1...20_000).contains(horizon), "horizon", "\(horizon) is no number of steps ahead.", "Use 1 to 20000.")
    }
    if let staleAfter {
      try require(staleAfter >= 1, "stale_after", "\(staleAfter) is no number of steps.", "Use at least 1.")
    }
    try require(
      (0...1).contains(maxBadRows), "max_bad_rows", "\(maxBadRows) is no share.", "Use 0 to 1, such as 0.01.")
    try require(
      TimeZone(identifier: timezone) != nil, "timezone", "there is no time zone '\(timezone)'.",
      "Use a name such as Europe/Berlin.")
    if let step {
      try require(Step(parsing: step) != nil, "step", "'\(step)' is not a step.", "Use day, hour, week or 15min.")
    }
    if let asOf {
      try require(
        ISOTime.parse(asOf) != nil, "as_of", "'\(asOf)' is not a time.", "Write it as 2025-12-31 or 2025-12-31T21:00Z.")
    }
    do { _ = try risk() } catch {
      throw SettingError(name: nil, message: error.message, remedy: error.remedy)
    }
  }
}

/// A setting that makes no sense, before it is known where it was written.
struct SettingError: Error {
  /// Nil when the message says it.
  let name: String?
  let message: String
  let remedy: String
}

/// How a run is carried out; nothing here changes its results.
package struct Execution: Sendable {
  package var threads: Int
  /// Series between reading and writing at a time.
  package var chunk: Int
  package var progress: RunProgress
  /// Days before the newest as-of after which a run goes that is not the newest of its month; 0 keeps all.
  package var keepRunsDays: Int
  /// Whether to go on from where an unfinished run of the same inputs and settings has come to.
  package var resumes: Bool
  /// Bytes that finished folds may take on the disk for the next run; they are not kept where they would take more.
  package var mostFoldBytes: Int

  package static let keepRunsDays = 35
  package static let mostFoldBytes = 4 << 30

  package init(
    threads: Int, chunk: Int, progress: RunProgress, keepRunsDays: Int = Execution.keepRunsDays, resumes: Bool = false,
    mostFoldBytes: Int = Execution.mostFoldBytes
  ) {
    self.threads = threads
    self.chunk = chunk
    self.progress = progress
    self.keepRunsDays = keepRunsDays
    self.resumes = resumes
    self.mostFoldBytes = mostFoldBytes
  }

  /// Tells the native libraries how many threads they may use: as many as asked for files, one for matrices.
  func claimThreads() {
    setNativeThreads(threads)
    useOneThreadForMatrices()
  }

  /// Series that are computed together; results do not depend on it.
  static let tileSize = 64
  var window: Int { max(threads, (chunk + Execution.tileSize - 1) / Execution.tileSize) }
}

/// Told how far a stage has come; the command line draws a bar from it.
package struct RunProgress: Sendable {
  /// Stage and share done in 0...1.
  package let report: @Sendable (String, Double) -> Void
  /// A line of talk for people.
  package let say: @Sendable (String) -> Void

  package init(report: @escaping @Sendable (String, Double) -> Void, say: @escaping @Sendable (String) -> Void) {
    self.report = report
    self.say = say
  }

  package static let silent = RunProgress(report: { _, _ in }, say: { _ in })
}

extension LSTMWeights {
  /// - Throws: `.missingInput` or `.unusableData`, with what is wrong in the file.
  fileprivate init(file path: String) throws(Failure) {
    let remedy = "Give the lstm.safetensors of a run's folder, or no file to use the shipped weights."
    let bytes: Data
    do { bytes = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw Failure(.missingInput, "\(path) cannot be read: \(error.localizedDescription)", remedy: remedy)
    }
    do { try self.init(bytes) } catch {
      throw Failure(.unusableData, "\(path) holds no weights for lstm: \(error).", remedy: remedy)
    }
  }
}
