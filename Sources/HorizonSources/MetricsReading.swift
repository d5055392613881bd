import HorizonCore
import HorizonStore

/// Reads one file of metrics row by row into the spill: names become codes, times UTC, bad rows examples.
///
/// Fast first, numbers cast by Arrow. When that meets text where a number belongs or a row with a wrong number of fields, the file
/// is read again as text from where the first look had come to.
final class MetricsReading {
  private let file: InputFile
  private let shape: FileShape
  private let registry: SeriesRegistry
  private let extras: ExtraColumns
  private let spill: ReadingSpill
  private let log: RejectionLog
  private let clock: LocalClock
  private let renames: Renames

  // Positions in the columns that are asked for.
  private let columns: [Column]
  private var serverAt: Int?
  private var resourceAt: Int?
  private var unitAt: Int?
  private var timeAt = 0
  private var extraAt: [Int] = []
  private var capacityAt: Int?
  private var metricAt: [Int] = []

  private var isLenient = false
  private var reader: TableReader
  /// Rows handed over so far by the fast look, then by the second.
  private var rowsDone = 0
  /// Per metric its resource, where it is the same in all rows.
  private var fixedResources: [Int32?] = []
  private let extraColumns: [Int]

  // Per code of the reader's dictionaries, what it means here.
  private var serverCodes: [Int32] = []
  private var resourceCodes: [Int32] = []
  private var extraCodes: [[Int32]] = []
  private var timeCodes: [Int64] = []
  /// Codes of times that the wall clock never shows.
  private var skippedTimes: Set<Int32> = []
  /// Per code of a server its old name, where its new one depends on the time.
  private var timedNames: [Int32: String] = [:]
  private var combinations: [[Int32]: Int32] = [:]
  private var unitPairs: Set<UInt64> = []

  private let status = FlatArray<UInt8>()
  private let servers = FlatArray<Int32>()
  private let resources = FlatArray<Int32>()
  private let times = FlatArray<Int64>()
  private let extra = FlatArray<Int32>()

  private static let invalid = Int64.min
  /// Years 1900 to 2199: outside lie placeholders such as 9999-12-31.
  private static let plausible = Int64(-2_208_988_800_000_000)..<Int64(7_258_118_400_000_000)

  init(
    file: InputFile, shape: FileShape, registry: SeriesRegistry, extras: ExtraColumns, spill: ReadingSpill,
    log: RejectionLog, clock: LocalClock, renames: Renames, threads: Int
  ) throws {
    self.file = file
    self.shape = shape
    self.registry = registry
    self.extras = extras
    self.spill = spill
    self.log = log
    self.clock = clock
    self.renames = renames
    var columns: [Column] = []
    func ask(_ name: String?, _ type: ColumnType) -> Int? {
      guard let name else { return nil }
      columns.append(Column(name, type, nullable: true))
      return columns.count - 1
    }
    serverAt = ask(shape.server, .key)
    resourceAt = ask(shape.resource, .key)
    unitAt = ask(shape.unit, .key)
    timeAt = ask(shape.time, shape.timeType)!
    let extraNames = spill.hasExtras ? shape.extras : []
    extraAt = extraNames.map { ask($0, .key)! }
    capacityAt = ask(shape.capacity, .double)
    metricAt = shape.metrics.map { ask($0.column, .double)! }
    self.columns = columns
    extraColumns = extraNames.map { extras.column($0) }
    extraCodes = extraNames.map { _ in [] }
    reader = try MetricsReading.open(file, shape, columns, lenient: false, threads: threads)
    for metric in shape.metrics {
      let code = metric.resource.map { registry.resourceCode($0) }
      if let code, let unit = metric.unit { registry.note(unit: unit, of: code, column: metric.column) }
      fixedResources.append(code)
    }
  }

