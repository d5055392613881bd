import HorizonCore
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

  /// A part whose rows are not what the manifest says; in days after the first one.
  @Test(
    arguments: [
      (["a", "a"], [3, 2]), (["a", "a"], [2, 2]), (["a", "a"], [-1, 2]), ([nil, nil], [1, 2]), (["a", nil], [1, 2]),
      (["a"], [nil]),
    ] as [([String?], [Int?])])
  func aDamagedPartOfAMasterIsNeverBelieved(servers: [String?], days: [Int?]) throws {
    let manifest = MasterManifest(
      step: .day, timezone: "UTC",
      resources: [
        .init(
          name: "cpu", kind: .cpu, folder: ".", unit: nil, ceiling: .none, aggregation: .p95, decision: "",
          seriesCount: 1, readingCount: 2, minimum: 0, maximum: 1)
      ], seriesCount: 1, readingCount: 2, firstIndex: 20_000, lastIndex: 20_009, inputs: [], notes: [])
    let nullable = TableSchema(MasterLayout.schema.columns.map { Column($0.name, $0.type, nullable: true) })
    let writer = try TableWriter(parquet: folder.path(MasterLayout.part(0)), schema: nullable)
    try writer.append([
      .keys(codes: servers.map { $0 == nil ? -1 : 0 }, names: ["a"]),
      .times(days.map { $0.map { Step.day.microseconds(of: 20_000 + $0) } ?? .min }),
      .doubles(days.map { _ in 1 }), .doubles(days.map { _ in .nan }),
    ])
    try writer.close()
    let reader = MasterReader(folder: folder.path("."), manifest: manifest, asOf: manifest.lastIndex)
    #expect { while try reader.next() != nil {} } throws: { ($0 as? StoreError)?.code == .foreign }
    let index = MasterIndex(folder: folder.path("."), manifest: manifest)
    #expect { try index.read([SeriesName(server: "a", resource: "cpu")], asOf: manifest.lastIndex) } throws: {
      ($0 as? StoreError)?.code == .foreign
    }
  }

  /// Every index of a run is counted in steps: one of no length would end the process at a division.
  @Test(arguments: [(1, 0), (0, 0), (-60, 0), (86_400, -1), (86_400, 86_400)])
  func aManifestWithoutAStepIsDamaged(seconds: Int, phase: Int) throws {
    _ = try folder.write(
      """
      {"version": 1, "step": {"seconds": \(seconds), "phase": \(phase)}, "timezone": "UTC", "resources": [], "seriesCount": 0,
       "readingCount": 0, "firstIndex": 0, "lastIndex": 0, "inputs": [], "notes": []}
      """, to: MasterManifest.fileName)
    let read = Result { try MasterManifest.read(from: folder.path(".")) }
    switch read {
    case .success(let manifest): #expect(seconds == 1 && manifest.step == Step(seconds: 1))
    case .failure(let failure): #expect(seconds != 1 && "\(failure)".contains("is damaged"))
    }
  }
}
