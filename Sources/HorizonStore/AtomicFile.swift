import Glibc
import Synchronization

/// A file that appears under its name whole or not at all: write to `temporaryPath`, then commit.
///
/// What was not committed is removed when the value goes away.
package final class AtomicFile {
  package let path: String
  /// In the same folder, hidden, unlike any other.
  package let temporaryPath: String
  /// How the name of a temporary file ends.
  static let partial = ".partial"
  private var isCommitted = false
  private static let made = Atomic(0)

  package init(_ path: String) {
    self.path = path
    let number = Self.made.wrappingAdd(1, ordering: .relaxed).newValue
    temporaryPath = folder(of: path) + "/.\(name(of: path)).\(getpid())-\(number)\(Self.partial)"
  }

  deinit {
    if !isCommitted { unlink(temporaryPath) }
  }

  /// Brings the temporary file to the disk and gives it its name, in place of what had it before.
  package func commit() throws(StoreError) {
    try synced(temporaryPath, flags: O_RDONLY)
    guard rename(temporaryPath, path) == 0 else { throw writingFailed(path) }
    isCommitted = true
    try syncFolder(folder(of: path))
  }
}

/// Brings the names in a folder to the disk.
package func syncFolder(_ path: String) throws(StoreError) { try synced(path, flags: O_RDONLY | O_DIRECTORY) }

/// Writes `bytes` as the whole of a file that others see either as it was or complete.
package func atomicWrite(_ bytes: some Collection<UInt8>, to path: String) throws(StoreError) {
  let file = AtomicFile(path)
  let descriptor = open(file.temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw writingFailed(path) }
  let isWritten =
    bytes.withContiguousStorageIfAvailable { writeAll($0, to: descriptor) }
    ?? Array(bytes).withUnsafeBufferPointer { writeAll($0, to: descriptor) }
  let error = errno
  close(descriptor)
  guard isWritten else {
    errno = error
    throw writingFailed(path)
  }
  try file.commit()
}

/// Writes `text` as UTF-8, as `atomicWrite(_:to:)` does for bytes.
package func atomicWrite(_ text: String, to path: String) throws(StoreError) { try atomicWrite(text.utf8, to: path) }

/// Writes `text` where a user wants it: a file is replaced whole, through a link too; a device or a pipe is written to.
package func write(_ text: String, where path: String) throws(StoreError) {
  var information = stat()
  guard stat(path, &information) == 0 else { return try atomicWrite(text, to: path) }
  if information.st_mode & S_IFMT == S_IFREG {
    let real = realpath(path, nil)
    defer { free(real) }
    return try atomicWrite(text, to: real.map { String(cString: $0) } ?? path)
  }
  let descriptor = open(path, O_WRONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw writingFailed(path) }
  defer { close(descriptor) }
  guard Array(text.utf8).withUnsafeBufferPointer({ writeAll($0, to: descriptor) }) else { throw writingFailed(path) }
}

/// Gives two paths each other's content in one step. - Returns: False where one is missing or the file system cannot.
func exchange(_ path: String, _ other: String) -> Bool {
  // Not every C library declares it.
  typealias Rename = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
  guard let symbol = dlsym(nil, "renameat2") else { return false }
  let exchange: UInt32 = 2
  return unsafeBitCast(symbol, to: Rename.self)(AT_FDCWD, path, AT_FDCWD, other, exchange) == 0
}

private func writeAll(_ bytes: UnsafeBufferPointer<UInt8>, to descriptor: Int32) -> Bool {
  var rest = UnsafeRawBufferPointer(bytes)
  while !rest.isEmpty {
    let count = write(descriptor, rest.baseAddress, rest.count)
    if count < 0 && errno == EINTR { continue }
    if count <= 0 { return false }
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
  }
  return true
}

private func synced(_ path: String, flags: Int32) throws(StoreError) {
  let descriptor = open(path, flags | O_CLOEXEC)
  guard descriptor >= 0 else { throw writingFailed(path) }
  defer { close(descriptor) }
  // Some file systems refuse to sync a folder; then there is nothing more to do.
  guard fsync(descriptor) == 0 || errno == EINVAL else { throw writingFailed(path) }
}

private func writingFailed(_ path: String) -> StoreError {
  StoreError(.writingFailed, path: path, message: systemError())
}

private func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

private func name(of path: String) -> Substring {
  path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
}
