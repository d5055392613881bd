import HorizonCore
import HorizonSources
import HorizonStore
import Testing

@Suite struct UnitTests {
  let box = Sandbox()

  @Test func capacityColumnIsTheCeiling() throws {
    let result = box.rows(
      "server,resource,time,value,capacity,unit", "a,cpu,2024-01-01,5,8,cores", "b,cpu,2024-01-01,5,,cores")
    let cpu = try #require(result?.resource("cpu"))
    #expect(cpu.ceiling == .capacity && cpu.unit == "cores")
    #expect(cpu.decision == "cpu: 100 % is the capacity column, in cores, known for 1 of 2 series")
  }

  @Test(arguments: ["%", "percent", "Pct"])
  func percentUnitMeansHundred(_ unit: String) throws {
    let result = box.rows(
      "server,resource,time,value,unit", "a,queue,2024-01-01,5,\(unit)", "a,queue,2024-01-02,500,\(unit)")
    #expect(result?.resource("queue")?.ceiling == .constant(100))
  }

  @Test(arguments: ["queue_pct", "queue_percent", "queue_util"])
  func percentSuffixMeansHundredAndLeavesTheName(_ column: String) throws {
    let result = box.rows("server,time,\(column),other", "a,2024-01-01,5,1")
    let queue = try #require(result?.resource("queue"))
    #expect(queue.ceiling == .constant(100) && queue.unit == "%")
    #expect(queue.decision == "queue: percent, 100 % is 100 (column \(column))")
  }

  @Test(arguments: [
    ("cpu", "0", "150", Ceiling.constant(100)), ("mem", "0", "99.5", .constant(100)), ("ram", "1", "2", .constant(100)),
    ("storage", "1", "2", .constant(100)), ("net", "1", "2", .constant(100)), ("cpu", "0", "150.1", .none),
    ("disk", "-0.1", "5", .none), ("queue", "0", "50", .none),
  ])
  func knownResourcesWithinBoundsArePercent(_ resource: String, _ low: String, _ high: String, _ ceiling: Ceiling)
    throws
  {
    let result = box.rows(
      "server,resource,time,value", "a,\(resource),2024-01-01,\(low)", "b,\(resource),2024-01-01,\(high)")
    #expect(result?.resource(resource)?.ceiling == ceiling)
  }

  @Test func boundsAreThoseOfReadingsNotOfSteps() throws {
    let lines = (0..<24).map { "a,cpu,2024-01-01T\($0 < 10 ? "0" : "")\($0):00,\($0 == 3 ? 400 : 10)" }
    let path = box.file("m.csv", (["server,resource,time,value"] + lines).joined(separator: "\n"))
    let result = try box.run(path) { $0.step = .day }
    #expect(result.resource("cpu")?.ceiling == Ceiling.none)
  }

  @Test func fractionsAreToldNeverGuessed() throws {
    let named = box.rows("server,resource,time,value,unit", "a,cpu,2024-01-01,0.5,fraction")
    #expect(named?.resource("cpu")?.ceiling == .constant(1))
    let asked = box.rows("server,resource,time,value", "a,cpu,2024-01-01,0.5") { $0.units = ["cpu": "fraction"] }
    #expect(asked?.resource("cpu")?.ceiling == .constant(1))
    let guessed = box.rows("server,resource,time,value", "a,cpu,2024-01-01,0.5")
    #expect(guessed?.resource("cpu")?.ceiling == .constant(100))
  }

  @Test func askedUnitOutranksTheData() throws {
    let result = box.rows("server,time,cpu_pct,disk", "a,2024-01-01,5,6") { $0.units = ["cpu": "cores", "disk": "%"] }
    #expect(result?.resource("cpu")?.ceiling == Ceiling.none && result?.resource("cpu")?.unit == "cores")
    #expect(result?.resource("disk")?.decision == "disk: percent, 100 % is 100 (--unit)")
  }

  @Test(arguments: ["bytes", "kb", "mb", "gb", "kbps", "mbps", "count"])
  func otherSuffixesAreUnitsWithoutACeiling(_ unit: String) throws {
    let result = box.rows("server,time,disk_\(unit),cpu", "a,2024-01-01,5,1")
    let disk = try #require(result?.resource("disk"))
    #expect(disk.unit == unit && disk.ceiling == .none)
  }
}
