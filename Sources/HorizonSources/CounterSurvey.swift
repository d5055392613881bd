import HorizonCore
import HorizonStore
import Synchronization

/// Decides which resources are counters, over all their series.
///
/// A resource is one when its name or unit says so, at least 95 % of its series are monotone counters, one of them has wrapped
/// or been reset twice, and a tenth of them have wrapped or been reset at least once: values that merely grow stay what they are.
struct CounterSurvey {
  private static let hints: Set<String> = [
    "bytes", "byte", "octets", "packets", "pkts", "total", "count", "counter", "errors", "drops", "requests",
    "operations",
    "ops",
  ]
  /// What is filled, not counted.
  private static let levels: Set<String> = [
    "used", "free", "avail", "available", "size", "capacity", "usage", "limit", "disk", "storage", "mem", "memory",
    "ram",
    "rss", "swap", "filesystem", "volume", "heap", "cache", "queue", "depth", "files",
  ]

  /// Whether name or unit let a resource be a counter at all.
  static func isHinted(resource: String, units: [String]) -> Bool {
    let words = Set(resource.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init))
    if !units.isEmpty, units.allSatisfy({ UnitDecision.isPercent($0) || $0.lowercased() == "fraction" }) {
      return false
    }
    if words.contains("total") { return true }
    guard words.isDisjoint(with: levels) else { return false }
    return !words.isDisjoint(with: hints) || units.contains { hints.contains($0.lowercased()) }
  }

  /// Counts of a resource's series.
  private struct Tally {
    var series = 0
    var monotone = 0
    var restarted = 0
    var isSure = false
  }

  /// - Parameter hinted: By code of the resource.
  /// - Returns: By code of the resource, whether it is a counter.
  static func decide(
    _ spill: ReadingSpill, _ registry: SeriesRegistry, _ nameExtension: NameExtension, hinted: [Bool], threads: Int
  ) throws -> [Bool] {
    guard hinted.contains(true) else { return hinted }
    let tallies = Mutex([Tally](repeating: Tally(), count: hinted.count))
    try inParallel(threads: threads, count: SeriesRegistry.bucketCount) { _, bucket in
      guard registry.members[bucket].contains(where: { hinted[Int(registry.resource[Int($0)])] }) else { return }
      let groups = SeriesGroups(spill: spill, registry: registry, nameExtension: nameExtension)
      try groups.load(bucket)
      groups.removeDuplicates()
      var found = [Tally](repeating: Tally(), count: hinted.count)
      for group in groups.groups where group.count >= CounterRates.minimumReadings {
        let resource = Int(registry.resource[group.series])
        guard hinted[resource], !groups.hasCapacity(group) else { continue }
        let shape = CounterRates.shape(
          times: UnsafeBufferPointer(start: groups.times + group.start, count: group.count),
          values: UnsafeBufferPointer(start: groups.values + group.start, count: group.count))
        found[resource].series += 1
        if shape.isMonotone { found[resource].monotone += 1 }
        if shape.resets + shape.wraps > 0 { found[resource].restarted += 1 }
        if shape.resets >= 2 || shape.wraps >= 1 { found[resource].isSure = true }
      }
      tallies.withLock {
        for (k, tally) in found.enumerated() {
          $0[k].series += tally.series
          $0[k].monotone += tally.monotone
          $0[k].restarted += tally.restarted
          $0[k].isSure = $0[k].isSure || tally.isSure
        }
      }
    }
    return tallies.withLock { $0 }.map {
      $0.isSure && $0.monotone * 100 >= $0.series * 95 && $0.restarted * 10 >= $0.monotone
    }
  }
}
