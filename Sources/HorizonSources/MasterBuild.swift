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
  private static func rowsPerPart(_ rows: Int) -> Int { max(1_000_000, rows / 64) }

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

  func write(into folder: String, threads: Int, progress: @Sendable (Double) throws -> Void) throws {
    var parts: [Part] = []
    for range in MasterBuild.ranges(entries) {
      let target = "\(folder)/\(MasterLayout.folder(resource: entries[range.lowerBound].name.resource))"
      let limit = MasterBuild.rowsPerPart(entries[range].reduce(0) { $0 + $1.steps.count })
      var start = range.lowerBound
      var rows = 0
      var number = 0
      for k in range {
        rows += entries[k].steps.count
        guard rows >= limit || k + 1 == range.upperBound else { continue }
        if rows > 0 {
          if number == 0 { try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true) }
          parts.append(Part(path: "\(target)/\(MasterLayout.part(number))", range: start..<(k + 1)))
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
    var group = RowGroup()
    for entry in entries[part.range] where entry.steps.count > 0 {
      try group.add(entry, step: step, file: file)
      if group.rows >= MasterLayout.rowsPerGroup { try writer.append(group.take()) }
    }
    if group.rows > 0 { try writer.append(group.take()) }
    try writer.close()
  }

  /// Columns of a row group under construction.
  private struct RowGroup {
    private var codes: [Int32] = []
    private var names: [String] = []
    private var times: [Int64] = []
    private var values: [Double] = []
    private var capacity: [Double] = []

    var rows: Int { codes.count }

    mutating func add(_ entry: Entry, step: Step, file: ScratchFile) throws(Failure) {
      let steps = entry.steps
      let n = steps.count
      let code = Int32(names.count)
      names.append(entry.name.server)
      codes.append(contentsOf: repeatElement(code, count: n))
      try extend(&values, n, file, steps.offset)
      let length = step.seconds * 1_000_000
      let start = step.microseconds(of: steps.firstIndex)
      if steps.isDense {
        for k in 0..<n { times.append(start + Int64(k) * length) }
      } else {
        var places: [Int32] = []
        try extend(&places, n, file, steps.offset + n * 8)
        for place in places { times.append(start + Int64(place) * length) }
      }
      switch steps.capacityForm {
      case .none, .constant: capacity.append(contentsOf: repeatElement(steps.constantCapacity, count: n))
      case .each: try extend(&capacity, n, file, steps.offset + n * (steps.isDense ? 8 : 12))
      }
    }

    private func extend<Element>(_ array: inout [Element], _ n: Int, _ file: ScratchFile, _ offset: Int) throws(Failure)
    {
      let block = try [Element](readingFrom: file, count: n, at: offset)
      array.append(contentsOf: block)
    }

    mutating func take() -> [ColumnValues] {
      defer { self = RowGroup() }
      return [.keys(codes: codes, names: names), .times(times), .doubles(values), .doubles(capacity)]
    }
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
