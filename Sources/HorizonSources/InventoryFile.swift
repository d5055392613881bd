import HorizonCore
import HorizonStore

/// The table of servers that the user has: copied as it is, its server column called `server`.
enum InventoryFile {
  /// - Returns: Notes on what was left out.
  static func copy(_ file: InputFile, _ summary: TableSummary, server: String, to path: String) throws -> [String] {
    var notes: [String] = []
    var names: Set<String> = ["server"]
    var columns = [Column(server, .text)]
    for field in summary.fields where field.name != server {
      guard field.type != nil, !field.name.isEmpty, names.insert(field.name).inserted else {
        notes.append("\(file.shown): column '\(field.name)' was left out of the inventory")
        continue
      }
      // Dates in text files stay as they are written.
      let type = summary.format == .parquet ? field.type! : field.type == .double ? .double : .text
      columns.append(Column(field.name, field.isAllNull ? .text : type, nullable: true))
    }
    do {
      notes += try copy(file, summary, columns, to: path)
    } catch let error as StoreError where error.code == .conversion {
      notes += try copy(file, summary, columns.map { Column($0.name, .text, nullable: true) }, lenient: true, to: path)
    }
    return notes
  }

  private static func copy(
    _ file: InputFile, _ summary: TableSummary, _ columns: [Column], lenient: Bool = false, to path: String
  ) throws -> [String] {
    let reader =
      switch summary.format {
      case .parquet: try TableReader(parquet: file.path, columns: columns)
      case .csv(let delimiter):
        try TableReader(csv: file.path, columns: columns, delimiter: delimiter, lenient: lenient)
      }
    let atomic = AtomicFile(path)
    let schema = TableSchema([Column("server", .text)] + columns.dropFirst())
    let writer = try TableWriter(parquet: atomic.temporaryPath, schema: schema)
    var seen: Set<String> = []
    var left = 0
    while let batch = try reader.next() {
      let servers = batch.strings(0)
      let kept = servers.indices.filter { k in
        guard let name = servers[k], !name.allSatisfy(\.isWhitespace) else { return false }
        return seen.insert(name).inserted
      }
      left += servers.count - kept.count
      try writer.append(columns.enumerated().map { at, column in values(of: batch, at, column.type, kept) })
    }
    try writer.close()
    try atomic.commit()
    var notes: [String] = []
    if left > 0 { notes.append("\(file.shown): \(grouped(left)) rows without or with a repeated server were left out") }
    if reader.skippedCount > 0 {
      notes.append("\(file.shown): \(grouped(reader.skippedCount)) rows with a wrong number of fields were left out")
    }
    return notes
  }

  private static func values(of batch: TableBatch, _ at: Int, _ type: ColumnType, _ kept: [Int]) -> ColumnValues {
    switch type {
    case .double:
      let all = batch.doubles(at)
      return .doubles(kept.map { all[$0] })
    case .time:
      let all = batch.times(at)
      return .times(kept.map { all[$0] })
    default:
      let all = batch.strings(at)
      return .text(kept.map { all[$0] })
    }
  }
}
