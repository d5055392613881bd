import Foundation
package import HorizonCore
package import HorizonStore

/// Holidays and regressors from their files, on the steps of a master.
package struct CovariateFiles: Sendable {
  package let holidays: Holidays
  /// By series, in the order of their names.
  package private(set) var regressors: [SeriesName: [Regressor]]
  /// The files with their digests.
  package let inputs: [MasterManifest.Input]
  /// What a reader should know of them.
  package private(set) var notes: [String]
  /// Series of the file, and how many of their regressors met which fate.
  private let known: Set<SeriesName>
  /// By server, for each of the inventory's columns that sort servers the number of its value; -1 where it has none.
  package var groups: [String: [Int]] = [:]
  private var fates: [SeriesName: [Fate: Int]] = [:]

  private enum Fate: CaseIterable {
    case ended, constant, held

    var words: String {
      switch self {
      case .ended: "have no value after the as-of and are left out"
      case .constant: "never change in the past, or are not known there, and are left out"
      case .held: "end within the horizon and keep their last value"
      }
    }
  }

  package static let none = CovariateFiles()

  private init() {
    known = []
    holidays = Holidays()
    regressors = [:]
    inputs = []
    notes = []
  }

  /// - Parameters:
  ///   - holidays: `name, date` and optionally `lower_window, upper_window, prior_scale`.
  ///   - regressors: `server, resource, time, name, value`.
  ///   - taken: Names of seasonalities.
  ///   - only: The series whose regressors are wanted; nil for all.
  /// - Throws: `.unusableData` with file and row, `.missingInput`.
  package init(
    holidays: String?, regressors: String?, master: MasterManifest, only: SeriesName? = nil, taken: [String] = []
  ) throws {
    var notes: [String] = []
    let clock = try LocalClock(timezone: master.timezone)
    self.holidays = try holidays.map { try HolidayFile(path: $0).holidays(notes: &notes) } ?? Holidays()
    var reader = RegressorReader(step: master.step, clock: clock, only: only)
    if let regressors { try reader.read(regressors) }
    self.regressors = reader.regressors(notes: &notes)
    if let clash = reader.names.first(where: Set(self.holidays.entries.map(\.name)).contains) {
      throw Failure(
        .unusableData, "\(regressors!): a regressor is called '\(clash)', as a holiday is.",
        remedy: "Give one of them another name.")
    }
    if let name = reader.names.first(where: isReserved) {
      throw Failure(
        .unusableData, "\(regressors!): a regressor has the name '\(name)', which means something else.",
        remedy: "Give it another name.")
    }
    if let name = (self.holidays.entries.map(\.name) + reader.names).first(where: taken.contains) {
      throw Failure(
        .unusableData, "A holiday or regressor is called '\(name)', as a seasonality of the settings is.",
        remedy: "Give one of them another name.")
    }
    known = Set(self.regressors.keys)
    inputs = try [holidays, regressors].compactMap { $0 }.map { path in
      let bytes =
        try FileManager.default.attributesOfItem(
          atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)[.size] as? Int ?? 0
      return MasterManifest.Input(path: path, bytes: bytes, sha256: try sha256(ofFile: path))
    }
    self.notes = notes
  }

  /// Leaves only what can be used at a forecast: a regressor without a value after the as-of is left out, so that folds do not see what
  /// publishing cannot, and one that ends within the horizon keeps its last value.
  ///
  /// - Parameter lastIndex: Step index of the last lead.
  package mutating func judge(asOf: Int, lastIndex: Int) {
    for name in regressors.keys.sorted() {
      regressors[name] = regressors[name]!.compactMap { regressor in
        let known = regressor.values.indices.filter { !regressor.values[$0].isNaN }
        guard let last = known.last, regressor.firstIndex + last > asOf else {
          fates[name, default: [:]][.ended, default: 0] += 1
          return nil
        }
        let past = known.filter { regressor.firstIndex + $0 <= asOf }
        guard past.contains(where: { regressor.values[$0] != regressor.values[past[0]] }) else {
          fates[name, default: [:]][.constant, default: 0] += 1
          return nil
        }
        let missing = lastIndex - (regressor.firstIndex + last)
        guard missing > 0 else { return regressor }
        fates[name, default: [:]][.held, default: 0] += 1
        let values = regressor.values[...last] + [Float](repeating: regressor.values[last], count: missing)
        return Regressor(name: regressor.name, firstIndex: regressor.firstIndex, values: Array(values))
      }
      if regressors[name]!.isEmpty { regressors[name] = nil }
    }
  }

  /// Notes on what fits no series or no time.
  package mutating func compare(with series: [SeriesName], firstDay: Int, lastDay: Int) {
    let strangers = known.subtracting(series)
    for fate in Fate.allCases {
      let count = fates.reduce(0) { $0 + (strangers.contains($1.key) ? 0 : $1.value[fate] ?? 0) }
      if count > 0 { notes.append("\(grouped(count)) regressors of a series \(fate.words).") }
    }
    if let first = strangers.min() {
      notes.append(
        "Regressors of \(grouped(strangers.count)) series that have no readings, such as \(first), were not used.")
    }
    if !holidays.isEmpty,
      !holidays.entries.contains(where: { $0.day + $0.upperWindow >= firstDay && $0.day + $0.lowerWindow <= lastDay })
    {
      notes.append("No holiday lies within the readings or the horizon, so none has an effect.")
    }
  }

  /// What a panel of these series is to know.
  package func covariates(of series: [SeriesName]) -> Covariates {
    let own = regressors.isEmpty ? [] : series.map { regressors[$0] ?? [] }
    return Covariates(
      holidays: holidays, regressors: own.allSatisfy(\.isEmpty) ? [] : own,
      attributes: series.map {
        SeriesAttributes(kind: ResourceKind(resource: $0.resource), groups: groups[$0.server] ?? [])
      })
  }
}

