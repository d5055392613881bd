import Foundation
import HorizonCore
import HorizonSources
import HorizonStore
import Testing

@Suite struct BadInputTests {
  let box = Sandbox()

  private func expectRefusal(
    _ failure: Failure?, _ code: ExitCode, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    guard let failure else {
      Issue.record("nothing was refused", sourceLocation: sourceLocation)
      return
    }
    #expect(failure.code == code, sourceLocation: sourceLocation)
    for word in words {
      #expect(failure.description.contains(word), "\(failure)", sourceLocation: sourceLocation)
    }
    #expect(!failure.remedy.isEmpty, sourceLocation: sourceLocation)
    #expect(!FileManager.default.fileExists(atPath: box.workspace + "/master"), sourceLocation: sourceLocation)
    let left = (try? FileManager.default.contentsOfDirectory(atPath: box.workspace)) ?? []
    #expect(left.isEmpty, sourceLocation: sourceLocation)
    #expect(!FileManager.default.fileExists(atPath: box.folder + "/scratch"), sourceLocation: sourceLocation)
  }

  @Test func missingFileIsNamed() { expectRefusal(box.failure("/no/such.csv"), .missingInput, "/no/such.csv") }

  @Test func emptyFileIsRefused() { expectRefusal(box.failure(box.file("e.csv", "")), .unusableData, "e.csv", "empty") }

  @Test func headerOnlyIsRefused() {
    expectRefusal(box.failure(box.file("h.csv", "server,resource,time,value\n")), .unusableData, "header but no rows")
    expectRefusal(box.failure(box.file("w.csv", "server,time,cpu_pct\n")), .unusableData, "header but no rows")
  }

  @Test func missingTimeColumnListsWhatIsThere() {
    let path = box.file("m.csv", "name_of_it,when,value\na,2024-01-01,5\n")
    expectRefusal(box.failure(path), .unusableData, "no time column", "'when'", "--map time=")
  }

  @Test func missingValueColumnListsWhatIsThere() {
    let path = box.file("m.csv", "server,resource,time,low,high\na,cpu,2024-01-01,5,6\n")
    expectRefusal(box.failure(path), .unusableData, "no column of values", "'low', 'high'", "--map value=")
  }

  @Test func columnNamedTwiceIsRefused() {
    let path = box.file("m.csv", "server,resource,time,value,value\na,cpu,2024-01-01,5,6\n")
    expectRefusal(box.failure(path), .unusableData, "several columns named 'value'")
  }

  @Test func ambiguousColumnsAskForAMap() {
    let path = box.file("m.csv", "host,node,resource,time,value\na,b,cpu,2024-01-01,5\n")
    expectRefusal(box.failure(path), .unusableData, "'host' or 'node'", "--map server=host")
  }

  @Test func mapToAColumnThatIsNotThereIsRefused() {
    let path = box.file("m.csv", "server,resource,time,value\na,cpu,2024-01-01,5\n")
    expectRefusal(
      box.failure(path) { $0.map = ["server": "hostname"] }, .unusableData, "'hostname'", "'server', 'resource'")
    expectRefusal(box.failure(path) { $0.map = ["machine": "server"] }, .badUsage, "machine")
  }

  @Test func badRowsAreShownByFileLineAndColumn() {
    let path = box.file(
      "usage.csv",
      daily("server,resource,time,value", count: 50) { day, k in
        k == 20 ? "a,cpu,\(day),twelve" : k == 30 ? "a,cpu,soon,5" : k == 40 ? ",cpu,\(day),5" : "a,cpu,\(day),\(k)"
      })
    expectRefusal(
      box.failure(path), .unusableData, "3 of 50 rows",
      "usage.csv, line 22: 'twelve' is not a number in column 'value'",
      "usage.csv, line 32: 'soon' is not a time in column 'time'", "usage.csv, line 42: the server name is empty",
      "Fix it, or raise --max-bad-rows.")
  }

  @Test func fewBadRowsAreCountedAndTheRestIsKept() throws {
    let path = box.file(
      "usage.csv",
      daily("server,resource,time,value", count: 50) { day, k in
        k == 20
          ? "a,cpu,\(day),twelve"
          : k == 25 ? "a,cpu,\(day),inf" : k == 30 ? "a,cpu,\(day)" : k == 35 ? "a,cpu,\(day),NaN" : "a,cpu,\(day),\(k)"
      })
    let result = try box.run(path) { $0.maxBadRows = 0.1 }
    #expect(result.quality.rowsRead == 50 && result.quality.rowsRejected == 3)
    #expect(try box.stored()["a/cpu"]?.values.count == 46)
    let reasons = Dictionary(uniqueKeysWithValues: result.quality.reasons.map { ($0.reason, $0) })
    #expect(reasons[.notANumber]?.examples.first?.line == 22)
    #expect(reasons[.notFinite]?.examples.first?.line == 27)
    #expect(reasons[.wrongFieldCount]?.examples.first?.line == 32)
    #expect(reasons[.wrongFieldCount]?.examples.first?.text == "the row has 3 fields where the header has 4")
    #expect(result.quality.count(.wrongFieldCount) == 1 && result.quality.count(.missingValue) == 1)
    #expect(result.quality.count(.gap) == 4)
  }

