import HorizonCore
import HorizonStore

/// A small table beside the metrics, read whole: renames or capacities.
struct SideTable: Sendable {
  let file: InputFile
  let summary: TableSummary
  /// Columns by what they are for.
  let columns: [Role: String]

  enum Role: Hashable, Sendable { case old, new, server, resource, time, capacity, unit }

  private static let oldNames = ["old", "old_name", "old_server", "old_host", "old_hostname"]
  private static let newNames = ["new", "new_name", "new_server", "new_host", "new_hostname"]

  /// A table of renames: an old and a new name, perhaps a time, nothing else.
  static func renames(_ file: InputFile, _ summary: TableSummary) -> SideTable? {
    func first(_ names: [String]) -> String? {
      summary.fields.first { names.contains($0.name.trimmed.lowercased()) }?.name
    }
    let times = [ColumnRole.time.rawValue] + ColumnRole.time.aliases
    guard let old = first(oldNames), let new = first(newNames) else { return nil }
    let time = first(times)
    guard summary.fields.count == (time == nil ? 2 : 3) else { return nil }
    var columns: [Role: String] = [.old: old, .new: new]
    columns[.time] = time
    return SideTable(file: file, summary: summary, columns: columns)
  }

  struct Row {
    /// By role; nil where a cell is empty.
    fileprivate let texts: [Role: String?]
    /// Nil when empty, `.min` when unreadable.
    let time: Int64?
    let capacity: Double

    /// Without blanks around it; nil when nothing is left.
    subscript(role: Role) -> String? {
      guard let text = texts[role]??.trimmed, !text.isEmpty else { return nil }
      return text
    }
  }

  /// Hands over every row, in order. - Returns: Rows with a wrong number of fields, which were left out.
  func forEachRow(clock: LocalClock, _ body: (Row) throws -> Void) throws -> Int {
    let roles = columns.sorted { $0.value < $1.value }.map(\.key)
    let asked = roles.map { role in Column(columns[role]!, type(of: role), nullable: true) }
    let reader = try summary.reader(path: file.path, columns: asked, lenient: true)
    while let batch = try reader.next() {
      var texts: [Role: [String?]] = [:]
      for (at, role) in roles.enumerated() where asked[at].type == .text { texts[role] = batch.strings(at) }
      for row in 0..<batch.rowCount {
        var time: Int64?
        var capacity = Double.nan
        for (at, role) in roles.enumerated() {
          switch (role, asked[at].type) {
          case (.time, .time):
            let given = batch.times(at)[row]
            time = given == .min ? nil : given
          case (.time, .double):
            let given = batch.doubles(at)[row]
            time = given.isNaN ? nil : ISOTime.epochMicroseconds(given) ?? .min
          case (.time, _):
            guard let text = texts[role]![row]?.trimmed, !text.isEmpty else { continue }
            time =
              ISOTime.parse(text).map { $0.hasZone ? $0.microseconds : clock.utc(fromLocal: $0.microseconds) } ?? .min
          case (.capacity, .double): capacity = batch.doubles(at)[row]
          case (.capacity, _): if case .number(let number) = NumberText(texts[role]![row]) { capacity = number }
          default: continue
          }
        }
        try body(Row(texts: texts.mapValues { $0[row] }, time: time, capacity: capacity))
      }
    }
    return reader.skippedCount
  }

  private func type(of role: Role) -> ColumnType {
    guard summary.format == .parquet, let field = summary.fields.first(where: { $0.name == columns[role] }) else {
      return .text
    }
    switch role {
    case .capacity: return .double
    case .time: return field.type == .time ? .time : field.type == .double ? .double : .text
    default: return .text
    }
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = Substring(self)
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
