import HorizonNumerics

/// Changes inputs at random, for runs too short for a fuzzer that learns from coverage.
package struct Mutator {
  /// Bytes that mean something to the target.
  private let tokens: [[UInt8]]
  private var random: SplitMix64

  package init(tokens: [[UInt8]], seed: UInt64) {
    self.tokens = tokens
    random = SplitMix64(seed: seed)
  }

  /// One to four changes of `input`, some of which take from `other`.
  ///
  /// - Returns: At most `longest` bytes.
  package mutating func mutated(_ input: [UInt8], with other: [UInt8], longest: Int) -> [UInt8] {
    var bytes = input
    for _ in 0...Int.random(in: 0..<4, using: &random) {
      let at = Int.random(in: 0...bytes.count, using: &random)
      let length = min(Int.random(in: 1...8, using: &random), bytes.count - at)
      let part = bytes[at..<at + length]
      switch Int.random(in: 0..<7, using: &random) {
      case 0: if length > 0 { bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
      case 1: if length > 0 { bytes[at] = UInt8.random(in: 0...255, using: &random) }
      case 2: bytes.removeSubrange(at..<at + length)
      case 3: bytes.insert(contentsOf: part, at: at)
      case 4: bytes.replaceSubrange(at..<at + length, with: tokens.randomElement(using: &random) ?? [])
      case 5: bytes.insert(contentsOf: tokens.randomElement(using: &random) ?? [], at: at)
      default:
        let from = Int.random(in: 0...other.count, using: &random)
        bytes.replaceSubrange(at..<at + length, with: other[from...].prefix(64))
      }
    }
    return Array(bytes.prefix(longest))
  }
}

extension Mutator {
  /// The tokens of a dictionary as libFuzzer reads it: a line each, in quotes, with the escapes `\\`, `\"` and `\x1E`.
  package static func tokens(dictionary text: String) -> [[UInt8]] {
    text.split(separator: "\n").compactMap { line in
      guard let start = line.firstIndex(of: "\""), let end = line.lastIndex(of: "\""), start < end, line.first != "#"
      else { return nil }
      var token: [UInt8] = []
      var rest = Array(line[line.index(after: start)..<end].utf8)[...]
      while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
          token.append(byte)
          continue
        }
        if next == UInt8(ascii: "x"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
          token.append(value)
          rest = rest.dropFirst(2)
        } else {
          token.append(next)
        }
      }
      return token
    }
  }
}
