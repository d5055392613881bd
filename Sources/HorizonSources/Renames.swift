import HorizonCore

/// Which servers have another name now: their histories are joined under the newest.
///
/// A line `old, new` holds for all readings of the old name; with a time, for those before it, so that a name may be given to
/// another machine afterwards. Lines are followed from name to name. Used by the one thread that reads rows.
final class Renames {
  private struct Line {
    let new: String
    /// `.max` when the table says none.
    let until: Int64
  }

  /// By old name, the earliest first.
  private var lines: [String: [Line]] = [:]
  private var files: [String] = []
  private var used: Set<String> = []
  private(set) var notes: [String] = []

  var isEmpty: Bool { lines.isEmpty }

  /// - Throws: When names are missing or lead in a circle.
  func add(_ table: SideTable, clock: LocalClock) throws {
    files.append(table.file.shown)
    var count = 0
    let skipped = try table.forEachRow(clock: clock) { row in
      count += 1
      guard let old = row[.old], let new = row[.new], row.time != .min else {
        throw Failure(
          .unusableData,
          "\(table.file.shown): row \(grouped(count)) of the renames has no old name, no new name or no usable time.",
          remedy: "Write old, new and, where it matters, the time as 2025-06-30.")
      }
      if old != new { lines[old, default: []].append(Line(new: new, until: row.time ?? .max)) }
    }
    if skipped > 0 {
      notes.append("\(table.file.shown): \(grouped(skipped)) rows with a wrong number of fields were left out")
    }
    for old in lines.keys { lines[old]!.sort { ($0.until, $0.new) < ($1.until, $1.new) } }
    for old in lines.keys.sorted() {
      guard follow(old, at: .min) != nil else {
        throw Failure(
          .unusableData, "\(table.file.shown): the renames of '\(old)' lead in a circle.",
          remedy: "Remove one of them, or say when each happened in a column 'time'.")
      }
    }
  }

  /// Whether a name's new one depends on the time.
  func isTimed(_ name: String) -> Bool {
    var name = name
    var seen: Set<String> = []
    while let own = lines[name], seen.insert(name).inserted {
      if own.count > 1 || own[0].until != .max { return true }
      name = own[0].new
    }
    return false
  }

  /// What a server is called now that had this name at a time.
  func name(_ old: String, at time: Int64) -> String {
    guard lines[old] != nil, let new = follow(old, at: time) else { return old }
    if new != old { used.insert(old) }
    return new
  }

  /// - Returns: Nil when names lead in a circle.
  private func follow(_ old: String, at time: Int64) -> String? {
    var name = old
    var now = time
    var seen: Set<String> = []
    // A machine that was renamed at a time bears the new name from then on: its next rename is later.
    while let line = lines[name]?.first(where: { $0.until > now || ($0.until == .max && now == .max) }) {
      if line.until == .max, !seen.insert(name).inserted { return nil }
      now = max(now, line.until)
      name = line.new
    }
    return name
  }

  /// What a reader should know, once all rows are read.
  var summary: [String] {
    guard !files.isEmpty else { return [] }
    let place = files.joined(separator: ", ")
    let absent = lines.keys.filter { !used.contains($0) }.sorted()
    var result = notes
    result.append("\(grouped(used.count)) old names of \(place) were joined with their new ones")
    if let first = absent.first {
      result.append("\(grouped(absent.count)) old names of \(place) have no readings, such as '\(first)'")
    }
    return result
  }
}
