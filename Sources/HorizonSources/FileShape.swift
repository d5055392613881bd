import HorizonCore
import HorizonStore

/// How a file of metrics is to be read: which column is what.
struct FileShape: Sendable {
  struct Metric: Sendable, Hashable {
    let column: String
    /// Nil where the resource column says it row by row.
    var resource: String?
    let unit: String?
  }

  let format: TableSummary.Format
  let rowCount: Int?
  let server: String?
  let resource: String?
  let time: String
  let timeType: ColumnType
  let metrics: [Metric]
  let capacity: String?
  let unit: String?
  /// Text columns that nobody understood.
  let extras: [String]
  let notes: [String]
}

/// What a file is for us.
enum FileContent: Sendable {
  case metrics(FileShape)
  /// One row a server.
  case inventory(TableSummary, server: String)
  case renames(SideTable)
  /// Capacities by server and time.
  case capacities(SideTable)
  case truth
  /// With the reason as a sentence and what to do.
  case unusable(Failure)
}

/// Reads a file's columns against names and aliases.
struct ColumnMatcher {
  let file: InputFile
  let summary: TableSummary
  let map: [ColumnRole: String]
  private let names: [String]

  init(file: InputFile, summary: TableSummary, map: [ColumnRole: String]) {
    self.file = file
    self.summary = summary
    self.map = map
    names = summary.fields.map { normal($0.name) }
  }

  func content() throws(Failure) -> FileContent {
    let standard = Set(names)
    if standard.isSuperset(of: ["server", "resource", "time", "value", "noise", "event"])
      || file.path.lowercased().hasSuffix("truth.parquet")
    {
      return .truth
    }
    if let renames = SideTable.renames(file, summary) { return .renames(renames) }
    guard let time = try column(.time) else {
      // Readings whose time has another name are no inventory.
      if !names.contains("value"), !names.contains("y"), let server = try inventoryServer() {
        return .inventory(summary, server: server)
      }
      return .unusable(missing("time", alternatives: ColumnRole.time.aliases))
    }
    if let capacities = try capacities(), !hasReadings(capacities) { return .capacities(capacities) }
    return try metrics(time: time)
  }

  /// The file as a table of capacities, when it has the columns of one.
  func capacities() throws(Failure) -> SideTable? {
    func name(_ role: ColumnRole) throws(Failure) -> String? { try column(role).map { summary.fields[$0].name } }
    guard let server = try name(.server), let time = try name(.time), let capacity = try name(.capacity) else {
      return nil
    }
    var columns: [SideTable.Role: String] = [.server: server, .time: time, .capacity: capacity]
    columns[.resource] = try name(.resource)
    columns[.unit] = try name(.unit)
    return SideTable(file: file, summary: summary, columns: columns)
  }

  /// Whether a table with capacities has another column of numbers, or one that is called a value.
  private func hasReadings(_ capacities: SideTable) -> Bool {
    let used = Set(capacities.columns.values)
    return summary.fields.indices.contains { k in
      let field = summary.fields[k]
      let isValue = ([ColumnRole.value.rawValue] + ColumnRole.value.aliases).contains(names[k])
      return !used.contains(field.name) && !ColumnRole.server.weakAliases.contains(names[k])
        && (isValue || map[.value] == field.name || field.type == .double || isMetricInDisguise(k))
    }
  }

  /// The server column of a table of servers; of several candidates the first in the list of names.
  func inventoryServer() throws(Failure) -> String? {
    if map[.server] != nil || names.contains("server") { return try column(.server).map { summary.fields[$0].name } }
    let known = ColumnRole.server.aliases + ColumnRole.server.weakAliases
    return known.lazy.compactMap { names.firstIndex(of: $0) }.first.map { summary.fields[$0].name }
  }

