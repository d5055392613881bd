import HorizonCore

/// What 100 % was when, from a table of its own: the last entry at or before a reading holds.
struct CapacityTable: Sendable {
  struct History: Sendable {
    fileprivate let times: ArraySlice<Int64>
    fileprivate let values: ArraySlice<Double>

    /// NaN before the first entry.
    func capacity(at time: Int64) -> Double {
      var (low, high) = (times.startIndex, times.endIndex)
      while low < high {
        let middle = (low + high) / 2
        if times[middle] <= time { low = middle + 1 } else { high = middle }
      }
      return low == times.startIndex ? .nan : values[low - 1]
    }
  }

  private let ranges: [UInt64: Range<Int>]
  private let times: [Int64]
  private let values: [Double]
  let notes: [String]

  var isEmpty: Bool { ranges.isEmpty }

  /// - Parameter units: By resource, for those that are known: a table in another unit is not used for it.
  /// - Throws: When a row has no usable capacity, or does not say which of several resources it is about.
  init(
    _ tables: [SideTable], registry: SeriesRegistry, renames: Renames, clock: LocalClock, units: (Int32) -> [String]
  ) throws {
    struct Entry {
      let key: UInt64
      let time: Int64
      let order: Int
      let value: Double
    }
    var entries: [Entry] = []
    var notes: [String] = []
    let servers = registry.codes(of: registry.servers)
    let resources = registry.codes(of: registry.resources)
    for table in tables {
      let shown = table.file.shown
      var (row, unknown) = (0, 0)
      var otherUnits: Set<Int32> = []
      let skipped = try table.forEachRow(clock: clock) { line in
        row += 1
        guard line.capacity > 0, line.capacity < .infinity, line.time != .min, let name = line[.server] else {
          throw Failure(
            .unusableData,
            "\(shown): row \(grouped(row)) of the capacities has no server, no usable time or no capacity above 0.",
            remedy: "Write server, time as 2025-06-30 and capacity, with a column resource where there are several.")
        }
        let time = line.time ?? .min
        guard let server = servers[renames.name(name, at: time)] else {
          unknown += 1
          return
        }
        let resource: Int32
        if let named = line[.resource] {
          guard let code = resources[named] else {
            unknown += 1
            return
          }
          resource = code
        } else {
          guard registry.resources.count == 1 else {
            throw Failure(
              .unusableData,
              "\(shown) does not say which resource its capacities are of: \(registry.resources.sorted().prefix(10).joined(separator: ", ")).",
              remedy: "Add a column 'resource'.")
          }
          resource = 0
        }
        let known = units(resource)
        if let unit = line[.unit], !known.isEmpty, !known.contains(where: UnitDecision.isRelative),
          !known.contains(where: { $0.lowercased() == unit.lowercased() })
        {
          otherUnits.insert(resource)
          return
        }
        let key = UInt64(UInt32(bitPattern: resource)) << 32 | UInt64(UInt32(bitPattern: server))
        entries.append(Entry(key: key, time: time, order: entries.count, value: line.capacity))
      }
      if skipped > 0 { notes.append("\(shown): \(grouped(skipped)) rows with a wrong number of fields were left out") }
      if unknown > 0 { notes.append("\(shown): \(grouped(unknown)) capacities are of series without readings") }
      for resource in otherUnits.map({ registry.resources[Int($0)] }).sorted() {
        notes.append(
          "\(shown): its capacities of \(resource) are in another unit than the readings and were not used; say --unit \(resource)=UNIT if both are the same"
        )
      }
    }
    entries.sort { ($0.key, $0.time, $0.order) < ($1.key, $1.time, $1.order) }
    var ranges: [UInt64: Range<Int>] = [:]
    var start = 0
    for k in entries.indices where k + 1 == entries.count || entries[k + 1].key != entries[k].key {
      ranges[entries[k].key] = start..<(k + 1)
      start = k + 1
    }
    self.ranges = ranges
    times = entries.map(\.time)
    values = entries.map(\.value)
    self.notes = notes
  }

  func history(server: Int32, resource: Int32) -> History? {
    ranges[UInt64(UInt32(bitPattern: resource)) << 32 | UInt64(UInt32(bitPattern: server))].map {
      History(times: times[$0], values: values[$0])
    }
  }
}
