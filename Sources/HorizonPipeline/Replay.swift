import Foundation
import HorizonContest
import HorizonCore
import HorizonLedger
import HorizonModels
package import HorizonStore

/// Where the replay of a workspace stands.
struct ReplayFolder: Sendable {
  let url: URL

  init(_ workspace: Workspace) { url = workspace.replay }

  var ledger: LedgerFolder { LedgerFolder(url.appending(path: "ledger", directoryHint: .isDirectory)) }
  var summary: URL { url.appending(path: "summary.json") }

  /// The folder of a month; also of one that is not there.
  func month(_ name: String) -> RunFolder {
    RunFolder(url: url.appending(path: name, directoryHint: .isDirectory))!
  }
}

/// Runs the past as if the end of each month were today: decisions, forecasts and risks that know the readings and the months before,
/// under `replay/` of the workspace, and beside what happened then.
///
/// A month that is there already and was made from the same is left as it is. Runs, their ledger and `latest` are not touched.
///
/// - Parameters:
///   - settings: As of a run; an as-of is what the replay takes for the end of the history.
///   - keepsForecasts: Whether a month keeps its forecasts when all of them have been held against what came.
/// - Throws: `.interrupted` after a signal: the months that were finished stay.
package func replay(
  workspace: Workspace, plan: ReplayPlan, settings: RunSettings, keepsForecasts: Bool = false, execution: Execution
) async throws -> ReplaySummary {
  let lock = try WorkspaceLock(workspace)
  defer { lock.release() }
  execution.claimThreads()
  let fleet = try Fleet(workspace: workspace, settings: settings)
  let asOfs = try plan.asOfs(in: fleet)
  var work = try await ReplayWork(
    workspace: workspace, settings: settings, fleet: fleet, asOfs: asOfs, keepsForecasts: keepsForecasts,
    execution: execution)
  do { try await work.run() } catch let failure as Failure where failure.code == .interrupted {
    throw Failure(
      .interrupted,
      "Interrupted; \(work.finished) of \(asOfs.count) \(asOfs.count == 1 ? "date" : "dates") are replayed and stay.",
      remedy: "Give the same command again to go on.")
  }
  execution.progress.report("compare", 0)
  let summary = try await ReplaySummary(of: work.months, fleet: fleet, settings: settings, execution: execution)
  try atomicWrite(try summary.json() + "\n", to: ReplayFolder(workspace).summary.path)
  return summary
}

/// A month that has been replayed.
struct ReplayedMonth: Sendable {
  let run: RunFolder
  let manifest: RunManifest
}

/// The months of one replay, one after the other.
private struct ReplayWork {
  private let workspace: Workspace
  private let folder: ReplayFolder
  private let settings: RunSettings
  /// With all readings that there are.
  private let fleet: Fleet
  private let asOfs: [Int]
  private let keepsForecasts: Bool
  private let execution: Execution
  private let readings: ReadingsDigest
  private let known: KnownSeries
  /// Of what decides every month alike.
  private let common: String
  /// Those whose rows in the ledger need no forecasts any more.
  private let scoredBefore: Set<String>

  private let shelf = TrainingShelf()
  /// Months whose contest has been held and that are still to be decided, by position.
  private var contested: [Int: Contested] = [:]

  private(set) var months: [ReplayedMonth] = []
  var finished: Int { months.count }

  init(
    workspace: Workspace, settings: RunSettings, fleet: Fleet, asOfs: [Int], keepsForecasts: Bool, execution: Execution
  ) async throws {
    self.workspace = workspace
    self.fleet = fleet
    self.asOfs = asOfs
    self.keepsForecasts = keepsForecasts
    self.execution = execution
    folder = ReplayFolder(workspace)
    var own = settings
    own.asOf = nil
    own.raw = false
    own.keepForecasts = false
    self.settings = own
    readings = try await ReadingsDigest(fleet, execution: execution)
    known = try KnownSeries(workspace)
    common = try ReplayWork.common(workspace, settings: own, fleet: fleet)
    let folder = self.folder
    scoredBefore = scored(
      asOfs.map { folder.month(ISOTime.folderName(fleet.step.microseconds(of: $0), step: fleet.step)) },
      in: folder.ledger, origin: .replay, fleet: fleet, readings: readings)
  }

  private func time(_ position: Int) -> Int64 { fleet.step.microseconds(of: asOfs[position]) }
  private func name(_ position: Int) -> String { ISOTime.folderName(time(position), step: fleet.step) }

