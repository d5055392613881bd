import Glibc
import HorizonCore

/// What a file looked like before it was read, so that one that changed meanwhile is not taken for what it was.
struct FileState: Sendable {
  private let file: InputFile
  private let state: State

  private struct State: Equatable {
    let device: dev_t
    let inode: ino_t
    let size: off_t
    let seconds: Int
    let nanoseconds: Int
  }

  init(of file: InputFile) throws(Failure) {
    self.file = file
    state = try FileState.look(file)
  }

  /// - Throws: When the file is another one, or was written to.
  func check() throws(Failure) {
    guard try FileState.look(file) == state else {
      throw Failure(
        .unusableData, "\(file.shown) changed while it was being read.",
        remedy: "Wait until its export is complete, then start again.")
    }
  }

  private static func look(_ file: InputFile) throws(Failure) -> State {
    var found = stat()
    guard stat(file.path, &found) == 0 else {
      throw Failure(
        .missingInput, "\(file.shown) went away while it was being read.", remedy: "Check the path, then start again.")
    }
    return State(
      device: found.st_dev, inode: found.st_ino, size: found.st_size, seconds: found.st_mtim.tv_sec,
      nanoseconds: found.st_mtim.tv_nsec)
  }
}
