import HorizonCore

/// The readings of one bucket, series by series and by time; buffers are used again for the next bucket.
final class SeriesGroups {
  private let spill: ReadingSpill
  private let registry: SeriesRegistry
  private let nameExtension: NameExtension
  private let buffer: UnsafeMutableRawPointer

  /// Per group its series in the registry, the extension of its name, and where its readings are.
  private(set) var groups: [Group] = []
  private let timeStore = FlatArray<Int64>()
  private let valueStore = FlatArray<Double>()
  private let capacityStore = FlatArray<Double>()
  private let extraStore = FlatArray<Int32>()
  private let cursors = FlatArray<Int>()
  private let keys = FlatArray<SortKey>()
  private let gathered = FlatArray<Double>()
  private let gatheredExtras = FlatArray<Int32>()

  struct Group {
    let series: Int
    let prefix: Int32
    let start: Int
    var count: Int
    /// Rows that came after a later one.
    var outOfOrder = 0
    /// Rows that said again what another row of that time says.
    var duplicates = 0
    /// Rows whose value another row of that time, later in the input, has replaced.
    var conflicts = 0
    var firstConflict: SeriesFindings.Conflict?
  }

  private struct SortKey: BitwiseCopyable {
    let time: Int64
    let position: Int
  }

  init(spill: ReadingSpill, registry: SeriesRegistry, nameExtension: NameExtension) {
    self.spill = spill
    self.registry = registry
    self.nameExtension = nameExtension
    buffer = spill.makeBuffer()
  }

  deinit { buffer.deallocate() }

  var times: UnsafeMutablePointer<Int64> { timeStore.base }
  var values: UnsafeMutablePointer<Double> { valueStore.base }
  var capacity: UnsafeMutablePointer<Double> { capacityStore.base }
  private var extras: UnsafeMutablePointer<Int32> { extraStore.base }

  /// Brings in a bucket: groups sorted by time, arrival order where times are equal.
  func load(_ bucket: Int) throws(Failure) {
    if nameExtension.columns.isEmpty { try loadPlain(bucket) } else { try loadExtended(bucket) }
    for g in groups.indices {
      if let clock = spill.repeatingClock { spreadRepeatedHours(groups[g], clock) }
      sort(&groups[g])
    }
  }

  /// Whether any of its readings has a capacity.
  func hasCapacity(_ group: Group) -> Bool {
    spill.hasCapacity && (group.start..<group.start + group.count).contains { !capacity[$0].isNaN }
  }

  /// Forgets the readings of a group after the first `count`.
  func setCount(_ count: Int, of group: Int) { groups[group].count = count }

  /// When clocks go back, a wall clock shows an hour twice and a text without a zone does not say which: the second reading
  /// at such a time, in the order of the input, is of the second hour.
  private func spreadRepeatedHours(_ group: Group, _ clock: LocalClock) {
    var hint = 0
    var repeated: [Int64: Int] = [:]
    for k in group.start..<group.start + group.count {
      let distance = clock.repetition(atUTC: times[k], hint: &hint)
      guard distance > 0 else { continue }
      let seen = repeated[times[k], default: 0]
      repeated[times[k]] = seen + 1
      if seen % 2 == 1 { times[k] += distance }
    }
  }

  private func renew(_ total: Int) {
    _ = timeStore.renew(total)
    _ = valueStore.renew(total)
    if spill.hasCapacity { _ = capacityStore.renew(total) }
    if spill.hasExtras { _ = extraStore.renew(total) }
  }

  private func loadPlain(_ bucket: Int) throws(Failure) {
    let members = registry.members[bucket]
    let cursor = cursors.renew(members.count)
    var total = 0
    groups.removeAll(keepingCapacity: true)
    for (k, id) in members.enumerated() {
      let count = registry.readings[Int(id)]
      cursor[k] = total
      groups.append(Group(series: Int(id), prefix: 0, start: total, count: count))
      total += count
    }
    renew(total)
    try spill.forEachBlock(of: bucket, buffer: buffer) { block, rows in
      for row in 0..<rows { place(block, row, Int(block.places[row]), cursor) }
    }
  }