  /// A contest that waits for the months before.
  private struct Contested {
    let prepared: PreparedRun
    let spill: DigestSpill
    /// Where its publishing lies among the work of all months, in months.
    let progress: Double
  }

  /// Months whose contests are held together. Each waits on the disk with about 20 kB for a series.
  private static let together = 6

  mutating func run() async throws {
    defer { try? FileManager.default.removeItem(at: waiting) }
    for position in asOfs.indices {
      try Interruption.check()
      let past = past(of: position)
      let inputs = try self.inputs(of: position, past: past)
      if let month = finishedMonth(position, inputs: inputs) {
        if !isScored(position) { try await score(month) }
        months.append(month)
        continue
      }
      let month = try await made(position, inputs: inputs, past: past)
      try await score(month)
      months.append(month)
      execution.progress.say("Replayed \(name(position)), \(position + 1) of \(asOfs.count).")
    }
  }

  /// What a month reads of those before.
  private struct Past {
    var ledger: LedgerReading?
    var incumbents: Incumbents?
  }

  private func past(of position: Int) -> Past {
    if settings.fresh == true { return Past() }
    let names = Set((0..<position).map(name))
    return Past(
      ledger: names.isEmpty
        ? LedgerReading()
        : LedgerReading(folder.ledger, before: time(position), origins: names, of: known),
      incumbents: months.last.flatMap { Incumbents(of: $0.run) })
  }

  /// What all months depend on besides readings and the months before.
  private static func common(_ workspace: Workspace, settings: RunSettings, fleet: Fleet) throws -> String {
    struct Common: Encodable {
      let version: String
      let settings: RunSettings
      let resources: [String]
      let files: [String?]
    }
    // A file that is missing is told by whoever needs it.
    let files = [
      workspace.inventory.path, settings.holidays, settings.regressors, settings.lstmWeights,
    ].map { path in path.flatMap { try? sha256(ofFile: $0) } }
    let common = Common(
      version: productVersion, settings: settings,
      resources: fleet.manifest.resources.map { "\($0.name): \($0.decision)" }, files: files)
    return sha256(of: try JSONEncoder.pretty.encode(common))
  }

  /// A digest of what the contest of a month is made from.
  private func contestInputs(of position: Int) -> String {
    let readings = readings.digest(of: fleet.manifest.firstIndex...asOfs[position])
    return sha256(of: Data("\(common) \(readings)".utf8))
  }

  private func inputs(of position: Int, past: Past) throws -> RunManifest.Replayed {
    let contest = contestInputs(of: position)
    let ledger = try past.ledger.flatMap(RunManifest.LedgerItem.init)?.sha256 ?? "none"
    let incumbents = past.incumbents?.item.sha256 ?? "none"
    return RunManifest.Replayed(
      contest: contest, inputs: sha256(of: Data("\(contest) \(ledger) \(incumbents)".utf8)))
  }

  /// A month as it stands there, made from the same and whole.
  private func finishedMonth(_ position: Int, inputs: RunManifest.Replayed) -> ReplayedMonth? {
    let run = folder.month(name(position))
    guard FileManager.default.fileExists(atPath: run.url.appending(path: "run.json").path) else { return nil }
    func remade(_ why: String) -> ReplayedMonth? {
      execution.progress.say("\(name(position)) is replayed anew: \(why).")
      return nil
    }
    guard let manifest = try? RunManifest(readingFrom: run.url) else { return remade("its run.json cannot be read") }
    guard manifest.replay?.inputs == inputs.inputs else {
      return remade("readings, settings or the dates before it have changed")
    }
    for output in manifest.outputs where output.name != "forecasts.parquet" {
      guard (try? sha256(ofFile: run.url.appending(path: output.name).path)) == output.sha256 else {
        return remade("\(output.name) is damaged or gone")
      }
    }
    guard isScored(position) || hasForecasts(run) else {
      return remade("what came after it has changed, and its forecasts are gone")
    }
    return ReplayedMonth(run: run, manifest: manifest)
  }

  private func isScored(_ position: Int) -> Bool {
    asOfs[position] >= fleet.asOf || scoredBefore.contains(name(position))
  }

  private func hasForecasts(_ run: RunFolder) -> Bool {
    FileManager.default.fileExists(atPath: run.url.appending(path: "forecasts.parquet").path)
  }

  private func own(_ position: Int) -> RunSettings {
    var own = settings
    own.asOf = ISOTime.string(time(position), full: fleet.step.seconds < 86_400)
    return own
  }

