import Foundation
package import HorizonCore

/// Puts a finished folder in the place of an old one; a reader or a crash sees the one or the other, whole.
///
/// - Parameters:
///   - folder: With or without something in it, or not there yet.
///   - finished: On the same file system.
package func replaceFolder(_ folder: String, with finished: String) throws(Failure) {
  let exists = FileManager.default.fileExists(atPath: folder)
  if exchange(finished, folder) {
    try? FileManager.default.removeItem(atPath: finished)
  } else {
    // A file system without exchange: the old folder steps aside for an instant.
    let aside = finished + ".old"
    if exists { _ = rename(folder, aside) }
    guard rename(finished, folder) == 0 else {
      if exists { _ = rename(aside, folder) }
      throw Failure(
        .writingFailed, "The finished \(finished) cannot be moved to \(folder).",
        remedy: "Check permissions and free disk, then try again.")
    }
    try? FileManager.default.removeItem(atPath: aside)
  }
}
