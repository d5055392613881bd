import Foundation
import HorizonContest
import HorizonCore
import HorizonStore

/// What a run's contest leaves of finished folds for the next one, in the order of the master: a frame for each tile, in it each series'
/// name and `FinishedFolds`.
final class FoldCacheWriter: @unchecked Sendable {
  private let file: FrameFile

  init(creating url: URL) throws(Failure) { file = try FrameFile(creating: url) }

  init(continuing url: URL) throws(Failure) { file = try FrameFile(continuing: url) }

  var frames: Int { file.frames.count }

  func keep(_ frames: Int) throws(Failure) { try file.keep(frames) }

  func append(_ words: [UInt32], count: Int) throws(Failure) { try file.append(words, count: count) }

  func close() { file.close() }
}

/// The same, read side by side with the master.
final class FoldCacheReader {
  private let file: FrameFile?
  private var frame: [UInt32] = []
  private var at = 0

  /// - Parameter url: Of the file; without one there is nothing to go on from.
  init(_ url: URL?) { file = url.flatMap { try? FrameFile(reading: $0) } }

  /// The words of some series, ascending and later than those that were asked for before; nil where there are none.
  func words(of names: [SeriesName]) -> [[UInt32]?] {
    names.map { name in
      while let found = self.name {
        if found > name { return nil }
        let words = Array(frame[(at + nameWords)..<(at + nameWords + bodyWords)])
        at += nameWords + bodyWords
        if found == name { return words }
      }
      return nil
    }
  }

  /// Of the series at hand; nil at the end.
  private var name: SeriesName? {
    while at >= frame.count {
      guard let next = file?.next() else { return nil }
      frame = next
      at = 0
    }
    return frame.withUnsafeBufferPointer { FoldCacheReader.name($0, at: at) }
  }

  private var nameWords: Int { 1 + Int(frame[at]) }
  private var bodyWords: Int { 1 + Int(frame[at + nameWords]) }

  private static func name(_ words: UnsafeBufferPointer<UInt32>, at: Int) -> SeriesName {
    let bytes = UnsafeRawBufferPointer(words)[((at + 1) * 4)..<((at + 1 + Int(words[at])) * 4)].prefix { $0 != 0 }
    let parts = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    return SeriesName(server: parts.count > 1 ? String(parts[1]) : "", resource: String(parts[0]))
  }
}

extension [FinishedFolds?] {
  /// End to end with their names, as a cache takes them; series without any are left out.
  func words(_ names: [SeriesName]) -> (words: [UInt32], count: Int) {
    var words: [UInt32] = []
    var count = 0
    for (name, folds) in zip(names, self) {
      // A line end in a name could not be told from the one between.
      guard let folds, !name.resource.contains("\n"), !name.description.utf8.contains(0) else { continue }
      var bytes = [UInt8]("\(name.resource)\n\(name.server)".utf8)
      bytes += [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
      words.append(UInt32(bytes.count / 4))
      words += bytes.withUnsafeBytes { raw in
        (0..<(bytes.count / 4)).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
      }
      folds.encode(into: &words)
      count += 1
    }
    return (words, count)
  }
}
