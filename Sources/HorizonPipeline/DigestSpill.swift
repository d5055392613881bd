import Dispatch
package import Foundation
package import HorizonContest
package import HorizonCore

/// Digests on disk between the contest and the decisions, so that memory does not grow with the fleet.
package final class DigestSpill: DigestSource {
  private let url: URL
  private let file: FileHandle
  package private(set) var count = 0

  private let threads: Int

  package init(at url: URL, threads: Int) throws(Failure) {
    self.url = url
    self.threads = threads
    guard FileManager.default.createFile(atPath: url.path, contents: nil),
      let file = FileHandle(forWritingAtPath: url.path)
    else { throw Failure(.cannotCreate, "\(url.path) cannot be created.", remedy: "Check permissions and free disk.") }
    self.file = file
  }

  package func append(_ words: [UInt32], count: Int) throws(Failure) {
    do { try words.withUnsafeBytes { try file.write(contentsOf: Data($0)) } } catch {
      throw Failure(
        .writingFailed, "\(url.path) cannot be written: \(error.localizedDescription)", remedy: "Free disk space.")
    }
    self.count += count
  }

  package func stream(to body: (SeriesDigest) throws -> Void) throws {
    let reader = try FileHandle(forReadingFrom: url)
    defer { try? reader.close() }
    var rest = Data()
    while let block = try reader.read(upToCount: 8 << 20), !block.isEmpty {
      rest.append(block)
      var used = 0
      try rest.withUnsafeBytes { raw in
        let words = raw.bindMemory(to: UInt32.self)
        var starts: [Int] = []
        while used < words.count, used + 1 + Int(words[used]) <= words.count {
          starts.append(used)
          used += 1 + Int(words[used])
        }
        for digest in decoded(words, at: starts) { try body(digest) }
      }
      rest.removeFirst(used * 4)
      rest = Data(rest)
      try Interruption.check()
    }
  }

  /// Decoding costs several times what is done with a digest, so it is shared between threads; the order stays.
  private func decoded(_ words: UnsafeBufferPointer<UInt32>, at starts: [Int]) -> [SeriesDigest] {
    [SeriesDigest](unsafeUninitializedCapacity: starts.count) { buffer, count in
      nonisolated(unsafe) let target = buffer.baseAddress!
      nonisolated(unsafe) let words = words
      let share = (starts.count + threads - 1) / threads
      DispatchQueue.concurrentPerform(iterations: starts.isEmpty ? 0 : threads) { thread in
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