  /// Groups by series and name extension; each must be counted first.
  private func loadExtended(_ bucket: Int) throws(Failure) {
    let members = registry.members[bucket]
    let table = FlatTable()
    var counts: [Int] = []
    groups.removeAll(keepingCapacity: true)
    func key(_ block: ReadingSpill.Block, _ row: Int) -> UInt64 {
      UInt64(UInt32(bitPattern: block.places[row])) << 32
        | UInt64(UInt32(bitPattern: nameExtension.groups[Int(block.extras[row])]))
    }
    var found: [(place: Int, prefix: Int32)] = []
    try spill.forEachBlock(of: bucket, buffer: buffer) { block, rows in
      for row in 0..<rows {
        let key = key(block, row)
        var group = table.find(key)
        if group < 0 {
          group = Int32(counts.count)
          table.insert(key, group)
          counts.append(0)
          found.append((Int(block.places[row]), nameExtension.groups[Int(block.extras[row])]))
        }
        counts[Int(group)] += 1
      }
    }
    let hasReadings = Set(found.map(\.place))
    let cursor = cursors.renew(counts.count)
    var total = 0
    for (k, count) in counts.enumerated() {
      cursor[k] = total
      groups.append(
        Group(series: Int(members[found[k].place]), prefix: found[k].prefix, start: total, count: count))
      total += count
    }
    for (place, id) in members.enumerated() where !hasReadings.contains(place) {
      groups.append(Group(series: Int(id), prefix: nameExtension.groups[0], start: total, count: 0))
    }
    renew(total)
    try spill.forEachBlock(of: bucket, buffer: buffer) { block, rows in
      for row in 0..<rows { place(block, row, Int(table.find(key(block, row))), cursor) }
    }
  }

  @inline(__always)
  private func place(_ block: ReadingSpill.Block, _ row: Int, _ group: Int, _ cursor: UnsafeMutablePointer<Int>) {
    let at = cursor[group]
    cursor[group] = at &+ 1
    times[at] = block.times[row]
    values[at] = block.values[row]
    if spill.hasCapacity { capacity[at] = block.capacity[row] }
    if spill.hasExtras { extras[at] = block.extras[row] }
  }

  private func sort(_ group: inout Group) {
    let t = times + group.start
    var disordered = 0
    for k in stride(from: 1, to: group.count, by: 1) where t[k] < t[k - 1] { disordered += 1 }
    guard disordered > 0 else { return }
    group.outOfOrder = disordered
    let n = group.count
    let keys = keys.renew(n)
    for k in 0..<n { keys[k] = SortKey(time: t[k], position: k) }
    var order = UnsafeMutableBufferPointer(start: keys, count: n)
    order.sort { ($0.time, $0.position) < ($1.time, $1.position) }
    for k in 0..<n { t[k] = keys[k].time }
    let doubles = gathered.renew(n)
    func gather(_ column: UnsafeMutablePointer<Double>) {
      for k in 0..<n { doubles[k] = column[keys[k].position] }
      column.update(from: doubles, count: n)
    }
    gather(values + group.start)
    if spill.hasCapacity { gather(capacity + group.start) }
    if spill.hasExtras {
      let codes = gatheredExtras.renew(n)
      for k in 0..<n { codes[k] = extras[group.start + keys[k].position] }
      (extras + group.start).update(from: codes, count: n)
    }
  }

  /// Tells which extra columns differ between readings of one series at one time; `combine` sees each such pair.
  func forEachCollision(_ combine: (Int32, Int32) -> Void) {
    for group in groups {
      for k in stride(from: group.start + 1, to: group.start + group.count, by: 1)
      where times[k] == times[k - 1] && extras[k] != extras[k - 1] { combine(extras[k - 1], extras[k]) }
    }
  }

  /// Keeps the last of readings at one time and the last capacity known then, in place.
  func removeDuplicates() {
    for g in groups.indices {
      let group = groups[g]
      var kept = group.start
      for k in stride(from: group.start + 1, to: group.start + group.count, by: 1) {
        let isDuplicate = times[k] == times[kept]
        if !isDuplicate {
          kept += 1
        } else if values[k] != values[kept] {
          if groups[g].conflicts == 0 {
            groups[g].firstConflict = .init(time: times[k], earlier: values[kept], later: values[k])
          }
          groups[g].conflicts += 1
        }
        if kept == k { continue }
        times[kept] = times[k]
        values[kept] = values[k]
        if spill.hasCapacity, !isDuplicate || !capacity[k].isNaN { capacity[kept] = capacity[k] }
      }
      let count = group.count == 0 ? 0 : kept - group.start + 1
      groups[g].duplicates = group.count - count - groups[g].conflicts
      groups[g].count = count
    }
  }
}
