import Foundation
import HorizonCore
import HorizonSources
import HorizonStore
import Testing

@Suite struct ColumnTests {
  let box = Sandbox()

  @Test func longTableIsReadByItsStandardNames() throws {
    box.rows("server,resource,time,value,capacity,unit", "a,cpu,2024-01-01,5,10,cores", "a,cpu,2024-01-02,6,10,cores")
    let series = try #require(try box.stored()["a/cpu"])
    #expect(
      series
        == MasterSeries(times: [1_704_067_200_000_000, 1_704_153_600_000_000], values: [5, 6], capacity: [10, 10]))
  }

  @Test(arguments: [
    "host", "HostName", "host_id", "node", "node_name", "Instance", "vm", "unique_id", "series", "item_id", "id",
    "name",
  ])
  func otherNamesOfTheServerAreRecognised(_ name: String) throws {
    box.rows("\(name),metric,ds,y", "a,cpu,2024-01-01,5", "a,cpu,2024-01-02,6")
    #expect(try box.stored()["a/cpu"]?.values == [5, 6])
  }

  @Test(arguments: ["date", "ds", "Timestamp", "DATETIME", "time"])
  func otherNamesOfTheTimeAreRecognised(_ name: String) throws {
    box.rows("server,resource,\(name),value", "a,cpu,2024-01-01,5")
    #expect(try box.stored()["a/cpu"]?.values == [5])
  }

  @Test(arguments: ["y", "util", "utilization", "p95", "P95_util", "usage"])
  func otherNamesOfTheValueAreRecognised(_ name: String) throws {
    box.rows("server,resource,time,\(name)", "a,cpu,2024-01-01,5")
    #expect(try box.stored()["a/cpu"]?.values == [5])
  }

  @Test func weakNamesOfTheServerYieldToBetterOnes() throws {
    box.rows("id,host,time,cpu_pct", "17,a,2024-01-01,5")
    #expect(try box.stored().keys.sorted() == ["a/cpu"])
  }

  @Test func mapNamesColumnsThatNobodyKnows() throws {
    let path = box.file("m.csv", "box;what;when;how_much\na;cpu;2024-01-01;5\n")
    try box.run(path) { $0.map = ["server": "box", "resource": "what", "time": "when", "value": "how_much"] }
    #expect(try box.stored()["a/cpu"]?.values == [5])
  }

  @Test func wideTableHasASeriesPerColumn() throws {
    let path = box.file(
      "m.csv", "server,timestamp,cpu_pct,mem_percent,disk_gb,load\na,2024-01-01,5,6,7,8\na,2024-01-02,6,,8,9\n")
    let result = try box.run(path)
    #expect(try box.stored().keys.sorted() == ["a/cpu", "a/disk", "a/load", "a/mem"])
    #expect(try box.stored()["a/mem"]?.values == [6])
    #expect(result.resource("disk")?.unit == "gb")
    #expect(result.quality.count(.missingValue) == 1)
  }

  @Test func twoWideColumnsOfOneResourceStayApart() throws {
    let path = box.file("m.csv", "server,time,mem_mb,mem_pct\na,2024-01-01,800,40\n")
    let result = try box.run(path)
    #expect(try box.stored().keys.sorted() == ["a/mem", "a/mem_mb"])
    #expect(result.resource("mem")?.ceiling == .constant(100))
    #expect(result.manifest.notes.contains { $0.contains("mem_pct") })
  }

  @Test func fileNameIsTheServerWhereNoColumnIs() throws {
    box.file("in/web-1.csv", "timestamp,value\n2024-01-01,5\n")
    box.file("in/deep/web-2.csv", "timestamp,value\n2024-01-01,6\n")
    _ = try box.gzipped("in/deep/web-3.csv.gz", "timestamp,value\n2024-01-01,7\n")
    box.file("in/README.txt", "not metrics")
    try box.run(box.folder + "/in")
    #expect(try box.stored().mapValues(\.values) == ["web-1/value": [5], "web-2/value": [6], "web-3/value": [7]])
  }

  @Test func filesOfOneNameAreToldApartByTheirFolder() throws {
    box.file("in/a/cpu.csv", "timestamp,value\n2024-01-01,5\n")
    box.file("in/b/cpu.csv", "timestamp,value\n2024-01-01,6\n")
    try box.run(box.folder + "/in")
    #expect(try box.stored().keys.sorted() == ["a/cpu/value", "b/cpu/value"])
  }

  @Test func textThatSeparatesDuplicatesBecomesPartOfTheServer() throws {
    box.rows("dataset,series,metric,ds,y", "x,a,cpu,2024-01-01,1", "y,a,cpu,2024-01-01,2", "x,a,cpu,2024-01-02,3")
    #expect(try box.stored().mapValues(\.values) == ["x/a/cpu": [1, 3], "y/a/cpu": [2]])
    let notes = try MasterManifest.read(from: box.workspace + "/master").notes
    #expect(notes.contains { $0.contains("'dataset'") && $0.contains("x/") })
  }

  @Test func textThatSeparatesNothingIsLeftOut() throws {
    box.rows("region,server,resource,time,value", "north,a,cpu,2024-01-01,1", "south,b,cpu,2024-01-01,2")
    #expect(try box.stored().keys.sorted() == ["a/cpu", "b/cpu"])
  }

  @Test func onlyTheColumnsThatAreNeededBecomePartOfTheServer() throws {
    box.rows(
      "rack,volume,server,resource,time,value", "r1,c,a,disk,2024-01-01,1", "r1,d,a,disk,2024-01-01,2",
      "r2,c,b,disk,2024-01-01,3")
    #expect(try box.stored().keys.sorted() == ["c/a/disk", "c/b/disk", "d/a/disk"])
  }

  @Test func messagesAreNotNames() throws {
    let lines = (0..<2_000).map { "a,cpu,\(CivilDate(daysSinceEpoch: 19_000 + $0 / 2)),\($0),message \($0)" }
    let path = box.file("m.csv", (["server,resource,time,value,text"] + lines).joined(separator: "\n"))
    let result = try box.run(path)
    #expect(try box.stored().keys.sorted() == ["a/cpu"])
    #expect(result.manifest.notes.contains { $0.contains("'text'") })
    #expect(result.quality.count(.conflictingValues) == 1_000)
  }

  @Test func standardInputIsReadLikeAFile() throws {
    let source = box.file("source", "server,resource,time,value\na,cpu,2024-01-01,5\n")
    let spooled = try InputList.spooled(FileHandle(forReadingAtPath: source)!, scratch: box.folder)
    try box.run(spooled.path)
    #expect(try box.stored()["a/cpu"]?.values == [5])
  }

  @Test func severalFilesOfSeveralShapesMakeOneMaster() throws {
    let long = box.file("long.csv", "server,resource,time,value\na,cpu,2024-01-01,5\n")
    let wide = box.file("wide.csv", "host;date;cpu;mem\na;2024-01-02;6;40\n")
    let parquet = box.folder + "/p.parquet"
    let writer = try TableWriter(
      parquet: parquet, schema: TableSchema([Column("vm", .text), Column("time", .time), Column("cpu_pct", .float)]))
    try writer.append([.text(["a", "b"]), .times([1_704_240_000_000_000, 1_704_240_000_000_000]), .floats([7, 8])])
    try writer.close()
    try box.run(long, wide, parquet)
    #expect(try box.stored().mapValues(\.values) == ["a/cpu": [5, 6, 7], "a/mem": [40], "b/cpu": [8]])
  }

  @Test func epochSecondsAndMillisecondsAreTimes() throws {
    box.rows("server,resource,time,value", "a,cpu,1704067200,5", "a,cpu,1704153600000,6")
    #expect(try box.stored()["a/cpu"]?.dates == ["2024-01-01", "2024-01-02"])
    let parquet = box.folder + "/p.parquet"
    let writer = try TableWriter(
      parquet: parquet, schema: TableSchema([Column("server", .text), Column("time", .int64), Column("cpu", .double)]))
    try writer.append([.text(["a", "a"]), .int64s([1_704_067_200, 1_704_153_600]), .doubles([7, 8])])
    try writer.close()
    try box.run(parquet)
    #expect(try box.stored()["a/cpu"]?.dates == ["2024-01-01", "2024-01-02"])
  }

  @Test func inventoryIsRecognisedAndCopied() throws {
    box.file("in/metrics.csv", "server,resource,time,value\na,cpu,2024-01-01,5\n")
    box.file("in/servers.csv", "hostname,region,cores\na,north,8\nb,süd,16\n")
    box.file("in/truth.csv", "server,resource,time,value,noise,event\na,cpu,2024-01-01,9,9,\n")
    let result = try box.run(box.folder + "/in")
    #expect(try box.stored()["a/cpu"]?.values == [5])
    #expect(result.manifest.inputs.map { $0.path.split(separator: "/").last } == ["metrics.csv", "servers.csv"])
    let reader = try TableReader(
      parquet: box.workspace + "/inventory.parquet",
      columns: [Column("server", .text), Column("region", .text), Column("cores", .double)])
    let batch = try #require(try reader.next())
    #expect(
      batch.strings(0) == ["a", "b"] && batch.strings(1) == ["north", "süd"] && Array(batch.doubles(2)) == [8, 16])
  }

  @Test func inventoryOfAnEarlierInputDoesNotStay() throws {
    let metrics = box.file("metrics.csv", "server,resource,time,value\na,cpu,2024-01-01,5\n")
    let servers = box.file("servers.csv", "server,region\na,north\n")
    try box.run(metrics) { $0.inventory = servers }
    #expect(FileManager.default.fileExists(atPath: box.workspace + "/inventory.parquet"))
    try box.run(metrics)
    #expect(!FileManager.default.fileExists(atPath: box.workspace + "/inventory.parquet"))
  }

  @Test func workspaceInsideAnInputFolderIsNotInput() throws {
    box.file("metrics.csv", "server,resource,time,value\na,cpu,2024-01-01,5\n")
    try box.run(box.folder)
    let second = try box.run(box.folder)
    #expect(second.manifest.inputs.count == 1)
  }

  @Test func hostileNamesAreOnlyNames() throws {
    let names = [
      "with space", "a/b/../c", "\"quoted\"", "it's", "<script>alert(1)</script>", "🦊🌋", "名前", "%2F", "..", ".", "a=b",
      "tab\there",
      String(repeating: "long", count: 75), "new\nline",
    ]
    func cell(_ name: String) -> String { "\"\(name.replacingOccurrences(of: "\"", with: "\"\""))\"" }
    let lines = names.map { "\(cell($0)),\(cell($0)),2024-01-01,1" }
    let path = box.file("m.csv", (["server,resource,time,value"] + lines).joined(separator: "\n") + "\n")
    try box.run(path)
    let manifest = try MasterManifest.read(from: box.workspace + "/master")
    #expect(Set(manifest.resources.map(\.name)) == Set(names))
    #expect(Set(manifest.resources.map(\.folder)).count == names.count)
    let index = MasterIndex(folder: box.workspace + "/master", manifest: manifest)
    let series = try index.read(names.map { SeriesName(server: $0, resource: $0) }, asOf: manifest.lastIndex)
    #expect(series.count == names.count)
    #expect(manifest.resources.allSatisfy { $0.folder.utf8.count <= 255 && !$0.folder.contains("/") })
  }
}

extension Sandbox {
  /// Ingests these lines as one CSV file.
  @discardableResult
  func rows(_ lines: String..., change: (inout IngestOptions) -> Void = { _ in }) -> IngestResult? {
    let path = file("input.csv", lines.joined(separator: "\n") + "\n")
    do { return try run(path, change: change) } catch {
      Issue.record(error)
      return nil
    }
  }
}
