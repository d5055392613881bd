package import Foundation
import HorizonContest
import HorizonCore
import HorizonStore

/// The version of the product, as `--version` prints it and `run.json` records it.
package let productVersion = "0.1.0"

/// `run.json`: what a run was made from, how, and what it left. A run exists when this file does.
package struct RunManifest: Codable, Sendable {
  package var version = productVersion
  package var asOf: String
  package var step: String
  package var horizon: Int
  package var settings: RunSettings
  package var inputs: [Item]
  package var outputs: [Item]
  /// The files of holidays and regressors; nil where none were given.
  package var covariates: [Item]?
  package var counts: Counts
  package var contest: [Standing]
  /// Geometric mean over series of the champion's loss over seasonal naive's; nil without a contest.
  package var championLossRatio: Double?
  /// What 100 % is, resource by resource, in words.
  package var units: [String: String]
  package var notes: [String]
  /// What was read of an earlier run; nil when there was none, or under `--fresh`.
  package var compared: Compared?
  /// The decisions whose champions win ties; nil when there was no run of an earlier as-of, or under `--fresh`.
  package var incumbents: Item?
  /// What was read of the ledger; nil when nothing in it counted, or under `--fresh`.
  package var ledger: LedgerItem?
  /// What a replayed month was made from; nil for a run.
  package var replay: Replayed?
  /// SHA-256 over settings, inputs and outputs; times are not part of it.
  package var digest = ""
  package var timings: [Timing] = []
  package var threads = 0

  package struct Item: Codable, Sendable {
    package var name: String
    package var bytes: Int
    package var sha256: String
  }

  /// What a replayed month was made from.
  package struct Replayed: Codable, Sendable {
    /// SHA-256 over settings and readings: what its contest depends on.
    var contest: String
    /// The same with what it has read of the months before.
    var inputs: String
  }

  /// What past forecasts promised and what happened, as decisions saw it.
  package struct LedgerItem: Codable, Sendable {
    /// Forecasts that counted: a series, run, lead bucket and tier each.
    package var rows: Int
    /// Their runs.
    package var origins: Int
    /// Of the sums that were read.
    package var sha256: String
  }

  /// The earlier run that the report compares this one with.
  package struct Compared: Codable, Sendable {
    package var run: String
    /// Of that run.
    package var digest: String
    package var newRisks: Int
    package var goneRisks: Int
    package var movedDates: Int
  }

  package struct Counts: Codable, Sendable {
    package var servers: Int
    package var series: Int
    package var live: Int
    package var ended: Int
    /// Live or ended series with enough history for at least one fold.
    package var contested: Int
    /// Series whose champion failed when it was refitted; the baseline published.
    package var standIns: Int
    package var withoutCeiling: Int
    package var readings: Int
    package var forecastRows: Int
    package var riskRows: Int
    package var bySeverity: [String: Int]
  }

  /// How one contestant did.
  package struct Standing: Codable, Sendable {
    package var model: String
    package var champions: Int
    /// Geometric mean over series of its loss over seasonal naive's.
    package var lossRatio: Double?
  }

  package struct Timing: Codable, Sendable {
    package var stage: String
    package var seconds: Double
    package var cpuSeconds: Double
  }

  package init(readingFrom run: URL) throws {
    let file = run.appending(path: "run.json")
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw Failure(
        .missingInput, "\(file.path) cannot be read: \(error.localizedDescription)",
        remedy: "Check its permissions and that the disk is sound.")
    }
    do { self = try JSONDecoder().decode(RunManifest.self, from: data) } catch {
      struct Version: Decodable { let version: String }
      if let found = try? JSONDecoder().decode(Version.self, from: data), found.version != productVersion {
        throw Failure(
          .unusableData, "\(file.path) was written by HorizonScale \(found.version), this is \(productVersion).",
          remedy: "Use that version, or make a new run with 'horizonscale forecast'.")
      }
      throw Failure(
        .unusableData, "\(file.path) is damaged: \(error)", remedy: "Make a new run with 'horizonscale run'.")
    }
  }

  init(
    asOf: String, step: String, horizon: Int, settings: RunSettings, inputs: [Item], outputs: [Item], counts: Counts,
    contest: [Standing], championLossRatio: Double?, units: [String: String], notes: [String]
  ) {
    self.asOf = asOf
    self.step = step
    self.horizon = horizon
    self.settings = settings
    self.inputs = inputs
    self.outputs = outputs
    self.counts = counts
    self.contest = contest
    self.championLossRatio = championLossRatio
    self.units = units
    self.notes = notes
  }
}

/// Wall and CPU seconds by stage.
package struct Stopwatch {
  package private(set) var timings: [RunManifest.Timing] = []
  private var wall = ContinuousClock.now
  private var cpu = Stopwatch.cpuSeconds()

  package init() {}

  /// Ends a stage that began at the last call.
  package mutating func lap(_ stage: String) {
    let now = ContinuousClock.now
    let used = Stopwatch.cpuSeconds()
    let seconds = (now - wall).components
    timings.append(
      RunManifest.Timing(
        stage: stage, seconds: Double(seconds.seconds) + Double(seconds.attoseconds) * 1e-18, cpuSeconds: used - cpu))
    (wall, cpu) = (now, used)
  }

  private static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
