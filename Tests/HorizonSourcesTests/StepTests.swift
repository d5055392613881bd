import Foundation
import HorizonCore
import HorizonSources
import HorizonStore
import Testing

@Suite struct StepTests {
  let box = Sandbox()

  /// `count` readings `minutes` apart from 2024-01-01, the number of the reading as the value.
  private func readings(every minutes: Int, count: Int, resource: String = "load") -> String {
    let lines = (0..<count).map { k in
      "a,\(resource),\(ISOTime.string(1_704_067_200_000_000 + Int64(k * minutes) * 60_000_000, full: true)),\(k)"
    }
    return box.file("m.csv", (["server,resource,time,value"] + lines).joined(separator: "\n") + "\n")
  }

  @Test(arguments: [
    (5, 288, "5min"), (5, 288 * 4, "hour"), (60, 24 * 4, "hour"), (60, 24 * 59, "hour"), (60, 24 * 60, "day"),
    (1_440, 10, "day"), (10_080, 10, "week"), (2_880, 10, "2d"), (360, 40, "6h"),
  ])
  func stepFollowsTheInputsOwnStepAndLength(_ minutes: Int, _ count: Int, _ name: String) throws {
    #expect(try box.run(readings(every: minutes, count: count)).manifest.step.name == name)
  }

  @Test func askedStepWins() throws {
    let result = try box.run(readings(every: 60, count: 48)) { $0.step = .day }
    #expect(result.manifest.step == .day && result.manifest.readingCount == 2)
  }

  @Test func oneReadingASeriesIsDaily() throws {
    #expect(try box.run(readings(every: 60, count: 1)).manifest.step == .day)
  }

  @Test func weeksBeginWhereTheReadingsAre() throws {
    // 2024-01-01 is a Monday; week 0 of the epoch began on a Thursday.
    let result = try box.run(readings(every: 10_080, count: 10))
    #expect(result.manifest.step.phase == 4 * 86_400)
    #expect(try box.stored()["a/load"]?.dates.prefix(2) == ["2024-01-01", "2024-01-08"])
  }

  @Test func weeksOfDailyReadingsBeginOnMonday() throws {
    let path = box.file(
      "m.csv", daily("server,resource,time,value", count: 70, from: 19_723) { day, k in "a,load,\(day),\(k)" })
    try box.run(path) { $0.step = Step(seconds: 604_800) }
    #expect(try box.stored()["a/load"]?.dates.prefix(2) == ["2024-01-01", "2024-01-08"])
    #expect(try box.stored()["a/load"]?.values.prefix(2) == [3, 10])
  }

  @Test func aStepShorterThanTheInputsOwnIsRemarkedOn() throws {
    let path = box.file("m.csv", daily("server,resource,time,value", count: 7) { day, k in "a,load,\(day),\(k)" })
    let result = try box.run(path) { $0.step = .hour }
    #expect(result.manifest.notes.contains { $0.contains("shorter than the input's own, day") })
  }

  @Test func monthsMakeOneReadingEach() throws {
    let lines = (0..<36).map { "a,load,\(2021 + $0 / 12)-\($0 % 12 < 9 ? "0" : "")\($0 % 12 + 1)-01,\($0)" }
    let path = box.file("m.csv", (["server,resource,time,value"] + lines).joined(separator: "\n") + "\n")
    let result = try box.run(path)
    #expect(result.manifest.readingCount == 36)
    #expect(result.quality.count(.gap) == 0)
  }

  @Test(arguments: [
    ("cpu", 21.85), ("network", 21.85), ("disk", 23.0), ("memory", 23.0), ("load", 11.5),
  ])
  func aggregationFollowsTheKindOfResource(_ resource: String, _ expected: Double) throws {
    try box.run(readings(every: 60, count: 24, resource: resource)) { $0.step = .day }
    let values = try #require(try box.stored()["a/\(resource)"]?.values)
    #expect(abs(values[0] - expected) < 1e-12 && values.count == 1)
  }

  @Test(arguments: [
    (Aggregation.mean, 11.5), (.median, 11.5), (.max, 23.0), (.min, 0.0), (.sum, 276.0), (.last, 23.0), (.p95, 21.85),
  ])
  func askedAggregationWins(_ aggregation: Aggregation, _ expected: Double) throws {
    let result = try box.run(readings(every: 60, count: 24, resource: "cpu")) {
      $0.step = .day
      $0.aggregation = ["cpu": aggregation, "*": .min]
    }
    #expect(abs(try box.stored()["a/cpu"]!.values[0] - expected) < 1e-12)
    #expect(result.resource("cpu")?.aggregation == aggregation)
    #expect(result.quality.count(.aggregated) == 24)
  }

  @Test func capacityOfAStepIsTheLastKnown() throws {
    box.rows(
      "server,resource,time,value,capacity", "a,cpu,2024-01-01T01:00,1,8", "a,cpu,2024-01-01T02:00,2,16",
      "a,cpu,2024-01-01T03:00,3,", "a,cpu,2024-01-02T01:00,4,", "a,cpu,2024-01-03T01:00,4,-1"
    ) { $0.step = .day }
    let series = try #require(try box.stored()["a/cpu"])
    #expect(series.capacity[0] == 16 && series.capacity[1].isNaN && series.capacity[2].isNaN)
  }

