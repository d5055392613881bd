import HorizonCore
import HorizonStore
import Synchronization

extension Route {
  static let lists: [Route] = [
    Route(
      method: .get, path: "/api/v1/risks", summary: "The ranked list of risks, a row a series and threshold.",
      parameters: [
        .text, .server, .resource,
        Parameter(
          name: "severity", kind: .choice { ($0?.risks.severities ?? []) + ["all"] },
          summary: "All but `none` by default.", repeats: true),
        .choice("tier", RiskTable.tiers, "Trust tier.", repeats: true),
        Parameter(
          name: "threshold", kind: .choice { $0?.settings.thresholds.map(\.name) ?? [] },
          summary: "Name of a threshold.",
          repeats: true),
        .choice(
          "breach_within", RiskFilter.windows.map(String.init),
          "A breach within so many days is more likely than not; 0: it has happened."),
        Parameter(name: "from", kind: .date, summary: "The likely breach comes on this day or later."),
        Parameter(name: "to", kind: .date, summary: "The likely breach comes on this day or before."),
        Parameter(name: "worst", kind: .flag, summary: "Of each series only its most severe row."),
        Parameter(
          name: "sort",
          kind: .choice { run in
            let names = run.map { run in run.riskColumns.map(run.name) } ?? Array(RiskColumn.names.keys.sorted())
            return names + names.map { "-\($0)" }
          }, summary: "A column, descending after a hyphen; `rank` by default."),
        Parameter(
          name: "columns", kind: .text(2_000), summary: "Names separated by commas: only those, in that order."),
        .format,
      ] + Parameter.paging, takesGroups: true, answer: "Risks", alsoAs: [.csv, .parquet, .arrow],
      handle: { call in
        let run = try call.run
        let (format, isFile) = try call.format(among: Format.allCases)
        let selection = try run.selection(call)
        let columns = try run.columns(call)
        // What is small is answered at once; the first order of a large fleet takes a while.
        if format == .json && !isFile {
          let paging = try Paging(call, run)
          if run.risks.count <= 50_000 || run.selections[selection] != nil {
            return run.riskPage(selection, columns, paging)
          }
          return try await call.server.pool.run { run.riskPage(selection, columns, paging) }
        }
        let limit = call.server.settings.limits.fileRows
        return try await call.server.pool.run {
          let rows = run.rows(selection)
          let wanted = columns ?? run.riskColumns
          return try run.file(
            Export(name: "risks", count: rows.count, format: format, isFile: isFile, limit: limit)
          ) { range, chunk in
            switch chunk {
            case .json(var json):
              for row in rows[range] { run.write(row: Int(row), columns, into: &json) }
              return .json(json)
            case .csv(var csv):
              for row in rows[range] { run.writeCSV(row: Int(row), wanted, into: &csv) }
              return .csv(csv)
            case .table: return .table(run.values(wanted, rows[range]))
            }
          } schema: {
            run.schema(wanted)
          }
        }
      }),
    Route(
      method: .get, path: "/api/v1/servers", summary: "Servers, those first whose first risk stands first.",
      parameters: [.text, .choice("sort", ["rank", "server", "at_risk", "headroom"], "`rank` by default.")]
        + Parameter.paging,
      takesGroups: true, answer: "Servers",
      handle: { call in
        let run = try call.run
        let paging = try Paging(call, run)
        let filter = try run.filter(call)
        let sort = call.text("sort") ?? "rank"
        return try await call.server.pool.run { run.serverPage(filter, sort: sort, paging) }
      }),
    Route(
      method: .get, path: "/api/v1/reclaimable", summary: "What can be given back, each series counted once.",
      parameters: [
        .text, .resource, .choice("kind", ReclaimableTable.Kind.allCases.map(\.name), "Why it can be.", repeats: true),
        .choice("sort", ["share", "reclaimable", "server"], "`share` by default, the greatest first."), .format,
      ] + Parameter.paging, takesGroups: true, answer: "Reclaimable", alsoAs: [.csv, .parquet, .arrow],
      handle: { call in
        let run = try call.run
        let (format, isFile) = try call.format(among: Format.allCases)
        let paging = format == .json && !isFile ? try Paging(call, run) : nil
        let filter = try run.filter(call)
        let kinds = Set(call.texts("kind"))
        let sort = call.text("sort") ?? "share"
        let limit = call.server.settings.limits.fileRows
        return try await call.server.pool.run {
          let rows = try run.reclaimable(filter, kinds: kinds, sort: sort)
          guard let paging else { return try run.reclaimableFile(rows, format: format, isFile: isFile, limit: limit) }
          return run.reclaimablePage(rows, paging)
        }
      }),
  ]
}

