import Foundation
import HorizonCore
import HorizonStore

/// The files of an input by what they are: metrics, an inventory, or neither, said in notes.
struct InputSet: Sendable {
  struct Metrics: Sendable {
    var file: InputFile
    let shape: FileShape
    /// For the progress bar.
    let bytes: Int
    let rowsExpected: Int
  }

  struct Inventory: Sendable {
    let file: InputFile
    let summary: TableSummary
    let server: String
  }

  private(set) var metrics: [Metrics] = []
  private(set) var inventory: Inventory?
  private(set) var renames: [SideTable] = []
  private(set) var capacities: [SideTable] = []
  var notes: [String] = []
  /// Why files were passed over, as long as others hold metrics.
  private var passedOver: [Failure] = []

  /// Every file whose content counts.
  var read: [InputFile] {
    metrics.map(\.file) + [inventory?.file].compactMap { $0 } + (renames + capacities).map(\.file)
  }
  var hasExtras: Bool { metrics.contains { !$0.shape.extras.isEmpty } }
  var hasCapacity: Bool { metrics.contains { $0.shape.capacity != nil } }

  init(_ options: IngestOptions, map: [ColumnRole: String]) throws {
    let staged = StagedInputs(options)
    if let path = options.inventory { try askInventory(staged.file(path), map) }
    if let path = options.renames { try askRenames(staged.file(path)) }
    if let path = options.capacity { try askCapacities(staged.file(path), map) }
    let asked = Set(([inventory?.file].compactMap { $0 } + (renames + capacities).map(\.file)).map(\.path))
    let files = try InputList.files(options)
    for file in files where !asked.contains(file.path) { try add(file, map) }
    guard !metrics.isEmpty else { throw nothingFound(options) }
    notes += passedOver.map { "Not used: \($0.message)" }
    var withoutServer = metrics.filter { $0.shape.server == nil }.map(\.file)
    notes += InputList.distinguish(&withoutServer)
    let stems = Dictionary(withoutServer.map { ($0.path, $0.stem) }, uniquingKeysWith: { a, _ in a })
    for k in metrics.indices { metrics[k].file.stem = stems[metrics[k].file.path] ?? metrics[k].file.stem }
  }

  private func named(_ asked: (path: String, shown: String)) throws -> (InputFile, TableSummary) {
    let file = InputFile(
      path: asked.path, shown: asked.shown, isFromFolder: false, stem: InputList.stem(of: asked.path))
    return (file, try TableSummary.asked(asked.path, shown: asked.shown))
  }

  private mutating func askRenames(_ asked: (path: String, shown: String)) throws {
    let (file, summary) = try named(asked)
    guard let table = SideTable.renames(file, summary) else {
      throw Failure(
        .unusableData, "\(file.shown) is no table of renames; it has \(summary.shownColumns).",
        remedy: "Give it the columns old and new and, where it matters, time.")
    }
    renames.append(table)
  }

  private mutating func askCapacities(_ asked: (path: String, shown: String), _ map: [ColumnRole: String]) throws {
    let (file, summary) = try named(asked)
    let own = map.filter { entry in summary.fields.contains { $0.name == entry.value } }
    guard let table = try ColumnMatcher(file: file, summary: summary, map: own).capacities() else {
      throw Failure(
        .unusableData, "\(file.shown) is no table of capacities; it has \(summary.shownColumns).",
        remedy: "Give it the columns server, time and capacity and, where there are several resources, resource.")
    }
    capacities.append(table)
  }

  private mutating func askInventory(_ asked: (path: String, shown: String), _ map: [ColumnRole: String]) throws {
    let (file, summary) = try named(asked)
    let own = map.filter { entry in summary.fields.contains { $0.name == entry.value } }
    guard let server = try ColumnMatcher(file: file, summary: summary, map: own).inventoryServer() else {
      throw Failure(
        .unusableData,
        "\(file.shown) has no server column; it has \(summary.shownColumns).",
        remedy: "Say which column it is, such as --map server=\(summary.fields.first?.name ?? "COLUMN").")
    }
    inventory = Inventory(file: file, summary: summary, server: server)
  }

