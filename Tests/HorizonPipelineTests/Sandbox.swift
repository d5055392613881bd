import Foundation
import HorizonCore
import HorizonModels
import HorizonPipeline
import HorizonStore
import HorizonSynthetic
import Testing

/// A folder with a workspace for one test, removed afterwards.
final class Sandbox: Sendable {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(
      path: "horizonscale-pipeline-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  var workspace: Workspace { workspace("workspace") }

  func workspace(_ name: String) -> Workspace { Workspace(path(name)) }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  /// Writes a file and gives its path.
  @discardableResult
  func file(_ name: String, _ text: String) throws -> String {
    let url = folder.appending(path: name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
    return url.path
  }

  /// Metrics of a seeded synthetic fleet. - Returns: The path of the folder.
  func fleet(servers: Int, days: Int, seed: UInt64 = 42) async throws -> String {
    let place = path("fleet-\(servers)-\(days)")
    try await SyntheticFleet(FleetPlan(servers: servers, days: days, seed: seed)).write(to: place, threads: 2)
    return place
  }

  /// The main job, without the command line; models that learn from the fleet only where they are asked for.
  func run(
    _ input: String, in workspace: Workspace? = nil, threads: Int = 2, chunk: Int = 1_024,
    change: (inout RunSettings) -> Void = { _ in }
  ) async throws -> RunOutcome {
    var settings = RunSettings()
    settings.models = fastModels
    change(&settings)
    return try await runAll(
      inputs: [input], workspace: workspace ?? self.workspace, settings: settings,
      execution: Execution(threads: threads, chunk: chunk, progress: .silent))
  }

  /// A workspace with one finished run of `quiet.csv`, and the name of that run.
  static func withFinishedRun() async throws -> (Sandbox, String) {
    let sandbox = try Sandbox()
    let run = try await sandbox.run(try sandbox.file("quiet.csv", quietCSV))
    return (sandbox, run.folder.lastPathComponent)
  }

  /// Expects every file of a run to be as its manifest says.
  func expectWhole(_ run: String) throws {
    let folder = workspace.runs.appending(path: run)
    for output in try RunManifest(readingFrom: folder).outputs {
      #expect(try sha256(ofFile: folder.appending(path: output.name).path) == output.sha256)
    }
  }

  /// Names of what is hidden in the workspace and its folders of runs, and the lock.
  ///
  /// - Parameter resumable: Whether something to go on from may be there.
  func leftovers(resumable: Bool = false) throws -> [String] {
    let files = FileManager.default
    let names = [workspace.folder, workspace.runs, workspace.backtests].flatMap {
      (try? files.contentsOfDirectory(atPath: $0.path)) ?? []
    }
    // What the next run goes on from is meant to be there.
    return names.filter {
      ($0.hasPrefix(".") || $0 == "lock") && $0 != ".folds" && !(resumable && $0 == ".unfinished")
    }
  }
}

/// As `--models fast`.
let fastModels = Catalog.all.map(\.card).filter { $0.cost < .dear }.map(\.name)

let allModels = Catalog.all.map(\.card.name)

/// Long metrics of one resource on consecutive days, as CSV.
func dailyCSV(_ servers: [String], resource: String = "cpu", days: Int = 60, value: (Int, Int) -> String) -> String {
  var text = "server,resource,time,value\n"
  for (s, server) in servers.enumerated() {
    for day in 0..<days {
      text += "\(server),\(resource),\(CivilDate(daysSinceEpoch: 20_000 + day)),\(value(s, day))\n"
    }
  }
  return text
}

/// Sixty quiet days of two servers.
let quietCSV = dailyCSV(["web-1", "web-2"]) { s, day in "\(20 + 5 * s + day % 7)" }