/// What names of the model's own parts and columns mean already.
private let reservedNames: Set<String> = [
  "trend", "daily", "weekly", "yearly", "holidays", "zeros", "additive_terms", "multiplicative_terms", "yhat",
  "memory",
  "extra_regressors_additive", "extra_regressors_multiplicative", "ds", "y", "cap", "floor",
]

/// Whether a name, or what `_lower` and `_upper` are put behind, means something already.
private func isReserved(_ name: String) -> Bool {
  let plain = name.lowercased().replacing(/_(lower|upper)$/, with: "")
  return name.contains("_delim_") || reservedNames.contains(plain)
}

/// Names of columns, told apart as people write them.
private struct NamedColumns {
  let path: String
  let summary: TableSummary

  init(path: String) throws {
    self.path = path
    summary = try TableSummary.asked(path)
  }

  func find(_ names: [String]) -> TableSummary.Field? {
    summary.fields.first { names.contains(normal($0.name)) }
  }

  func require(_ names: [String], _ what: String) throws -> TableSummary.Field {
    if let field = find(names) { return field }
    throw Failure(
      .unusableData,
      "\(path) has no column '\(names[0])'; it has \(summary.shownColumns).",
      remedy: what)
  }

  func reader(_ columns: [Column], lenient: Bool = false) throws -> TableReader {
    try summary.reader(path: path, columns: columns, lenient: lenient)
  }

  /// Times are read as such where the file has them, else as text.
  func timeType(_ field: TableSummary.Field) -> ColumnType {
    summary.format == .parquet && field.type == .time ? .time : .key
  }
}

private struct HolidayFile {
  private let columns: NamedColumns
  private let path: String
  private static let shape = "Write name, date and, if wanted, lower_window, upper_window, prior_scale."

  init(path: String) throws {
    self.path = path
    columns = try NamedColumns(path: path)
  }

