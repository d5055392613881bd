import Foundation
package import HorizonCore
import HorizonModels
package import HorizonRisk

/// Everything that decides the outcome of a run, after flags, environment, file and defaults have been merged.
package struct RunSettings: Sendable, Codable {
  package var step: String?
  package var aggregate: [String: Aggregation] = [:]
  package var map: [String: String] = [:]
  package var units: [String: String] = [:]
  package var inventory: String?
  package var timezone = "UTC"
  package var asOf: String?
  package var horizon: Int?
  package var folds = 6
  package var models: [String] = Catalog.all.map(\.card.name)
  package var breach: [String: BreachRule] = [:]
  package var seed: UInt64 = 42
  package var maxBadRows = 0.01
  package var staleAfter: Int?
  package var thresholds = RiskSettings.defaultThresholds
  package var within = 90.0
  package var procurementDays = 30.0
  package var raw = false
  package var keepForecasts = false

  package init() {}

  /// What counts as a risk.
  package func risk() throws(Failure) -> RiskSettings {
    try RiskSettings(
      thresholds: thresholds, within: within, procurementDays: procurementDays,
      rules: breach.filter { $0.key != "*" }, everyRule: breach["*"])
  }

  /// - Throws: `.badSetting` with the name of the first setting out of range.
  package func validate() throws(Failure) {
    func require(_ holds: Bool, _ what: String, _ remedy: String) throws(Failure) {
      if !holds { throw Failure(.badSetting, what, remedy: remedy) }
    }
    try require((1...60).contains(folds), "folds is \(folds).", "Use 1 to 60.")
    try require(
      horizon.map { (1...20_000).contains($0) } ?? true, "horizon is \(horizon ?? 0) steps.", "Use 1 to 20000.")
    try require(
      (0...1).contains(maxBadRows), "max-bad-rows is \(maxBadRows).", "Use a share from 0 to 1, such as 0.01.")
    _ = try risk()
    try require(
      TimeZone(identifier: timezone) != nil, "There is no time zone '\(timezone)'.", "Use a name such as Europe/Berlin."
    )
    if let step { try require(Step(parsing: step) != nil, "'\(step)' is not a step.", "Use day, hour, week or 15min.") }
  }
}

/// How a run is carried out; nothing here changes its results.
package struct Execution: Sendable {
  package var threads: Int
  /// Series between reading and writing at a time.
  package var chunk: Int
  package var progress: RunProgress

  package init(threads: Int, chunk: Int, progress: RunProgress) {
    self.threads = threads
    self.chunk = chunk
    self.progress = progress
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