  @Test func badRowDeepInAFileLosesNothingBeforeIt() throws {
    let count = 300_000
    let path = box.file(
      "big.csv",
      daily("server,resource,time,value", count: count, from: 0) { _, k in
        k == 250_000
          ? "s\(k % 1000),cpu,2024-01-01,x" : "s\(k % 1000),cpu,\(CivilDate(daysSinceEpoch: 19_000 + k / 1000)),\(k)"
      })
    let result = try box.run(path)
    #expect(result.quality.rowsRead == count && result.quality.rowsRejected == 1)
    #expect(result.manifest.readingCount == count - 1)
    #expect(result.quality.count(.duplicateTime) == 0)
    #expect(result.quality.reasons.first { $0.reason == .notANumber }?.examples.first?.line == 250_002)
  }

  @Test func linesOfCompressedAndQuotedTextAreCountedAsTheyStand() throws {
    let text = "server,resource,time,value\n\n\"a\nb\",cpu,2024-01-01,1\r\na,cpu,2024-01-02,one\n"
    let path = try box.gzipped("m.csv.gz", text)
    let result = try box.run(path) { $0.maxBadRows = 0.5 }
    #expect(result.quality.reasons.first { $0.reason == .notANumber }?.examples.first?.line == 5)
  }

  @Test func oneBadCellOfAWideRowLeavesTheOthers() throws {
    let path = box.file("w.csv", "server,time,cpu,mem\na,2024-01-01,x,5\na,2024-01-02,3,6\n")
    let result = try box.run(path) { $0.maxBadRows = 0.5 }
    #expect(try box.stored().mapValues(\.values) == ["a/cpu": [3], "a/mem": [5, 6]])
    #expect(result.quality.rowsRejected == 1)
  }

  @Test func parquetRowsAreShownByNumber() throws {
    let path = box.folder + "/p.parquet"
    let writer = try TableWriter(
      parquet: path, schema: TableSchema([Column("server", .text), Column("time", .text), Column("cpu", .double)]))
    try writer.append([.text(["a", "a", ""]), .text(["2024-01-01", "x", "2024-01-01"]), .doubles([1, 2, .infinity])])
    try writer.close()
    expectRefusal(
      box.failure(path), .unusableData, "p.parquet, row 2: 'x' is not a time", "p.parquet, row 3: the server name")
  }

  @Test func infinitiesAreRejected() throws {
    let path = box.folder + "/p.parquet"
    let writer = try TableWriter(
      parquet: path, schema: TableSchema([Column("server", .text), Column("time", .time), Column("cpu", .double)]))
    try writer.append([
      .text(["a", "a", "a"]), .times([0, 86_400_000_000, 172_800_000_000]), .doubles([1, .infinity, -.infinity]),
    ])
    try writer.close()
    let result = try box.run(path) { $0.maxBadRows = 1 }
    #expect(result.quality.count(.notFinite) == 2)
    #expect(try box.stored()["a/cpu"]?.values == [1])
  }