  func holidays(notes: inout [String]) throws -> Holidays {
    let fields = [
      try columns.require(["name", "holiday", "event"], HolidayFile.shape),
      try columns.require(["date", "ds", "day", "time"], HolidayFile.shape),
    ]
    let optional = ["lower_window", "upper_window", "prior_scale"].map { columns.find([$0]) }
    let time = columns.timeType(fields[1])
    var asked = [
      Column(fields[0].name, .text, nullable: true),
      Column(fields[1].name, time == .time ? .time : .text, nullable: true),
    ]
    asked += optional.compactMap { $0 }.map { Column($0.name, .text, nullable: true) }
    let reader = try columns.reader(asked, lenient: true)
    var entries: [Holidays.Entry] = []
    var scales: [String: Double?] = [:]
    var row = 0
    while let batch = try reader.next() {
      let names = batch.strings(0)
      let dates = time == .time ? [] : batch.strings(1)
      let instants = time == .time ? Array(batch.times(1)) : []
      var at = 2
      let texts = optional.map { field -> [String?]? in
        guard field != nil else { return nil }
        defer { at += 1 }
        return batch.strings(at)
      }
      for i in 0..<batch.rowCount {
        row += 1
        func refuse(_ what: String, _ remedy: String = HolidayFile.shape) -> Failure {
          Failure(.unusableData, "\(path): row \(grouped(row)) of the holidays \(what).", remedy: remedy)
        }
        let name = names[i]?.trimmingCharacters(in: .whitespaces) ?? ""
        guard !name.isEmpty else { throw refuse("has no name") }
        guard !isReserved(name) else {
          throw refuse("has the name '\(name)', which means something else", "Give it another name.")
        }
        let given =
          time == .time
          ? (instants[i] == .min ? nil : instants[i]) : dates[i].flatMap { ISOTime.parse($0)?.microseconds }
        guard let given else { throw refuse("has no date that can be read", "Write dates as 2025-12-31.") }
        func number(_ k: Int) throws -> Double? {
          guard let text = texts[k]?[i]?.trimmingCharacters(in: .whitespaces), !text.isEmpty, text.lowercased() != "nan"
          else { return nil }
          guard let value = Double(text), value.isFinite else { throw refuse("has '\(text)' where a number belongs") }
          return value
        }
        let lower = try number(0) ?? 0
        let upper = try number(1) ?? 0
        let scale = try number(2)
        guard lower <= 0, lower >= -366, lower == lower.rounded() else {
          throw refuse("has a lower_window of \(texts[0]![i]!)", "A window begins on the day or before: 0, -1, -2, ...")
        }
        guard upper >= 0, upper <= 366, upper == upper.rounded() else {
          throw refuse("has an upper_window of \(texts[1]![i]!)", "A window ends on the day or after: 0, 1, 2, ...")
        }
        if let scale, scale <= 0 {
          throw refuse("has a prior_scale of \(texts[2]![i]!)", "It must be above 0; leave it out for the default.")
        }
        if let known = scales[name], known != scale {
          throw refuse("gives '\(name)' another prior_scale than a row before", "Give all rows of a name the same.")
        }
        scales[name] = .some(scale)
        let day = CivilDate.daysSinceEpoch(ofMicroseconds: given)
        entries.append(
          Holidays.Entry(name: name, day: day, lowerWindow: Int(lower), upperWindow: Int(upper), priorScale: scale))
      }
    }
    guard !entries.isEmpty else { throw Failure(.unusableData, "\(path) has no holiday.", remedy: HolidayFile.shape) }
    if reader.skippedCount > 0 {
      notes.append("\(path): \(grouped(reader.skippedCount)) rows with a wrong number of fields were left out.")
    }
    return Holidays(entries)
  }
}

/// Collects regressors row by row; a file sorted by series costs a comparison a row.
private struct RegressorReader {
  let step: Step
  let clock: LocalClock
  let only: SeriesName?
  private var slots: [Key: Int] = [:]
  private var owners: [(SeriesName, String)] = []
  private var starts: [Int] = []
  private var values: [[Float]] = []
  /// Of steps with several values.
  private var repeated: [Place: (sum: Double, count: Int)] = [:]
  private var repetitions = 0
  private var left = 0
  private var rows = 0
  private var path = ""
  private var holdsDates = true

