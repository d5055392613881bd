package import Foundation
package import HorizonContest
package import HorizonCore

/// Digests on disk between the contest and the decisions, so that memory does not grow with the fleet.
///
/// One task appends; when it is done, any number may read: reading changes nothing, which is what makes sharing it safe.
package final class DigestSpill: DigestSource, @unchecked Sendable {
  private let file: FrameFile
  private let threads: Int
  /// Whether the file stays when the last reader is done, for somebody who goes on from it.
  private let isKept: Bool
  /// Series.
  package private(set) var count = 0

  package init(at url: URL, threads: Int, isKept: Bool = false) throws(Failure) {
    file = try FrameFile(creating: url)
    self.threads = threads
    self.isKept = isKept
  }

  /// Opens what another process has left, for good, and cuts off what is not whole.
  package init(continuing url: URL, threads: Int) throws(Failure) {
    file = try FrameFile(continuing: url)
    self.threads = threads
    isKept = true
    count = file.frames.reduce(0) { $0 + $1.count }
  }

  /// Appends so far.
  var frames: Int { file.frames.count }

  /// Cuts off all appends but the first ones.
  func keep(_ frames: Int) throws(Failure) {
    try file.keep(frames)
    count = file.frames.reduce(0) { $0 + $1.count }
  }

  package func append(_ words: [UInt32], count: Int) throws(Failure) {
    try file.append(words, count: count)
    self.count += count
  }

  package func stream<Made: Sendable>(
    _ make: @escaping @Sendable (_ at: Int, SeriesDigest) -> Made, to body: (Made) throws -> Void
  ) async throws {
    var pieces = DigestPieces(file)
    try await mapInOrder(threads: threads, window: 4 * threads) {
      try pieces.next()
    } transform: { piece in
      piece.words.withUnsafeBufferPointer { words in
        piece.starts.enumerated().map { number, start in
          var at = start
          return make(piece.first + number, SeriesDigest(decoding: words, at: &at))
        }
      }
    } consume: { (made: [Made]) in
      for one in made { try body(one) }
    }
  }

  /// After the last use.
  package func finish() {
    file.close()
    if !isKept { try? FileManager.default.removeItem(at: file.url) }
  }
}

/// Some series of a spill, a few milliseconds' work.
private struct DigestPiece: Sendable {
  /// Of its block.
  let words: [UInt32]
  /// Where its digests begin.
  let starts: ArraySlice<Int>
  /// Place of the first digest among all.
  let first: Int
}

/// A spill in pieces, read some megabytes at a time.
private struct DigestPieces {
  private let file: FrameFile
  private var frame = 0
  private var words: [UInt32] = []
  private var starts: ArraySlice<Int> = []
  private var passed = 0

  private static let blockWords = 1 << 20
  private static let series = 64

  init(_ file: FrameFile) { self.file = file }

  mutating func next() throws(Failure) -> DigestPiece? {
    if starts.isEmpty, frame < file.frames.count { try readBlock() }
    guard !starts.isEmpty else { return nil }
    let piece = DigestPiece(words: words, starts: starts.prefix(DigestPieces.series), first: passed)
    starts = starts.dropFirst(DigestPieces.series)
    passed += piece.starts.count
    return piece
  }

  /// Whole appends, at least one, up to the size of a block.
  private mutating func readBlock() throws(Failure) {
    let frames = file.frames
    let first = frame
    repeat {
      frame += 1
    } while frame < frames.count
      && frames[frame].place + frames[frame].words - frames[first].place <= DigestPieces.blockWords
    words = try file.words(of: first..<frame)
    var starts: [Int] = []
    for part in frames[first..<frame] {
      var at = part.place - frames[first].place
      let end = at + part.words
      while at < end {
        starts.append(at)
        at += 1 + Int(words[at])
      }
    }
    self.starts = starts[...]
  }
}
