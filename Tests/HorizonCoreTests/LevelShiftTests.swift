import Foundation
import HorizonCore
import Testing

/// Seeded noise without a library: the shape does not matter here.
private struct Noise {
  var state: UInt64
  mutating func next() -> Double {
    var sum = 0.0
    for _ in 0..<12 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      sum += Double(state >> 11) * 0x1p-53
    }
    return sum - 6
  }
}

private func history(_ values: [Float], step: Step = .day) -> History {
  History(values: values[...], firstIndex: 20_000 - values.count + 1, step: step, seed: 1)
}

private func series(
  _ count: Int, seed: UInt64 = 1, noise: Double = 0.03, _ path: (Int) -> Double
) -> [Float] {
  var random = Noise(state: seed)
  return (0..<count).map { t in Float(path(t) * (1 + noise * random.next())) }
}

private func week(_ t: Int) -> Double { t % 7 >= 5 ? 0.6 : 1.1 }

@Suite struct LevelShiftTests {
  @Test(arguments: [UInt64(1), 2, 3, 4, 5])
  func aMigrationIsFoundToTheDayWithItsSize(seed: UInt64) throws {
    let values = series(500, seed: seed) { t in 40 * week(t) * (1 + 0.0005 * Double(t)) * (t < 320 ? 1 : 1.5) }
    let changes = history(values).levelShifts()
    let change = try #require(changes.first)
    #expect(changes.count == 1)
    #expect(abs(change.index - (20_000 - 499 + 320)) <= 1)
    #expect(abs(change.factor - 1.5) < 0.06)
  }

  @Test func fourteenReadingsAfterItAreEnough() throws {
    let values = series(400) { t in 40 * week(t) * (t < 386 ? 1 : 1.4) }
    let change = try #require(history(values).levelShifts().first)
    #expect(abs(change.index - (20_000 - 399 + 386)) <= 1 && abs(change.factor - 1.4) < 0.08)
    // Half a season less, and it may still be a burst.
    #expect(history(Array(values.dropLast(7))).levelShifts().isEmpty)
  }

  @Test func twoShiftsAreBothFound() {
    let values = series(900) { t in 30 * week(t) * (t < 300 ? 1 : t < 650 ? 1.6 : 0.9) }
    let found = history(values).levelShifts().map(\.index)
    #expect(found.count == 2)
    for (index, place) in zip(found, [300, 650]) { #expect(abs(index - (20_000 - 899 + place)) <= 1) }
  }

  @Test func growthLeaksSeasonsBurstsAndCyclesAreNoShifts() {
    let day = 2 * Double.pi
    let paths: [(String, (Int) -> Double)] = [
      ("growth", { t in 20 + 0.05 * Double(t) }),
      ("a leak", { t in t < 500 ? 30 : 30 + 0.5 * Double(t - 500) }),
      ("a yearly wave", { t in 40 * week(t) * (1 + 0.35 * sin(day * Double(t) / 365.25)) }),
      ("a month at year's end", { t in 40 * (t % 365 > 330 ? 1.35 : 1) }),
      ("bursts", { t in t % 90 < 4 ? 90 : 20 }),
      ("a burst of three weeks at the end", { t in t % 80 < 2 || t > 679 ? 90 : 20 }),
      ("clean-up cycles", { t in 30 + 2 * Double(t % 21) }),
      ("zeros", { t in t < 300 ? 0 : 5 }),
    ]
    for (name, path) in paths {
      for seed in UInt64(1)...5 {
        let found = history(series(700, seed: seed, noise: 0.05, path)).levelShifts()
        #expect(found.isEmpty, "\(name), seed \(seed): \(found)")
      }
    }
  }

  @Test func gapsAndTheTimeAfterAnEndChangeNothing() {
    var values = series(500) { t in 40 * week(t) * (t < 320 ? 1 : 1.5) }
    for t in stride(from: 10, to: 500, by: 9) { values[t] = .nan }
    let found = history(values).levelShifts()
    #expect(found.count == 1)
    let ended = History(
      values: (values + [Float](repeating: .nan, count: 40))[...], firstIndex: 20_000 - 499, step: .day, seed: 1)
    #expect(ended.levelShifts() == found)
  }

  @Test func hoursAreJudgedByDays() throws {
    let values = series(24 * 60) { t in (20 + 8 * sin(2 * Double.pi * Double(t) / 24)) * (t < 24 * 40 ? 1 : 1.7) }
    let change = try #require(history(values, step: .hour).levelShifts().first)
    #expect(abs(change.index - (20_000 - 24 * 60 + 1 + 24 * 40)) <= 2 && abs(change.factor - 1.7) < 0.1)
  }
}

@Suite struct RebasingTests {
  private func panel(_ rows: [[Float]], changes: [[LevelChange]]? = nil) -> Panel {
    Panel(
      step: .day, firstIndex: 1_000, length: rows[0].count, values: rows.flatMap { $0 },
      seeds: rows.indices.map { UInt64($0) }, capacityChanges: changes)
  }

