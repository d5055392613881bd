import HorizonCore
import HorizonSources
import HorizonStore
import Testing

@Suite struct UnitJumpTests {
  let box = Sandbox()

  private func isClose(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-9 * abs($1) }
  }

  @Test func aStretchOfFractionsAmongPercentagesIsMultiplied() throws {
    let truth = Readings(level: 50, count: 300).values
    var given = truth
    for k in 120..<160 { given[k] /= 100 }
    let result = try box.run(box.series(given, unit: "percent"))
    #expect(isClose(try box.stored()["a/cpu"]!.values, truth))
    #expect(result.quality.count(.unitJump) == 40)
    #expect(
      result.quality.reasons.first { $0.reason == .unitJump }?.examples.first?.sentence(.unitJump)
        == "a/cpu: 40 readings from 2023-05-01 to 2023-06-09 were in another unit and were multiplied by 100.")
    #expect(result.verdict() == .usable)
  }

  @Test func percentagesThatEndAsFractionsStayPercentages() throws {
    let truth = Readings(level: 40, count: 300).values
    let result = try box.run(box.series(truth.enumerated().map { $0 >= 250 ? $1 / 100 : $1 }))
    #expect(isClose(try box.stored()["a/cpu"]!.values, truth))
    #expect(result.resource("cpu")?.ceiling == .constant(100))
  }

  @Test(arguments: [1_000.0, 1_024, 1_000_000, 1_048_576])
  func olderReadingsOfAQuantityComeToTheNewestUnit(_ factor: Double) throws {
    let truth = Readings(level: 300, noise: 0.02, count: 200).values
    for older in [factor, 1 / factor] {
      try box.run(box.series(truth.enumerated().map { $0 < 90 ? $1 * older : $1 }, resource: "queue", unit: "GB"))
      #expect(isClose(try box.stored()["a/queue"]!.values, truth))
    }
  }

  @Test func aJumpThatIsNotQuiteAFactorIsToldAndKept() throws {
    let given = Readings(level: 300, noise: 0.02, count: 200).values.enumerated().map { $0 < 90 ? $1 * 900 : $1 }
    let result = try box.run(box.series(given, resource: "queue"))
    #expect(try box.stored()["a/queue"]?.values == given)
    #expect(result.quality.count(.unitJump) == 0 && result.quality.count(.doubtfulJump) == 1)
    #expect(result.remarks("a", "queue").contains("may be another unit; nothing was changed"))
  }

  @Test func quantitiesDoNotJumpAHundredfoldForPercent() throws {
    let given = Readings(level: 300, noise: 0.02, count: 200).values.enumerated().map { $0 < 90 ? $1 * 100 : $1 }
    try box.run(box.series(given, resource: "queue", unit: "GB"))
    #expect(try box.stored()["a/queue"]?.values == given)
  }

  @Test func whenCapacityJumpsAlikeBothWereWrittenSo() throws {
    let truth = Readings(level: 300, noise: 0.02, count: 200).values
    let given = truth.enumerated().map { $0 < 90 ? $1 * 1_024 : $1 }
    let capacity = truth.indices.map { $0 < 90 ? 1_000.0 * 1_024 : 1_000 }
    try box.run(box.series(given, resource: "disk", unit: "GB", capacity: capacity))
    #expect(try box.stored()["a/disk"]?.values == given)
    try box.run(box.series(given, resource: "disk", unit: "GB", capacity: truth.map { _ in 1_000 }))
    #expect(isClose(try box.stored()["a/disk"]!.values, truth))
  }

  @Test func burstsAndMigrationsAreNoUnits() throws {
    var given = Readings(level: 0.5, count: 300).values
    for k in stride(from: 20, to: 300, by: 23) { given[k] *= 100 }
    try box.run(box.series(given))
    #expect(try box.stored()["a/cpu"]?.values == given)
    // 60-fold from one day on, and another level before.
    let moved = Readings(level: 60, count: 300).values.enumerated().map { $0 < 200 ? $1 / 60 : $1 }
    #expect(try box.run(box.series(moved)).quality.count(.unitJump) == 0)
    #expect(try box.stored()["a/cpu"]?.values == moved)
  }

  @Test func oneJumpThatDoesNotFitLeavesAllAsTheyAre() throws {
    let given = Readings(level: 50, count: 300).values.enumerated().map { k, v in
      k < 100 ? v : k < 200 ? v / 100 : v / 2
    }
    try box.run(box.series(given, unit: "%"))
    #expect(try box.stored()["a/cpu"]?.values == given)
  }
}
