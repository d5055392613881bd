import Foundation
import Synchronization

/// Where targets put files: in memory, so that a thousand inputs a second wear out no disk.
final class FuzzFolder: Sendable {
  let path: String

  init(_ name: String) {
    let files = FileManager.default
    let root =
      files.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : files.temporaryDirectory.standardizedFileURL.path
    path = "\(root)/horizonscale-fuzz-\(getpid())-\(name)"
    try? files.createDirectory(atPath: path, withIntermediateDirectories: true)
    FuzzFolder.made.withLock { $0.append(path) }
  }

  /// Writes a file in place of what was there.
  func write(_ bytes: some Collection<UInt8>, to name: String) throws -> String {
    let file = "\(path)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  /// Removes a file or folder, if it is there.
  func remove(_ name: String) { try? FileManager.default.removeItem(atPath: "\(path)/\(name)") }

  private static let made: Mutex<[String]> = {
    // Only an end without a finding cleans up: after one, what lies there may tell something.
    atexit { for path in FuzzFolder.made.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) } }
    return Mutex([])
  }()
}
