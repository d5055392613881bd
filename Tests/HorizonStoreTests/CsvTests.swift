import HorizonStore
import Testing

@Suite struct CsvTests {
  private let folder = TemporaryFolder()
  private let long = [Column("server", .key), Column("time", .time), Column("value", .double), Column("note", .text)]

  private func reader(_ text: String, _ columns: [Column], lenient: Bool = false) throws -> TableReader {
    let path = try folder.write(text, to: "in.csv")
    return try open(path, columns, lenient: lenient)
  }

  private func open(_ path: String, _ columns: [Column], lenient: Bool = false) throws -> TableReader {
    guard case .csv(let delimiter) = try TableSummary.of(path: path).format else { fatalError("taken for Parquet") }
    return try TableReader(csv: path, columns: columns, delimiter: delimiter, lenient: lenient)
  }

  private func strings(_ reader: TableReader) throws -> [[String?]] {
    var rows: [[String?]] = []
    while let batch = try reader.next() {
      let columns = reader.columns.indices.map { batch.strings($0) }
      rows += (0..<batch.rowCount).map { row in columns.map { $0[row] } }
    }
    return rows
  }

  @Test func plainRowsAreRead() throws {
    let reader = try reader(
      """
      server,time,value,note
      a,2025-01-01T00:00:00,1.5,
      b,2025-01-01 00:00:01,,"x, ""y""\"
      a,2025-01-02,NaN,NA

      """, long)
    let batch = try #require(try reader.next())
    #expect(Array(batch.codes(0)) == [0, 1, 0] && reader.keyNames(0) == ["a", "b"])
    #expect(Array(batch.times(1)) == [1_735_689_600_000_000, 1_735_689_601_000_000, 1_735_776_000_000_000])
    #expect(batch.doubles(2)[0] == 1.5 && batch.doubles(2)[1].isNaN && batch.doubles(2)[2].isNaN)
    #expect(batch.strings(3) == ["", "x, \"y\"", "NA"])
    #expect(try reader.next() == nil)
  }

  @Test func zonedTimesAreTurnedIntoUTC() throws {
    let reader = try reader(
      "time,value\n2025-01-01T02:00:00+02:00,1\n2025-01-01T00:00:00Z,2\n", [Column("time", .time)])
    let batch = try #require(try reader.next())
    #expect(Array(batch.times(0)) == [1_735_689_600_000_000, 1_735_689_600_000_000])
  }

  @Test(arguments: [",", ";", "\t", "|"]) func theDelimiterIsGuessedFromTheHeader(_ delimiter: String) throws {
    let text = ["server,\"a,b;c\",value", "x,y,1"].map { line in
      line.replacingDelimiters(with: delimiter)
    }.joined(separator: "\n")
    let path = try folder.write(text, to: "in.csv")
    let summary = try TableSummary.of(path: path)
    #expect(summary.format == .csv(delimiter: delimiter.utf8.first!))
    #expect(summary.fields.map(\.name) == ["server", "a,b;c", "value"])
    #expect(summary.fields.map(\.type) == [.text, .text, .double])
    #expect(summary.rowCount == nil)
  }

  @Test func typesAreInferredFromTheFirstBlock() throws {
    let path = try folder.write(
      "s,i,d,t,u,b,n\nx,1,1.5,2025-01-01,2025-01-01T00:00:00Z,true,\ny,2,NaN,2025-01-02,,false,\n", to: "in.csv")
    let fields = try TableSummary.of(path: path).fields
    #expect(fields.map(\.type) == [.text, .double, .double, .time, .time, .bool, .text])
    #expect(fields.map(\.isAllNull) == [false, false, false, false, false, false, true])
  }

  @Test func aByteOrderMarkIsNotPartOfTheFirstName() throws {
    let path = try folder.write("\u{feff}server,value\na,1\n", to: "in.csv")
    #expect(try TableSummary.of(path: path).fields.first?.name == "server")
    let batch = try #require(try open(path, [Column("server", .text)]).next())
    #expect(batch.strings(0) == ["a"])
  }