  private mutating func add(_ file: InputFile, _ map: [ColumnRole: String]) throws {
    let summary: TableSummary
    do { summary = try TableSummary.of(path: file.path) } catch {
      if error.code == .empty {
        passedOver.append(Failure(.unusableData, "\(file.shown) is empty.", remedy: error.remedy))
        return
      }
      throw Failure(error.exitCode, "\(file.shown): \(error.message).", remedy: error.remedy)
    }
    if summary.format != .parquet, file.path.lowercased().hasSuffix(".parquet") {
      throw Failure(
        .unusableData, "\(file.shown) is called Parquet but is none.",
        remedy: "Export it again, or call it .csv when it is text.")
    }
    if try !hasRows(file, summary) {
      passedOver.append(
        Failure(.unusableData, "\(file.shown) has a header but no rows.", remedy: "Export it again with its readings."))
      return
    }
    switch try ColumnMatcher(file: file, summary: summary, map: map).content() {
    case .metrics(let shape):
      let bytes = (try? FileManager.default.attributesOfItem(atPath: file.path))?[.size] as? Int ?? 0
      metrics.append(
        Metrics(
          file: file, shape: shape, bytes: bytes, rowsExpected: summary.rowCount ?? rowsExpected(file.path, bytes)))
      notes += shape.notes
    case .inventory(let summary, let server):
      if let used = inventory?.file.shown {
        notes.append("Not used: \(file.shown) looks like an inventory, but \(used) is the one")
      } else {
        inventory = Inventory(file: file, summary: summary, server: server)
        notes.append("\(file.shown) was taken as the inventory")
      }
    case .renames(let table):
      renames.append(table)
      notes.append("\(file.shown) was taken as a table of renames")
    case .capacities(let table):
      capacities.append(table)
      notes.append("\(file.shown) was taken as a table of capacities")
    case .truth:
      passedOver.append(
        Failure(
          .unusableData, "\(file.shown) holds the truth behind synthetic metrics, which is never read.",
          remedy: "Name the metrics."))
    case .unusable(let failure):
      if !file.isFromFolder { throw failure }
      passedOver.append(failure)
    }
  }

  private func hasRows(_ file: InputFile, _ summary: TableSummary) throws -> Bool {
    switch summary.format {
    case .parquet: return summary.rowCount != 0
    case .csv(let delimiter):
      // Without rows there is nothing to tell types by, so all is text.
      guard summary.fields.allSatisfy({ $0.type == .text && !$0.isAllNull }), let first = summary.fields.first,
        summary.fields.count(where: { $0.name == first.name }) == 1
      else { return true }
      let reader = try TableReader(
        csv: file.path, columns: [Column(first.name, .text)], delimiter: delimiter, lenient: true)
      return try reader.next() != nil || reader.skippedCount > 0
    }
  }

  private func nothingFound(_ options: IngestOptions) -> Failure {
    if passedOver.count == 1 { return passedOver[0] }
    let places = options.inputs.joined(separator: ", ")
    if passedOver.isEmpty, let inventory {
      return Failure(
        .unusableData, "\(inventory.file.shown) looks like an inventory: it has servers but no time column.",
        remedy: "Name the metrics as well.")
    }
    if passedOver.isEmpty, let table = (renames + capacities).first {
      return Failure(
        .unusableData, "\(table.file.shown) is a table beside the metrics: it has no readings.",
        remedy: "Name the metrics as well.")
    }
    let reasons = passedOver.prefix(5).map { "\n  \($0.message)" }.joined()
    return Failure(
      .unusableData, "There are no metrics in \(places):\(reasons)", remedy: "Name files that hold metrics.")
  }

  /// From the first 64 kB of a text file.
  private func rowsExpected(_ path: String, _ bytes: Int) -> Int {
    guard let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: 1 << 16), !head.isEmpty
    else { return 1 }
    let lines = max(1, head.count { $0 == 10 })
    return max(1, bytes / max(1, head.count / lines))
  }
}
