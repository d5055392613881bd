import Glibc
import HorizonCore

/// One finished series: readings per step in the second scratch file, and what was found on the way.
struct StepSeries: Sendable {
  let series: Int
  let prefix: Int32
  var firstIndex = 0
  var lastIndex = 0
  /// Steps with a reading.
  var count = 0
  /// Where its values are in the scratch file: values, then places after `firstIndex` unless dense, then capacities unless constant.
  var offset = 0
  var capacityForm = CapacityForm.none
  var constantCapacity = Double.nan
  var longestGap = 0
  var duplicates = 0
  var outOfOrder = 0
  /// Readings that share a step with another.
  var aggregated = 0
  /// Of readings as given.
  var rawMinimum = Double.infinity
  var rawMaximum = -Double.infinity
  /// Of stored values.
  var minimum = Double.infinity
  var maximum = -Double.infinity

  /// Nil when there is nothing to say.
  var findings: Boxed<SeriesFindings>?
  /// Whether a capacity stood beside a reading, not only in a table of capacities.
  var hasOwnCapacity = false

  enum CapacityForm: UInt8, Sendable { case none, constant, each }

  var gapSteps: Int { count == 0 ? 0 : lastIndex - firstIndex + 1 - count }
  var isDense: Bool { gapSteps == 0 }
  var hasIssues: Bool { count == 0 || gapSteps > 0 || duplicates > 0 || outOfOrder > 0 || findings != nil }
}

/// Mends groups of readings, turns them into step series and writes these to a scratch file; one per thread.
final class StepSeriesBuilder {
  private let clock: StepClock
  private let file: ScratchFile
  private let registry: SeriesRegistry
  /// By code of the resource.
  private let rules: [ResourceRules]
  private let table: CapacityTable?
  private let hasOwnCapacity: Bool
  private var hasCapacity: Bool { hasOwnCapacity || table != nil }
  private let places = FlatArray<Int32>()
  private let values = FlatArray<Double>()
  private let capacity = FlatArray<Double>()
  private let sorting = FlatArray<Double>()
  private let out = FlatArray<UInt8>()
  private var outCount = 0
  private var finished: [StepSeries] = []

  /// - Parameter hasCapacity: Whether readings come with capacities of their own.
  init(
    clock: StepClock, file: ScratchFile, registry: SeriesRegistry, rules: [ResourceRules], table: CapacityTable?,
    hasCapacity: Bool
  ) {
    self.clock = clock
    self.file = file
    self.registry = registry
    self.rules = rules
    self.table = table
    hasOwnCapacity = hasCapacity
  }

  /// All groups of a bucket, in its order.
  func build(_ groups: SeriesGroups) throws(Failure) -> [StepSeries] {
    finished.removeAll(keepingCapacity: true)
    outCount = 0
    for index in groups.groups.indices {
      let rules = rules[Int(registry.resource[groups.groups[index].series])]
      var findings = SeriesRepair(rules: rules).mend(groups, index)
      let group = groups.groups[index]
      var series = StepSeries(series: group.series, prefix: group.prefix)
      series.duplicates = group.duplicates
      series.outOfOrder = group.outOfOrder
      if group.count > 0 { try fill(&series, groups, group, rules, &findings) }
      if !findings.isEmpty { series.findings = Boxed(findings) }
      finished.append(series)
    }
    let start = try file.append(UnsafeRawBufferPointer(start: out.base, count: outCount))
    for k in finished.indices { finished[k].offset += start }
    return finished
  }

  private func fill(
    _ series: inout StepSeries, _ groups: SeriesGroups, _ group: SeriesGroups.Group, _ rules: ResourceRules,
    _ findings: inout SeriesFindings
  ) throws(Failure) {
    let history = table?.history(server: registry.server[group.series], resource: registry.resource[group.series])
    let aggregation = rules.aggregation
    let times = groups.times + group.start
    let readings = groups.values + group.start
    let n = group.count
    let values = values.renew(n)
    let places = places.renew(n)
    let caps = capacity.renew(hasCapacity ? n : 0)
    var hint = 0
    let length = clock.step.seconds * 1_000_000
    let first = clock.index(times[0], hint: &hint)
    series.firstIndex = first
    var index = first
    var count = 0
    var from = 0
    while from < n {
      var to = from + 1
      var next = index
      while to < n {
        let distance = times[to] - times[to - 1]
        // Exactly one step on without a change of the clock is the next step.
        next = distance == length && clock.clock.isUTC ? next + 1 : clock.index(times[to], hint: &hint)
        if next != index { break }
        to += 1
      }
      let value = to == from + 1 ? readings[from] : combined(readings + from, to - from, aggregation)
      guard index - first <= Int(Int32.max) else {
        throw Failure(
          .unusableData,
          "A series reaches from \(ISOTime.string(times[0])) to \(ISOTime.string(times[n - 1])), too many steps.",
          remedy: "Check the times, or choose a longer step with --step.")
      }
      values[count] = value
      places[count] = Int32(index - first)
      series.minimum = min(series.minimum, value)
      series.maximum = max(series.maximum, value)
      if hasOwnCapacity { caps[count] = lastKnown(groups.capacity + group.start, from, to) }
      if hasCapacity {
        if !hasOwnCapacity { caps[count] = .nan }
        if !caps[count].isNaN {
          series.hasOwnCapacity = true
        } else if let history {
          caps[count] = history.capacity(at: times[to - 1])
        }
      }
      if count > 0 { series.longestGap = max(series.longestGap, Int(places[count] - places[count - 1]) - 1) }
      if to - from > 1 { series.aggregated += to - from }
      series.lastIndex = index
      count += 1
      from = to
      index = next
    }
    series.count = count
    for k in 0..<n {
      series.rawMinimum = min(series.rawMinimum, readings[k])
      series.rawMaximum = max(series.rawMaximum, readings[k])
    }
    inspect(series, rules, &findings)
    store(&series)
  }

