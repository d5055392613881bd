import Foundation
import HorizonCore
import HorizonSources
import HorizonStore
import Testing

@Suite struct AppendTests {
  private let box = Sandbox()
  private let whole = Sandbox()
  private let header = "server,resource,time,value"
  private static let first = 19_000

  /// Rows of some days, counted from the first one, every server with cpu and disk.
  private func rows(_ days: Range<Int>, servers: [String] = ["a", "b", "c"], disk: Bool = true) -> String {
    var lines: [String] = []
    for (k, server) in servers.enumerated() {
      for day in days {
        let time = CivilDate(daysSinceEpoch: AppendTests.first + day)
        lines.append("\(server),cpu,\(time),\(20 + 10 * k + day * 7 % 13)")
        if disk { lines.append("\(server),disk,\(time),\(40 + 10 * k + day % 5)") }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func file(_ name: String, _ rows: String) -> String { box.file(name, header + "\n" + rows) }

  @discardableResult
  private func append(_ name: String, _ rows: String, change: (inout IngestOptions) -> Void = { _ in }) throws
    -> IngestResult
  {
    try box.run(file(name, rows)) {
      $0.appends = true
      change(&$0)
    }
  }

  private func expectSame() throws {
    #expect(try readings(box) == readings(whole))
    let (mine, theirs) = (try manifest(box), try manifest(whole))
    #expect(mine.seriesCount == theirs.seriesCount && mine.readingCount == theirs.readingCount)
    #expect(mine.firstIndex == theirs.firstIndex && mine.lastIndex == theirs.lastIndex)
    for (a, b) in zip(mine.resources, theirs.resources) {
      #expect(a.name == b.name && a.seriesCount == b.seriesCount && a.readingCount == b.readingCount)
      #expect(a.minimum == b.minimum && a.maximum == b.maximum && a.ceiling == b.ceiling)
    }
    #expect(mine.resources.count == theirs.resources.count)
  }

  /// An unknown capacity is like another.
  private func readings(_ box: Sandbox) throws -> [String: MasterSeries] {
    try box.stored().mapValues {
      MasterSeries(times: $0.times, values: $0.values, capacity: $0.capacity.map { $0.isNaN ? -1 : $0 })
    }
  }

  private func manifest(_ box: Sandbox) throws -> MasterManifest {
    try MasterManifest.read(from: box.workspace + "/master")
  }

  @Test func daysThatAreAppendedHoldWhatOneIngestHolds() throws {
    try box.run(file("old.csv", rows(0..<100)))
    let before = try box.masterBytes()
    for day in 100..<104 { try append("\(day).csv", rows(day..<(day + 1))) }
    try whole.run(whole.file("all.csv", header + "\n" + rows(0..<104)))
    try expectSame()
    let after = try box.masterBytes()
    for (name, bytes) in before { #expect(after[name] == bytes, "\(name) was written again") }
    #expect(try manifest(box).resources.allSatisfy { $0.appends == 4 })
    #expect(after.count == before.count + 8)
    #expect(try manifest(box).inputs.count == 5)
  }

  @Test func seriesAndResourcesMayBeNew() throws {
    try box.run(file("old.csv", rows(0..<50, disk: false)))
    try append("one.csv", rows(50..<51, servers: ["a", "aa", "b", "c"]))
    try append("two.csv", rows(51..<52, servers: ["a", "aa", "b", "c", "d"]))
    let all =
      rows(0..<50, disk: false) + rows(50..<51, servers: ["a", "aa", "b", "c"])
      + rows(51..<52, servers: ["a", "aa", "b", "c", "d"])
    try whole.run(whole.file("all.csv", header + "\n" + all))
    try expectSame()
    #expect(try manifest(box).resources.map(\.appends) == [2, 1])
  }

  @Test func lateReadingsFindTheirPlaceAndReplaceOthers() throws {
    try box.run(file("old.csv", rows(0..<40) + rows(41..<50)))
    try append("day.csv", rows(50..<51))
    let late = rows(40..<41) + "a,cpu,\(CivilDate(daysSinceEpoch: AppendTests.first + 10)),77\n" + rows(51..<52)
    try append("late.csv", late)
    let all = rows(0..<40) + rows(41..<51) + late
    try whole.run(whole.file("all.csv", header + "\n" + all))
    try expectSame()
    #expect(try box.stored()["a/cpu"]?.values[10] == 77)
    #expect(try manifest(box).resources.allSatisfy { $0.appends == nil })
    // Written as one ingest would have.
    #expect(try box.masterBytes() == whole.masterBytes())
  }

  @Test func manyAppendsAreWrittenTogether() throws {
    try box.run(file("old.csv", rows(0..<30)))
    for day in 30..<46 { try append("\(day).csv", rows(day..<(day + 1))) }
    try whole.run(whole.file("all.csv", header + "\n" + rows(0..<46)))
    try expectSame()
    #expect(try box.masterBytes() == whole.masterBytes())
  }

  @Test func whatIsThereAlreadyIsNotAppendedAgain() throws {
    try box.run(file("old.csv", rows(0..<30)))
    let first = try append("day.csv", rows(30..<31))
    let bytes = try box.masterBytes()
    let again = try append("again.csv", rows(30..<31))
    #expect(again.manifest == first.manifest && again.quality == first.quality)
    #expect(try box.masterBytes() == bytes)
  }

  @Test func anAppendThatWasCutShortIsNotThere() throws {
    try box.run(file("old.csv", rows(0..<30)))
    let before = try readings(box)
    // Parts are in their place, the manifest is not.
    let master = box.workspace + "/master"
    let old = FileManager.default.contents(atPath: "\(master)/manifest.json")!
    try append("day.csv", rows(30..<32))
    try old.write(to: URL(fileURLWithPath: "\(master)/manifest.json"))
    #expect(try readings(box) == before)
    box.file("workspace/master/resource=cpu/part-a00001-00001.parquet", "half a part")
    try append("other.csv", rows(30..<31))
    try whole.run(whole.file("all.csv", header + "\n" + rows(0..<31)))
    try expectSame()
  }

  /// A process that ends between the master and `quality.json`, or before both, has written what quality becomes.
  @Test func qualityCountsWhatTheMasterHoldsAndNothingTwice() throws {
    struct Pending: Codable {
      let inputs: [String]
      let report: QualityReport
    }
    let first = try box.run(file("old.csv", rows(0..<100)))
    let manifest = FileManager.default.contents(atPath: box.workspace + "/master/manifest.json")!
    let result = try append("day.csv", rows(100..<101) + "a,cpu,\(CivilDate(daysSinceEpoch: 19_100)),99\n")
    func cutShort() throws {
      box.file("workspace/quality.json", try JSONEncoder().encode(first.quality))
      let pending = Pending(inputs: result.manifest.inputs.map(\.sha256), report: result.quality)
      box.file("workspace/.quality.json", try JSONEncoder().encode(pending))
    }
    try cutShort()
    #expect(
      try append("again.csv", rows(100..<101) + "a,cpu,\(CivilDate(daysSinceEpoch: 19_100)),99\n").quality
        == result.quality)
    try cutShort()
    box.file("workspace/master/manifest.json", manifest)
    #expect(try append("other.csv", rows(100..<101)).quality.rowsRead == 606)
    #expect(!FileManager.default.fileExists(atPath: box.workspace + "/.quality.json"))
  }

  @Test func whatWasDecidedStays() throws {
    try box.run(file("old.csv", rows(0..<30))) {
      $0.timezone = "Europe/Berlin"
      $0.aggregation = ["cpu": .min]
      $0.units = ["disk": "GB"]
    }
    try append(
      "hours.csv",
      (0..<24).map {
        "a,cpu,\(CivilDate(daysSinceEpoch: AppendTests.first + 30))T\($0 < 10 ? "0" : "")\($0):00:00,\(300 - $0)\n"
      }.joined())
    let manifest = try manifest(box)
    #expect(manifest.step.seconds == 86_400 && manifest.timezone == "Europe/Berlin")
    #expect(manifest.resources.map(\.unit) == ["%", "GB"])
    #expect(manifest.resources[0].ceiling == .constant(100))
    #expect(try box.stored()["a/cpu"]?.values.last == 277)
  }

  @Test func whatDoesNotContinueTheMasterIsRefused() throws {
    #expect(box.failure(file("day.csv", rows(30..<31))) { $0.appends = true }?.code == .missingInput)
    try box.run(file("old.csv", rows(0..<30)))
    let before = try box.masterBytes()
    func refusal(_ text: String, change: (inout IngestOptions) -> Void = { _ in }) -> String? {
      box.failure(box.file("new.csv", text)) {
        $0.appends = true
        change(&$0)
      }.map { "\($0)" }
    }
    let day = header + "\n" + rows(30..<31)
    #expect(refusal(day) { $0.step = Step(seconds: 3_600) }?.contains("--step hour") == true)
    #expect(refusal(day) { $0.timezone = "Asia/Tokyo" }?.contains("--timezone Asia/Tokyo") == true)
    for name in ["cpu", "*"] {
      #expect(refusal(day) { $0.units = [name: "fraction"] }?.contains("--unit cpu=fraction") == true)
    }
    #expect(refusal(day) { $0.aggregation = ["*": .last] }?.contains("--aggregate cpu=last") == true)
    let date = CivilDate(daysSinceEpoch: AppendTests.first + 30)
    #expect(
      refusal("server,resource,time,value,unit\na,cpu,\(date),0.5,fraction\n")?.contains("in fraction now") == true)
    #expect(
      refusal("server,resource,time,value,capacity\na,cpu,\(date),50,64\n")?.contains("comes with a capacity now")
        == true)
    #expect(try box.masterBytes() == before)
  }

  @Test func countersAreNotGoneOnWith() throws {
    let counts = daily(header, count: 40) { date, n in "a,net_bytes,\(date),\(n * 1_000)" }
    try box.run(box.file("old.csv", counts)) { $0.units = ["net_bytes": "counter"] }
    let failure = box.failure(file("day.csv", "a,net_bytes,\(CivilDate(daysSinceEpoch: 19_040)),40000\n")) {
      $0.appends = true
    }
    #expect(failure?.message.contains("made of counts") == true)
  }

  @Test func columnsThatTellSeriesApartStayPartOfTheName() throws {
    let header = "server,resource,time,value,site"
    func rows(_ days: Range<Int>, _ sites: [String]) -> String {
      header + "\n"
        + days.flatMap { day in
          sites.map { "a,cpu,\(CivilDate(daysSinceEpoch: AppendTests.first + day)),\(day % 7 + $0.count),\($0)\n" }
        }.joined()
    }
    try box.run(box.file("old.csv", rows(0..<30, ["x", "yy"])))
    // On its own this day would not need the column.
    try box.run(box.file("day.csv", rows(30..<31, ["yy"]))) { $0.appends = true }
    #expect(try box.stored().mapValues(\.times.count) == ["x/a/cpu": 30, "yy/a/cpu": 31])
    let without = box.failure(box.file("no.csv", "server,resource,time,value\na,cpu,2024-01-01,1\n")) {
      $0.appends = true
    }
    #expect(without?.message.contains("'site' is missing") == true)
  }

  @Test func qualityGoesOn() throws {
    try box.run(file("old.csv", rows(0..<100)))
    let date = CivilDate(daysSinceEpoch: AppendTests.first + 100)
    let result = try append("day.csv", rows(100..<101) + "a,cpu,\(date),99\nnew,cpu,\(date),5\n")
    let quality = result.quality
    #expect(quality.rowsRead == 608 && quality.seriesFound == 7 && quality.seriesStored == 7)
    #expect(quality.verdicts == QualityReport.Verdicts(good: 5, usable: 1, poor: 1))
    #expect(quality.count(.conflictingValues) == 1)
    let series = quality.series.map { "\($0.server)/\($0.resource) \($0.verdict!.rawValue)" }
    #expect(series == ["a/cpu usable", "new/cpu poor"])
    let stored = try JSONDecoder().decode(
      QualityReport.self, from: FileManager.default.contents(atPath: box.workspace + "/quality.json")!)
    #expect(stored == quality)
  }

  @Test func anInventoryStaysUnlessAnotherComes() throws {
    let inventory = box.file("servers.csv", "server,region\na,north\n")
    try box.run(file("old.csv", rows(0..<30))) { $0.inventory = inventory }
    let path = box.workspace + "/inventory.parquet"
    let before = FileManager.default.contents(atPath: path)
    try append("day.csv", rows(30..<31))
    #expect(before != nil && FileManager.default.contents(atPath: path) == before)
    let other = box.file("more.csv", "server,region\na,south\nb,south\n")
    try append("next.csv", rows(31..<32)) { $0.inventory = other }
    #expect(FileManager.default.contents(atPath: path) != before)
  }
}