  @Test func aMigrationBecomesALevelAndTheNewestReadingsStay() {
    let moved = series(300) { t in 40 * week(t) * (t < 200 ? 1 : 1.5) }
    let calm = series(300, seed: 9) { t in 40 * week(t) }
    let (rebased, changes) = panel([moved, calm]).rebased()
    #expect(changes.map(\.count) == [1, 0])
    let ratio = Double(rebased.actual(0, at: 1_100)) / Double(moved[100])
    #expect(abs(ratio - 1.5) < 0.1)
    #expect((200..<300).allSatisfy { abs(rebased.actual(0, at: 1_000 + $0) / moved[$0] - 1) < 0.05 })
    #expect((0..<300).allSatisfy { abs(rebased.actual(1, at: 1_000 + $0) / calm[$0] - 1) < 0.05 })
  }

  @Test func aResizeMovesPercentagesAndNotTheDemand() {
    // 50 % of 8 cores are 25 % of 16.
    let percent = series(300, noise: 0.01) { t in t < 290 ? 50 : 25 }
    let resize = LevelChange(kind: .capacity, index: 1_290, factor: 0.5)
    let (rebased, changes) = panel([percent], changes: [[resize]]).rebased()
    #expect(changes == [[resize]])
    #expect((0..<300).allSatisfy { abs(rebased.actual(0, at: 1_000 + $0) - 25) < 2 })
  }

  @Test func nothingIsKnownBeforeItHappens() {
    let percent = series(300, noise: 0.01) { t in t < 290 ? 50 : 25 }
    let resize = LevelChange(kind: .capacity, index: 1_290, factor: 0.5)
    let before = panel([percent], changes: [[resize]]).cut(at: 1_280).rebased()
    #expect(before.changes == [[]])
    #expect(before.panel.actual(0, at: 1_100) == percent[100])
  }
}

@Suite struct BurstTests {
  private func rebased(_ values: [Float]) -> [Float] {
    let panel = Panel(step: .day, firstIndex: 1_000, length: values.count, values: values, seeds: [1]).rebased().panel
    return (0..<values.count).map { panel.actual(0, at: 1_000 + $0) }
  }

  @Test func aBurstIsTakenDownAndNothingElseIsTouched() {
    var values = series(400) { t in 40 * week(t) }
    let calm = values
    for t in 250..<253 { values[t] = 95 }
    let seen = rebased(values)
    for t in 250..<253 { #expect(seen[t] < 75) }
    let moved = (0..<400).count { !(250..<253).contains($0) && seen[$0] != calm[$0] }
    #expect(moved <= 4, "\(moved) readings that are no burst were touched")
  }

  @Test func aWeeklyJobALeakAndATrendAreNoBursts() {
    for path: (Int) -> Double in [
      { t in t % 7 == 2 ? 60 : 10 }, { t in t < 300 ? 20 : 20 + 0.6 * Double(t - 300) }, { t in 10 + 0.2 * Double(t) },
    ] {
      let values = series(400, path)
      let most = zip(values, rebased(values)).map { abs($0 - $1) / $0 }.max()!
      #expect(most < 0.1, "a reading was moved by \(most) of itself")
    }
  }
}
