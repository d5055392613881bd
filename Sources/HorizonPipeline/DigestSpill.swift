package import Foundation
package import HorizonContest
package import HorizonCore

/// Digests on disk between the contest and the decisions, so that memory does not grow with the fleet.
package final class DigestSpill: DigestSource {
  private let url: URL
  private let file: FileHandle
  package private(set) var count = 0

  package init(at url: URL) throws(Failure) {
    self.url = url
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
        while used < words.count, used + 1 + Int(words[used]) <= words.count {
          try body(SeriesDigest(decoding: words, at: &used))
        }
      }
      rest.removeFirst(used * 4)
      rest = Data(rest)
      try Interruption.check()
    }
  }

  package func remove() {
    try? file.close()
    try? FileManager.default.removeItem(at: url)
  }
}
