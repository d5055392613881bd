import Foundation
import HorizonCore

/// A file of 32-bit words that grows frame by frame, each with a checksum, so that a later process can go on after the last one that
/// is whole.
///
/// One task appends; when it is done, any number may read.
final class FrameFile: @unchecked Sendable {
  /// Words of a frame, and what they are of.
  struct Frame {
    /// Of its first word, in words from the start of the file.
    let place: Int
    let words: Int
    /// Series, say.
    let count: Int
  }

  let url: URL
  private let file: FileHandle
  private(set) var frames: [Frame] = []
  private var end = 0

  /// Words of a frame before its own: a mark, how many follow, what they are of, and the checksum of all of that in two.
  private static let headerWords = 5
  private static let mark: UInt32 = 0x4853_4731

  init(creating url: URL) throws(Failure) {
    self.url = url
    guard FileManager.default.createFile(atPath: url.path, contents: nil),
      let file = FileHandle(forUpdatingAtPath: url.path)
    else { throw Failure(.cannotCreate, "\(url.path) cannot be created.", remedy: "Check permissions and free disk.") }
    self.file = file
  }

  /// Opens what another process has left and cuts off what is not whole.
  init(continuing url: URL) throws(Failure) {
    self.url = url
    guard let file = FileHandle(forUpdatingAtPath: url.path) else {
      throw Failure(.missingInput, "\(url.path) cannot be opened.", remedy: "Start over without --resume.")
    }
    self.file = file
    while let header = words(FrameFile.headerWords, at: end), header[0] == FrameFile.mark,
      let words = words(Int(header[1]), at: end + FrameFile.headerWords),
      FrameFile.header(words, count: Int(header[2])) == header
    {
      add(words.count, count: Int(header[2]))
    }
    try keep(frames.count)
  }

  /// Opens a file to be read, frame by frame; what a frame is of is checked when it is read.
  init(reading url: URL) throws(Failure) {
    self.url = url
    guard let file = FileHandle(forReadingAtPath: url.path) else {
      throw Failure(.missingInput, "\(url.path) cannot be opened.", remedy: "Check the path.")
    }
    self.file = file
  }

  private static func header(_ words: [UInt32], count: Int) -> [UInt32] {
    [mark, UInt32(words.count), UInt32(count)] + checksum(words, seed: UInt64(count))
  }

  private func add(_ words: Int, count: Int) {
    frames.append(Frame(place: end + FrameFile.headerWords, words: words, count: count))
    end += FrameFile.headerWords + words
  }

  /// Cuts off all frames but the first ones.
  func keep(_ count: Int) throws(Failure) {
    frames.removeSubrange(min(count, frames.count)...)
    end = frames.last.map { $0.place + $0.words } ?? 0
    guard ftruncate(file.fileDescriptor, off_t(end * 4)) == 0, lseek(file.fileDescriptor, 0, SEEK_END) >= 0 else {
      throw failure("cannot be cut")
    }
  }

  func append(_ words: [UInt32], count: Int) throws(Failure) {
    for part in [FrameFile.header(words, count: count), words] {
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
    add(words.count, count: count)
  }

  private func failure(_ what: String) -> Failure {
    Failure(.writingFailed, "\(url.path) \(what).", remedy: "Free disk space.")
  }

  /// The next frame of a file that is read from front to back; nil at its end and where it is damaged.
  func next() -> [UInt32]? {
    guard let header = words(FrameFile.headerWords, at: end), header[0] == FrameFile.mark,
      let words = words(Int(header[1]), at: end + FrameFile.headerWords),
      FrameFile.header(words, count: Int(header[2])) == header
    else { return nil }
    end += FrameFile.headerWords + words.count
    return words
  }

  /// All words of some neighbouring frames, their headers between them.
  func words(of range: Range<Int>) throws(Failure) -> [UInt32] {
    let (first, last) = (frames[range.lowerBound], frames[range.upperBound - 1])
    guard let words = words(last.place + last.words - first.place, at: first.place) else {
      throw Failure(.writingFailed, "\(url.path) cannot be read back.", remedy: "Check the disk, then run again.")
    }
    return words
  }

  /// Words from a place in the file; nil where it ends before.
  private func words(_ count: Int, at position: Int) -> [UInt32]? {
    var information = stat()
    // A frame's header may be what a crash has left, and say anything.
    guard fstat(file.fileDescriptor, &information) == 0, (position + count) * 4 <= Int(information.st_size) else {
      return nil
    }
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
    return isWhole ? words : nil
  }

  func close() { try? file.close() }
}

/// Two words that tell some from others that came of them by a fault.
func checksum(_ words: some Collection<UInt32>, seed: UInt64 = 0) -> [UInt32] {
  var sum = UInt64(words.count) << 32 ^ seed
  for word in words {
    sum = (sum ^ UInt64(word)) &* 0x9e37_79b9_7f4a_7c15
    sum ^= sum >> 29
  }
  return [UInt32(truncatingIfNeeded: sum), UInt32(truncatingIfNeeded: sum >> 32)]
}