extension Snapshot {
  /// What a call's `text`, `server`, `resource` and `group.COLUMN` ask for.
  func filter(_ call: Call) throws(Problem) -> RiskFilter {
    var filter = RiskFilter()
    filter.text = call.text("text") ?? ""
    // A name that nobody has finds nothing; it is no mistake.
    if call.query["server"] != nil { filter.servers = Set(call.texts("server").compactMap(servers.find)) }
    if call.query["resource"] != nil { filter.resources = Set(call.texts("resource").compactMap(resources.find)) }
    for (name, values) in call.groups {
      guard let column = inventory.column(name) else {
        throw .bad("group.\(name)", "The inventory has no column '\(name)'.")
      }
      filter.groups[column] = Set(values.compactMap { $0.isEmpty ? -1 : inventory.columns[column].values.find($0) })
    }
    return filter
  }

  func selection(_ call: Call) throws(Problem) -> RiskSelection {
    var filter = try filter(call)
    func bits(_ names: [String], of all: [String]) -> UInt64 {
      names.reduce(0) { bits, name in all.firstIndex(of: name).map { bits | 1 << UInt64($0) } ?? bits }
    }
    let severities = call.texts("severity")
    filter.severities =
      severities.contains("all")
      ? .max : severities.isEmpty ? ~(1 << UInt64(risks.none)) : bits(severities, of: risks.severities)
    if call.query["tier"] != nil { filter.tiers = bits(call.texts("tier"), of: RiskTable.tiers) }
    if call.query["threshold"] != nil {
      filter.thresholds = bits(call.texts("threshold"), of: risks.thresholds.map(\.name))
    }
    if let days = call.integer("breach_within") { filter.within = RiskFilter.windows.firstIndex(of: days) }
    // Dates are whole days; a date of the list is the day that the moment lies in.
    func days(_ name: String) -> Double? {
      call.text(name).flatMap { ISOTime.parse($0) }.map { Double($0.microseconds) / 86_400_000_000 - asOfDay }
    }
    filter.from = days("from")
    filter.to = days("to").map { ($0 + 1).nextDown }
    filter.onlyWorst = call.flag("worst")
    var sort = RiskSort.ranked
    if let text = call.text("sort") {
      let name = text.hasPrefix("-") ? String(text.dropFirst()) : text
      guard let column = riskColumn(name) else { throw .bad("sort", "There is no column '\(name)'.") }
      sort = RiskSort(column: column, descends: text.hasPrefix("-"))
    }
    return RiskSelection(filter: filter, sort: sort)
  }

  /// - Returns: Nil for all columns.
  func columns(_ call: Call) throws(Problem) -> [RiskColumn]? {
    guard let text = call.text("columns"), !text.isEmpty else { return nil }
    var columns: [RiskColumn] = []
    for name in text.split(separator: ",") {
      guard let column = riskColumn(String(name)) else {
        throw .bad(
          "columns", "There is no column '\(name)'.", remedy: "There are \(listed(riskColumns.map(self.name))).")
      }
      if !columns.contains(column) { columns.append(column) }
    }
    return columns.isEmpty ? nil : columns
  }