  private static func open(
    _ file: InputFile, _ shape: FileShape, _ columns: [Column], lenient: Bool, threads: Int
  ) throws(StoreError) -> TableReader {
    switch shape.format {
    case .parquet: try TableReader(parquet: file.path, columns: columns, threads: threads)
    case .csv(let delimiter):
      try TableReader(csv: file.path, columns: columns, delimiter: delimiter, lenient: lenient, threads: threads)
    }
  }

  private var isText: Bool { shape.format != .parquet }

  /// - Parameter progress: Told the rows read so far.
  func read(progress: (Int) throws -> Void) throws {
    var passed = 0
    while let batch = try nextBatch(&passed) {
      let skip = max(0, min(batch.rowCount, rowsDone - passed))
      passed += batch.rowCount
      if skip < batch.rowCount { try take(batch, from: skip, record: passed - batch.rowCount) }
      rowsDone = max(rowsDone, passed)
      if let failure = spill.failure { throw failure }
      try progress(rowsDone)
    }
    try finish()
  }

  private func nextBatch(_ passed: inout Int) throws -> TableBatch? {
    do { return try reader.next() } catch {
      guard error.code == .conversion, isText, !isLenient else { throw error }
      isLenient = true
      serverCodes = []
      resourceCodes = []
      timeCodes = []
      skippedTimes = []
      combinations = [:]
      unitPairs = []
      extraCodes = extraCodes.map { _ in [] }
      let asText = columns.map { $0.type == .double ? Column($0.name, .text, nullable: true) : $0 }
      reader = try MetricsReading.open(file, shape, asText, lenient: true, threads: 1)
      passed = 0
      return try reader.next()
    }
  }

  private func finish() throws(StoreError) {
    let skipped = reader.skippedCount
    var counted = 0
    for row in reader.skippedRows.prefix(RejectionLog.examplesKept) where log.wantsExample(of: .wrongFieldCount) {
      let text =
        row.actual == 0
        ? "a quote is opened and never closed" : "the row has \(row.actual) fields where the header has \(row.expected)"
      log.reject(.wrongFieldCount, file: file.shown, record: row.record, column: nil, text: text)
      counted += 1
    }
    log.count(.wrongFieldCount, skipped - counted)
    log.read(rows: skipped, rejected: skipped)
    try log.settle(path: file.path, isText: isText, skipped: isLenient ? reader.skippedRecords : [])
  }

  // MARK: One batch

  private func take(_ batch: TableBatch, from: Int, record: Int) throws {
    let n = batch.rowCount
    let status = status.renew(n)
    status.update(repeating: RowStatus.good, count: n)
    func reject(_ row: Int, _ reason: QualityReason, _ column: String?, _ text: @autoclosure () -> String) {
      status[row] = RowStatus.unusable
      log.reject(reason, file: file.shown, record: record + row, column: column, text: text())
    }
    // Other cells of the row stay usable.
    func rejectCell(_ row: Int, _ reason: QualityReason, _ column: String?, _ text: @autoclosure () -> String) {
      if status[row] == RowStatus.good { status[row] = RowStatus.partial }
      log.reject(reason, file: file.shown, record: record + row, column: column, text: text())
    }
    takeServers(batch, from, reject)
    takeTimes(batch, from, reject)
    if !timedNames.isEmpty { takeTimedNames(batch, from) }
    if !skippedTimes.isEmpty { countSkippedTimes(batch, from, record) }
    takeResources(batch, from, reject)
    if isLenient { countRepairedNames(batch, from, record) }
    takeExtras(batch, from)
    let capacity = capacityAt.map { cells(batch, $0, from, reject) }
    takeUnits(batch, from)
    if let capacity { checkCapacity(capacity, from) }
    for (k, at) in metricAt.enumerated() {
      takeMetric(k, cells(batch, at, from, rejectCell), capacity, from, rejectCell)
    }
    var rejected = 0
    for row in from..<n where status[row] != RowStatus.good { rejected += 1 }
    log.read(rows: n - from, rejected: rejected)
    withExtendedLifetime(batch) {}
  }

  private typealias Reject = (Int, QualityReason, String?, @autoclosure () -> String) -> Void