  @Test func allMissingSeriesAreAccountedFor() throws {
    let path = box.file(
      "m.csv", "server,resource,time,value\na,cpu,2024-01-01,1\nb,cpu,2024-01-01,\nb,cpu,2024-01-02,NA\n")
    let result = try box.run(path)
    #expect(
      result.quality.seriesFound == 2 && result.quality.seriesStored == 1 && result.quality.seriesWithoutReadings == 1)
    #expect(result.quality.series.map(\.server) == ["a", "b"] && result.quality.series.last?.readings == 0)
    #expect(result.quality.series.last?.verdict == .poor)
    #expect(result.quality.count(.noReadings) == 1 && result.quality.count(.missingValue) == 2)
  }

  @Test func nothingButMissingValuesIsRefused() {
    let path = box.file("m.csv", "server,resource,time,value\na,cpu,2024-01-01,\nb,cpu,2024-01-02,NA\n")
    expectRefusal(box.failure(path), .unusableData, "No series is left")
  }

  @Test func allEqualAndSingleReadingsAreKept() throws {
    box.rows("server,resource,time,value", "a,cpu,2024-01-01,5", "a,cpu,2024-01-02,5", "b,cpu,2024-01-01,7")
    #expect(try box.stored().mapValues(\.values) == ["a/cpu": [5, 5], "b/cpu": [7]])
  }

  @Test func truncatedParquetIsRefused() throws {
    let path = box.folder + "/p.parquet"
    let writer = try TableWriter(parquet: path, schema: TableSchema([Column("cpu", .double)]))
    try writer.append([.doubles([1])])
    try writer.close()
    let whole = FileManager.default.contents(atPath: path)!
    expectRefusal(box.failure(box.file("t.parquet", whole.dropLast(20))), .unusableData, "t.parquet")
  }

  @Test func foreignFileIsRefused() {
    let path = box.file("picture.parquet", Data([0x89, 0x50, 0x4e, 0x47, 0, 0, 1, 2, 3]))
    expectRefusal(box.failure(path), .unusableData, "picture.parquet")
  }

  @Test func folderWithoutMetricsIsRefused() {
    box.file("in/notes.txt", "nothing")
    expectRefusal(box.failure(box.folder + "/in"), .missingInput, "*.csv")
    box.file("in/a.csv", "colour,size\nred,1\n")
    box.file("in/b.csv", "colour,size\nred,1\n")
    expectRefusal(box.failure(box.folder + "/in"), .unusableData, "There are no metrics in", "a.csv")
  }

  @Test func truthIsNeverRead() {
    let path = box.file("x/truth.csv", "server,resource,time,value,noise,event\na,cpu,2024-01-01,9,9,\n")
    expectRefusal(box.failure(path), .unusableData, "never read")
  }

  @Test func unknownTimeZoneIsRefused() {
    let path = box.file("m.csv", "server,resource,time,value\na,cpu,2024-01-01,5\n")
    expectRefusal(box.failure(path) { $0.timezone = "Mars/Olympus" }, .badSetting, "Mars/Olympus")
  }

  @Test func namesThatAreNotUTF8AreRepairedAndTold() throws {
    let rows = Data("server,resource,time,value\nZ".utf8) + [0xFC] + Data("rich,cpu,2024-01-01,5\n".utf8)
    let quality = try box.run(box.file("latin.csv", rows)).quality
    #expect(quality.rowsRejected == 0)
    let found = try #require(quality.reasons.first { $0.reason == .notUTF8 })
    #expect(
      found.examples.first?.sentence(.notUTF8).contains("latin.csv, line 2: 'Z\u{FFFD}rich' is not UTF-8") == true)
  }

  @Test func aHeaderThatIsNotUTF8LosesOnlyThatColumn() throws {
    let rows = Data("server,time,cpu_pct,L".utf8) + [0xE4] + Data("nge\na,2024-01-01,5,7\n".utf8)
    let result = try box.run(box.file("latin.csv", rows))
    #expect(try box.stored().mapValues(\.values) == ["a/cpu": [5]])
    #expect(result.manifest.notes.contains { $0.contains("not used: 'L\u{FFFD}nge'") })
  }

  @Test func linesThatLostTheirBreaksAreNoNames() throws {
    let long = String(repeating: "x", count: 2_000_000)
    let path = box.file(
      "m.csv", "server,resource,time,value\na,cpu,2024-01-01,5\n\(long),cpu,2024-01-02,5\na,\(long),2024-01-03,5\n")
    let result = try box.run(path) { $0.maxBadRows = 1 }
    #expect(try box.stored().mapValues(\.values) == ["a/cpu": [5]])
    #expect(result.quality.count(.longName) == 2 && result.quality.rowsRejected == 2)
    #expect(result.quality.reasons[0].examples[0].text.count == 80)
    let header = box.file("h.csv", "server,resource,time,value,\(long)\na,cpu,2024-01-01,5,1\n")
    #expect(box.failure(header) != nil)
  }

  @Test func hundredsOfColumnsAreHundredsOfResources() throws {
    let names = (0..<600).map { "m\($0)" }
    let lines =
      ["server,time,\(names.joined(separator: ","))"]
      + (1...3).map { day in
        "a,2024-01-0\(day),\(names.indices.map { "\($0 + day)" }.joined(separator: ","))"
      }
    let result = try box.run(box.file("wide.csv", lines.joined(separator: "\n")))
    #expect(result.manifest.resources.count == 600 && result.manifest.readingCount == 1_800)
  }

  @Test func readingsWithoutATimeColumnAreNoInventory() {
    let path = box.file("m.csv", "server,resource,value\na,cpu,5\n")
    expectRefusal(box.failure(path), .unusableData, "no time column")
  }

  @Test func textThatIsCalledParquetIsToldAsSuch() {
    let path = box.file("m.parquet", "server,resource,time,value\na,cpu,2024-01-01,5\n")
    expectRefusal(box.failure(path), .unusableData, "is called Parquet but is none")
  }

  @Test func whatTheProgressThrowsEndsTheWorkAndChangesNothing() throws {
    box.rows("server,resource,time,value", "a,cpu,2024-01-01,5")
    let before = try box.masterBytes()
    struct Enough: Error {}
    let other = box.file("other.csv", "server,resource,time,value\nb,cpu,2024-01-01,7\n")
    #expect(throws: Enough.self) { try box.run(other) { $0.progress = { if $0 == 1 { throw Enough() } } } }
    #expect(try box.masterBytes() == before)
  }

  @Test func aRefusedInputLeavesTheOldMasterWhole() throws {
    box.rows("server,resource,time,value", "a,cpu,2024-01-01,5")
    let before = try box.masterBytes()
    #expect(box.failure(box.file("bad.csv", "server,resource,time,value\na,cpu,2024-01-01,x\n")) != nil)
    #expect(try box.masterBytes() == before)
    #expect(try box.stored()["a/cpu"]?.values == [5])
  }
}
