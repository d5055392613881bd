import Foundation
import HorizonCore
import HorizonStore
import Synchronization

/// The newest finished run of a workspace; a newer one takes its place whole.
package final class SnapshotStore: Sendable {
  private struct State {
    var snapshot: Snapshot?
    /// What was read, or tried.
    var seen: RunStamp?
    var reloads = 0
    var failures = 0
  }

  let workspace: Workspace
  private let state = Mutex(State())
  /// One at a time reads a run.
  private let loading = Mutex(())

  init(_ workspace: Workspace) { self.workspace = workspace }

  package var current: Snapshot? { state.withLock { $0.snapshot } }

  var counts: (reloads: Int, failures: Int) { state.withLock { ($0.reloads, $0.failures) } }

  /// Reads the newest run when it is another than the one at hand.
  ///
  /// - Returns: Whether it was taken.
  /// - Throws: When it cannot be read; the one at hand stays, and the next call tries again.
  @discardableResult
  package func refresh() throws -> Bool {
    try loading.withLock { _ in
      guard let newest = workspace.finishedRuns().last, let stamp = RunStamp(newest.url) else { return false }
      if state.withLock({ $0.seen == stamp }) { return false }
      do {
        let snapshot = try Snapshot(newest.url, in: workspace)
        state.withLock { state in
          state.snapshot = snapshot
          state.seen = stamp
          state.reloads += 1
        }
        return true
      } catch {
        state.withLock { $0.failures += 1 }
        throw error
      }
    }
  }
}

/// Tells one `run.json` from another.
private struct RunStamp: Equatable {
  let name: String
  let file: FileStamp

  init?(_ run: URL) {
    guard let file = FileStamp(run.appending(path: "run.json").path) else { return nil }
    name = run.lastPathComponent
    self.file = file
  }
}
