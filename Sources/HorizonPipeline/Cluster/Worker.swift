package import Foundation
import HorizonContest
import HorizonCore
import HorizonModels
import HorizonRisk
import HorizonStore

/// Passes (b) and (d) for the series in an Arrow stream, results as another one: what runs on the executors of a distributed engine.
package struct Worker {
  private let prepared: PreparedRun
  private let settings: RunSettings
  private let execution: Execution

  /// - Parameter plan: A folder as `makePlan` left it, here.
  package init(plan folder: URL, execution: Execution) throws {
    let plan = try RunPlan(readingFrom: folder)
    settings = plan.settings
    prepared = try plan.prepared(
      in: folder, workspace: Workspace(folder.path), local: plan.settings.shipped(in: folder))
    self.execution = execution
    execution.claimThreads()
  }

  /// Pass (b). - Parameters: Descriptors of the streams.
  package func contest(from input: Int32, to output: Int32) async throws {
    let tiles = try StreamedTiles(prepared.fleet, seed: settings.seed, descriptor: input) { _ in nil }
    let writer = try TableWriter(stream: output, named: "standard output", schema: WorkerTables.contested)
    let contest = prepared.contest
    var inOrder = InOrder<Answer<SeriesDigest>>()
    try await mapInOrder(threads: execution.threads, window: execution.window, next: tiles.portion) { portion in
      portion.answers { HorizonContest.contest($0.contest, settings: contest) }
    } consume: { answers in
      try writer.append(contestedColumns(inOrder.take(answers)))
    }
    try writer.close()
  }

  /// Pass (d).
  ///
  /// - Parameter decisions: The file of the pass between.
  package func publish(decisions file: URL, from input: Int32, to output: Int32) async throws {
    let decisions = try DecisionFile(file)
    guard decisions.calibration.horizon == prepared.horizon else {
      throw Failure(.unusableData, "\(file.path) belongs to another plan.", remedy: "Give the decisions of this plan.")
    }
    let tiles = try StreamedTiles(prepared.fleet, seed: settings.seed, descriptor: input) { name in
      decisions[name] == nil ? "nothing was decided about it: it did not come through the contest" : nil
    }
    let writer = try TableWriter(stream: output, named: "standard output", schema: WorkerTables.published)
    let plan = PublishPlan(
      decisions: [], calibration: decisions.calibration, contestants: prepared.contestants.publishing,
      horizon: prepared.horizon, seed: settings.seed, risk: try settings.risk())
    let step = prepared.fleet.step
    let bank = RankPathBank(seed: plan.seed, horizon: plan.horizon, step: step)
    var inOrder = InOrder<Answer<PublishedSeries>>()
    try await mapInOrder(threads: execution.threads, window: execution.window, next: tiles.portion) { portion in
      try portion.answers { tile in
        let decided = DecidedTile(tile: tile, decisions: tile.contest.names.map { decisions[$0]! }[...])
        return try published(decided, plan: plan, bank: bank).0
      }
    } consume: { answers in
      try writer.append(publishedColumns(inOrder.take(answers), step: step))
    }
    try writer.close()
  }
}

extension StreamedTiles.Portion {
  /// What is said of each of its series.
  ///
  /// - Parameter results: Of the tile's series, in their order.
  fileprivate func answers<Result: Sendable>(
    _ results: (FleetTile) throws -> [Result]
  ) rethrows -> [(number: Int, answer: Answer<Result>)] {
    let said = try tile.map { tile in zip(numbers, try results(tile)).map { ($0, Answer.result($1)) } } ?? []
    return said + left.map { ($0.number, .left($0.series)) }
  }
}

extension RunSettings {
  /// Files that a worker reads, and what they are called in a plan.
  private static let shippedFiles: [(WritableKeyPath<RunSettings, String?> & Sendable, String)] = [
    (\.holidays, "holidays"), (\.regressors, "regressors"), (\.lstmWeights, "weights.safetensors"),
  ]

  /// Copies the files that are named into a plan.
  func ship(to folder: URL) throws {
    for (file, name) in RunSettings.shippedFiles {
      guard let path = self[keyPath: file] else { continue }
      let target = folder.appending(path: RunSettings.shippedName(name, of: path))
      try atomicWrite(try Data(contentsOf: URL(fileURLWithPath: path)), to: target.path)
    }
  }

  /// The same settings with the files as they are called in a plan.
  func shipped(in folder: URL) -> RunSettings {
    var settings = self
    for (file, name) in RunSettings.shippedFiles {
      settings[keyPath: file] = self[keyPath: file].map {
        folder.appending(path: RunSettings.shippedName(name, of: $0)).path
      }
    }
    return settings
  }

  /// With what the path ends in: readers go by it.
  private static func shippedName(_ name: String, of path: String) -> String {
    let file = URL(fileURLWithPath: path).lastPathComponent
    return name.contains(".") ? name : file.firstIndex(of: ".").map { name + file[$0...] } ?? name
  }
}