  @Test func gapsAreCountedAndStayGaps() throws {
    let result = box.rows(
      "server,resource,time,value", "a,cpu,2024-01-01,1", "a,cpu,2024-01-02,1", "a,cpu,2024-01-05,0",
      "a,cpu,2024-01-07,1",
      "a,cpu,2024-01-08,1", "a,cpu,2024-01-09,1")
    #expect(
      try box.stored()["a/cpu"]?.dates == [
        "2024-01-01", "2024-01-02", "2024-01-05", "2024-01-07", "2024-01-08", "2024-01-09",
      ])
    #expect(result?.quality.series.first?.gapSteps == 3)
    #expect(result?.quality.series.first?.longestGap == 2)
  }

  @Test func duplicatesKeepTheLastInInputOrder() throws {
    let result = box.rows(
      "server,resource,time,value", "a,cpu,2024-01-01,1", "a,cpu,2024-01-02,2", "a,cpu,2024-01-01,1",
      "a,cpu,2024-01-02,3")
    #expect(try box.stored()["a/cpu"]?.values == [1, 3])
    #expect(result?.quality.count(.duplicateTime) == 1)
    #expect(result?.quality.count(.conflictingValues) == 1)
    #expect(result?.quality.count(.outOfOrder) == 1)
  }

  @Test func rowsOutOfOrderAreSorted() throws {
    let result = box.rows(
      "server,resource,time,value", "a,cpu,2024-01-03,3", "a,cpu,2024-01-02,2", "a,cpu,2024-01-01,1")
    #expect(try box.stored()["a/cpu"]?.values == [1, 2, 3])
    #expect(result?.quality.count(.outOfOrder) == 2)
  }

  @Test func zonesBecomeUTC() throws {
    box.rows(
      "server,resource,time,value", "a,cpu,2024-01-01T01:00+01:00,1", "a,cpu,2024-01-01T01:00:00Z,2",
      "a,cpu,2024-01-01 02:00,3")
    #expect(try box.stored()["a/cpu"]?.times == [0, 1, 2].map { 1_704_067_200_000_000 + $0 * 3_600_000_000 })
  }

  @Test func aDayBeginsWhereTheTimeZoneSays() throws {
    // 23:30 UTC is the next day in Berlin, in winter and in summer.
    let lines = [
      "server,resource,time,value", "a,disk,2024-01-01T22:30Z,1", "a,disk,2024-01-01T23:30Z,2",
      "a,disk,2024-07-01T21:30Z,3",
      "a,disk,2024-07-01T22:30Z,4",
    ]
    let path = box.file("m.csv", lines.joined(separator: "\n"))
    try box.run(path) {
      $0.step = .day
      $0.timezone = "Europe/Berlin"
    }
    #expect(try box.stored()["a/disk"]?.dates == ["2024-01-01", "2024-01-02", "2024-07-01", "2024-07-02"])
    try box.run(path) { $0.step = .day }
    #expect(try box.stored()["a/disk"]?.dates == ["2024-01-01", "2024-07-01"])
  }

  @Test func timesWithoutAZoneAreLocal() throws {
    let path = box.file("m.csv", "server,resource,time,value\na,cpu,2024-01-01T12:00,1\na,cpu,2024-07-01T12:00,2\n")
    try box.run(path) {
      $0.step = .hour
      $0.timezone = "America/New_York"
    }
    #expect(try box.stored()["a/cpu"]?.dates == ["2024-01-01T17:00:00Z", "2024-07-01T16:00:00Z"])
  }

  @Test func datesAreTheSameInEveryTimeZone() throws {
    for zone in ["UTC", "America/New_York", "Pacific/Auckland"] {
      let path = box.file("m.csv", daily("server,resource,time,value", count: 400) { day, k in "a,cpu,\(day),\(k)" })
      let result = try box.run(path) { $0.timezone = zone }
      #expect(try box.stored()["a/cpu"]?.times.first == 19_000 * 86_400_000_000)
      #expect(result.manifest.readingCount == 400 && result.quality.count(.gap) == 0)
      let parquet = box.folder + "/p.parquet"
      let writer = try TableWriter(
        parquet: parquet, schema: TableSchema([Column("server", .text), Column("time", .date), Column("cpu", .double)]))
      try writer.append([.text(["a", "a"]), .dates([19_000, 19_001]), .doubles([1, 2])])
      try writer.close()
      try box.run(parquet) { $0.timezone = zone }
      #expect(try box.stored()["a/cpu"]?.times == [19_000 * 86_400_000_000, 19_001 * 86_400_000_000])
    }
  }

  @Test func daysOfTwentyThreeAndTwentyFiveHoursAreDays() throws {
    // A year of hourly readings in Berlin: every local day exactly once.
    let path = box.file(
      "m.csv",
      (["server,resource,time,value"]
        + (0..<(366 * 24)).map { k in
          "a,load,\(ISOTime.string(1_704_063_600_000_000 + Int64(k) * 3_600_000_000, full: true)),1"
        }).joined(separator: "\n"))
    let result = try box.run(path) {
      $0.timezone = "Europe/Berlin"
      $0.aggregation = ["*": .sum]
    }
    let series = try #require(try box.stored()["a/load"])
    #expect(result.manifest.step == .day && series.times.count == 366)
    #expect(series.dates.first == "2024-01-01" && series.dates.last == "2024-12-31")
    #expect(series.values.filter { $0 == 23 }.count == 1 && series.values.filter { $0 == 25 }.count == 1)
  }
}
