import Dispatch
package import Foundation
package import HorizonContest
package import HorizonCore

/// Digests on disk between the contest and the decisions, so that memory does not grow with the fleet.
///
/// Each append is a frame with a checksum, so that a later process can go on after the last one that is whole.
///
/// One task appends; when it is done, any number may read: reading changes nothing, which is what makes sharing it safe.
package final class DigestSpill: DigestSource, @unchecked Sendable {
  private let url: URL
  private let file: FileHandle
  private let threads: Int
  /// Whether the file stays when the last reader is done, for somebody who goes on from it.
  private let isKept: Bool
  /// Words of each append, in order: what is read back together.
  private var extents: [Int] = []
  /// Series.
  package private(set) var count = 0
  private var end = 0

  private static let blockWords = 2 << 20
  /// Words of a frame before its digests: a mark, words and series that follow, and the checksum of all of that in two.
  private static let headerWords = 5
  private static let mark: UInt32 = 0x4853_4731

  package init(at url: URL, threads: Int, isKept: Bool = false) throws(Failure) {
    self.url = url
    self.threads = threads
    self.isKept = isKept
    guard FileManager.default.createFile(atPath: url.path, contents: nil),
      let file = FileHandle(forUpdatingAtPath: url.path)
    else { throw Failure(.cannotCreate, "\(url.path) cannot be created.", remedy: "Check permissions and free disk.") }
    self.file = file
  }

  /// Opens what another process has left, for good, and cuts off what is not whole.
  package init(continuing url: URL, threads: Int) throws(Failure) {
    self.url = url
    self.threads = threads
    isKept = true
    guard let file = FileHandle(forUpdatingAtPath: url.path) else {
      throw Failure(.missingInput, "\(url.path) cannot be opened.", remedy: "Start over without --resume.")
    }
    self.file = file
    while let header = words(DigestSpill.headerWords, at: end), header[0] == DigestSpill.mark,
      let words = words(Int(header[1]), at: end + DigestSpill.headerWords),
      DigestSpill.header(words, count: Int(header[2])) == header
    {
      extents.append(words.count)
      count += Int(header[2])
      end += DigestSpill.headerWords + words.count
    }
    guard ftruncate(file.fileDescriptor, off_t(end * 4)) == 0, lseek(file.fileDescriptor, 0, SEEK_END) >= 0 else {
      throw failure("cannot be cut")
    }
  }

  private static func header(_ words: [UInt32], count: Int) -> [UInt32] {
    var sum = UInt64(words.count) << 32 | UInt64(count)
    for word in words { sum = (sum ^ UInt64(word)) &* 0x9e37_79b9_7f4a_7c15; sum ^= sum >> 29 }
    return [
      mark, UInt32(words.count), UInt32(count), UInt32(truncatingIfNeeded: sum), UInt32(truncatingIfNeeded: sum >> 32),
    ]
  }

  package func append(_ words: [UInt32], count: Int) throws(Failure) {
    for part in [DigestSpill.header(words, count: count), words] {
      let wasWritten = part.withUnsafeBytes { bytes in
        var done = 0
        while done < bytes.count {
          let n = write(file.fileDescriptor, bytes.baseAddress! + done, bytes.count - done)
          if n < 0 && errno == EINTR { continue }
          if n <= 0 { return false }
          done += n
        }
        return true
      }
      guard wasWritten else { throw failure("cannot be written: \(String(cString: strerror(errno)))") }
    }
    extents.append(words.count)
    self.count += count
    end += DigestSpill.headerWords + words.count
  }

  private func failure(_ what: String) -> Failure {
    Failure(.writingFailed, "\(url.path) \(what).", remedy: "Free disk space.")
  }

  package func stream(to body: (SeriesDigest) throws -> Void) throws {
    var position = 0
    var next = 0
    while next < extents.count {
      // Whole appends, at least one, up to eight megabytes.
      var size = 0
      let first = next
      repeat {
        size += DigestSpill.headerWords + extents[next]
        next += 1
      } while next < extents.count && size + extents[next] <= DigestSpill.blockWords
      guard let words = words(size, at: position) else {
        throw Failure(.writingFailed, "\(url.path) cannot be read back.", remedy: "Check the disk, then run again.")
      }
      position += size
      try words.withUnsafeBufferPointer { words in
        var starts: [Int] = []
        var at = 0
        for extent in extents[first..<next] {
          at += DigestSpill.headerWords
          let end = at + extent
          while at < end {
            starts.append(at)
            at += 1 + Int(words[at])
          }
        }
        for digest in decoded(words, at: starts) { try body(digest) }
      }
      try Interruption.check()
    }
  }

  /// Words from a place in the file, counted in words; nil where it ends before.
  private func words(_ count: Int, at position: Int) -> [UInt32]? {
    var isWhole = true
    // A frame's header may be what a crash has left, and say anything.
    guard (position + count) * 4 <= (try? file.seekToEnd()).map(Int.init) ?? 0 else { return nil }
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
    return isWhole ? words : nil
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

  /// After the last use.
  package func finish() {
    try? file.close()
    if !isKept { try? FileManager.default.removeItem(at: url) }
  }
}
