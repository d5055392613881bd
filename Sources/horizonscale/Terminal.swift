import Foundation
import HorizonPipeline
import Synchronization

/// What people see: talk and progress on standard error, data on standard output.
enum Terminal {
  static let isInteractive = isatty(STDERR_FILENO) == 1

  static func error(_ message: String) { say("error: \(message)") }

  static func say(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

  /// Writes data; a closed pipe ends the process with success, as for `head`.
  static func out(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    var done = 0
    while done < bytes.count {
      let n = bytes[done...].withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress!, $0.count) }
      if n < 0 {
        if errno == EINTR { continue }
        exit(errno == EPIPE ? 0 : 74)
      }
      done += n
    }
  }

  /// A bar for stages that last longer than a second, on a terminal only.
  static func progress(quiet: Bool) -> RunProgress {
    if quiet { return .silent }
    let bar = Bar()
    return RunProgress(
      report: { stage, share in if isInteractive { bar.draw(stage, share) } },
      say: { line in
        bar.clear()
        say(line)
      })
  }

  private final class Bar: Sendable {
    private struct State {
      var stage = ""
      var began = ContinuousClock.now
      var drawn = ContinuousClock.now
      var isVisible = false
    }
    private let state = Mutex(State())

    func draw(_ stage: String, _ share: Double) {
      state.withLock { s in
        let now = ContinuousClock.now
        if stage != s.stage {
          s.stage = stage
          s.began = now
        }
        guard now - s.began > .seconds(1), now - s.drawn > .milliseconds(100) else { return }
        s.drawn = now
        s.isVisible = true
        let filled = Int((min(1, max(0, share)) * 24).rounded())
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: 24 - filled)
        FileHandle.standardError.write(
          Data(
            "\r\(stage.padding(toLength: 9, withPad: " ", startingAt: 0)) [\(bar)] \(Int(share * 100)) %\u{1B}[K".utf8))
      }
    }

    func clear() {
      state.withLock { s in
        if s.isVisible { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
        s.isVisible = false
      }
    }
  }
}
