import Foundation
import HorizonCore
import HorizonSources
import HorizonStore
import Testing

/// Several exports, several names, several steps.
@Suite struct OverlapTests {
  let box = Sandbox()

  @Test func overlappingExportsCountOnceAndTheLastFileWins() throws {
    let old = box.file("1-old.csv", daily("server,resource,time,value", count: 20) { "a,cpu,\($0),\($1)" })
    let new = box.file(
      "2-new.csv",
      daily("server,resource,time,value", count: 20, from: 19_010) { "a,cpu,\($0),\($1 == 4 ? 77 : $1 + 10)" })
    let result = try box.run(old, new)
    #expect(try box.stored()["a/cpu"]?.values == (0..<30).map { $0 == 14 ? 77 : Double($0) })
    #expect(result.quality.count(.duplicateTime) == 9 && result.quality.count(.conflictingValues) == 1)
    let example = try #require(result.quality.reasons.first { $0.reason == .conflictingValues }?.examples.first)
    #expect(example.text == "a/cpu at 2022-01-22: 14 in \(old), then 77 in \(new)")
    #expect(try box.run(new, old).quality.count(.conflictingValues) == 1)
    #expect(try box.stored()["a/cpu"]?.values[14] == 14)
  }

  @Test func renamedServersKeepTheirHistory() throws {
    box.file("in/a.csv", daily("server,resource,time,value", count: 10) { "old-1,cpu,\($0),\($1)" })
    box.file("in/b.csv", daily("server,resource,time,value", count: 10, from: 19_010) { "new-1,cpu,\($0),\($1 + 10)" })
    box.file("in/names.csv", "old,new\nold-1,middle\nmiddle,new-1\nnobody,new-2\n")
    let result = try box.run(box.folder + "/in")
    #expect(try box.stored().mapValues(\.values) == ["new-1/cpu": (0..<20).map(Double.init)])
    #expect(result.manifest.notes.contains { $0.contains("names.csv was taken as a table of renames") })
    #expect(result.manifest.notes.contains { $0.contains("2 old names") && $0.contains("'middle'") })
    #expect(result.manifest.inputs.count == 3)
  }

  @Test func aNameThatWasUsedAgainIsRenamedUpToItsTime() throws {
    let path = box.file("m.csv", daily("server,resource,time,value", count: 20, from: 19_723) { "a,cpu,\($0),\($1)" })
    let names = box.file("names.csv", "old;new;time\na;b;2024-01-11\nb;a;2024-01-11\n")
    try box.run(path) { $0.renames = names }
    #expect(
      try box.stored().mapValues(\.values) == [
        "b/cpu": (0..<10).map(Double.init), "a/cpu": (10..<20).map(Double.init),
      ])
  }

  @Test func renamesInACircleAndForeignTablesAreRefused() {
    let path = box.file("m.csv", "server,resource,time,value\na,cpu,2024-01-01,5\n")
    let circle = box.file("names.csv", "old,new\na,b\nb,a\n")
    #expect(box.failure(path) { $0.renames = circle }?.message.contains("in a circle") == true)
    #expect(box.failure(path) { $0.renames = path }?.message.contains("is no table of renames") == true)
    #expect(box.failure(path) { $0.capacity = circle }?.message.contains("is no table of capacities") == true)
    #expect(box.failure(path) { $0.renames = "/no/such.csv" }?.code == .missingInput)
  }

  @Test func aNameThatComesBackOnAnotherLevelIsRemarkedOn() throws {
    let values = Readings(level: 12, count: 300).values.enumerated().map {
      (100..<180).contains($0) ? .nan : $0 < 100 ? $1 : $1 * 4
    }
    let result = try box.run(box.series(values))
    #expect(result.quality.count(.reusedName) == 1 && result.verdict() == .usable)
    #expect(result.remarks().contains("After 80 missing steps, from 2023-04-10 to 2023-06-30, it is on another level"))
    #expect(try box.stored().count == 1)
    let same = Readings(level: 12, count: 300).values.enumerated().map { (100..<180).contains($0) ? .nan : $1 }
    #expect(try box.run(box.series(same)).quality.count(.reusedName) == 0)
  }

  @Test func dailyValuesBeforeFineReadingsAreRemarkedOnAndNotBent() throws {
    var lines = ["server,resource,time,value"]
    for day in 0..<60 { lines.append("a,cpu,\(CivilDate(daysSinceEpoch: 19_723 + day)),\(30 + day % 3)") }
    for k in 0..<(10 * 288) {
      let time = ISOTime.string(Int64(19_783) * 86_400_000_000 + Int64(k) * 300_000_000, full: true)
      lines.append("a,cpu,\(time),\(20 + k % 7)")
    }
    let result = try box.run(box.file("m.csv", lines.joined(separator: "\n")))
    #expect(result.manifest.step == .day)
    #expect(try box.stored()["a/cpu"]?.values.prefix(60) == (0..<60).map { Double(30 + $0 % 3) }[...])
    #expect(result.quality.count(.mixedSteps) == 1)
    #expect(result.remarks().contains("Readings came every day at first and every 5min since 2024-03-01"))
    let even = box.file("m.csv", daily("server,resource,time,value", count: 90) { "a,cpu,\($0),\(30 + $1 % 3)" })
    #expect(try box.run(even).quality.count(.mixedSteps) == 0)
  }
}