  private func metrics(time: Int) throws(Failure) -> FileContent {
    let server = try column(.server)
    let resource = try column(.resource)
    var value = try column(.value)
    let capacity = try column(.capacity)
    let unit = try column(.unit)
    let roles = Set([time, server, resource, value, capacity, unit].compactMap { $0 })
    var notes: [String] = []

    // A name that is not UTF-8 cannot be asked for.
    let unreadable = summary.fields.indices.filter { names[$0].unicodeScalars.contains("\u{FFFD}") }
    let free = summary.fields.indices.filter { k in
      !roles.contains(k) && !names[k].isEmpty && !names[k].hasPrefix("unnamed: ") && !unreadable.contains(k)
        && !ColumnRole.server.weakAliases.contains(names[k])
    }
    var numeric = free.filter { summary.fields[$0].type == .double && !summary.fields[$0].isAllNull }
    let mayBeWide = value == nil || (resource == nil && !isFirmValue(value!))
    if mayBeWide {
      for k in free where !numeric.contains(k) && isMetricInDisguise(k) { numeric.append(k) }
      numeric.sort()
    }
    if resource != nil, value == nil, numeric.count == 1 {
      value = numeric[0]
      notes.append("\(file.shown): column '\(summary.fields[numeric[0]].name)' was taken as the value")
      numeric = []
    }
    let isWide = resource == nil && (value == nil || (!numeric.isEmpty && !isFirmValue(value!)))
    if !isWide && value == nil { return .unusable(missing("value", alternatives: ColumnRole.value.aliases)) }
    if isWide && numeric.isEmpty {
      return .unusable(missing("value", alternatives: ColumnRole.value.aliases))
    }
    let columns = isWide ? (numeric + [value].compactMap { $0 }).sorted() : [value!]
    try rejectDoubles([time, server, resource, capacity, unit].compactMap { $0 } + columns)
    let metrics = isWide ? wide(columns, &notes) : [long(value!, resource: resource)]
    let extras = free.filter {
      summary.fields[$0].type == .text && !summary.fields[$0].isAllNull && !columns.contains($0)
    }
    let ignored = unreadable + free.filter { !extras.contains($0) && !columns.contains($0) }
    if !ignored.isEmpty {
      notes.append("\(file.shown): not used: \(ignored.map { "'\(summary.fields[$0].name)'" }.joined(separator: ", "))")
    }
    if isWide, capacity != nil, metrics.count > 1 {
      notes.append("\(file.shown): the capacity column was not used, because several resources share a row")
    }
    let field = summary.fields[time]
    let timeType: ColumnType =
      summary.format != .parquet ? .key : field.type == .time ? .time : field.type == .double ? .double : .key
    func name(_ k: Int?) -> String? { k.map { summary.fields[$0].name } }
    return .metrics(
      FileShape(
        format: summary.format, rowCount: summary.rowCount, server: name(server), resource: name(resource),
        time: field.name, timeType: timeType, metrics: metrics, capacity: metrics.count > 1 ? nil : name(capacity),
        unit: isWide ? nil : name(unit), extras: extras.map { summary.fields[$0].name }, notes: notes))
  }

  private func long(_ value: Int, resource: Int?) -> FileShape.Metric {
    FileShape.Metric(column: summary.fields[value].name, resource: resource == nil ? "value" : nil, unit: nil)
  }

  private func wide(_ columns: [Int], _ notes: inout [String]) -> [FileShape.Metric] {
    var metrics = columns.map { k in
      let name = summary.fields[k].name
      let (resource, unit) = ColumnRole.resourceAndUnit(ofWide: name)
      return FileShape.Metric(column: name, resource: resource, unit: unit)
    }
    // Two columns of one resource: percent keeps the short name, the others their own.
    for (resource, same) in Dictionary(grouping: metrics.indices, by: { metrics[$0].resource! }) where same.count > 1 {
      let keeper = same.first { metrics[$0].unit == "%" } ?? same[0]
      for k in same where k != keeper { metrics[k].resource = metrics[k].column }
      notes.append(
        "\(file.shown): several columns are about '\(resource)'; it is '\(metrics[keeper].column)', the others keep their names"
      )
    }
    return metrics
  }