  /// Plays the folds of a month, and with them those of the months after it that will have to be made as well.
  private mutating func holdContests(from position: Int) async throws {
    // What files say of the future is known at an as-of, so that nothing can be shared between two.
    let isShared = settings.holidays == nil && settings.regressors == nil
    let positions = (position..<asOfs.count).prefix(isShared ? ReplayWork.together : 1)
      .filter { $0 == position || !stands($0) }
    let (start, count) = (Double(position), Double(positions.count))
    var prepared: [PreparedRun] = []
    for (n, position) in positions.enumerated() {
      var preparing = execution
      preparing.progress = progress(
        from: start + 0.3 * Double(n), to: start + 0.3 * Double(n + 1), ["survey": (0, 0.2), "train": (0.2, 1)])
      var watch = Stopwatch()
      prepared.append(
        try await prepare(
          workspace: workspace, settings: own(position), shelf: shelf, execution: preparing, watch: &watch))
    }
    try FileManager.default.createDirectory(at: waiting, withIntermediateDirectories: true)
    let spills = try positions.map {
      try DigestSpill(at: waiting.appending(path: "\(name($0)).bin"), threads: execution.threads)
    }
    for (n, position) in positions.enumerated() {
      contested[position] = Contested(
        prepared: prepared[n], spill: spills[n], progress: start + 0.8 * count + 0.2 * Double(n))
    }
    var playing = execution
    playing.progress = progress(from: start + 0.3 * count, to: start + 0.8 * count, ["contest": (0, 1)])
    try await contest(prepared, seed: settings.seed, spills: spills, execution: playing)
  }

  /// Where contests wait; what a killed process leaves of it goes with the next that holds the lock.
  private var waiting: URL { folder.url.appending(path: ".tmp-\(ProcessInfo.processInfo.processIdentifier)-contests") }

  /// Whether a month is there, as far as that can be told before those that it depends on.
  private func stands(_ position: Int) -> Bool {
    let manifest = try? RunManifest(readingFrom: folder.month(name(position)).url)
    return manifest?.replay?.contest == contestInputs(of: position)
  }

  private mutating func made(
    _ position: Int, inputs: RunManifest.Replayed, past: Past
  ) async throws -> ReplayedMonth {
    if contested[position] == nil { try await holdContests(from: position) }
    let contest = contested.removeValue(forKey: position)!
    var execution = self.execution
    execution.progress = progress(from: contest.progress, to: contest.progress + 0.2, ["publish": (0.1, 1)])
    var watch = Stopwatch()
    let temporary = try workspace.temporaryFolder(under: folder.url)
    defer { try? FileManager.default.removeItem(at: temporary) }
    let own = own(position)
    let decided = try await contest.prepared.decided(
      contest.spill, settings: own, ledger: past.ledger, incumbents: past.incumbents)
    var (manifest, _) = try await decided.written(
      to: temporary, settings: own, workspace: workspace, execution: execution, watch: &watch)
    manifest.replay = inputs
    try manifest.seal(temporary)
    try Interruption.check()
    let place = try workspace.replace(temporary, under: folder.url, asOf: name(position))
    return ReplayedMonth(run: RunFolder(url: place)!, manifest: manifest)
  }

  /// Holds a month's forecasts against what came, and removes them when nothing more is to come.
  private func score(_ month: ReplayedMonth) async throws {
    var execution = self.execution
    execution.progress = RunProgress(report: { _, _ in }, say: execution.progress.say)
    let update = try await extend(
      folder.ledger, with: [month.run], origin: .replay, fleet: fleet, readings: readings, execution: execution)
    for note in update.notes { execution.progress.say(note) }
    let asOf = fleet.step.index(ofMicroseconds: ISOTime.parse(month.manifest.asOf)!.microseconds)
    let reach = max(month.manifest.horizon, Int(Double(LeadBucket.days91on.lastDay) / fleet.step.days))
    if !keepsForecasts, !update.scored.isEmpty, asOf + reach <= fleet.asOf {
      try? FileManager.default.removeItem(at: month.run.url.appending(path: "forecasts.parquet"))
    }
  }

  /// One bar over all months.
  ///
  /// - Parameters:
  ///   - start: Like `end` in months' work.
  ///   - stages: What part of the way from start to end each takes; others are not shown.
  private func progress(from start: Double, to end: Double, _ stages: [String: (Double, Double)]) -> RunProgress {
    let report = execution.progress.report
    let all = Double(asOfs.count)
    return RunProgress(
      report: { stage, share in
        guard let (low, high) = stages[stage] else { return }
        report("replay", (start + (end - start) * (low + share * (high - low))) / all)
      }, say: execution.progress.say)
  }
}
