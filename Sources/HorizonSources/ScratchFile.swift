import Glibc
import HorizonCore
import Synchronization

/// A file without a name: it is gone when the process ends, however it ends.
final class ScratchFile: Sendable {
  private let descriptor: Int32
  private let folder: String
  private let size = Atomic(0)

  init(in folder: String) throws(Failure) {
    let path = "\(folder)/spill-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    self.folder = folder
    guard descriptor >= 0 else {
      throw Failure(
        .cannotCreate, "No scratch file can be made in \(folder): \(String(cString: strerror(errno))).",
        remedy: "Check permissions and free disk.")
    }
    unlink(path)
  }

  deinit { close(descriptor) }

  /// Appends bytes; any thread may.
  ///
  /// - Returns: Where they begin.
  func append(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> Int {
    let start = size.wrappingAdd(bytes.count, ordering: .relaxed).oldValue
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(start + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw Failure(
          .writingFailed, "Scratch data cannot be written in \(folder): \(String(cString: strerror(errno))).",
          remedy: "Free some disk, or choose another workspace with --workspace.")
      }
      done += count
    }
    return start
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, at start: Int) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let count = pread(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(start + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw Failure(.defect, "Scratch data in \(folder) was lost.", remedy: "Check the disk, then ingest again.")
      }
      done += count
    }
  }
}
