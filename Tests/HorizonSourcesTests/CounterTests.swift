import HorizonCore
import HorizonSources
import HorizonStore
import Testing

@Suite struct CounterTests {
  let box = Sandbox()

  /// A counter of whole bytes that starts again every `restart` readings, with the rates per second behind it; at a start part
  /// of the step has passed already.
  private func counter(
    count: Int, restart: Int, start: Double = 0, limit: Double = .infinity, seed: UInt64 = 7
  ) -> (counts: [Double], rates: [Double]) {
    var readings = Readings(level: 1, count: 0, seed: seed)
    var (total, counts, rates) = (start, [Double](), [Double]())
    for k in 0..<count {
      let step = (1_000_000 * (0.5 + readings.uniform())).rounded()
      if k > 0, k % restart == 0 { total = -step / 2 }
      total = (total + step).rounded()
      if total >= limit { total -= limit }
      counts.append(total)
      rates.append(step / 3_600)
    }
    return (counts, rates)
  }

  @Test func countersThatResetBecomeRates() throws {
    let (counts, rates) = counter(count: 24 * 30, restart: 24 * 10)
    let result = try box.run(box.series(counts, resource: "rx_bytes_total", minutes: 60)) { $0.step = .hour }
    let stored = try #require(try box.stored()["a/rx_bytes_total"])
    // The first reading and one after each of two resets say nothing.
    let expected = rates.indices.filter { $0 % 240 != 0 }.map { rates[$0] }
    #expect(stored.values.count == expected.count)
    #expect(zip(stored.values, expected).allSatisfy { abs($0 - $1) < 1e-9 })
    #expect(result.quality.count(.counter) == expected.count && result.quality.count(.gap) == 2)
    #expect(
      result.remarks("a", "rx_bytes_total").contains(
        "A counter: 717 differences became rates per second, 2 resets became gaps"))
    #expect(result.resource("rx_bytes_total")?.decision.contains("counters became rates per second") == true)
  }

  @Test(arguments: [4_294_967_296.0, 18_446_744_073_709_551_616.0])
  func wrapsAreComputedThrough(_ limit: Double) throws {
    // A counter of 64 bits moves in steps that a double can tell at that height.
    let unit = limit > 1e12 ? 65_536.0 : 1
    let plain = counter(count: 200, restart: 1_000)
    let start = limit - 100_000_000 * unit
    let counts = plain.counts.map { value -> Double in
      let total = start + value * unit
      return total >= limit ? total - limit : total
    }
    let result = try box.run(box.series(counts, resource: "net", unit: "bytes", minutes: 60)) { $0.step = .hour }
    let values = try #require(try box.stored()["a/net"]?.values)
    #expect(values.count == 199)
    #expect(zip(values, plain.rates.dropFirst()).allSatisfy { abs($0 - $1 * unit) <= 1e-6 * $1 * unit })
    #expect(result.resource("net")?.unit == "bytes/s")
    #expect(result.remarks("a", "net").isEmpty == false || result.quality.count(.counter) == 199)
  }

  @Test func aDiskThatFillsAndIsCleanedIsNoCounter() throws {
    let (counts, _) = counter(count: 400, restart: 50)
    for (resource, unit) in [("disk", "bytes"), ("disk_used", "bytes"), ("cache_files", "count")] {
      let result = try box.run(box.series(counts, resource: resource, unit: unit))
      #expect(try box.stored()["a/\(resource)"]?.values == counts)
      #expect(result.quality.count(.counter) == 0)
    }
  }

  @Test func whatMerelyGrowsIsNoCounter() throws {
    let (counts, _) = counter(count: 400, restart: 1_000)
    try box.run(box.series(counts, resource: "orders_total"))
    #expect(try box.stored()["a/orders_total"]?.values == counts)
  }

  @Test func namesAloneMakeNoCounter() throws {
    let values = Readings(level: 1_000, count: 200).values.map { $0.rounded() }
    try box.run(box.series(values, resource: "requests_total"))
    #expect(try box.stored()["a/requests_total"]?.values == values)
  }

  @Test func percentagesAreNeverCounters() throws {
    let values = (0..<400).map { Double($0 % 50) + 1 }
    try box.run(box.series(values, resource: "errors_total", unit: "%"))
    #expect(try box.stored()["a/errors_total"]?.values == values)
  }

  @Test func oneServerThatNeverResetsIsACounterAmongCounters() throws {
    let files = (0..<3).map { k in
      box.series(
        counter(count: 100, restart: k == 0 ? 1_000 : 30, seed: UInt64(k)).counts, resource: "tx_packets",
        server: "s\(k)", name: "s\(k).csv")
    }
    let result = try box.run(files[0], files[1], files[2])
    #expect(result.quality.count(.counter) == 99 + 96 + 96)
  }

  @Test func askedForAnySeriesIsACounter() throws {
    let (counts, rates) = counter(count: 100, restart: 1_000)
    let result = try box.run(box.series(counts, resource: "network", minutes: 60)) {
      $0.units = ["network": "counter"]
      $0.step = .hour
    }
    let values = try #require(try box.stored()["a/network"]?.values)
    #expect(zip(values, rates.dropFirst()).allSatisfy { abs($0 - $1) < 1e-9 } && values.count == 99)
    #expect(result.resource("network")?.ceiling == Ceiling.none)
  }
}
