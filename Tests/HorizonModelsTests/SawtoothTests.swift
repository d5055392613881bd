import Foundation
import HorizonCore
import HorizonModels
import HorizonNumerics
import HorizonTestKit
import Testing

private func forecast(_ values: [Float], step: Step = .day, horizon: Int) -> ForecastBlock {
  let panel = Panel(step: step, firstIndex: 20_000 - values.count + 1, length: values.count, values: values, seeds: [5])
  guard case .model(let model)? = Catalog.all.first(where: { $0.card.name == "sawtooth" }) else { fatalError() }
  return model.checkedForecast(of: panel, horizon: horizon)
}

private func cycles(_ values: [Float]) -> CleanUpCycles? { CleanUpCycles(values[...]) }

/// What cleans up, and how it fills.
private enum Disk: CaseIterable {
  case atALevel, weekly, everyThirdWeek, partly, noisy, bent, hourly, gappy, growing

  /// Typical steps between clean-ups.
  var length: Double {
    switch self {
    case .atALevel, .partly, .noisy, .gappy: 20
    case .weekly: 7
    case .everyThirdWeek, .bent: 21
    case .hourly: 24
    case .growing: 30
    }
  }

  func series(length n: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    var level = 30 + 40 * random.uniform()
    var since = 0
    return (0..<n).map { t in
      since += 1
      var noise = 0.2 * random.normal()
      switch self {
      case .atALevel:
        level += 2.5 * (1 + 0.4 * random.normal())
        if level >= 80 { level = 30 + random.uniform() }
      case .weekly:
        level += 4 * (1 + 0.3 * random.normal())
        if t % 7 == 3 { level = 40 + random.normal() }
      case .everyThirdWeek:
        level += 1.5 * (1 + 0.5 * random.normal())
        if t % 21 == 3 { level = 20 + random.normal() }
      case .partly:
        level += 1.5 * (1 + 0.3 * random.normal())
        if level >= 75 { level -= 20 + 20 * random.uniform() }
      case .noisy:
        level += 2.5
        noise = 2 * random.normal()
        if level >= 80 { level = 30 }
      case .bent:
        if t % 21 == 3 { since = 0 }
        level = 70 - 45 * exp(-Double(since) / 6)
      case .hourly:
        level += 2 * (1 + 0.3 * random.normal())
        if t % 24 == 2 { level = 35 }
        if t % 24 == 1 { level = 55 }
      case .gappy:
        level += 2.5
        if level >= 80 { level = 30 }
        if t % 9 == 4 || (n / 2..<n / 2 + 15).contains(t) { noise = .nan }
      case .growing:
        since = t % 30 == 0 ? 0 : since
        level = (20 + Double(since)) * (1 + Double(t) / Double(2 * n))
      }
      return Float(level + noise)
    }
  }
}

@Suite struct CleanUpTests {
  @Test(arguments: Disk.allCases) private func cleanUpsAreFoundAndTheirCycleIsRecovered(disk: Disk) throws {
    for seed in 1...8 {
      let found = try #require(cycles(disk.series(length: 600, seed: UInt64(seed))), "\(disk) \(seed)")
      let relative: Double = found.length / disk.length
      let tolerance = disk == .partly ? 0.35 : 0.06
      #expect(abs(relative - 1) < tolerance, "\(disk) \(seed): \(found.length)")
    }
  }

  @Test func whatDoesNotFillAndEmptyIsNoSawTooth() {
    var random = SplitMix64(seed: 3)
    func wave(_ t: Int, _ period: Double) -> Double { sin(2 * .pi * Double(t) / period) }
    for _ in 0..<40 {
      let burstDays = Set((0..<40).map { _ in Int(random.uniform() * 700) })
      let slope = random.uniform(0, 0.05)
      var walk = 50.0
      let kinds: [(String, (Int) -> Double)] = [
        ("growth with noise", { 30 + slope * Double($0) + 2 * random.normal() }),
        ("weekly season", { 40 + ($0 % 7 < 5 ? 15 : 0) + 2 * random.normal() }),
        ("weekend that begins on Friday", { 40 + [15.0, 15, 15, 15, 8, 0, 0][$0 % 7] + random.normal() }),
        ("smooth wave", { 40 + 20 * wave($0, 24) }),
        ("wave of a year", { 40 + 20 * wave($0, 365.25) + random.normal() }),
        ("one clean-up", { 20 + 0.1 * Double($0 % 400) + 0.3 * random.normal() }),
        ("level shifts", { [60.0, 20, 45, 10, 70, 30][$0 / 120] + random.normal() }),
        ("bursts", { 20 + (burstDays.contains($0) ? 40 : 0) + random.normal() }),
        (
          "random walk",
          { _ in
            walk += random.normal()
            return walk
          }
        ),
        ("noise", { _ in 30 + 5 * random.normal() }),
        ("skewed noise", { _ in 10 - 5 * log(1 - random.uniform()) }),
        ("constant", { _ in 42 }),
      ]
      for (name, value) in kinds {
        let series = (0..<700).map { Float(value($0)) }
        #expect(cycles(series) == nil, "\(name)")
      }
    }
  }

