/// Columns of text, padded; numbers to the right.
struct TextTable {
  var headings: [String]
  var rows: [[String]] = []
  /// Columns that are aligned to the right.
  var numeric: Set<Int> = []
  /// Columns that a narrow terminal does without, the first one first.
  var dispensable: [Int] = []

  var text: String { text(fitting: nil) }

  /// The table in lines of at most `columns` characters: long names are shortened, then columns are left out and named
  /// below; where that is not enough each row becomes a paragraph.
  func text(fitting columns: Int?) -> String {
    guard let columns else { return lines(of: Array(headings.indices), widths: naturalWidths).joined(separator: "\n") }
    for count in 0...dispensable.count {
      let dropped = Set(dispensable.prefix(count))
      let kept = headings.indices.filter { !dropped.contains($0) }
      guard let widths = widths(of: kept, fitting: columns) else { continue }
      var lines = lines(of: kept, widths: widths)
      if count > 0 {
        let names = headings.indices.filter(dropped.contains).map { headings[$0] }.joined(separator: ", ")
        lines += wrapped("A wider terminal shows \(names) too.", to: columns)
      }
      return lines.joined(separator: "\n")
    }
    return rows.map { paragraph($0, columns: columns) }.joined(separator: "\n")
  }

  private static let longest = 44
  private static let shortest = 16

  private var naturalWidths: [Int] {
    headings.indices.map { c in ([headings] + rows).map { min($0[c].count, TextTable.longest) }.max()! }
  }

  /// Nil when the columns do not fit even with shortened names.
  private func widths(of kept: [Int], fitting columns: Int) -> [Int]? {
    var widths = naturalWidths
    func excess() -> Int { kept.reduce(2 * (kept.count - 1) - columns) { $0 + widths[$1] } }
    while excess() > 0 {
      let names = kept.filter { !numeric.contains($0) && widths[$0] > TextTable.shortest }
      guard let widest = names.max(by: { widths[$0] < widths[$1] }) else { return nil }
      widths[widest] -= 1
    }
    return widths
  }

  private func lines(of kept: [Int], widths: [Int]) -> [String] {
    ([headings] + rows).map { fields in
      let padded = kept.map { c in
        let shown = shortened(fields[c], to: widths[c])
        let fill = String(repeating: " ", count: widths[c] - shown.count)
        return numeric.contains(c) ? fill + shown : shown + fill
      }
      return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
  }

  private func paragraph(_ fields: [String], columns: Int) -> String {
    var lines = [shortened(fields[0], to: columns)]
    var line = ""
    for c in headings.indices.dropFirst() {
      let part = "\(headings[c]) \(fields[c])"
      if !line.isEmpty, line.count + 2 + part.count > columns {
        lines.append(line)
        line = ""
      }
      line += "  " + part
    }
    return (lines + [line]).joined(separator: "\n")
  }

  /// The same with the last column at its full length, over several lines where the terminal is narrow.
  func textWithWholeLastColumn(fitting columns: Int?) -> String {
    var front = self
    front.headings.removeLast()
    front.rows = rows.map { $0.dropLast() }
    let starts = front.lines(of: Array(front.headings.indices), widths: front.naturalWidths)
    let width = starts.map(\.count).max()!
    let texts = [headings.last!] + rows.map { $0.last! }
    guard let columns else {
      return zip(starts, texts).map { "\($0.padded(to: width))  \($1)" }.joined(separator: "\n")
    }
    let isRoomy = columns - width - 2 >= 24
    let indent = isRoomy ? width + 2 : 2
    return zip(starts, texts).map { start, text in
      var parts = wrapped(text, to: max(8, columns - indent))
      let first = isRoomy && !parts.isEmpty ? "\(start.padded(to: width))  \(parts.removeFirst())" : start
      return ([first] + parts.map { String(repeating: " ", count: indent) + $0 }).joined(separator: "\n")
    }.joined(separator: "\n")
  }

  var textWithWholeLastColumn: String { textWithWholeLastColumn(fitting: nil) }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

private func shortened(_ text: String, to width: Int) -> String {
  text.count > width ? "\(text.prefix(width - 1))…" : text
}

/// Lines of whole words; a word longer than a line stands alone.
private func wrapped(_ text: String, to columns: Int) -> [String] {
  var lines: [String] = []
  for word in text.split(separator: " ") {
    if let last = lines.last, last.count + 1 + word.count <= columns {
      lines[lines.count - 1] += " " + word
    } else {
      lines.append(String(word))
    }
  }
  return lines
}
