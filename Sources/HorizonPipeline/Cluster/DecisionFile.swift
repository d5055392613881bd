package import Foundation
import HorizonContest
import HorizonCore
import HorizonStore

/// The decisions of a run as workers need them: one file, mapped, in which a series is found by its name.
///
/// Words of 32 bits: a mark, the version, horizon, models, decisions; what forecasts are calibrated with, `[model][group][lead][level]`;
/// the place of each decision in two words; the decisions in the order of the master.
package struct DecisionFile: Sendable {
  private let words: MappedWords
  private let count: Int
  private let places: Int
  let calibration: StoredCalibration

  private static let mark: UInt32 = 0x4853_4443
  private static let version: UInt32 = 1
  private static let headerWords = 5

  static func write(_ decisions: Decisions, models: Int, horizon: Int, to file: URL) throws {
    var words = [mark, version, UInt32(horizon), UInt32(models), UInt32(decisions.series.count)]
    for model in 0..<models {
      for group in ErrorGroup.all {
        for lead in 1...horizon {
          words += decisions.calibration.quantiles(model: model, group: group, lead: lead).map(\.bitPattern)
        }
      }
    }
    var records: [UInt32] = []
    let start = words.count + 2 * decisions.series.count
    for decision in decisions.series {
      let place = UInt64(start + records.count)
      words += [UInt32(truncatingIfNeeded: place), UInt32(truncatingIfNeeded: place >> 32)]
      decision.encode(into: &records)
    }
    words += records
    try atomicWrite(words.withUnsafeBytes { Array($0) }, to: file.path)
  }

  package init(_ file: URL) throws {
    func failure(_ what: String) -> Failure {
      Failure(
        .unusableData, "\(file.path) \(what).", remedy: "Give the file that 'horizonscale worker --phase decide' made.")
    }
    guard let data = try? Data(contentsOf: file, options: .alwaysMapped) else {
      throw Failure(.missingInput, "\(file.path) cannot be read.", remedy: "Name it with --decisions.")
    }
    words = MappedWords(data: data)
    let header = words.read { Array($0.prefix(DecisionFile.headerWords)) }
    guard header.count == DecisionFile.headerWords, header[0] == DecisionFile.mark else {
      throw failure("holds no decisions")
    }
    guard header[1] == DecisionFile.version else { throw failure("is of another version") }
    count = Int(header[4])
    calibration = StoredCalibration(words: words, at: DecisionFile.headerWords, horizon: Int(header[2]))
    places = DecisionFile.headerWords + Int(header[3]) * ErrorGroup.all.count * Int(header[2]) * Levels.count
    let isWhole = words.read { [count, places] words in
      guard words.count >= places + 2 * count else { return false }
      guard count > 0 else { return true }
      let last = DecisionFile.place(count - 1, in: words, from: places)
      return last < words.count && last + Int(words[last]) < words.count
    }
    guard isWhole else { throw failure("is cut short") }
  }

  private static func place(_ number: Int, in words: UnsafeBufferPointer<UInt32>, from places: Int) -> Int {
    Int(words[places + 2 * number]) | Int(words[places + 2 * number + 1]) << 32
  }

  /// Nil for a series that nothing was decided about.
  subscript(name: SeriesName) -> Decision? {
    words.read { words in
      var (low, high) = (0, count)
      while low < high {
        let middle = (low + high) / 2
        let place = DecisionFile.place(middle, in: words, from: places)
        let found = Decision.name(decoding: words, at: place)
        if found == name { return Decision(decoding: words, at: place) }
        if found < name { low = middle + 1 } else { high = middle }
      }
      return nil
    }
  }
}

/// What forecasts are calibrated with, lead by lead.
struct StoredCalibration: CalibrationQuantiles {
  fileprivate let words: MappedWords
  fileprivate let at: Int
  let horizon: Int

  func quantiles(model: Int, group: ErrorGroup, lead: Int) -> [Float] {
    let row = (model * ErrorGroup.all.count + StoredCalibration.position(group)) * horizon + min(lead, horizon) - 1
    return words.read { words in
      words[(at + row * Levels.count)..<(at + (row + 1) * Levels.count)].map { Float(bitPattern: $0) }
    }
  }

  private static let positions = Dictionary(uniqueKeysWithValues: ErrorGroup.all.enumerated().map { ($1, $0) })
  private static func position(_ group: ErrorGroup) -> Int { positions[group]! }
}

/// A file that is only read, as 32-bit words.
private struct MappedWords: Sendable {
  let data: Data

  func read<Result>(_ body: (UnsafeBufferPointer<UInt32>) throws -> Result) rethrows -> Result {
    try data.withUnsafeBytes { try body($0.bindMemory(to: UInt32.self)) }
  }
}
