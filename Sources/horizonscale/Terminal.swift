import Foundation
import HorizonCore
import HorizonPipeline
import Synchronization

/// What people see: talk and progress on standard error, data on standard output.
enum Terminal {
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// What standard output can show.
  static func style(width: Int?) -> TerminalStyle {
    TerminalStyle(environment: ProcessInfo.processInfo.environment, columns: columns, asked: width)
  }

  /// Characters in a line of standard output; nil when it is no terminal, and then what is written does not depend on one.
  static let columns: Int? = {
    guard isatty(STDOUT_FILENO) == 1 else { return nil }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }()

  /// Gives closed standard streams something that fails to be read or written, so that no other file gets their numbers.
  static func claimStandardStreams() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  private static let names = Mutex<(path: String, name: String)?>(nil)

  /// Writes a name wherever a folder would be named from now on: people never see where a workspace of an object store lies
  /// while a command works with it.
  static func show(_ name: String, for path: String) { names.withLock { $0 = (path, name) } }

  private static func named(_ text: String) -> String {
    names.withLock { $0 }.map { text.replacing($0.path, with: $0.name) } ?? text
  }

  static func error(_ message: String) { say("error: \(message)") }

  /// Text of a file may be quoted in it: its control characters are shown, not obeyed.
  static func say(_ line: String) {
    let plain = named(line).unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control && scalar != "\n" ? "\u{FFFD}" : Character(scalar)
    }
    talk(String(plain) + "\n")
  }

  /// Nobody listening is no reason to stop working.
  private static func talk(_ text: String) { _ = write(Array(text.utf8), to: STDERR_FILENO) }

  /// Writes data; a closed pipe ends the process with success, as for `head`.
  static func out(_ text: String) {
    guard let number = write(Array((named(text) + "\n").utf8), to: STDOUT_FILENO) else { return }
    if number == EPIPE { exit(ExitCode.done.rawValue) }
    error("Standard output cannot be written: \(String(cString: strerror(number))). Free disk, or write elsewhere.")
    exit(ExitCode.writingFailed.rawValue)
  }

  /// - Returns: The system's error number; nil when all is written.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    var done = 0
    while done < bytes.count {
      let n = bytes[done...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress!, $0.count) }
      if n >= 0 { done += n } else if errno != EINTR { return errno }
    }
    return nil
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
    /// A line that wraps could not be drawn over.
    private static let width: Int = {
      var size = winsize()
      guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 24 }
      return min(24, max(4, Int(size.ws_col) - 19))
    }()

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
        let width = Double(Bar.width)
        let filled = Int((min(1, max(0, share)) * width).rounded())
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: Bar.width - filled)
        talk("\r\(stage.padding(toLength: 9, withPad: " ", startingAt: 0)) [\(bar)] \(Int(share * 100)) %\u{1B}[K")
      }
    }

    func clear() {
      state.withLock { s in
        if s.isVisible { talk("\r\u{1B}[K") }
        s.isVisible = false
      }
    }
  }
}
