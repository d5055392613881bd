package import Foundation
import HorizonCore
package import HorizonStore

/// What a run has of its contest before it is finished: who takes part, what they have learnt, and the digests of the tiles that are
/// through. It outlives the process, so that `--resume` goes on from there.
package struct ContestJournal {
  let folder: URL
  package let prepared: PreparedRun
  package let spill: DigestSpill

  private static let digests = "digests.bin"

  /// Takes over what is in the folder where it fits and that is asked for; else prepares a run anew.
  ///
  /// - Parameter folder: For nothing else; what does not fit in it is removed.
  package init(
    at folder: URL, workspace: Workspace, settings: RunSettings, execution: Execution, watch: inout Stopwatch
  ) async throws {
    execution.claimThreads()
    self.folder = folder
    let key = try contestKey(workspace, try Fleet(workspace: workspace, settings: settings), settings)
    let file = folder.appending(path: ContestJournal.digests)
    if execution.resumes {
      if let plan = try? RunPlan(readingFrom: folder), plan.key == key,
        let prepared = try? plan.prepared(in: folder, workspace: workspace, local: settings),
        let spill = try? DigestSpill(continuing: file, threads: execution.threads)
      {
        self.prepared = prepared
        self.spill = spill
        execution.progress.say(
          "Going on with the unfinished run: \(spill.count) of \(prepared.survey.seriesCount) series have been through the contest.")
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
    prepared = try await prepare(workspace: workspace, settings: settings, execution: execution, watch: &watch)
    spill = try DigestSpill(at: file, threads: execution.threads, isKept: true)
    var plan = RunPlan(prepared, settings: settings, key: key)
    try plan.write(prepared.contestants, to: folder)
    watch.lap("journal")
  }

  /// Whether there is something to go on from.
  var isWorthKeeping: Bool { spill.count > 0 }

  func remove() { try? FileManager.default.removeItem(at: folder) }
}