  private struct Key: Hashable { let server, resource, name: Int32 }
  private struct Place: Hashable { let slot, index: Int }
  private static let shape = "Write server, resource, time, name, value; future values included."

  init(step: Step, clock: LocalClock, only: SeriesName?) {
    self.step = step
    self.clock = clock
    self.only = only
  }

  /// Names of all regressors, ascending.
  var names: [String] { Set(owners.map(\.1)).sorted() }

  mutating func read(_ path: String) throws {
    self.path = path
    let columns = try NamedColumns(path: path)
    func column(_ names: [String]) throws -> TableSummary.Field { try columns.require(names, RegressorReader.shape) }
    let server = try column(["server"] + ColumnRole.server.aliases)
    let resource = try column(["resource"] + ColumnRole.resource.aliases)
    let time = try column(["time"] + ColumnRole.time.aliases)
    let name = try column(["name", "regressor"])
    let value = try column(["value"])
    let timeType = columns.timeType(time)
    let asked = [
      Column(server.name, .key, nullable: true), Column(resource.name, .key, nullable: true),
      Column(time.name, timeType, nullable: true), Column(name.name, .key, nullable: true),
      Column(value.name, .double, nullable: true),
    ]
    holdsDates = try clock.isUTC || step.days < 1 || allDates(columns, time, timeType)
    do { try read(columns.reader(asked), timeType) } catch let error as StoreError where error.code == .conversion {
      throw try located(columns, asked) ?? error.failure(remedy: RegressorReader.shape)
    }
    if rows == 0 { throw Failure(.unusableData, "\(path) has no regressor.", remedy: RegressorReader.shape) }
  }

  /// Whether all times are midnights, which are dates and no instants: decided for the whole file, as for readings.
  private func allDates(_ columns: NamedColumns, _ time: TableSummary.Field, _ type: ColumnType) throws -> Bool {
    let reader = try columns.reader([Column(time.name, type, nullable: true)], lenient: type != .time)
    let day: Int64 = 86_400_000_000
    while let batch = try reader.next() {
      if type == .time, batch.times(0).contains(where: { $0 != .min && $0 % day != 0 }) { return false }
    }
    return type == .time
      || reader.keyNames(0).allSatisfy { ISOTime.parse($0).map { $0.microseconds % day == 0 } ?? true }
  }

  private mutating func read(_ reader: TableReader, _ timeType: ColumnType) throws {
    var texts: [Int64?] = []
    var open = Key(server: -1, resource: -1, name: -1)
    var slot = -1
    var hint = 0
    while let batch = try reader.next() {
      let (servers, resources, names, numbers) = (batch.codes(0), batch.codes(1), batch.codes(3), batch.doubles(4))
      let times = timeType == .time ? batch.times(2) : nil
      let timeCodes = timeType == .time ? nil : batch.codes(2)
      if timeCodes != nil {
        let known = reader.keyNames(2)
        for text in known[texts.count...] { texts.append(instant(text)) }
      }
      for i in 0..<batch.rowCount {
        rows += 1
        let key = Key(server: servers[i], resource: resources[i], name: names[i])
        guard key.server >= 0, key.resource >= 0, key.name >= 0 else {
          throw Failure(
            .unusableData, "\(path): row \(grouped(rows)) of the regressors has no server, resource or name.",
            remedy: RegressorReader.shape)
        }
        if key != open {
          open = key
          slot = self.slot(key, reader)
        }
        if slot < 0 { continue }
        let moment =
          times.map { $0[i] == .min ? nil : local($0[i], &hint) }
          ?? timeCodes.flatMap { $0[i] < 0 ? nil : texts[Int($0[i])] }
        guard let moment else {
          throw Failure(
            .unusableData, "\(path): row \(grouped(rows)) of the regressors has no time that can be read.",
            remedy: "Write times as 2025-12-31 or 2025-12-31T21:00Z.")
        }
        if numbers[i].isFinite { add(numbers[i], slot: slot, index: step.index(ofMicroseconds: moment)) }
      }
    }
  }

