import Foundation
import HorizonCore
import HorizonModels
import HorizonPipeline
import HorizonStore
import Testing

/// A server whose load follows a plan that is known ahead, and stands still over the year's end.
private enum PlannedLoad {
  static let days = 420
  static let first = 19_723

  static func users(_ t: Int) -> Double { (t / 10) % 3 == 1 ? 1 : 0 }
  static func isHoliday(_ t: Int) -> Bool { (t % 50) < 3 }

  static func value(_ t: Int) -> Double {
    30 + 20 * users(t) - (isHoliday(t) ? 12 : 0) + Double((t * t * 7) % 11) / 11
  }

  static func date(_ t: Int) -> String { CivilDate(daysSinceEpoch: first + t).description }

  static var metrics: String {
    "server,resource,time,value,unit\n" + (0..<days).map { "web-1,cpu,\(date($0)),\(value($0)),%\n" }.joined()
  }
  static var regressors: String {
    "server,resource,time,name,value\n"
      + (0..<(days + 60)).map { "web-1,cpu,\(date($0)),users,\(users($0))\n" }.joined()
  }
  static var holidays: String {
    "name,date,lower_window,upper_window\n"
      + stride(from: 0, to: days + 60, by: 50).map { "stop,\(date($0)),0,2\n" }.joined()
  }

  static func error(_ run: RunOutcome) throws -> Double {
    let reader = try TableReader(
      parquet: run.folder.appending(path: "forecasts.parquet").path,
      columns: [Column("lead", .int32), Column("mean", .float)])
    var sum = 0.0
    var count = 0.0
    while let batch = try reader.next() {
      for i in 0..<batch.rowCount {
        sum += abs(Double(batch.floats(1)[i]) - value(days - 1 + Int(batch.int32s(0)[i])))
        count += 1
      }
    }
    return sum / count
  }
}

@Suite struct CovariateRunTests {
  private func run(_ sandbox: Sandbox, _ name: String, change: (inout RunSettings) -> Void) async throws -> RunOutcome {
    try await sandbox.run(sandbox.file("metrics.csv", PlannedLoad.metrics), in: sandbox.workspace(name)) {
      $0.models = ["seasonal-naive", "prophet"]
      $0.horizon = 40
      change(&$0)
    }
  }

  @Test func whatIsKnownAheadMakesAForecastBetter() async throws {
    let sandbox = try Sandbox()
    let holidays = try sandbox.file("holidays.csv", PlannedLoad.holidays)
    let regressors = try sandbox.file("regressors.csv", PlannedLoad.regressors)
    let plain = try PlannedLoad.error(try await run(sandbox, "plain") { _ in })
    let planned = try PlannedLoad.error(try await run(sandbox, "planned") { $0.regressors = regressors })
    let both = try PlannedLoad.error(
      try await run(sandbox, "both") {
        $0.regressors = regressors
        $0.holidays = holidays
      })
    #expect(plain > 5 && planned < 0.6 * plain && both < 0.3 * planned)
  }

  @Test func theFilesArePartOfTheDigestByTheirContent() async throws {
    let sandbox = try Sandbox()
    let one = try sandbox.file("one.csv", PlannedLoad.holidays)
    let same = try sandbox.file("same.csv", PlannedLoad.holidays)
    let other = try sandbox.file("other.csv", PlannedLoad.holidays + "sale,2025-02-01,0,0\n")
    var digests: [String] = []
    for (k, file) in [one, same, other].enumerated() {
      let outcome = try await run(sandbox, "w\(k)") { $0.holidays = file }
      digests.append(outcome.manifest.digest)
      #expect(outcome.manifest.covariates?.map(\.name) == [file])
    }
    #expect(digests[0] == digests[1] && digests[0] != digests[2])
    #expect(try await run(sandbox, "none") { _ in }.manifest.covariates == nil)
  }

  @Test func anExplanationKnowsTheSameAsTheRun() async throws {
    let sandbox = try Sandbox()
    let holidays = try sandbox.file("holidays.csv", PlannedLoad.holidays)
    let regressors = try sandbox.file("regressors.csv", PlannedLoad.regressors)
    _ = try await run(sandbox, "w") {
      $0.holidays = holidays
      $0.regressors = regressors
    }
    let told = try Executable.run(["explain", "web-1", "cpu"], workspace: sandbox.path("w")).output
    #expect(told.contains("users") && told.contains("stop"))
  }

  @Test func theProphetBlockOfTheSettingsReachesTheModel() async throws {
    let sandbox = try Sandbox()
    var options = ProphetOptions()
    options.growth = .flat
    let flat = try await run(sandbox, "flat") { $0.prophet = options }
    let usual = try await run(sandbox, "usual") { _ in }
    #expect(flat.manifest.digest != usual.manifest.digest)
    #expect(flat.manifest.settings.prophet == options && usual.manifest.settings.prophet == nil)
  }
}
