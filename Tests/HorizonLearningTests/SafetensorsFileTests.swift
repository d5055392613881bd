import Foundation
import HorizonLearning
import HorizonNumerics
import Testing

@Suite struct SafetensorsFileTests {
  private let shape = LSTMShape(inputs: 2, statics: 1, hidden: 3, outputs: 6)
  private var network: QuantileLSTM<Float> { QuantileLSTM(shape, levels: [0.1, 0.5, 0.9], seed: 1) }

  @Test func aNetworkSurvivesTheFile() throws {
    let file = SafetensorsFile(
      tensors: network.tensors, metadata: ["made by": "a \"test\"\n\\ \u{1}", "größe": "π", "empty": ""])
    let bytes = file.bytes
    #expect(bytes.dropFirst(8).firstIndex(of: UInt8(ascii: "}")) != nil && bytes[0] % 8 == 0)
    let read = try SafetensorsFile(bytes)
    #expect(read == file && read.bytes == bytes)
    let again = try QuantileLSTM<Float>(shape, levels: network.levels, tensors: read.tensors)
    #expect(again.parameters == network.parameters)
  }

  @Test func theBytesAreThoseOfTheFormat() {
    let file = SafetensorsFile(
      tensors: ["b": .init(dimensions: [], values: [1]), "a": .init(dimensions: [2, 1], values: [-2, 0.5])],
      metadata: ["x": "y"])
    let header =
      #"{"__metadata__":{"x":"y"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"#
      + #""b":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(
      file.bytes == Data([UInt8(padded.utf8.count), 0, 0, 0, 0, 0, 0, 0]) + Data(padded.utf8)
        + Data([0, 0, 0, 0xc0, 0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f]))
  }

  @Test func aFileThatIsCutOffAnywhereIsRefused() {
    let bytes = SafetensorsFile(tensors: network.tensors, metadata: ["a": "b"]).bytes
    for length in 0..<bytes.count {
      #expect(throws: LearningError.self) { try SafetensorsFile(bytes.prefix(length)) }
    }
    #expect(throws: LearningError.self) { try SafetensorsFile(bytes + Data([0])) }
  }

  /// Some give another valid file, such as one with another number: what matters is that nothing else happens.
  @Test func noFlippedByteCrashes() {
    let bytes = SafetensorsFile(tensors: network.tensors, metadata: ["a": "b"]).bytes
    let header = 8 + Int(bytes[0]) + 256 * Int(bytes[1])
    var refused = 0
    for at in 0..<header {
      for mask: UInt8 in [0x01, 0x10, 0x80, 0xff] {
        var damaged = bytes
        damaged[at] ^= mask
        do {
          let tensors = try SafetensorsFile(damaged).tensors
          _ = try QuantileLSTM<Float>(shape, levels: network.levels, tensors: tensors)
        } catch {
          refused += 1
        }
      }
    }
    #expect(refused > 3 * header)
  }

  @Test(arguments: [
    (#"[]"#, 0, "no list of tensors"),
    (#"{"a":3}"#, 0, "no list of tensors"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "no list of tensors"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "no list of tensors"),
    (#"{"__metadata__":{"x":1}}"#, 0, "no list of tensors"),
    (#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#, 4, "'a' is of type F16"),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "'a' has the dimensions [-1]"),
    (
      #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0,
      "'a' has the dimensions"
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "'a' of 8 bytes"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "says 0 to 8"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "begin at byte 0"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
      12, "'b' of 8 bytes should begin at byte 8"
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "end at byte 4 of 8"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775807]}}"#, 4,
      "says 0 to 9223372036854775807"
    ),
  ]) func whatIsWrongIsSaid(header: String, content: Int, words: String) {
    var bytes = Data()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes += Data(header.utf8) + Data(repeating: 0, count: content)
    expect(words) { _ = try SafetensorsFile(bytes) }
  }

  @Test func aHugeHeaderIsNotRead() {
    expect("no safetensors file") { _ = try SafetensorsFile(Data(repeating: 0xff, count: 64)) }
    expect("too few") { _ = try SafetensorsFile(Data()) }
  }

  @Test func aTensorThatDoesNotFitIsNamed() {
    func load(_ change: (inout [String: SafetensorsFile.Tensor]) -> Void) throws {
      var tensors = network.tensors
      change(&tensors)
      _ = try QuantileLSTM<Float>(shape, levels: network.levels, tensors: tensors)
    }
    expect("'head.bias' is missing") { try load { $0["head.bias"] = nil } }
    expect("'head.bias' is 5, not 6") {
      try load { $0["head.bias"] = .init(dimensions: [5], values: [1, 2, 3, 4, 5]) }
    }
    expect("'lstm.weight_ih_l0' is 2 x 12, not 12 x 2") {
      try load {
        $0["lstm.weight_ih_l0"] = .init(dimensions: [2, 12], values: $0["lstm.weight_ih_l0"]!.values)
      }
    }
    expect("'head.bias' holds something that is no finite number") {
      try load { $0["head.bias"] = .init(dimensions: [6], values: [0, 0, 0, 0, 0, .infinity]) }
    }
    expect("'extra' has no place") { try load { $0["extra"] = .init(dimensions: [], values: [1]) } }
  }

  private func expect(_ words: String, _ body: () throws -> Void) {
    do {
      try body()
      Issue.record("nothing was refused where '\(words)' was expected")
    } catch LearningError.badWeights(let what) {
      #expect(what.contains(words))
    } catch {
      Issue.record("\(error)")
    }
  }
}
