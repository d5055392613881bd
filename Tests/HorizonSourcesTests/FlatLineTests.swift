import HorizonCore
import HorizonSources
import HorizonStore
import Testing

@Suite struct FlatLineTests {
  let box = Sandbox()

  private func frozen(_ values: [Double], _ range: Range<Int>) -> [Double] {
    values.enumerated().map { range.contains($0) ? values[range.lowerBound] : $1 }
  }

  @Test func aFrozenStretchBecomesAGap() throws {
    let values = Readings(level: 50, count: 300).values
    let result = try box.run(box.series(frozen(values, 100..<130)))
    #expect(try box.stored()["a/cpu"]?.values == Array(values[...100] + values[130...]))
    #expect(result.quality.count(.flatLine) == 29 && result.quality.count(.gap) == 29)
    #expect(result.remarks().contains("from 2023-04-11 to 2023-05-10, 30 readings: a flat-lined agent"))
    #expect(result.verdict() == .usable && result.quality.series.first?.flatLined == 29)
  }

  @Test func aFrozenEndOfTheHistoryIsCutOff() throws {
    let values = Readings(level: 50, count: 300).values
    try box.run(box.series(frozen(values, 280..<300)))
    #expect(try box.stored()["a/cpu"]?.values == Array(values[...280]))
  }

  @Test func sixEqualReadingsAreChanceAndSevenAreNot() throws {
    let values = Readings(level: 50, count: 300).values
    #expect(try box.run(box.series(frozen(values, 100..<106))).quality.count(.flatLine) == 0)
    #expect(try box.run(box.series(frozen(values, 100..<107))).quality.count(.flatLine) == 6)
  }

  @Test func constantAndSteppedSeriesAreAsTheyAre() throws {
    for values in [
      [Double](repeating: 40, count: 300), (0..<300).map { Double($0 / 30) + 20 },
      Readings(level: 5, noise: 0.5, count: 300).values.map { $0.rounded() },
    ] {
      let result = try box.run(box.series(values))
      #expect(try box.stored()["a/cpu"]?.values == values)
      #expect(result.quality.count(.flatLine) == 0)
    }
  }

  @Test func atTheCeilingAndAtZeroAServerMayStandStill() throws {
    let values = Readings(level: 60, count: 300).values
    for level in [100.0, 0] {
      let given = values.enumerated().map { (100..<140).contains($0) ? level : $1 }
      let result = try box.run(box.series(given))
      #expect(try box.stored()["a/cpu"]?.values == given)
      #expect(result.quality.count(.flatLine) == 0 && result.quality.count(.standingStill) == 0)
    }
  }

  @Test func aDiskThatStandsStillIsToldAndKept() throws {
    let values = frozen(Readings(level: 50, count: 300).values, 100..<160)
    let result = try box.run(box.series(values, resource: "disk"))
    #expect(try box.stored()["a/disk"]?.values == values)
    #expect(result.quality.count(.standingStill) == 60)
    #expect(result.remarks("a", "disk").contains("if its agent hangs, the truth is another; nothing was changed"))
  }

  @Test func anHourOfEqualReadingsIsNothing() throws {
    let values = Readings(level: 50, count: 24 * 12 * 5).values
    let result = try box.run(box.series(frozen(values, 300..<312), minutes: 5))
    #expect(result.quality.count(.flatLine) == 0)
    #expect(try box.run(box.series(frozen(values, 300..<600), minutes: 5)).quality.count(.flatLine) == 299)
  }
}