  func riskPage(_ selection: RiskSelection, _ columns: [RiskColumn]?, _ paging: Paging) -> Answer {
    let rows = rows(selection)
    let shown = rows[paging.range(of: rows.count)]
    var json = JSONText(about: self, capacity: 256 + shown.count * 640)
    paging.write(total: rows.count, self, into: &json)
    json.key("rows")
    json.beginArray()
    if columns == nil, let written = rowText {
      for row in shown { json.raw(written.row(Int(row))) }
    } else {
      for row in shown { write(row: Int(row), columns, into: &json) }
    }
    json.endArray()
    json.endObject()
    return Answer(json, version: id)
  }
}

/// A list as a file or as a table of another type.
struct Export: Sendable {
  let name: String
  let count: Int
  let format: Format
  /// Whether it is to be kept under a name.
  let isFile: Bool
  let limit: Int

  /// Some rows being written.
  enum Chunk {
    case json(JSONText)
    case csv(CSVText)
    case table([ColumnValues])
  }

  /// Rows that are made at a time.
  fileprivate static let step = 4_096
}

/// How far a list has been written.
private final class ExportCursor: Sendable {
  private enum State {
    case head
    case row(Int)
    case done
  }

  private let state = Mutex(State.head)
  private let head: [UInt8]
  private let count: Int
  private let isJSON: Bool
  private let rows: @Sendable (Range<Int>, Export.Chunk) -> Export.Chunk

  init(
    head: [UInt8], count: Int, isJSON: Bool, rows: @escaping @Sendable (Range<Int>, Export.Chunk) -> Export.Chunk
  ) {
    self.head = head
    self.count = count
    self.isJSON = isJSON
    self.rows = rows
  }

  /// The next part; nil at the end.
  func next() -> [UInt8]? {
    state.withLock { state in
      switch state {
      case .head:
        state = .row(0)
        return head
      case .row(let first) where first < count:
        let end = min(count, first + Export.step)
        state = .row(end)
        switch rows(first..<end, isJSON ? .json(JSONText(capacity: 1 << 20)) : .csv(CSVText())) {
        case .json(let json): return (first == 0 ? [] : [UInt8(ascii: ",")]) + json.bytes
        case .csv(let csv): return csv.bytes
        case .table: return []
        }
      case .row:
        state = .done
        return isJSON ? Array("]}\n".utf8) : nil
      case .done: return nil
      }
    }
  }
}

extension Snapshot {
  /// Writes a list, text in parts while it is sent.
  func file(
    _ export: Export, rows: @escaping @Sendable (Range<Int>, Export.Chunk) -> Export.Chunk,
    schema: () -> TableSchema
  ) throws -> Answer {
    guard export.count <= export.limit else {
      throw Problem(
        .tooManyRows, "There are \(export.count) rows, more than \(export.limit).", remedy: "Narrow the filter.")
    }
    let columns = schema()
    let count = export.count
    var answer: Answer
    switch export.format {
    case .json, .csv:
      let isJSON = export.format == .json
      var head: [UInt8] = []
      if isJSON {
        var json = JSONText(about: self)
        json.field("total", count)
        json.key("rows")
        json.beginArray()
        head = json.bytes
      } else {
        var csv = CSVText()
        for column in columns.columns { csv.text(column.name) }
        csv.endRow()
        head = csv.bytes
      }
      let cursor = ExportCursor(head: head, count: count, isJSON: isJSON, rows: rows)
      answer = Answer(.chunks { cursor.next() }, type: export.format.mediaType)
    case .parquet, .arrow:
      let writer = try TableWriter(inMemory: export.format == .parquet ? .parquet : .arrowStream, schema: columns)
      for start in stride(from: 0, to: count, by: 65_536) {
        guard case .table(let values) = rows(start..<min(count, start + 65_536), .table([])) else { break }
        try writer.append(values)
      }
      answer = Answer(.bytes(try writer.finished()), type: export.format.mediaType)
    }
    answer.version = "\(id)-\(export.format.rawValue)"
    if export.isFile {
      let ending = export.format == .arrow ? "arrows" : export.format.rawValue
      // The run's name is a date; whatever else somebody called a folder stays out of a header.
      let safe = run.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0)) }
      answer.headers.append(("content-disposition", "attachment; filename=\"\(export.name)-\(safe).\(ending)\""))
    }
    return answer
  }
}
