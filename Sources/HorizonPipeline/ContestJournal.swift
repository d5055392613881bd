package import Foundation
import HorizonCore
package import HorizonStore

/// What a run has of its contest before it is finished: who takes part, what they have learnt, and the digests of the tiles that are
/// through. It outlives the process, so that `--resume` goes on from there; and what it has of finished folds outlives the run, so that
/// the next one goes on from those.
package struct ContestJournal {
  let folder: URL
  package let prepared: PreparedRun
  package let spill: DigestSpill
  /// What this contest leaves of finished folds; nil where they are not re-used.
  private let finished: FoldCacheWriter?
  /// Of the run before; nil where nothing of it can be used.
  private let before: URL?

  private static let digests = "digests.bin"
  private static let folds = "folds.bin"
  /// What finished folds of one series take at most, about, in the file for the next run.
  private static let bytesPerSeries = 64 << 10

  /// Takes over what is in the folder where it fits and that is asked for; else prepares a run anew.
  ///
  /// - Parameters:
  ///   - folder: For nothing else; what does not fit in it is removed.
  ///   - cache: Of the run before, and of this one when it is finished; nil where folds are not re-used.
  package init(
    at folder: URL, cache: URL? = nil, workspace: Workspace, settings: RunSettings, execution: Execution,
    watch: inout Stopwatch
  ) async throws {
    execution.claimThreads()
    self.folder = folder
    let fleet = try Fleet(workspace: workspace, settings: settings)
    let method = try methodKey(workspace, settings)
    let key = try contestKey(workspace, fleet, settings, method: method)
    let (digests, folds) = (
      folder.appending(path: ContestJournal.digests), folder.appending(path: ContestJournal.folds)
    )
    // What holidays and regressors say of the time after a fold belongs to the run.
    let reuses =
      cache != nil && settings.holidays == nil && settings.regressors == nil && !settings.keepForecasts
      && fleet.manifest.seriesCount * ContestJournal.bytesPerSeries <= execution.mostFoldBytes
    let earlier = cache.flatMap { cache in
      reuses && settings.fresh != true
        ? (try? RunPlan(readingFrom: cache)).flatMap { $0.method == method ? ($0, cache) : nil } : nil
    }
    before = earlier?.1.appending(path: ContestJournal.folds)
    if execution.resumes {
      if let plan = try? RunPlan(readingFrom: folder), plan.key == key,
        let prepared = try? plan.prepared(in: folder, workspace: workspace, local: settings),
        let spill = try? DigestSpill(continuing: digests, threads: execution.threads)
      {
        self.prepared = prepared
        self.spill = spill
        finished = reuses ? try? FoldCacheWriter(continuing: folds) : nil
        // A tile is in both or has not been through.
        if let finished {
          let whole = min(finished.frames, spill.frames)
          try finished.keep(whole)
          try spill.keep(whole)
        }
        execution.progress.say(
          "Going on with the unfinished run: \(spill.count) of \(prepared.survey.seriesCount) series have been through the contest."
        )
        watch.lap("resume")
        return
      }
      execution.progress.say("There is no unfinished run of these inputs and settings: starting over.")
    }
    try? FileManager.default.removeItem(at: folder)
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw Failure(
        .cannotCreate, "\(folder.path) cannot be created: \(error.localizedDescription)",
        remedy: "Check permissions and free disk.")
    }
    let options = try settings.modelOptions()
    // What of it is damaged is learnt anew.
    let shelf = earlier.flatMap { plan, cache in
      (try? plan.contestants(options, in: cache)).map { TrainingShelf($0.trainings) }
    }
    prepared = try await prepare(
      workspace: workspace, settings: settings, shelf: shelf, execution: execution, watch: &watch)
    spill = try DigestSpill(at: digests, threads: execution.threads, isKept: true)
    finished = reuses ? try FoldCacheWriter(creating: folds) : nil
    var plan = RunPlan(prepared, settings: settings, key: key, method: method)
    try plan.write(prepared.contestants, to: folder)
    watch.lap("journal")
  }

  /// Plays what has not been played yet.
  ///
  /// - Parameter kept: Where fold forecasts go when they are asked for.
  func play(kept: BacktestWriter?, settings: RunSettings, execution: Execution) async throws {
    try await contest(
      prepared.fleet, settings: prepared.contest, seed: settings.seed, spill: spill, kept: kept,
      cache: finished.map { (FoldCacheReader(before), $0) }, series: prepared.survey.seriesCount, execution: execution)
  }

  /// Whether there is something to go on from.
  var isWorthKeeping: Bool { spill.count > 0 }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  /// Leaves what the next run can use in the place of what the one before has left.
  func handOver(to cache: URL) {
    finished?.close()
    try? FileManager.default.removeItem(at: cache)
    guard finished != nil else { return remove() }
    try? FileManager.default.removeItem(at: folder.appending(path: ContestJournal.digests))
    if rename(folder.path, cache.path) != 0 { remove() }
  }
}