  private func takeServers(_ batch: TableBatch, _ from: Int, _ reject: Reject) {
    let servers = servers.renew(batch.rowCount)
    guard let at = serverAt else {
      servers.update(repeating: serverCode(file.stem), count: batch.rowCount)
      return
    }
    extend(&serverCodes, at) { isBlank($0) ? NameFault.blank : isTooLong($0) ? NameFault.tooLong : serverCode($0) }
    let codes = batch.codes(at)
    serverCodes.withUnsafeBufferPointer { known in
      for row in from..<batch.rowCount {
        let code = codes[row] < 0 ? NameFault.blank : known[Int(codes[row])]
        servers[row] = code
        if code == NameFault.tooLong {
          reject(row, .longName, shape.server, reader.keyNames(at)[Int(codes[row])])
        } else if code < 0 {
          reject(row, .emptyServer, shape.server, "")
        }
      }
    }
  }

  private func serverCode(_ name: String) -> Int32 {
    if renames.isEmpty { return registry.serverCode(name) }
    guard renames.isTimed(name) else { return registry.serverCode(renames.name(name, at: .min)) }
    let code = registry.serverCode(name)
    timedNames[code] = name
    return code
  }

  /// Servers whose name depends on the time of the row.
  private func takeTimedNames(_ batch: TableBatch, _ from: Int) {
    for row in from..<batch.rowCount where status[row] != RowStatus.unusable {
      if let old = timedNames[servers[row]] { servers[row] = registry.serverCode(renames.name(old, at: times[row])) }
    }
  }

  /// Times that no clock shows tell that the zone is another one.
  private func countSkippedTimes(_ batch: TableBatch, _ from: Int, _ record: Int) {
    let codes = batch.codes(timeAt)
    let names = reader.keyNames(timeAt)
    for row in from..<batch.rowCount where skippedTimes.contains(codes[row]) && status[row] != RowStatus.unusable {
      log.reject(
        .skippedTime, file: file.shown, record: record + row, column: shape.time, text: names[Int(codes[row])])
    }
  }

  private func takeResources(_ batch: TableBatch, _ from: Int, _ reject: Reject) {
    guard let at = resourceAt else { return }
    let resources = resources.renew(batch.rowCount)
    extend(&resourceCodes, at) {
      isBlank($0) ? NameFault.blank : isTooLong($0) ? NameFault.tooLong : registry.resourceCode($0)
    }
    let codes = batch.codes(at)
    resourceCodes.withUnsafeBufferPointer { known in
      for row in from..<batch.rowCount {
        let code = codes[row] < 0 ? NameFault.blank : known[Int(codes[row])]
        resources[row] = code
        guard code < 0, status[row] == RowStatus.good else { continue }
        if code == NameFault.tooLong {
          reject(row, .longName, shape.resource, reader.keyNames(at)[Int(codes[row])])
        } else {
          reject(row, .emptyResource, shape.resource, "")
        }
      }
    }
  }

  /// Counts names whose bytes were not UTF-8: the lenient reader has replaced them, and different names may have become one.
  private func countRepairedNames(_ batch: TableBatch, _ from: Int, _ record: Int) {
    for (at, column) in [(serverAt, shape.server), (resourceAt, shape.resource)] {
      guard let at else { continue }
      let names = reader.keyNames(at)
      let isRepaired = names.map { $0.unicodeScalars.contains("\u{FFFD}") }
      let codes = batch.codes(at)
      for row in from..<batch.rowCount where codes[row] >= 0 && isRepaired[Int(codes[row])] {
        log.reject(.notUTF8, file: file.shown, record: record + row, column: column, text: names[Int(codes[row])])
      }
    }
  }

