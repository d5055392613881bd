import HorizonCore
import HorizonSources
import HorizonStore
import Testing

/// Capacities from a table of their own.
@Suite struct CapacityTests {
  let box = Sandbox()

  private func days(_ resource: String, unit: String? = nil) -> String {
    daily("server,resource,time,value" + (unit == nil ? "" : ",unit"), count: 6, from: 19_723) { day, k in
      "a,\(resource),\(day),\(20 + k)" + (unit.map { ",\($0)" } ?? "")
    }
  }

  @Test func aTableFillsTheCapacityAsOfEachReading() throws {
    box.file("in/m.csv", days("disk", unit: "GB"))
    box.file("in/c.csv", "server,time,capacity,unit\na,2024-01-04,200,GB\na,2024-01-02,100,gb\nz,2024-01-01,5,GB\n")
    let result = try box.run(box.folder + "/in")
    let capacity = try #require(try box.stored()["a/disk"]?.capacity)
    #expect(capacity[0].isNaN && Array(capacity[1...]) == [100, 100, 200, 200, 200])
    #expect(result.resource("disk")?.ceiling == .capacity)
    #expect(
      result.resource("disk")?.decision == "disk: 100 % is the table of capacities, in GB, known for 1 of 1 series")
    #expect(result.manifest.notes.contains { $0.contains("c.csv was taken as a table of capacities") })
    #expect(result.manifest.notes.contains { $0.contains("1 capacities are of series without readings") })
  }

  @Test(arguments: ["percent", nil])
  func percentagesKeepAHundredAsTheirCeiling(_ unit: String?) throws {
    let path = box.file("m.csv", days("cpu", unit: unit))
    let table = box.file("c.csv", "server,resource,time,capacity\na,cpu,2024-01-01,8\na,cpu,2024-01-04T00:00,16\n")
    let result = try box.run(path) { $0.capacity = table }
    #expect(try box.stored()["a/cpu"]?.capacity == [8, 8, 8, 16, 16, 16])
    #expect(result.resource("cpu")?.ceiling == .constant(100))
    #expect(result.resource("cpu")?.decision.contains("the table of capacities says what they are percent of") == true)
  }

  @Test func capacitiesBesideReadingsOutrankTheTable() throws {
    let path = box.file(
      "m.csv", "server,resource,time,value,capacity\na,disk,2024-01-01,5,50\na,disk,2024-01-02,5,\n")
    let table = box.file("c.csv", "server,time,capacity\na,,70\n")
    try box.run(path) { $0.capacity = table }
    #expect(try box.stored()["a/disk"]?.capacity == [50, 70])
  }

  @Test func aTableThatLeavesOpenWhatItIsAboutIsRefused() {
    let path = box.file("m.csv", "server,time,cpu,mem\na,2024-01-01,5,6\n")
    let table = box.file("c.csv", "server,time,capacity\na,2024-01-01,8\n")
    #expect(box.failure(path) { $0.capacity = table }?.message.contains("which resource") == true)
    let bad = box.file("c.csv", "server,resource,time,capacity\na,cpu,2024-01-01,none\n")
    #expect(box.failure(path) { $0.capacity = bad }?.message.contains("row 1 of the capacities") == true)
  }

  @Test func aTableInAnotherUnitIsNotUsed() throws {
    let path = box.file("m.csv", days("disk", unit: "MB"))
    let table = box.file("c.csv", "server,time,capacity,unit\na,2024-01-01,1,GB\n")
    let result = try box.run(path) { $0.capacity = table }
    #expect(result.resource("disk")?.ceiling == Ceiling.none)
    #expect(result.manifest.notes.contains { $0.contains("in another unit") })
  }
}
