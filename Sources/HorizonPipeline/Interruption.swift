import Foundation
package import HorizonCore
import Synchronization

/// Ctrl-C and SIGTERM: long work stops at the next series tile and what was finished before stays whole.
package enum Interruption {
  private static let isRequested = Atomic<Bool>(false)

  /// Catches the signals from now on; a second one ends the process at once.
  package static func install() {
    for signalNumber in [SIGINT, SIGTERM] {
      signal(signalNumber) { number in
        Interruption.isRequested.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
    // A closed pipe and a file grown too large are errors of the write that meets them.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// - Throws: `.interrupted` after a signal.
  package static func check() throws(Failure) {
    if isRequested.load(ordering: .relaxed) {
      throw Failure(.interrupted, "Interrupted; earlier runs are untouched.", remedy: "Run again to start over.")
    }
  }
}
