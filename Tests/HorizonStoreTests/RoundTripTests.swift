import Foundation
import HorizonStore
import Testing

@Suite struct RoundTripTests {
  private let folder = TemporaryFolder()
  private static let everyType = TableSchema([
    Column("text", .text, nullable: true), Column("key", .key, nullable: true),
    Column("double", .double, nullable: true), Column("float", .float, nullable: true),
    Column("int32", .int32, nullable: true), Column("int64", .int64, nullable: true), Column("bool", .bool),
    Column("time", .time, nullable: true), Column("date", .date, nullable: true),
  ])
  private static let values: [ColumnValues] = [
    .text(["a", nil, ""]), .keys(codes: [2, -1, 0], names: ["x", "unused", "naïve 🦊"]),
    .doubles([1.5, .nan, -.infinity]), .floats([0.1, .nan, 3]), .int32s([1, .min, -7]),
    .int64s([1 << 40, .min, 0]), .bools([true, false, true]), .times([1_700_000_000_000_000, .min, -1]),
    .dates([19_000, .min, -1]),
  ]

  private func write(_ name: String, _ schema: TableSchema, _ groups: [[ColumnValues]]) throws -> String {
    let writer = try TableWriter(parquet: folder.path(name), schema: schema, metadata: ["made": "here", "a": "b"])
    for group in groups { try writer.append(group) }
    try writer.close()
    return folder.path(name)
  }

  @Test func everyTypeComesBackWithItsNulls() throws {
    let path = try write("all.parquet", Self.everyType, [Self.values])
    let reader = try TableReader(parquet: path, columns: Self.everyType.columns)
    let batch = try #require(try reader.next())
    #expect(batch.rowCount == 3)
    #expect(batch.strings(0) == ["a", nil, ""])
    #expect(Array(batch.codes(1)) == [0, -1, 1])
    #expect(reader.keyNames(1) == ["naïve 🦊", "x"])
    #expect(batch.doubles(2)[0] == 1.5 && batch.doubles(2)[1].isNaN && batch.doubles(2)[2] == -.infinity)
    #expect(batch.floats(3)[0] == 0.1 && batch.floats(3)[1].isNaN && batch.floats(3)[2] == 3)
    #expect(Array(batch.int32s(4)) == [1, .min, -7])
    #expect(Array(batch.int64s(5)) == [1 << 40, .min, 0])
    #expect(Array(batch.bools(6)) == [1, 0, 1])
    #expect(Array(batch.times(7)) == [1_700_000_000_000_000, .min, -1])
    #expect(Array(batch.dates(8)) == [19_000, .min, -1])
    #expect(try reader.next() == nil)
  }

  @Test func aFlagThatIsNeitherAndWhatAFileSaysOfItselfComeBack() throws {
    let schema = TableSchema([Column("flag", .bool, nullable: true)])
    let path = try write("flags.parquet", schema, [[.flags([1, 2, 0])]])
    let batch = try #require(try TableReader(parquet: path, columns: schema.columns).next())
    #expect(Array(batch.bools(0)) == [1, 2, 0])
    #expect(try ParquetFile(path).metadata(key: "made") == "here")
    #expect(try ParquetFile(path).metadata(key: "mad") == nil)
  }

