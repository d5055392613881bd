import HorizonStore
import Testing

@Suite struct DamagedFileTests {
  private let folder = TemporaryFolder()
  private let schema = TableSchema([Column("server", .key), Column("value", .double)])

  private func good() throws -> [UInt8] {
    let writer = try TableWriter(parquet: folder.path("good.parquet"), schema: schema)
    let rows = 20_000
    try writer.append([
      .keys(codes: (0..<rows).map { Int32($0 % 100) }, names: (0..<100).map { "s\($0)" }),
      .doubles((0..<rows).map { Double($0).squareRoot() }),
    ])
    try writer.close()
    return folder.bytes("good.parquet")
  }

  private func code(_ path: String) -> StoreError.Code? {
    do throws(StoreError) {
      _ = try TableSummary.of(path: path)
      let reader = try TableReader(parquet: path, columns: schema.columns)
      while try reader.next() != nil {}
      return nil
    } catch {
      #expect(error.path == path && "\(error)".hasPrefix(path))
      return error.code
    }
  }

  @Test func aTruncatedParquetFileIsForeign() throws {
    let bytes = try good()
    for count in [4, 5, 12, 1000, bytes.count / 2, bytes.count - 1] {
      #expect(code(try folder.write(Array(bytes[..<count]), to: "cut.parquet")) == .foreign, "\(count) bytes")
    }
  }

  @Test func aFlippedByteIsAnErrorOrAnotherValueButNeverACrash() throws {
    let bytes = try good()
    for place in stride(from: 4, to: bytes.count, by: max(1, bytes.count / 200)) {
      var broken = bytes
      broken[place] ^= 0x5a
      let found = code(try folder.write(broken, to: "flipped.parquet"))
      #expect([nil, .foreign, .missingColumn, .unsupportedType, .conversion, .outOfMemory, .empty].contains(found))
    }
  }

  @Test func aBinaryFileIsForeign() throws {
    let path = try folder.write([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 1, 2, 3], to: "program.csv")
    #expect { try TableSummary.of(path: path) } throws: { ($0 as? StoreError)?.code == .foreign }
  }

  @Test func aDamagedGzipIsForeign() throws {
    let path = try folder.write([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], to: "x.csv.gz")
    #expect { try TableSummary.of(path: path) } throws: { ($0 as? StoreError)?.code == .foreign }
  }

  @Test func missingFilesAndFoldersAreNamedAsSuch() throws {
    #expect { try TableSummary.of(path: folder.path("no.csv")) } throws: {
      ($0 as? StoreError)?.code == .missingFile
    }
    #expect { try TableSummary.of(path: "/tmp") } throws: { "\($0)".contains("this is a folder") }
  }

  @Test func missingColumnsAreNamed() throws {
    _ = try good()
    #expect {
      try TableReader(parquet: folder.path("good.parquet"), columns: [Column("host", .key)])
    } throws: {
      ($0 as? StoreError)?.code == .missingColumn && "\($0)".contains("'host'")
    }
  }

  @Test func textThatIsNotANumberIsAConversion() throws {
    _ = try good()
    let reader = try TableReader(parquet: folder.path("good.parquet"), columns: [Column("server", .double)])
    #expect { try reader.next() } throws: { ($0 as? StoreError)?.code == .conversion && "\($0)".contains("'server'") }
  }
}