  private func takeTimes(_ batch: TableBatch, _ from: Int, _ reject: Reject) {
    let times = times.renew(batch.rowCount)
    func isRejected(_ row: Int, _ time: Int64) -> Bool {
      times[row] = time
      return !MetricsReading.plausible.contains(time) && status[row] == RowStatus.good
    }
    switch shape.timeType {
    case .time:
      let values = batch.times(timeAt)
      for row in from..<batch.rowCount {
        if isRejected(row, values[row]) {
          reject(row, .notATime, shape.time, values[row] == MetricsReading.invalid ? "" : ISOTime.string(values[row]))
        }
      }
    case .double:
      let values = batch.doubles(timeAt)
      for row in from..<batch.rowCount {
        if isRejected(row, ISOTime.epochMicroseconds(values[row]) ?? MetricsReading.invalid) {
          reject(row, .notATime, shape.time, values[row].isNaN ? "" : "\(values[row])")
        }
      }
    default:
      var code = Int32(timeCodes.count)
      extend(&timeCodes, timeAt) { text in
        defer { code += 1 }
        guard let parsed = ISOTime.parse(text) else { return MetricsReading.invalid }
        if parsed.hasZone { return parsed.microseconds }
        if !clock.isUTC, parsed.microseconds % 86_400_000_000 != 0 {
          spill.repeatingClock = clock
          if clock.skips(local: parsed.microseconds) { skippedTimes.insert(code) }
        }
        return clock.utc(fromLocal: parsed.microseconds)
      }
      let codes = batch.codes(timeAt)
      let names = reader.keyNames(timeAt)
      timeCodes.withUnsafeBufferPointer { known in
        for row in from..<batch.rowCount {
          let code = Int(codes[row])
          if isRejected(row, code < 0 ? MetricsReading.invalid : known[code]) {
            reject(row, .notATime, shape.time, code < 0 ? "" : names[code])
          }
        }
      }
    }
  }

  private func takeExtras(_ batch: TableBatch, _ from: Int) {
    guard spill.hasExtras else { return }
    let extra = extra.renew(batch.rowCount)
    guard !extraAt.isEmpty else {
      extra.update(repeating: 0, count: batch.rowCount)
      return
    }
    for (k, at) in extraAt.enumerated() { extend(&extraCodes[k], at) { extras.valueCode($0) } }
    let codes = extraAt.map { batch.codes($0) }
    var last = [Int32](repeating: -2, count: codes.count)
    var lastCode: Int32 = 0
    for row in from..<batch.rowCount {
      var isSame = true
      for k in codes.indices where codes[k][row] != last[k] {
        isSame = false
        last[k] = codes[k][row]
      }
      if !isSame {
        if let known = combinations[last] {
          lastCode = known
        } else {
          var full = [Int32](repeating: 0, count: extras.names.count)
          for k in last.indices where last[k] >= 0 { full[extraColumns[k]] = extraCodes[k][Int(last[k])] }
          lastCode = extras.combination(full)
          if !extras.isOverfull { combinations[last] = lastCode }
        }
      }
      extra[row] = lastCode
    }
  }

  private func takeUnits(_ batch: TableBatch, _ from: Int) {
    guard let at = unitAt else { return }
    let codes = batch.codes(at)
    let names = reader.keyNames(at)
    var last = UInt64.max
    for row in from..<batch.rowCount where status[row] == RowStatus.good && codes[row] >= 0 {
      let resource = fixedResources[0] ?? resources[row]
      let pair = UInt64(UInt32(bitPattern: resource)) << 32 | UInt64(UInt32(bitPattern: codes[row]))
      if pair == last { continue }
      last = pair
      if unitPairs.insert(pair).inserted {
        let unit = names[Int(codes[row])]
        if !isBlank(unit) { registry.note(unit: unit, of: resource, column: nil) }
      }
    }
  }

  /// Numbers of a column; in the second look parsed here, text that is none rejecting its row.
  private func cells(_ batch: TableBatch, _ at: Int, _ from: Int, _ reject: Reject) -> Cells {
    guard isLenient else { return .cast(batch.doubles(at)) }
    let texts = batch.strings(at)
    var values = [Double](repeating: .nan, count: texts.count)
    for row in from..<texts.count {
      switch NumberText(texts[row]) {
      case .number(let value): values[row] = value
      case .missing: break
      case .other:
        values[row] = Cells.bad
        if status[row] != RowStatus.unusable { reject(row, .notANumber, columns[at].name, texts[row] ?? "") }
      }
    }
    return .parsed(values)
  }

