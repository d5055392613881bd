import CXGBoost
import Foundation

/// How a booster is saved: `HSTREES1`, a checksum of all that follows (8 bytes), the size of the description (8 bytes), the description
/// as JSON, the trees as XGBoost's UBJSON. Numbers are little-endian.
///
/// The checksum comes first because XGBoost may end the process over damaged bytes; it never sees any.
extension Booster {
  private static let magic = Array("HSTREES1".utf8)

  /// The booster as it is saved: the same bytes for the same booster.
  package func bytes() throws(LearningError) -> [UInt8] {
    let trees = try handle.saved(as: "ubj")
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let described = try? encoder.encode(description) else {
      throw .failed("the booster's losses cannot be written")
    }
    let body = Booster.littleEndian(UInt64(described.count)) + described + trees
    return Booster.magic + Booster.littleEndian(Booster.checksum(body[...])) + body
  }

  /// A booster from what `bytes()` gave.
  ///
  /// - Throws: `LearningError.badWeights` when bytes are damaged or something else; `LearningError.libraryMissing`.
  package convenience init(bytes: [UInt8]) throws(LearningError) {
    let prefix = Booster.magic.count + 16
    guard bytes.starts(with: Booster.magic) else { throw .badWeights("these bytes are no saved trees") }
    guard bytes.count >= prefix else { throw .badWeights("the saved trees end after \(bytes.count) bytes") }
    let body = bytes[Booster.magic.count + 8..<bytes.count]
    guard Booster.number(bytes[Booster.magic.count...].prefix(8)) == Booster.checksum(body) else {
      throw .badWeights("the saved trees are damaged or cut short: their checksum is another one")
    }
    let size = Booster.number(body.prefix(8))
    guard size <= UInt64(bytes.count - prefix),
      let description = try? JSONDecoder().decode(Description.self, from: Data(bytes[prefix...].prefix(Int(size))))
    else { throw .badWeights("the description of the saved trees cannot be read") }
    let trees = bytes[(prefix + Int(size))...]
    guard !trees.isEmpty else { throw .badWeights("there are no trees") }
    let library = try BoosterLibrary.shared()
    do throws(LearningError) {
      let handle = try BoosterHandle.reading(trees, in: library)
      var features = UInt64(0)
      try library.calling("count the features") { $0.featureCount(handle.raw, &features) }
      guard features == UInt64(description.features.count) else {
        throw .failed("the trees take \(features) features, their description names \(description.features.count)")
      }
      try self.init(handle, description)
    } catch { throw .badWeights(error.description) }
  }

  private static func littleEndian(_ number: UInt64) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// FNV-1a of 64 bits: any one changed byte changes it.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.withUnsafeBufferPointer { $0.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } }
  }
}

extension BoosterHandle {
  /// Trees that the library saved, in either format.
  static func reading(_ trees: ArraySlice<UInt8>, in library: BoosterLibrary) throws(LearningError) -> BoosterHandle {
    let handle = try BoosterHandle(.booster, "make a booster", in: library) { functions, out in
      functions.makeBooster(nil, 0, out)
    }
    try library.calling("read the trees") { functions in
      trees.withUnsafeBytes { functions.load(handle.raw, $0.baseAddress!, UInt64($0.count)) }
    }
    try handle.set([("nthread", "1")])
    return handle
  }

  /// The trees as the library saves them: `ubj` or `json`.
  func saved(as format: String) throws(LearningError) -> [UInt8] {
    try library.calling("save the trees") { functions in
      var (size, bytes) = (UInt64(0), UnsafePointer<CChar>?.none)
      let code = functions.save(raw, #"{"format": "\#(format)"}"#, &size, &bytes)
      return (code, bytes.map { Array(UnsafeRawBufferPointer(start: $0, count: Int(size))) } ?? [])
    }
  }
}