  @Test func windowsAndOldMacLineEndsAreLineEnds() throws {
    for end in ["\r\n", "\r", "\n"] {
      let reader = try reader(["server,value", "a,1", "b,2"].joined(separator: end), [Column("value", .int64)])
      let batch = try #require(try reader.next())
      #expect(Array(batch.int64s(0)) == [1, 2])
    }
  }

  @Test func gzipIsRecognisedByItsFirstBytes() throws {
    let path = try folder.write(gzipped("server,value\na,1\nb,2\n"), to: "in.csv")
    let reader = try open(path, [Column("value", .double), Column("server", .key)])
    let batch = try #require(try reader.next())
    #expect(Array(batch.doubles(0)) == [1, 2] && reader.keyNames(1) == ["a", "b"])
    #expect(try lineNumbers(ofRecords: [1], csv: path) == [3])
  }

  @Test func aHeaderWithoutRowsGivesNoBatch() throws {
    for text in ["server,value\n", "server,value"] {
      let path = try folder.write(text, to: "in.csv")
      #expect(try TableSummary.of(path: path).fields.map(\.name) == ["server", "value"])
      #expect(try open(path, [Column("value", .double)]).next() == nil)
      #expect(try open(path, [Column("value", .text)], lenient: true).next() == nil)
    }
  }

  @Test func anEmptyFileIsAnError() throws {
    for text in ["", "\n\n"] {
      let path = try folder.write(text, to: "in.csv")
      #expect { try TableSummary.of(path: path) } throws: { ($0 as? StoreError)?.code == .empty }
    }
  }

