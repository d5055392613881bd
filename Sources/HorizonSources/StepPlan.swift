import HorizonCore
import HorizonStore
import Synchronization

/// What is decided over the whole input before readings become steps: names, then the step.
struct StepPlan {
  let nameExtension: NameExtension
  let clock: StepClock
  /// The input's own step in seconds.
  let own: Int64?
  let notes: [String]

  /// - Parameter base: The master that is appended to, whose names and step stay.
  init(
    spill: ReadingSpill, registry: SeriesRegistry, extras: ExtraColumns, asked: Step?, base: MasterManifest?,
    clock: LocalClock, threads: Int
  ) throws {
    var notes: [String] = []
    if let base, let columns = base.nameColumns {
      nameExtension = try StepPlan.nameExtension(columns, of: extras)
    } else {
      nameExtension = try StepPlan.nameExtension(spill, registry, extras, threads: threads, &notes)
      guard base == nil || nameExtension.columns.isEmpty else {
        throw Failure(
          .unusableData, "\(notes.last!), which it is not in the master.",
          remedy:
            "Ingest everything anew without --append, or say which column names the server with --map server=COLUMN.")
      }
    }
    // Times that all fall on midnight UTC are dates: a date is the same in every time zone.
    let holdsDates = !clock.isUTC && spill.holdsDatesOnly
    if holdsDates { notes.append("All times are midnight UTC: they were taken as dates") }
    let local = holdsDates ? LocalClock.utc : clock
    let sample = try StepPlan.sample(spill, registry, nameExtension, local)
    own = StepChoice.own(sample.distances)
    // The span of a series, not of a folder of exports from different months: fourteen days have too few daily readings.
    let seconds = asked?.seconds ?? StepChoice.seconds(own: own, span: sample.longestSpan)
    let step = base?.step ?? Step(seconds: seconds, phase: StepChoice.phase(of: sample.places, seconds: seconds))
    if let asked, let own, asked.seconds < own {
      notes.append(
        "The step \(asked.name) is shorter than the input's own, \(Step(seconds: own).name): most steps stay empty")
    }
    self.clock = StepClock(step: step, clock: seconds >= StepChoice.day ? local : .utc)
    self.notes = notes
  }

  private static func nameExtension(_ columns: [String], of extras: ExtraColumns) throws(Failure) -> NameExtension {
    var indices: [Int] = []
    for name in columns {
      guard let index = extras.names.firstIndex(of: name) else {
        throw Failure(
          .unusableData, "The column '\(name)' is missing, which is a part of the servers' names in the master.",
          remedy: "Export it too, or ingest everything anew without --append.")
      }
      indices.append(index)
    }
    return NameExtension(columns: indices, of: extras)
  }

  /// Extra columns that separate readings of one series at one time, the first that does for each such pair.
  private static func nameExtension(
    _ spill: ReadingSpill, _ registry: SeriesRegistry, _ extras: ExtraColumns, threads: Int, _ notes: inout [String]
  ) throws -> NameExtension {
    guard spill.hasExtras, extras.combinations.count > 1 else { return .none }
    if extras.isOverfull {
      notes.append(
        "The columns \(list(extras.names)) have too many different texts to be part of a name and were not used")
      return .none
    }
    let columns = extras.names.indices
    // Per pair of combinations the columns that differ, as bits.
    let differences = Mutex<Set<UInt64>>([])
    try inParallel(threads: threads, count: SeriesRegistry.bucketCount) { _, bucket in
      let groups = SeriesGroups(spill: spill, registry: registry, nameExtension: .none)
      try groups.load(bucket)
      var found: Set<UInt64> = []
      var last: (Int32, Int32) = (-1, -1)
      groups.forEachCollision { a, b in
        if (a, b) == last { return }
        last = (a, b)
        found.insert(
          columns.prefix(64).reduce(0) { bits, column in
            extras.value(of: column, in: a) != extras.value(of: column, in: b) ? bits | 1 << UInt64(column) : bits
          })
      }
      differences.withLock { $0.formUnion(found) }
    }
    let readings = (0..<registry.count).reduce(0) { $0 + registry.readings[$1] }
    var open = differences.withLock { $0 }
    var chosen: [Int] = []
    for column in columns.prefix(64) where open.contains(where: { $0 & 1 << UInt64(column) != 0 }) {
      // Text that hardly ever comes twice is a message, not a name.
      if readings > 1_000, extras.valueCount(of: column) > readings / 2 {
        notes.append("The column \(list([extras.names[column]])) has another text in almost every row and was not used")
        continue
      }
      chosen.append(column)
      open = open.filter { $0 & 1 << UInt64(column) == 0 }
    }
    let result = NameExtension(columns: chosen, of: extras)
    if !chosen.isEmpty {
      let names = chosen.map { extras.names[$0] }
      let example = result.prefixes.first { !$0.isEmpty } ?? ""
      notes.append(
        "\(list(names)) separates readings of one server, resource and time: it became part of the server, as in '\(example)…'"
      )
    }
    return result
  }

  private static func list(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }

  /// Distances of a sample of at least 256 series, where their readings lie, and the longest time in seconds that one of them spans. The sample is drawn by a hash of the names, so it
  /// does not depend on the order of rows.
  private static func sample(
    _ spill: ReadingSpill, _ registry: SeriesRegistry, _ nameExtension: NameExtension, _ clock: LocalClock
  ) throws -> (distances: [Double], places: [Int64], longestSpan: Double) {
    let groups = SeriesGroups(spill: spill, registry: registry, nameExtension: nameExtension)
    var distances: [Double] = []
    var places: Set<Int64> = []
    var longest: Int64 = 0
    for bucket in 0..<SeriesRegistry.bucketCount where distances.count < 256 {
      try groups.load(bucket)
      for group in groups.groups {
        let times = UnsafeBufferPointer(start: groups.times + group.start, count: group.count)
        if let distance = StepChoice.medianDistance(times) { distances.append(distance) }
        if let first = times.min(), let last = times.max() { longest = max(longest, last - first) }
        var hint = 0
        for time in times.prefix(400) {
          places.insert((time + clock.offset(atUTC: time, hint: &hint)) / 86_400_000_000 * 86_400)
        }
      }
    }
    return (distances, Array(places), Double(longest) / 1_000_000)
  }
}
