import Foundation
package import HorizonCore
import Synchronization

/// Ctrl-C, SIGTERM and a closed terminal: long work stops at the next series tile and what was finished before stays whole.
package enum Interruption {
  private static let isRequested = Atomic<Bool>(false)

  /// Catches the signals from now on; a second one ends the process at once.
  ///
  /// One that is ignored stays so: `nohup` and shells that start a job in the background ask for that.
  package static func install() {
    for signalNumber in [SIGINT, SIGTERM, SIGHUP] {
      let before = signal(signalNumber) { number in
        Interruption.isRequested.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
      if unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(signalNumber, SIG_IGN) }
    }
    // A closed pipe and a file grown too large are errors of the write that meets them.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// - Throws: `.interrupted` after a signal.
  package static func check() throws(Failure) {
    if isRequested.load(ordering: .relaxed) {
      throw Failure(.interrupted, "Interrupted; earlier runs are untouched.", remedy: "")
    }
  }
}
