import Foundation
import HorizonCore
import HorizonStore

/// Writes finished series as a master, in order of resource, then server, parts in parallel.
struct MasterBuild: Sendable {
  /// Every series that was found, with or without readings.
  struct Entry: Sendable {
    let name: SeriesName
    let steps: StepSeries
  }

  let step: Step
  let file: ScratchFile
  /// By resource, then server.
  let entries: [Entry]

  /// Rows after which a resource's series go into the next part: some of every resource for every thread, few files for large fleets.
  static func rowsPerPart(_ rows: Int) -> Int { max(1_000_000, rows / 64) }

  /// Ranges of entries that have one resource.
  static func ranges(_ entries: [Entry]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = 0
    while start < entries.count {
      var end = start + 1
      while end < entries.count, entries[end].name.resource == entries[start].name.resource { end += 1 }
      ranges.append(start..<end)
      start = end
    }
    return ranges
  }

  private struct Part: Sendable {
    let path: String
    var range: Range<Int>
  }

  /// - Parameter append: Which append to a resource the parts are named after; 0 for a resource that is written whole.
  func write(
    into folder: String, append: (_ resource: String) -> Int = { _ in 0 }, threads: Int,
    progress: @Sendable (Double) throws -> Void
  ) throws {
    var parts: [Part] = []
    for range in MasterBuild.ranges(entries) {
      let resource = entries[range.lowerBound].name.resource
      let target = "\(folder)/\(MasterLayout.folder(resource: resource))"
      let append = append(resource)
      let limit = MasterBuild.rowsPerPart(entries[range].reduce(0) { $0 + $1.steps.count })
      var start = range.lowerBound
      var rows = 0
      var number = 0
      for k in range {
        rows += entries[k].steps.count
        guard rows >= limit || k + 1 == range.upperBound else { continue }
        if rows > 0 {
          if number == 0 { try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true) }
          parts.append(Part(path: "\(target)/\(MasterLayout.part(number, append: append))", range: start..<(k + 1)))
          number += 1
        }
        start = k + 1
        rows = 0
      }
    }
    let total = Double(max(1, parts.count))
    let finished = parts
    try inParallel(threads: threads, count: parts.count) { _, at in
      try write(finished[at])
      try progress(Double(at + 1) / total)
    }
  }

  private func write(_ part: Part) throws {
    let writer = try TableWriter(parquet: part.path, schema: MasterLayout.schema)
    var group = MasterRowGroup()
    for k in part.range where entries[k].steps.count > 0 {
      group.add(entries[k].name.server, try readings(of: k))
      if group.rows >= MasterLayout.rowsPerGroup { try writer.append(group.take()) }
    }
    if group.rows > 0 { try writer.append(group.take()) }
    try writer.close()
  }

  /// Of an entry, from the scratch file.
  func readings(of entry: Int) throws(Failure) -> MasterSeries {
    let steps = entries[entry].steps
    let n = steps.count
    let length = step.seconds * 1_000_000
    let start = step.microseconds(of: steps.firstIndex)
    let values = try [Double](readingFrom: file, count: n, at: steps.offset)
    let times: [Int64]
    if steps.isDense {
      times = (0..<n).map { start + Int64($0) * length }
    } else {
      times = try [Int32](readingFrom: file, count: n, at: steps.offset + n * 8).map { start + Int64($0) * length }
    }
    let capacity: [Double]
    switch steps.capacityForm {
    case .none, .constant: capacity = [Double](repeating: steps.constantCapacity, count: n)
    case .each: capacity = try [Double](readingFrom: file, count: n, at: steps.offset + n * (steps.isDense ? 8 : 12))
    }
    return MasterSeries(times: times, values: values, capacity: capacity)
  }
}

/// Columns of a row group of the master under construction.
private struct MasterRowGroup {
  private var codes: [Int32] = []
  private var names: [String] = []
  private var times: [Int64] = []
  private var values: [Double] = []
  private var capacity: [Double] = []

  var rows: Int { codes.count }

  mutating func add(_ server: String, _ series: MasterSeries) {
    codes.append(contentsOf: repeatElement(Int32(names.count), count: series.times.count))
    names.append(server)
    times += series.times
    values += series.values
    capacity += series.capacity
  }

  mutating func take() -> [ColumnValues] {
    defer { self = MasterRowGroup() }
    return [.keys(codes: codes, names: names), .times(times), .doubles(values), .doubles(capacity)]
  }
}

/// Writes the parts of one resource as its series come, in order of the server.
final class MasterPartWriter {
  private let folder: String
  private let rowsPerPart: Int
  private var writer: TableWriter?
  private var group = MasterRowGroup()
  private var number = 0
  private var rowsInPart = 0
  private(set) var seriesCount = 0
  private(set) var readingCount = 0
  private(set) var minimum = Double.infinity
  private(set) var maximum = -Double.infinity

  /// - Parameter rows: About how many there will be.
  init(folder: String, rows: Int) throws {
    self.folder = folder
    rowsPerPart = MasterBuild.rowsPerPart(rows)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  func add(_ server: String, _ series: MasterSeries) throws {
    if writer == nil {
      writer = try TableWriter(parquet: "\(folder)/\(MasterLayout.part(number))", schema: MasterLayout.schema)
      number += 1
    }
    group.add(server, series)
    seriesCount += 1
    readingCount += series.times.count
    for value in series.values { (minimum, maximum) = (min(minimum, value), max(maximum, value)) }
    rowsInPart += series.times.count
    if group.rows >= MasterLayout.rowsPerGroup { try writer!.append(group.take()) }
    if rowsInPart >= rowsPerPart { try close() }
  }

  /// Ends the part at hand.
  func close() throws {
    guard let writer else { return }
    if group.rows > 0 { try writer.append(group.take()) }
    try writer.close()
    self.writer = nil
    rowsInPart = 0
  }
}

extension Array {
  /// Elements of a trivial type as they lie in a scratch file.
  fileprivate init(readingFrom file: ScratchFile, count: Int, at offset: Int) throws(Failure) {
    var failure: Failure?
    self.init(unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(Failure) {
        try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
        filled = count
      } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
