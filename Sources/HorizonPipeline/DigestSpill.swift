import Dispatch
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

  private static let blockWords = 2 << 20

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

  package func stream<Made>(
    _ make: @Sendable (_ at: Int, SeriesDigest) -> Made, to body: (SeriesDigest, Made) throws -> Void
  ) throws {
    let frames = file.frames
    var next = 0
    var passed = 0
    while next < frames.count {
      // Whole appends, at least one, up to eight megabytes.
      let first = next
      repeat {
        next += 1
      } while next < frames.count
        && frames[next].place + frames[next].words - frames[first].place <= DigestSpill.blockWords
      try file.words(of: first..<next).withUnsafeBufferPointer { words in
        var starts: [Int] = []
        for frame in frames[first..<next] {
          var at = frame.place - frames[first].place
          let end = at + frame.words
          while at < end {
            starts.append(at)
            at += 1 + Int(words[at])
          }
        }
        for (digest, made) in decoded(words, at: starts, first: passed, make) { try body(digest, made) }
        passed += starts.count
      }
      try Interruption.check()
    }
  }

  /// Decoding and making cost several times what is done with a digest in order, so they are shared between threads.
  ///
  /// - Parameter first: Place of the first digest among all.
  private func decoded<Made>(
    _ words: UnsafeBufferPointer<UInt32>, at starts: [Int], first: Int, _ make: @Sendable (Int, SeriesDigest) -> Made
  ) -> [(SeriesDigest, Made)] {
    [(SeriesDigest, Made)](unsafeUninitializedCapacity: starts.count) { buffer, filled in
      nonisolated(unsafe) let target = buffer.baseAddress!
      nonisolated(unsafe) let words = words
      let share = (starts.count + threads - 1) / threads
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for i in min(starts.count, thread * share)..<min(starts.count, (thread + 1) * share) {
          var at = starts[i]
          let digest = SeriesDigest(decoding: words, at: &at)
          (target + i).initialize(to: (digest, make(first + i, digest)))
        }
      }
      filled = starts.count
    }
  }

  /// After the last use.
  package func finish() {
    file.close()
    if !isKept { try? FileManager.default.removeItem(at: file.url) }
  }
}
