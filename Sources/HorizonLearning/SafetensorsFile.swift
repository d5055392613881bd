package import Foundation

/// Named tensors of `Float` with a few words about them, in the safetensors format, which other tools read.
///
/// Eight bytes hold the length of a JSON header, which names each tensor with its type, dimensions and place in the bytes that
/// follow; everything is little-endian and rows lie behind each other. The same content gives the same bytes.
///
/// Source: the format's section in the README of https://github.com/huggingface/safetensors.
package struct SafetensorsFile: Sendable, Hashable {
  package struct Tensor: Sendable, Hashable {
    /// Empty for a single number.
    package let dimensions: [Int]
    package let values: [Float]

    package init(dimensions: [Int], values: [Float]) {
      precondition(dimensions.allSatisfy { $0 >= 0 } && dimensions.reduce(1, *) == values.count)
      self.dimensions = dimensions
      self.values = values
    }
  }

  package var tensors: [String: Tensor]
  package var metadata: [String: String]

  /// A longer header is not read: ours have a few hundred bytes.
  package static let longestHeader = 1 << 20

  private static let metadataKey = "__metadata__"

  package init(tensors: [String: Tensor], metadata: [String: String] = [:]) {
    precondition(tensors[Self.metadataKey] == nil)
    self.tensors = tensors
    self.metadata = metadata
  }
}

// MARK: - Writing

extension SafetensorsFile {
  /// The file's content; names are sorted, and the tensors begin at a multiple of 8 bytes.
  package var bytes: Data {
    let names = tensors.keys.sorted()
    var entries: [String] = []
    if !metadata.isEmpty {
      let words = metadata.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
      entries.append("\(Self.quoted(Self.metadataKey)):{\(words.joined(separator: ","))}")
    }
    var end = 0
    for name in names {
      let tensor = tensors[name]!
      let start = end
      end += 4 * tensor.values.count
      let dimensions = tensor.dimensions.map(String.init).joined(separator: ",")
      entries.append(
        "\(Self.quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(dimensions)],\"data_offsets\":[\(start),\(end)]}")
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    var bytes = Data(capacity: 8 + header.count + end)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: header)
    for name in names {
      for value in tensors[name]!.values {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
      }
    }
    return bytes
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case ..<" ":
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

// MARK: - Reading

extension SafetensorsFile {
  /// Reads a file's content; nothing in it is believed before it has been checked.
  ///
  /// - Throws: `LearningError.badWeights`: what is wrong with it.
  package init(_ bytes: Data) throws(LearningError) {
    guard bytes.count >= 8 else { throw .badWeights("\(bytes.count) bytes are too few for a safetensors file") }
    let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= UInt64(Self.longestHeader) else {
      throw .badWeights("no safetensors file: its header would be \(length) bytes long")
    }
    guard Int(length) <= bytes.count - 8 else {
      throw .badWeights("cut off: the header should be \(length) bytes long, \(bytes.count - 8) are there")
    }
    let header = bytes.dropFirst(8).prefix(Int(length))
    let content = bytes.dropFirst(8 + Int(length))
    guard header.first == UInt8(ascii: "{"), let parsed = try? JSONDecoder().decode(Header.self, from: header) else {
      throw .badWeights("the header is no list of tensors")
    }
    metadata = parsed.metadata
    tensors = [:]
    // The tensors must follow each other without a gap, so that no two share a byte and none is left out.
    var expected = 0
    for (name, entry) in parsed.entries.sorted(by: {
      ($0.value.start, $0.value.end, $0.key) < ($1.value.start, $1.value.end, $1.key)
    }) {
      guard entry.dtype == "F32" else { throw .badWeights("tensor '\(name)' is of type \(entry.dtype), not F32") }
      guard let size = entry.size else { throw .badWeights("tensor '\(name)' has the dimensions \(entry.shape)") }
      guard entry.start == expected, entry.end <= content.count, entry.end - entry.start == size else {
        throw .badWeights(
          "tensor '\(name)' of \(size) bytes should begin at byte \(expected) of \(content.count), but the header says "
            + "\(entry.start) to \(entry.end)")
      }
      let values = content.dropFirst(entry.start).prefix(size).withUnsafeBytes { raw in
        (0..<size / 4).map {
          Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
        }
      }
      tensors[name] = Tensor(dimensions: entry.shape, values: values)
      expected = entry.end
    }
    guard expected == content.count else {
      throw .badWeights("the tensors end at byte \(expected) of \(content.count)")
    }
  }

  private struct Header: Decodable {
    var metadata: [String: String] = [:]
    var entries: [String: Entry] = [:]

    struct Name: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      for name in container.allKeys {
        if name.stringValue == SafetensorsFile.metadataKey {
          metadata = try container.decode([String: String].self, forKey: name)
        } else {
          entries[name.stringValue] = try container.decode(Entry.self, forKey: name)
        }
      }
    }
  }

  private struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let start: Int
    let end: Int

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      dtype = try container.decode(String.self, forKey: .dtype)
      shape = try container.decode([Int].self, forKey: .shape)
      let offsets = try container.decode([Int].self, forKey: .offsets)
      guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
        throw DecodingError.dataCorruptedError(forKey: .offsets, in: container, debugDescription: "no range")
      }
      (start, end) = (offsets[0], offsets[1])
    }

    /// In bytes; nil when the dimensions are none or too large to be true.
    var size: Int? {
      shape.reduce(4) { size, dimension in
        guard let size, dimension >= 0 else { return nil }
        let (product, isTooLarge) = size.multipliedReportingOverflow(by: dimension)
        return isTooLarge ? nil : product
      }
    }
  }
}
