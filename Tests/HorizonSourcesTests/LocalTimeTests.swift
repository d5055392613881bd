import HorizonCore
import HorizonSources
import HorizonStore
import Testing

/// Wall clocks in Berlin: 2024-03-31 has no 02:00 to 02:59, 2024-10-27 has it twice.
@Suite struct LocalTimeTests {
  let box = Sandbox()
  private let hours = (0..<24).map { $0 < 10 ? "0\($0)" : "\($0)" }

  private func berlin(_ day: String, _ hours: [String], step: Step, _ suffix: String = "") throws -> IngestResult {
    let lines = hours.enumerated().map { "a,load,\(day)T\($1):00\(suffix),\($0 + 1)" }
    let path = box.file("m.csv", (["server,resource,time,value"] + lines).joined(separator: "\n") + "\n")
    return try box.run(path) {
      $0.timezone = "Europe/Berlin"
      $0.step = step
      $0.aggregation = ["*": .sum]
    }
  }

  private var autumn: [String] { Array(hours[...2] + ["02"] + hours[3...]) }
  private var spring: [String] { hours.filter { $0 != "02" } }

  @Test func theHourThatComesTwiceIsTwoHours() throws {
    let result = try berlin("2024-10-27", autumn, step: .hour)
    let series = try #require(try box.stored()["a/load"])
    #expect(series.values == (1...25).map(Double.init))
    #expect(series.dates.first == "2024-10-26T22:00:00Z" && series.dates.last == "2024-10-27T22:00:00Z")
    #expect(result.quality.count(.duplicateTime) == 0 && result.quality.count(.conflictingValues) == 0)
    #expect(result.quality.count(.gap) == 0 && result.quality.count(.outOfOrder) == 0)
  }

  @Test func aDayOfTwentyFiveHoursHoldsThemAll() throws {
    let result = try berlin("2024-10-27", autumn, step: .day)
    #expect(try box.stored()["a/load"]?.values == [25 * 26 / 2])
    #expect(try box.stored()["a/load"]?.dates == ["2024-10-27"] && result.quality.count(.aggregated) == 25)
  }

  @Test func aDayOfTwentyThreeHoursHoldsThemAll() throws {
    let result = try berlin("2024-03-31", spring, step: .day)
    #expect(try box.stored()["a/load"]?.values == [23 * 24 / 2])
    #expect(try box.stored()["a/load"]?.dates == ["2024-03-31"] && result.quality.count(.skippedTime) == 0)
    let fine = try berlin("2024-03-31", spring, step: .hour)
    #expect(fine.manifest.readingCount == 23 && fine.quality.count(.gap) == 0)
  }

  @Test func timesThatClocksSkipAreTold() throws {
    let result = try berlin("2024-03-31", hours, step: .day)
    #expect(result.quality.count(.skippedTime) == 1)
    #expect(
      result.quality.reasons.first { $0.reason == .skippedTime }?.examples.first?.sentence(.skippedTime).hasSuffix(
        "m.csv, line 4: clocks never show '2024-03-31T02:00' in column 'time'") == true)
  }

  @Test func offsetsSayWhichHourItIs() throws {
    let path = box.file(
      "m.csv",
      """
      server,resource,time,value
      a,load,2024-10-27T02:00+02:00,1
      a,load,2024-10-27T02:00+01:00,2
      a,load,2024-10-27T02:00+01:00,2
      """)
    let result = try box.run(path) {
      $0.timezone = "Europe/Berlin"
      $0.step = .hour
    }
    #expect(try box.stored()["a/load"]?.dates == ["2024-10-27", "2024-10-27T01:00:00Z"])
    #expect(try box.stored()["a/load"]?.values == [1, 2] && result.quality.count(.duplicateTime) == 1)
  }

  @Test func twoExportsOfTheRepeatedHourAreOne() throws {
    let text =
      (["server,resource,time,value"] + autumn.enumerated().map { "a,load,2024-10-27T\($1):00,\($0 + 1)" })
      .joined(separator: "\n") + "\n"
    let result = try box.run(box.file("1.csv", text), box.file("2.csv", text)) {
      $0.timezone = "Europe/Berlin"
      $0.step = .hour
    }
    #expect(try box.stored()["a/load"]?.values == (1...25).map(Double.init))
    #expect(result.quality.count(.duplicateTime) == 25 && result.quality.count(.conflictingValues) == 0)
  }
}