  private enum Cells {
    case cast(UnsafeBufferPointer<Double>)
    case parsed([Double])

    /// Stands for text that is not a number; a NaN of its own.
    static let bad = Double(nan: 0x7e57, signaling: false)
    static func isBad(_ value: Double) -> Bool { value.bitPattern == bad.bitPattern }

    func with<Result>(_ body: (UnsafeBufferPointer<Double>) -> Result) -> Result {
      switch self {
      case .cast(let buffer): body(buffer)
      case .parsed(let array): array.withUnsafeBufferPointer(body)
      }
    }
  }

  private func checkCapacity(_ capacity: Cells, _ from: Int) {
    var unusable = 0
    capacity.with { values in
      for row in from..<values.count where !values[row].isNaN && !isUsable(capacity: values[row]) { unusable += 1 }
    }
    log.count(.unusableCapacity, unusable)
  }

  @inline(__always)
  private func isUsable(capacity: Double) -> Bool { capacity > 0 && capacity < .infinity }

  /// Spills the readings of one column.
  private func takeMetric(_ metric: Int, _ cells: Cells, _ capacity: Cells?, _ from: Int, _ reject: Reject) {
    let column = shape.metrics[metric].column
    let fixed = fixedResources[metric]
    let (status, servers, resources, times, extra) = (status.base, servers.base, resources.base, times.base, extra.base)
    let hasExtras = spill.hasExtras
    var missing = 0
    var lastServer: Int32 = -1
    var lastResource = fixed ?? -1
    var series = 0
    var bucket = 0
    var place: Int32 = 0
    func pass(_ values: UnsafeBufferPointer<Double>, _ capacities: UnsafeBufferPointer<Double>?) {
      for row in from..<values.count where status[row] != RowStatus.unusable {
        let server = servers[row]
        let resource = fixed ?? resources[row]
        if server != lastServer || resource != lastResource {
          series = registry.series(server: server, resource: resource)
          bucket = Int(registry.bucket[series])
          place = registry.place[series]
          lastServer = server
          lastResource = resource
        }
        let value = values[row]
        // Readings are computed with in single precision.
        guard abs(value) <= Double(Float.greatestFiniteMagnitude) else {
          if !value.isNaN {
            reject(row, .notFinite, column, "\(value)")
          } else if !Cells.isBad(value) {
            missing += 1
          }
          continue
        }
        registry.readings[series] &+= 1
        var known = Double.nan
        if let capacities, isUsable(capacity: capacities[row]) { known = capacities[row] }
        spill.append(
          bucket: bucket, place: place, time: times[row], value: value, capacity: known,
          extra: hasExtras ? extra[row] : 0)
      }
    }
    cells.with { values in
      if let capacity { capacity.with { pass(values, $0) } } else { pass(values, nil) }
    }
    log.count(.missingValue, missing)
  }

  // MARK: Dictionaries

  /// Translates the names that a key column has learnt since the last batch.
  private func extend<Code>(_ codes: inout [Code], _ column: Int, _ translate: (String) -> Code) {
    guard reader.keyCount(column) > codes.count else { return }
    let names = reader.keyNames(column)
    for k in codes.count..<names.count { codes.append(translate(names[k])) }
  }

  /// In place of the code of a name that cannot be used.
  private enum NameFault {
    static let blank: Int32 = -1
    static let tooLong: Int32 = -2
  }

  /// Longer names are lines that lost their breaks.
  private static let longestName = 1_000

  private func isTooLong(_ text: String) -> Bool { text.utf8.count > MetricsReading.longestName }

  private func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

  private enum RowStatus {
    static let good: UInt8 = 0
    static let unusable: UInt8 = 1
    /// One cell was rejected, others are used.
    static let partial: UInt8 = 2
  }
}