  /// What only the finished steps can tell.
  private func inspect(_ series: StepSeries, _ rules: ResourceRules, _ findings: inout SeriesFindings) {
    let n = series.count
    let caps = hasCapacity ? UnsafePointer(capacity.base) : nil
    let constant = rules.constantCeiling
    if series.maximum >= CeilingRule.nearly * constant {
      findings.constantCeiling = ceilingCounts(n) { _ in constant }
    }
    if let caps { findings.capacityCeiling = ceilingCounts(n) { caps[$0] } }
    guard series.longestGap > TimeGrid.longAbsence,
      let reuse = TimeGrid.reuse(
        places: UnsafeBufferPointer(start: places.base, count: n),
        values: UnsafeBufferPointer(start: values.base, count: n), capacity: caps)
    else { return }
    func time(_ k: Int) -> Int64 { clock.step.microseconds(of: series.firstIndex + Int(places[k])) }
    findings.reuse = .init(
      lastBefore: time(reuse.at - 1), firstAfter: time(reuse.at),
      gap: Int(places[reuse.at] - places[reuse.at - 1]) - 1, before: reuse.before, after: reuse.after,
      isCapacity: reuse.isCapacity)
  }

  @inline(__always)
  private func ceilingCounts(_ n: Int, _ ceiling: (Int) -> Double) -> SeriesFindings.CeilingCounts {
    var counts = SeriesFindings.CeilingCounts()
    for k in 0..<n where values[k] >= CeilingRule.nearly * ceiling(k) {
      if values[k] > CeilingRule.above * ceiling(k) { counts.above += 1 } else { counts.at += 1 }
    }
    return counts
  }

  private func lastKnown(_ capacity: UnsafeMutablePointer<Double>, _ from: Int, _ to: Int) -> Double {
    var k = to - 1
    while k > from && capacity[k].isNaN { k -= 1 }
    return capacity[k]
  }

  private func store(_ series: inout StepSeries) {
    let n = series.count
    series.offset = outCount
    put(UnsafeRawBufferPointer(start: values.base, count: n * 8))
    if !series.isDense { put(UnsafeRawBufferPointer(start: places.base, count: n * 4)) }
    guard hasCapacity else { return }
    let caps = capacity.base
    let isConstant = (0..<n).allSatisfy { caps[$0] == caps[0] }
    if isConstant {
      series.capacityForm = .constant
      series.constantCapacity = caps[0]
    } else if !(0..<n).allSatisfy({ caps[$0].isNaN }) {
      series.capacityForm = .each
      put(UnsafeRawBufferPointer(start: caps, count: n * 8))
    }
  }

  private func put(_ bytes: UnsafeRawBufferPointer) {
    out.reserveKeeping(outCount + bytes.count, used: outCount)
    memcpy(out.base + outCount, bytes.baseAddress!, bytes.count)
    outCount += bytes.count
  }

  private func combined(_ v: UnsafeMutablePointer<Double>, _ n: Int, _ aggregation: Aggregation) -> Double {
    switch aggregation {
    case .mean, .sum:
      var sum = 0.0
      for k in 0..<n { sum += v[k] }
      return aggregation == .sum ? sum : sum / Double(n)
    case .max:
      var best = v[0]
      for k in 1..<n { best = max(best, v[k]) }
      return best
    case .min:
      var best = v[0]
      for k in 1..<n { best = min(best, v[k]) }
      return best
    case .last: return v[n - 1]
    case .median: return quantile(v, n, 0.5)
    case .p95: return quantile(v, n, 0.95)
    }
  }

  /// Linear interpolation between order statistics.
  private func quantile(_ v: UnsafeMutablePointer<Double>, _ n: Int, _ level: Double) -> Double {
    let sorted = sorting.renew(n)
    sorted.update(from: v, count: n)
    var order = UnsafeMutableBufferPointer(start: sorted, count: n)
    order.sort()
    let place = level * Double(n - 1)
    let below = Int(place)
    let above = min(below + 1, n - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }
}
