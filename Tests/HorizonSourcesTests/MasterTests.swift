import Foundation
import HorizonCore
import HorizonSources
import HorizonStore
import Testing

@Suite struct MasterTests {
  let box = Sandbox()

  /// A fleet of uneven series with gaps, as lines without a header.
  private func fleet(servers: Int, days: Int) -> [String] {
    var lines: [String] = []
    var state: UInt64 = 7
    for s in 0..<servers {
      for resource in ["cpu", "disk"] {
        let start = s % 17
        for day in start..<days {
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          if state >> 60 == 0 { continue }
          let value = Double(state >> 40) / 1e6
          lines.append(
            "srv-\(s),\(resource),\(CivilDate(daysSinceEpoch: 19_000 + day)),\(value),\(100 + s % 3 + day / 50)")
        }
      }
    }
    return lines
  }

  private let header = "server,resource,time,value,capacity\n"

  @Test func orderOfRowsAndThreadsChangeNoByte() throws {
    let lines = fleet(servers: 90, days: 120)
    let sorted = box.file("a.csv", header + lines.joined(separator: "\n") + "\n")
    try box.run(sorted)
    let expected = try box.masterBytes()
    #expect(expected.count == 2)
    try box.run(sorted) { $0.threads = 1 }
    #expect(try box.masterBytes() == expected)
    var generator = Generator(state: 3)
    let shuffled = box.file("b.csv", header + lines.shuffled(using: &generator).joined(separator: "\n") + "\n")
    let result = try box.run(shuffled)
    #expect(try box.masterBytes() == expected)
    #expect(result.quality.count(.outOfOrder) > 1_000)
    let half = lines.count / 2
    let first = box.file("1.csv", header + lines[half...].joined(separator: "\n"))
    let second = box.file("2.csv", header + lines[..<half].joined(separator: "\n"))
    try box.run(first, second)
    #expect(try box.masterBytes() == expected)
  }

  @Test func tilesHoldEverySeriesOnOneCalendar() throws {
    let lines = fleet(servers: 150, days: 60)
    try box.run(box.file("a.csv", header + lines.joined(separator: "\n")))
    let manifest = try MasterManifest.read(from: box.workspace + "/master")
    let asOf = manifest.lastIndex - 10
    let reader = MasterReader(folder: box.workspace + "/master", manifest: manifest, asOf: asOf)
    var seen: [String: [Int: Double]] = [:]
    var sizes: [Int] = []
    var names: [SeriesName] = []
    while let tile = try reader.next() {
      sizes.append(tile.servers.count)
      #expect(tile.values.count == tile.servers.count * tile.length)
      #expect(tile.firstIndex + tile.length - 1 == asOf)
      for (s, server) in tile.servers.enumerated() {
        names.append(SeriesName(server: server, resource: manifest.resources[tile.resource].name))
        var readings: [Int: Double] = [:]
        for k in 0..<tile.length where !tile.values[s * tile.length + k].isNaN {
          readings[tile.firstIndex + k] = Double(tile.values[s * tile.length + k])
        }
        seen["\(names.last!)"] = readings
        #expect(tile.lastReading[s] == readings.keys.max())
        let number = Int(server.dropFirst(4))!
        #expect(tile.capacity[s] == Double(100 + number % 3 + (tile.lastReading[s] - 19_000) / 50))
      }
    }
    #expect(sizes == [64, 64, 22, 64, 64, 22])
    #expect(names == names.sorted())
    var expected: [String: [Int: Double]] = [:]
    for line in lines {
      let cells = line.split(separator: ",")
      let index = Int(ISOTime.parse(String(cells[2]))!.microseconds / 86_400_000_000)
      if index <= asOf { expected["\(cells[0])/\(cells[1])", default: [:]][index] = Double(Float(String(cells[3]))!) }
    }
    #expect(seen == expected)
  }

  @Test func seriesWithoutAReadingBeforeTheAsOfAreLeftOut() throws {
    box.rows("server,resource,time,value", "a,cpu,2024-01-01,1", "b,cpu,2024-01-05,2", "c,cpu,2024-01-02,3")
    let manifest = try MasterManifest.read(from: box.workspace + "/master")
    let asOf = manifest.lastIndex - 2
    let reader = MasterReader(folder: box.workspace + "/master", manifest: manifest, asOf: asOf, tileSize: 2)
    let tile = try #require(try reader.next())
    #expect(tile.servers == ["a", "c"] && tile.length == 3 && tile.values[0] == 1 && tile.values[4] == 3)
    #expect(try reader.next() == nil)
  }