  @Test func aSummaryTellsWhatIsInAParquetFile() throws {
    let path = try write("all.parquet", Self.everyType, [Self.values])
    let summary = try TableSummary.of(path: path)
    #expect(summary.format == .parquet)
    #expect(summary.rowCount == 3)
    #expect(summary.fields.map(\.name) == Self.everyType.columns.map(\.name))
    #expect(
      summary.fields.map(\.type) == [.text, .text, .double, .double, .double, .double, .bool, .time, .time])
    #expect(summary.fields.allSatisfy { !$0.isAllNull })
  }

  @Test func aColumnOfNothingButNullsIsSeenAsSuch() throws {
    let schema = TableSchema([Column("value", .double, nullable: true), Column("unit", .text, nullable: true)])
    let path = try write("null.parquet", schema, [[.doubles([.nan, .nan]), .text([nil, nil])]])
    #expect(try TableSummary.of(path: path).fields.map(\.isAllNull) == [true, true])
    let batch = try #require(try TableReader(parquet: path, columns: schema.columns).next())
    #expect(batch.strings(1) == [nil, nil])
  }

  @Test func columnsAreCastToWhatIsAsked() throws {
    let path = try write("all.parquet", Self.everyType, [Self.values])
    let asked = [
      Column("int64", .double), Column("double", .int64), Column("date", .time), Column("time", .date),
      Column("text", .key), Column("key", .text), Column("int32", .key), Column("float", .double),
    ]
    let reader = try TableReader(parquet: path, columns: asked, threads: 1)
    let batch = try #require(try reader.next())
    #expect(batch.doubles(0)[0] == 0x1p40 && batch.doubles(0)[1].isNaN)
    #expect(Array(batch.int64s(1)) == [1, .min, .min])
    #expect(Array(batch.times(2)) == [19_000 * 86_400_000_000, .min, -86_400_000_000])
    #expect(Array(batch.dates(3)) == [19_675, .min, -1])
    #expect(Array(batch.codes(4)) == [0, -1, 1] && reader.keyNames(4) == ["a", ""])
    #expect(batch.strings(5) == ["naïve 🦊", nil, "x"])
    #expect(reader.keyNames(6) == ["1", "-7"])
    #expect(batch.doubles(7)[0] == Double(Float(0.1)))
  }

  @Test func keysKeepTheirCodesOverBatchesAndRowGroups() throws {
    let schema = TableSchema([Column("server", .key), Column("row", .int64)])
    let names = (0..<500).map { "server-\($0)" }
    // Each group hands over its names in another order and uses a window of them.
    let groups: [[ColumnValues]] = (0..<3).map { group in
      let shuffled = group == 1 ? Array(names.reversed()) : names
      let rows = 200_000
      let codes = (0..<rows).map { Int32(($0 / 1000 + group * 50) % 500) }
      return [
        .keys(codes: codes, names: shuffled), .int64s((0..<rows).map { Int64(group * rows + $0) }),
      ]
    }
    let path = try write("keys.parquet", schema, groups)
    for threads in 1...2 {
      let reader = try TableReader(parquet: path, columns: schema.columns, threads: threads)
      var row = 0
      var batches = 0
      var wrong = 0
      while let batch = try reader.next() {
        let known = reader.keyNames(0)
        batches += 1
        #expect(batch.rowCount <= 131_072)
        for i in 0..<batch.rowCount {
          let code = (row % 200_000 / 1000 + row / 200_000 * 50) % 500
          let expected = row / 200_000 == 1 ? names[499 - code] : names[code]
          if known[Int(batch.codes(0)[i])] != expected || batch.int64s(1)[i] != Int64(row) { wrong += 1 }
          row += 1
        }
      }
      #expect(row == 600_000 && wrong == 0 && batches >= 5)
      #expect(reader.keyCount(0) == Set(reader.keyNames(0)).count)
    }
  }

  @Test func namesThatStandTwiceInAListAreOneKey() throws {
    let schema = TableSchema([Column("key", .key)])
    let path = try write("twice.parquet", schema, [[.keys(codes: [0, 1, 2, 0], names: ["a", "a", "b"])]])
    let reader = try TableReader(parquet: path, columns: schema.columns)
    let batch = try #require(try reader.next())
    #expect(Array(batch.codes(0)) == [0, 0, 1, 0])
    #expect(reader.keyNames(0) == ["a", "b"])
  }

  @Test func rowGroupsAreReadAsAskedAndTellTheirBounds() throws {
    let schema = TableSchema([Column("server", .key), Column("time", .time)])
    let path = try write(
      "groups.parquet", schema,
      [("a", "b"), ("c", "d"), ("e", "f")].enumerated().map { i, pair in
        [.keys(codes: [0, 1], names: [pair.0, pair.1]), .times([Int64(i), Int64(i + 10)])]
      })
    let servers = try ParquetFile(path).rowGroups(column: "server")
    #expect(servers.map(\.rows) == [2, 2, 2])
    #expect(servers.map(\.min) == ["a", "c", "e"] && servers.map(\.max) == ["b", "d", "f"])
    #expect(try ParquetFile(path).rowGroups(column: "time").map(\.max) == ["10", "11", "12"])
    let reader = try TableReader(parquet: path, columns: schema.columns, rowGroups: [2, 0])
    var seen: [String] = []
    while let batch = try reader.next() { seen += batch.codes(0).map { reader.keyNames(0)[Int($0)] } }
    #expect(seen == ["e", "f", "a", "b"])
    #expect(try TableReader(parquet: path, columns: schema.columns, rowGroups: []).next() == nil)
  }

  @Test func anOpenFileStaysTheSameWhenAnotherTakesItsName() throws {
    let schema = TableSchema([Column("server", .key)])
    func file(_ server: String) throws -> String {
      try write("kept.parquet", schema, [[.keys(codes: [0], names: [server])]])
    }
    let path = try file("a")
    let open = try ParquetFile(path)
    try FileManager.default.removeItem(atPath: path)
    #expect(try file("b") == path)
    for (one, server) in [(open, "a"), (try ParquetFile(path), "b")] {
      #expect(try one.rowGroups(column: "server", holding: [server]) == [0])
      let reader = try TableReader(one, columns: schema.columns)
      _ = try reader.next()
      #expect(reader.keyNames(0) == [server])
    }
  }

  @Test func theSameValuesGiveTheSameBytesForAnyNumberOfThreads() throws {
    var random = SystemRandomNumberGenerator()
    let doubles = (0..<50_000).map { _ in Double.random(in: 0..<100, using: &random) }
    let schema = TableSchema([Column("value", .double), Column("name", .key), Column("note", .text, nullable: true)])
    var files: [[UInt8]] = []
    for threads in [1, 2, 4] {
      setNativeThreads(threads)
      let group: [ColumnValues] = [
        .doubles(doubles), .keys(codes: (0..<50_000).map { Int32($0 % 7) }, names: (0..<9).map { "n\($0)" }),
        .text((0..<50_000).map { $0 % 3 == 0 ? nil : "note \($0 % 11)" }),
      ]
      _ = try write("bytes-\(threads).parquet", schema, [group, group])
      files.append(folder.bytes("bytes-\(threads).parquet"))
    }
    setNativeThreads(2)
    #expect(files[0] == files[1] && files[0] == files[2] && files[0].count > 100_000)
  }

  @Test func roundedReadingsTakeLessThanAThirdOfTheRoomAndComeBackExactly() throws {
    let schema = TableSchema([Column("value", .double, nullable: true)])
    var state: UInt64 = 1
    let raw = (0..<200_000).map { row -> Double in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return row % 50 == 0 ? .nan : Double(state >> 11) * 0x1p-53 * 100
    }
    let rounded = raw.map { ($0 * 10).rounded() / 10 }
    var sizes: [Int] = []
    for values in [raw, rounded] {
      let path = try write("values.parquet", schema, [[.doubles(values)]])
      sizes.append(folder.bytes("values.parquet").count)
      let reader = try TableReader(parquet: path, columns: schema.columns)
      var read: [Double] = []
      while let batch = try reader.next() { read += batch.doubles(0) }
      #expect(read.map(\.bitPattern) == values.map { $0.isNaN ? Double.nan.bitPattern : $0.bitPattern })
    }
    #expect(sizes[1] * 3 < sizes[0])
  }

  @Test func aTableWithoutRowsIsAValidFile() throws {
    let path = try write("none.parquet", Self.everyType, [])
    #expect(try TableSummary.of(path: path).rowCount == 0)
    #expect(try TableReader(parquet: path, columns: Self.everyType.columns).next() == nil)
  }

  @Test func aWriterThatWasNotClosedLeavesNoReadableFile() throws {
    do {
      let writer = try TableWriter(parquet: folder.path("half.parquet"), schema: Self.everyType)
      try writer.append(Self.values)
    }
    #expect(throws: StoreError.self) { try TableSummary.of(path: folder.path("half.parquet")) }
  }

  @Test func valuesOfAnotherTypeOrLengthAreRefused() throws {
    let schema = TableSchema([Column("a", .double), Column("b", .int32)])
    let writer = try TableWriter(parquet: folder.path("x.parquet"), schema: schema)
    #expect(throws: StoreError.self) { try writer.append([.doubles([1]), .int32s([1, 2])]) }
    #expect(throws: StoreError.self) { try writer.append([.doubles([1]), .doubles([1])]) }
    #expect(throws: StoreError.self) { try writer.append([.doubles([1])]) }
  }

  @Test func aFolderThatIsNotThereIsAWritingError() {
    #expect {
      try TableWriter(parquet: folder.path("nowhere/x.parquet"), schema: Self.everyType)
    } throws: {
      ($0 as? StoreError)?.code == .writingFailed
    }
  }
}