  @Test func aNameThatStandsTwiceIsListedAndRefused() throws {
    let path = try folder.write("server,value,value\na,1,2\n", to: "in.csv")
    #expect(try TableSummary.of(path: path).fields.map(\.name) == ["server", "value", "value"])
    #expect { try open(path, [Column("value", .double)]) } throws: {
      ($0 as? StoreError)?.code == .ambiguousColumn && "\($0)".contains("'value'")
    }
    #expect { try open(path, [Column("host", .double)]) } throws: { ($0 as? StoreError)?.code == .missingColumn }
  }

  @Test func aBadNumberFailsAndIsReadAsTextInASecondLook() throws {
    let text = "server,value\na,1\nb,twelve\n"
    #expect { try reader(text, [Column("value", .double)]).next() } throws: {
      ($0 as? StoreError)?.code == .conversion
    }
    #expect(try strings(reader(text, [Column("value", .text)], lenient: true)) == [["1"], ["twelve"]])
  }

  @Test func raggedRowsFailAndAreSkippedAndKeptInASecondLook() throws {
    let text = "server,value\na,1\nb\nc,3\n\nd,4,5\ne,6\n"
    #expect { try reader(text, [Column("value", .text)]).next() } throws: {
      ($0 as? StoreError)?.code == .conversion
    }
    let second = try reader(text, [Column("server", .text), Column("value", .text)], lenient: true)
    #expect(try strings(second) == [["a", "1"], ["c", "3"], ["e", "6"]])
    #expect(second.skippedCount == 2 && second.skippedRecords == [1, 3])
    #expect(second.skippedRows.map(\.record) == [1, 3])
    #expect(second.skippedRows.map(\.expected) == [2, 2] && second.skippedRows.map(\.actual) == [1, 3])
    #expect(second.skippedRows.map(\.text) == ["b", "d,4,5"])
    #expect(try lineNumbers(ofRecords: second.skippedRecords, csv: folder.path("in.csv")) == [3, 6])
  }

  @Test func aQuoteThatIsNeverClosedCostsOneRow() throws {
    let text = "server,value\na,1\n\"b,2\nc,3\nd,4\n"
    #expect { try reader(text, [Column("value", .text)]).next() } throws: {
      ($0 as? StoreError)?.code == .conversion
    }
    let second = try reader(text, [Column("server", .text), Column("value", .text)], lenient: true)
    #expect(try strings(second) == [["a", "1"], ["c", "3"], ["d", "4"]])
    #expect(second.skippedRows.map(\.record) == [1] && second.skippedRows.map(\.text) == ["\"b,2"])
    #expect(second.skippedRows.map(\.actual) == [0])
    #expect(try lineNumbers(ofRecords: [0, 1, 2, 3, 4], csv: folder.path("in.csv")) == [2, 3, 4, 5, 0])
  }

  @Test func bytesThatAreNotUTF8AreRepairedInASecondLook() throws {
    let latin1: [UInt8] = Array("server,value\ncaf".utf8) + [0xe9] + Array(",1\n".utf8)
    let path = try folder.write(latin1, to: "in.csv")
    #expect(throws: StoreError.self) { try open(path, [Column("server", .text)]).next() }
    #expect(try strings(open(path, [Column("server", .text)], lenient: true)) == [["caf\u{fffd}"]])
  }

  @Test func lineEndsInsideQuotesBelongToTheValue() throws {
    let path = try folder.write("server,note\na,\"one\ntwo\"\n\nb,\"\"\"x\"\"\"\nc,5\" disk\n", to: "in.csv")
    for lenient in [false, true] {
      let rows = try strings(open(path, [Column("server", .text), Column("note", .text)], lenient: lenient))
      #expect(rows == [["a", "one\ntwo"], ["b", "\"x\""], ["c", "5\" disk"]])
    }
    #expect(try lineNumbers(ofRecords: [2, 0, 1], csv: path) == [6, 2, 5])
  }

  @Test func manyBlocksKeepTheOrderOfTheFileForAnyNumberOfThreads() throws {
    // About 20 MB: several blocks; some values hold line ends, so that cuts must respect quotes.
    var text = "server,value,note\n"
    let rows = 700_000
    for row in 0..<rows {
      text += "server-\(row % 1000),\(row),"
      text += row % 997 == 0 ? "\"a\nb, \(row)\"\n" : "note \(row)\n"
    }
    let path = try folder.write(text, to: "big.csv")
    for (threads, lenient) in [(1, false), (2, false), (3, false), (1, true)] {
      let columns = [Column("server", .key), Column("value", .double)]
      let reader = try TableReader(
        csv: path, columns: columns, delimiter: UInt8(ascii: ","), lenient: lenient, threads: threads)
      var row = 0
      var wrong = 0
      while let batch = try reader.next() {
        #expect(batch.rowCount <= 131_072)
        for i in 0..<batch.rowCount {
          if batch.codes(0)[i] != Int32(row % 1000) || batch.doubles(1)[i] != Double(row) { wrong += 1 }
          row += 1
        }
      }
      #expect(row == rows && wrong == 0 && reader.skippedCount == 0)
      #expect(reader.keyNames(0) == (0..<1000).map { "server-\($0)" })
    }
    #expect(try lineNumbers(ofRecords: [1, rows - 1], csv: path) == [4, rows + 1 + 703])
  }
}

extension String {
  /// Commas outside quotes as `delimiter`.
  fileprivate func replacingDelimiters(with delimiter: String) -> String {
    var quoted = false
    return map { character -> String in
      if character == "\"" { quoted.toggle() }
      return character == "," && !quoted ? delimiter : String(character)
    }.joined()
  }
}

/// `text` as a gzip member with one stored block.
private func gzipped(_ text: String) -> [UInt8] {
  let bytes = Array(text.utf8)
  var crc: UInt32 = ~0
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xedb8_8320 }
  }
  func little(_ value: UInt32, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  let size = UInt32(bytes.count)
  return [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1] + little(size, 2) + little(~size, 2) + bytes + little(~crc, 4)
    + little(size, 4)
}