  private mutating func slot(_ key: Key, _ reader: TableReader) -> Int {
    if let slot = slots[key] { return slot }
    let series = SeriesName(
      server: reader.keyNames(0)[Int(key.server)], resource: reader.keyNames(1)[Int(key.resource)])
    guard only == nil || only == series else {
      slots[key] = -1
      return -1
    }
    slots[key] = owners.count
    owners.append((series, reader.keyNames(3)[Int(key.name)]))
    starts.append(0)
    values.append([])
    return owners.count - 1
  }

  /// A time as the master counts it: local from a day on, else UTC.
  private func instant(_ text: String) -> Int64? {
    guard let parsed = ISOTime.parse(text) else { return nil }
    var hint = 0
    if parsed.hasZone { return local(parsed.microseconds, &hint) }
    return step.days >= 1 ? parsed.microseconds : clock.utc(fromLocal: parsed.microseconds)
  }

  private func local(_ time: Int64, _ hint: inout Int) -> Int64 {
    guard step.days >= 1, !holdsDates else { return time }
    return time + clock.offset(atUTC: time, hint: &hint)
  }

  private mutating func add(_ value: Double, slot: Int, index: Int) {
    if values[slot].isEmpty { starts[slot] = index }
    // Centuries of steps would be a slip of the pen, and all of them would be held.
    guard abs(index - starts[slot]) < 1 << 22 else {
      left += 1
      return
    }
    if index < starts[slot] {
      // A file sorted from the newest on comes here row by row: room is made for many.
      let room = max(starts[slot] - index, values[slot].count)
      values[slot].insert(contentsOf: [Float](repeating: .nan, count: room), at: 0)
      starts[slot] -= room
    }
    let at = index - starts[slot]
    if at >= values[slot].count {
      for _ in values[slot].count..<at { values[slot].append(.nan) }
      values[slot].append(Float(value))
      return
    }
    if values[slot][at].isNaN {
      values[slot][at] = Float(value)
      return
    }
    let place = Place(slot: slot, index: index)
    var known = repeated[place] ?? (Double(values[slot][at]), 1)
    known = (known.sum + value, known.count + 1)
    repeated[place] = known
    repetitions += 1
    values[slot][at] = Float(known.sum / Double(known.count))
  }

  mutating func regressors(notes: inout [String]) -> [SeriesName: [Regressor]] {
    if repetitions > 0 {
      notes.append(
        "\(path): \(grouped(repetitions)) values shared series, name and step with another; their mean was taken.")
    }
    if left > 0 {
      notes.append("\(path): \(grouped(left)) values lie millions of steps from the others and were left out.")
    }
    var result: [SeriesName: [Regressor]] = [:]
    var empty = 0
    for (slot, (series, name)) in owners.enumerated() {
      guard let first = values[slot].firstIndex(where: { !$0.isNaN }) else {
        empty += 1
        continue
      }
      let last = values[slot].lastIndex { !$0.isNaN }!
      result[series, default: []].append(
        Regressor(name: name, firstIndex: starts[slot] + first, values: Array(values[slot][first...last])))
      values[slot] = []
    }
    if empty > 0 { notes.append("\(path): \(grouped(empty)) regressors of a series have no value at all.") }
    return result.mapValues { $0.sorted { $0.name < $1.name } }
  }

  /// The row whose value is no number.
  private func located(_ columns: NamedColumns, _ asked: [Column]) throws -> Failure? {
    let reader = try columns.reader([Column(asked[4].name, .text, nullable: true)], lenient: true)
    var row = 0
    while let batch = try reader.next() {
      for text in batch.strings(0) {
        row += 1
        guard let text, !text.isEmpty, Double(text) == nil else { continue }
        return Failure(
          .unusableData, "\(path): '\(text)' in row \(grouped(row)) of column '\(asked[4].name)' is not a number.",
          remedy: RegressorReader.shape)
      }
    }
    return nil
  }
}
