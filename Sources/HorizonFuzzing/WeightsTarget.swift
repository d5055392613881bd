import Foundation
import HorizonLearning
import HorizonModels

extension FuzzTarget {
  /// Networks and trees. The first byte says whether the rest is a safetensors file, the header of one, saved trees, or their description.
  static let weights = FuzzTarget("weights", longestInput: 4_096) { input in
    guard let kind = input.first else { return }
    let bytes = Array(input.dropFirst())
    switch kind % 4 {
    case 0: try readNetworks(Data(bytes))
    case 1:
      // As many zeros as the largest offset asks for, within reason: tensors then need not be in the corpus.
      let asked = String(decoding: bytes, as: UTF8.self).split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
      let content = asked.filter { $0 <= 1 << 20 }.max() ?? 0
      try readNetworks(Data(littleEndian(bytes.count) + bytes) + Data(count: content))
    case 2:
      _ = try Booster(bytes: bytes)
      preconditionFailure("bytes that no booster gave have the right checksum")
    default:
      // The checksum is right and there are no trees: this is as far as one may come without the library.
      let body = littleEndian(bytes.count) + bytes
      let checksum = body.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
      _ = try Booster(bytes: Array("HSTREES1".utf8) + littleEndian(Int(truncatingIfNeeded: checksum)) + body)
      preconditionFailure("a booster without trees")
    }
  }

  private static func readNetworks(_ bytes: Data) throws {
    let weights = try LSTMWeights(bytes)
    // What was taken is written and read as the same.
    let written = weights.bytes
    precondition(try! LSTMWeights(written).bytes == written)
    _ = weights.completed(by: .shipped)
  }

  private static func littleEndian(_ number: Int) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }
}