  @Test func cyclesThatHaveEndedAreNone() {
    let cleaned = Disk.weekly.series(length: 400, seed: 2)
    #expect(cycles(cleaned + [Float](repeating: cleaned.last!, count: 30)) == nil)
    #expect(cycles(cleaned) != nil)
  }

  @Test func cleanUpsAtRandomTimesKeepNoCycle() {
    var taken = 0
    for seed in 1...20 {
      var random = SplitMix64(seed: UInt64(seed))
      var level = 30.0
      let series = (0..<900).map { _ in
        level += 1
        if random.uniform() < 0.04 { level = 20 }
        return Float(level)
      }
      if cycles(series) != nil { taken += 1 }
    }
    #expect(taken <= 4)
  }
}

@Suite struct SawtoothTests {
  @Test func aPerfectSawToothIsContinuedExactly() {
    let truth = { (t: Int) in Float(20 + 3 * ((t + 5) % 20)) }
    let block = forecast((0..<400).map(truth), horizon: 100)
    for lead in 1...100 {
      let median = block.quantiles[(lead - 1) * Levels.count + Levels.median]
      #expect(abs(median - truth(399 + lead)) < 0.5, "lead \(lead): \(median)")
    }
  }

  @Test func aScheduleIsNeverLostAndARandomCycleIs() {
    func width(_ block: ForecastBlock, _ lead: Int) -> Float {
      block.quantiles[(lead - 1) * Levels.count + Levels.upper80]
        - block.quantiles[(lead - 1) * Levels.count + Levels.lower80]
    }
    let weekly = forecast(Disk.weekly.series(length: 700, seed: 4), horizon: 180)
    let atALevel = forecast(Disk.atALevel.series(length: 700, seed: 4), horizon: 180)
    let scheduled = (150...180).map { width(weekly, $0) }.reduce(0, +) / 31
    let random = (150...180).map { width(atALevel, $0) }.reduce(0, +) / 31
    #expect(scheduled < 12, "of a depth of 28: \(scheduled)")
    #expect(random > 30, "of a depth of 50: \(random)")
  }

  @Test func nothingIsForecastFarAboveAnyPeakSoFar() {
    for disk in Disk.allCases where disk != .growing && disk != .noisy {
      let history = disk.series(length: 600, seed: 9)
      let top = history.filter { !$0.isNaN }.max()!
      let block = forecast(history, horizon: 180)
      #expect(block.refusals[0] == nil && block.quantiles.max()! < 1.03 * top, "\(disk)")
    }
  }

  @Test func theCeilingGrowsOnAsItHas() {
    let block = forecast(Disk.growing.series(length: 900, seed: 1), horizon: 180)
    let q95 = (0..<180).map { block.quantiles[$0 * Levels.count + 6] }
    let wanted: Float = 49 * (1 + 1_079 / 1_800)
    #expect(abs(q95.suffix(60).max()! - wanted) < 3, "\(q95.suffix(60).max()!) for \(wanted)")
  }

  @Test(arguments: Disk.allCases) private func intervalsCoverWhatComes(disk: Disk) {
    var inside = 0
    var scored = 0
    for seed in 1...24 {
      let series = disk.series(length: 760, seed: UInt64(100 + seed))
      let block = forecast(Array(series.prefix(640)), horizon: 120)
      guard block.refusals[0] == nil else { continue }
      for lead in 1...120 where !series[639 + lead].isNaN {
        let q = block.quantiles[((lead - 1) * 7)..<(lead * 7)]
        scored += 1
        if series[639 + lead] >= q[q.startIndex + Levels.lower80]
          && series[639 + lead] <= q[q.startIndex + Levels.upper80]
        {
          inside += 1
        }
      }
    }
    let coverage = Double(inside) / Double(max(1, scored))
    #expect(scored > 2_000 && (0.70...0.97).contains(coverage), "\(disk): 80 % intervals cover \(coverage)")
  }
}
