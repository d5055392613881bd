import Dispatch
package import Foundation
package import HorizonContest
package import HorizonCore

/// Digests on disk between the contest and the decisions, so that memory does not grow with the fleet.
///
/// One task appends; when it is done, any number may read: reading changes nothing, which is what makes sharing it safe.
package final class DigestSpill: DigestSource, @unchecked Sendable {
  private let url: URL
  private let file: FileHandle
  private let threads: Int
  /// Words of each append, in order: what is read back together.
  private var extents: [Int] = []
  package private(set) var count = 0

  private static let blockWords = 2 << 20

  package init(at url: URL, threads: Int) throws(Failure) {
    self.url = url
    self.threads = threads
    guard FileManager.default.createFile(atPath: url.path, contents: nil),
      let file = FileHandle(forUpdatingAtPath: url.path)
    else { throw Failure(.cannotCreate, "\(url.path) cannot be created.", remedy: "Check permissions and free disk.") }
    self.file = file
  }

  package func append(_ words: [UInt32], count: Int) throws(Failure) {
    let wasWritten = words.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let n = write(file.fileDescriptor, bytes.baseAddress! + done, bytes.count - done)
        if n < 0 && errno == EINTR { continue }
        if n <= 0 { return false }
        done += n
      }
      return true
    }
    guard wasWritten else {
      throw Failure(
        .writingFailed, "\(url.path) cannot be written: \(String(cString: strerror(errno))).",
        remedy: "Free disk space.")
    }
    extents.append(words.count)
    self.count += count
  }

  package func stream(to body: (SeriesDigest) throws -> Void) throws {
    var position = 0
    var next = 0
    while next < extents.count {
      // Whole appends, at least one, up to eight megabytes.
      var size = 0
      repeat {
        size += extents[next]
        next += 1
      } while next < extents.count && size + extents[next] <= DigestSpill.blockWords
      let words = try read(size, at: position)
      position += size
      try words.withUnsafeBufferPointer { words in
        var starts: [Int] = []
        var at = 0
        while at < words.count {
          starts.append(at)
          at += 1 + Int(words[at])
        }
        for digest in decoded(words, at: starts) { try body(digest) }
      }
      try Interruption.check()
    }
  }

  private func read(_ count: Int, at position: Int) throws(Failure) -> [UInt32] {
    var isWhole = true
    let words = [UInt32](unsafeUninitializedCapacity: count) { buffer, filled in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      var done = 0
      while done < count * 4 {
        let n = pread(file.fileDescriptor, bytes.baseAddress! + done, count * 4 - done, off_t(position * 4 + done))
        if n < 0 && errno == EINTR { continue }
        if n <= 0 { break }
        done += n
      }
      isWhole = done == count * 4
      filled = isWhole ? count : 0
    }
    guard isWhole else {
      throw Failure(.writingFailed, "\(url.path) cannot be read back.", remedy: "Check the disk, then run again.")
    }
    return words
  }

  /// Decoding costs several times what is done with a digest, so it is shared between threads; the order stays.
  private func decoded(_ words: UnsafeBufferPointer<UInt32>, at starts: [Int]) -> [SeriesDigest] {
    [SeriesDigest](unsafeUninitializedCapacity: starts.count) { buffer, count in
      nonisolated(unsafe) let target = buffer.baseAddress!
      nonisolated(unsafe) let words = words
      let share = (starts.count + threads - 1) / threads
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for i in min(starts.count, thread * share)..<min(starts.count, (thread + 1) * share) {
          var at = starts[i]
          (target + i).initialize(to: SeriesDigest(decoding: words, at: &at))
        }
      }
      count = starts.count
    }
  }

  package func remove() {
    try? file.close()
    try? FileManager.default.removeItem(at: url)
  }
}
