import Foundation
import Synchronization

/// What people hear of a transfer: nothing when it is short, else what is moved and how far it is. Threads share one.
package final class TransferTalk: Sendable {
  private struct State {
    var done = 0
    var isSaid = false
  }
  private let state = Mutex(State())
  private let began = ContinuousClock.now
  private let stage: String
  private let line: String
  private let total: Int
  private let report: @Sendable (String, Double) throws -> Void
  private let say: @Sendable (String) -> Void

  /// - Parameters:
  ///   - stage: `fetch` or `put`.
  ///   - line: Said when the transfer has taken a second.
  ///   - total: Bytes in all.
  ///   - report: Told the stage and the share done, from one thread at a time; what it throws ends the transfer.
  package init(
    _ stage: String, line: String, total: Int, report: @escaping @Sendable (String, Double) throws -> Void,
    say: @escaping @Sendable (String) -> Void
  ) {
    (self.stage, self.line, self.total, self.report, self.say) = (stage, line, total, report, say)
  }

  /// Notes that some bytes have gone.
  package func moved(_ bytes: Int) throws {
    try state.withLock { state in
      state.done += bytes
      if !state.isSaid, ContinuousClock.now - began > .seconds(1) {
        state.isSaid = true
        say(line)
      }
      try report(stage, min(1, Double(state.done) / Double(max(1, total))))
    }
  }

  /// `3 files (1.2 MB)`.
  package static func amount(_ files: Int, _ bytes: Int) -> String {
    let size =
      bytes < 1_000_000
      ? "\((bytes + 999) / 1_000) kB"
      : bytes < 1_000_000_000 ? "\(bytes / 1_000_000) MB" : String(format: "%.1f GB", Double(bytes) / 1e9)
    return "\(files) file\(files == 1 ? "" : "s") (\(size))"
  }
}