  private func isFirmValue(_ k: Int) -> Bool { map[.value] != nil || ["value", "y"].contains(names[k]) }

  /// A column of text in which most cells are numbers, or one without any value whose name is a resource's.
  private func isMetricInDisguise(_ k: Int) -> Bool {
    let field = summary.fields[k]
    if field.isAllNull {
      let (resource, unit) = ColumnRole.resourceAndUnit(ofWide: field.name)
      return unit != nil || ResourceKind(resource: resource) != .other
    }
    guard field.type == .text, case .csv(let delimiter) = summary.format,
      let reader = try? TableReader(
        csv: file.path, columns: [Column(field.name, .text)], delimiter: delimiter, lenient: true),
      let batch = try? reader.next()
    else { return false }
    var numbers = 0
    var words = 0
    for text in batch.strings(0) {
      switch NumberText(text) {
      case .number: numbers += 1
      case .other: words += 1
      case .missing: break
      }
    }
    let isNamedSo = ResourceKind(resource: ColumnRole.resourceAndUnit(ofWide: field.name).resource) != .other
    return numbers > words || (isNamedSo && numbers > 0)
  }

  /// The field for a role; nil when there is none.
  func column(_ role: ColumnRole) throws(Failure) -> Int? {
    if let wanted = map[role] {
      let exact = names.indices.filter { summary.fields[$0].name == wanted }
      let found = exact.isEmpty ? names.indices.filter { names[$0] == normal(wanted) } : exact
      if found.count > 1 { throw double(wanted) }
      if let k = found.first { return k }
      throw Failure(
        .unusableData, "\(file.shown) has no column '\(wanted)'; it has \(columnList).",
        remedy: "Correct --map \(role.rawValue)=\(wanted).")
    }
    let taken = Set(map.values.map(normal))
    for group in [[role.rawValue], role.aliases, role.weakAliases] {
      let found = names.indices.filter { group.contains(names[$0]) && !taken.contains(names[$0]) }
      if found.count > 1, group.count > 1, Set(found.map { names[$0] }).count > 1 {
        let list = found.map { "'\(summary.fields[$0].name)'" }.joined(separator: " or ")
        throw Failure(
          .unusableData, "\(file.shown): \(role.rawValue) could be \(list).",
          remedy: "Say which, such as --map \(role.rawValue)=\(summary.fields[found[0]].name).")
      }
      if found.count > 1 { throw double(summary.fields[found[0]].name) }
      if let k = found.first { return k }
    }
    return nil
  }

  private func rejectDoubles(_ used: [Int]) throws(Failure) {
    for k in used where summary.fields.count(where: { $0.name == summary.fields[k].name }) > 1 {
      throw double(summary.fields[k].name)
    }
  }

  private func double(_ name: String) -> Failure {
    Failure(
      .unusableData, "\(file.shown) has several columns named '\(name)'.",
      remedy: "Rename or remove all but one of them.")
  }

  private var columnList: String {
    let shown = summary.fields.prefix(20).map { "'\($0.name)'" }.joined(separator: ", ")
    return summary.fields.count > 20 ? "\(shown) and \(summary.fields.count - 20) more" : shown
  }

  private func missing(_ role: String, alternatives: [String]) -> Failure {
    let known = Set(ColumnRole.allCases.flatMap { [$0.rawValue] + $0.aliases })
    let example = summary.fields.first { !known.contains(normal($0.name)) }?.name ?? "COLUMN"
    let what = role == "value" ? "no column of values" : "no \(role) column"
    return Failure(
      .unusableData,
      "\(file.shown) has \(what) (\(([role] + alternatives).joined(separator: ", "))); it has \(columnList).",
      remedy: "Say which column it is, such as --map \(role)=\(example).")
  }
}

/// A heading as it is compared: without blanks around it, in lower case.
func normal(_ name: String) -> String {
  var name = Substring(name)
  while name.first?.isWhitespace == true { name.removeFirst() }
  while name.last?.isWhitespace == true { name.removeLast() }
  return name.lowercased()
}