  @Test func chosenSeriesAreReadFromAMasterOfManyRowGroups() throws {
    let path = box.folder + "/big.parquet"
    let writer = try TableWriter(
      parquet: path, schema: TableSchema([Column("server", .key), Column("time", .time), Column("cpu", .double)]))
    for s in 0..<300 {
      let days = 1_000
      try writer.append([
        .keys(codes: [Int32](repeating: 0, count: days), names: ["srv-\(s)"]),
        .times((0..<days).map { Int64(15_000 + $0) * 86_400_000_000 }),
        .doubles((0..<days).map { Double(s * 10_000 + $0) }),
      ])
    }
    try writer.close()
    try box.run(path)
    let master = box.workspace + "/master"
    let manifest = try MasterManifest.read(from: master)
    let groups = try MasterLayout.parts(folder: master, resource: manifest.resources[0])
      .flatMap { try ParquetFile($0).rowGroups(column: "server") }
    #expect(groups.count == 5 && groups.allSatisfy { $0.rows % 1_000 == 0 })
    let names = ["srv-0", "srv-150", "srv-299", "nobody"].map { SeriesName(server: $0, resource: "cpu") }
    let index = MasterIndex(folder: master, manifest: manifest)
    let series = try index.read(names, asOf: manifest.lastIndex)
    #expect(series.count == 3)
    #expect(series[names[1]]?.values == (0..<1_000).map { Double(1_500_000 + $0) })
    #expect(try index.read(names, asOf: manifest.firstIndex + 9)[names[2]]?.values.count == 10)

    // Another master in its place, whose servers lie elsewhere: nothing of the first one is remembered.
    let other = box.file("b.csv", header + fleet(servers: 5, days: 40).joined(separator: "\n"))
    try box.run(other)
    let moved = SeriesName(server: "srv-3", resource: "cpu")
    let last = try MasterManifest.read(from: master).lastIndex
    #expect(try Array(index.read([moved, names[1]], asOf: last).keys) == [moved])
  }

  @Test func manifestSaysWhatTheMasterHolds() throws {
    let input = box.file("a.csv", header + fleet(servers: 5, days: 40).joined(separator: "\n"))
    let result = try box.run(input) { $0.timezone = "Europe/Berlin" }
    let manifest = try MasterManifest.read(from: box.workspace + "/master")
    #expect(manifest == result.manifest)
    #expect(manifest.seriesCount == 10 && manifest.resources.map(\.name) == ["cpu", "disk"])
    #expect(manifest.readingCount == manifest.resources.reduce(0) { $0 + $1.readingCount })
    #expect(manifest.readingCount == result.quality.rowsRead)
    #expect(manifest.inputs.first?.sha256.count == 64)
    #expect(manifest.timezone == "Europe/Berlin")
    let quality = try JSONDecoder().decode(
      QualityReport.self, from: FileManager.default.contents(atPath: box.workspace + "/quality.json")!)
    #expect(quality == result.quality)
  }

  @Test func anOldMasterGivesWayWhole() throws {
    box.rows("server,resource,time,value", "a,cpu,2024-01-01,1", "a,disk,2024-01-01,1")
    box.rows("server,resource,time,value", "b,mem,2024-01-01,2")
    #expect(try box.stored().keys.sorted() == ["b/mem"])
    let left = try FileManager.default.contentsOfDirectory(atPath: box.workspace).sorted()
    #expect(left == ["master", "quality.json"])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: box.workspace + "/master").sorted() == [
        "manifest.json", "resource=mem",
      ])
  }

  @Test func aMasterOfANewerVersionIsRefused() throws {
    box.file("workspace/master/manifest.json", "{\"version\": 99}")
    let failure = #expect(throws: Failure.self) { try MasterManifest.read(from: box.workspace + "/master") }
    #expect(failure?.message.contains("newer") == true)
  }
}

/// Seeded, for shuffling.
private struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }
}
