import Foundation
import HorizonStore
import Testing

/// Arrow streams between processes.
@Suite struct StreamTests {
  private let folder = TemporaryFolder()
  private static let schema = TableSchema([
    Column("name", .text), Column("reason", .text, nullable: true), Column("bytes", .binary, nullable: true),
    Column("mean", .float, isList: true), Column("tier", .key, isList: true),
    Column("days", .double, nullable: true, isList: true),
  ])
  private static let values: [ColumnValues] = [
    .text(["a", "b", "c"]), .text([nil, "why", nil]), .binary([[1, 0, 255], [], [7]]),
    .lists(offsets: [0, 2, 2, 3], .floats([0.5, -1, 3])),
    .lists(offsets: [0, 1, 3, 3], .keys(codes: [0, 1, 0], names: ["high", "low"])),
    .lists(offsets: [0, 0, 2, 2], .doubles([.nan, 4])),
  ]

  private func bytes(_ batches: [[ColumnValues]]) throws -> [UInt8] {
    let writer = try TableWriter(inMemory: .arrowStream, schema: Self.schema)
    for batch in batches { try writer.append(batch) }
    return try writer.finished()
  }

  private func expectWhole(_ reader: TableReader, batches: Int) throws {
    for _ in 0..<batches {
      let batch = try #require(try reader.next())
      #expect(batch.strings(0) == ["a", "b", "c"])
      #expect(batch.strings(1) == [nil, "why", nil])
      #expect((0..<3).map { batch.bytes(2, row: $0).map { Array($0) } } == [[1, 0, 255], [], [7]])
      #expect(Array(batch.offsets(3)) == [0, 2, 2, 3] && Array(batch.floats(3)) == [0.5, -1, 3])
      #expect(Array(batch.offsets(4)) == [0, 1, 3, 3])
      #expect(batch.codes(4).map { reader.keyNames(4)[Int($0)] } == ["high", "low", "high"])
      #expect(Array(batch.offsets(5)) == [0, 0, 2, 2] && batch.doubles(5)[0].isNaN && batch.doubles(5)[1] == 4)
    }
    #expect(try reader.next() == nil)
  }

  @Test func listsAndBytesComeBackFromMemoryAndThroughADescriptor() throws {
    let stream = try bytes([Self.values, Self.values])
    try stream.withUnsafeBytes {
      try expectWhole(TableReader(stream: $0, named: "memory", columns: Self.schema.columns), batches: 2)
    }
    let path = folder.path("stream")
    let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
    defer { close(descriptor) }
    let writer = try TableWriter(stream: descriptor, named: path, schema: Self.schema)
    for _ in 0..<3 { try writer.append(Self.values) }
    try writer.close()
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count > 0)
    lseek(descriptor, 0, SEEK_SET)
    try expectWhole(TableReader(stream: descriptor, named: path, columns: Self.schema.columns), batches: 3)
  }

  @Test func aNullableColumnMayBeMissingAndAnotherMayNot() throws {
    let stream = try bytes([Self.values])
    try stream.withUnsafeBytes { bytes in
      let reader = try TableReader(
        stream: bytes, named: "memory", columns: [Column("name", .key), Column("capacity", .double, nullable: true)])
      let batch = try #require(try reader.next())
      #expect(batch.doubles(1).count { $0.isNaN } == 3)
      let error = #expect(throws: StoreError.self) {
        try TableReader(stream: bytes, named: "memory", columns: [Column("capacity", .double)])
      }
      #expect(error?.code == .missingColumn)
    }
  }

  /// Every prefix and every byte turned over: an error or other values, never a crash or more memory than there are bytes.
  @Test func aDamagedStreamIsToldOrRead() throws {
    let stream = try bytes([Self.values])
    for count in stride(from: 0, to: stream.count, by: 7) { read(Array(stream.prefix(count))) }
    for place in stride(from: 0, to: stream.count, by: 3) {
      var damaged = stream
      damaged[place] ^= 0xff
      read(damaged)
    }
  }

  private func read(_ stream: [UInt8]) {
    let path = folder.path("damaged")
    _ = FileManager.default.createFile(atPath: path, contents: Data(stream))
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    guard let reader = try? TableReader(stream: descriptor, named: path, columns: Self.schema.columns) else { return }
    while let batch = try? reader.next() {
      _ = (batch.strings(0), batch.codes(4).map { reader.keyNames(4)[Int($0)] }, batch.floats(3).reduce(0, +))
    }
  }

  /// A compressed buffer says how large it is before; what a stream says must not take memory at once. A finding of the fuzzer, whose first byte
  /// is not the stream's.
  @Test func whatABufferClaimsToUnpackIntoIsNotBelieved() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let stream = try [UInt8](Data(contentsOf: tests.appending(path: "Fuzz/arrow/forged-length")).dropFirst())
    try stream.withUnsafeBytes { bytes in
      let reader = try TableReader(stream: bytes, named: "memory", columns: [Column("value", .double)])
      #expect { try reader.next() } throws: { ($0 as? StoreError)?.code == .outOfMemory }
    }
  }
}
