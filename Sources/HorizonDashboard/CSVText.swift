/// Rows of comma-separated text in which no cell is a formula.
package struct CSVText {
  package private(set) var bytes: [UInt8] = []
  private var isFirst = true

  package init() {}

  /// A cell of text; one that a spreadsheet would take for a formula is preceded by an apostrophe.
  package mutating func text(_ text: String) {
    let isFormula = text.utf8.first.map { "=+-@\t\r".utf8.contains($0) } == true && Double(text) == nil
    separate()
    let isQuoted = text.utf8.contains { ",\"\n\r".utf8.contains($0) }
    if isQuoted { bytes.append(UInt8(ascii: "\"")) }
    if isFormula { bytes.append(UInt8(ascii: "'")) }
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    if isQuoted { bytes.append(UInt8(ascii: "\"")) }
  }

  /// A number to thousandths; empty when it is not finite.
  mutating func number(_ value: Double) {
    separate()
    guard value.isFinite else { return }
    var json = JSONText(capacity: 24)
    json.number(value)
    bytes.append(contentsOf: json.bytes)
  }

  /// Text that needs no care, such as a date.
  mutating func plain(_ text: String) {
    separate()
    bytes.append(contentsOf: text.utf8)
  }

  mutating func endRow() {
    bytes.append(UInt8(ascii: "\n"))
    isFirst = true
  }

  /// Hands over what was written, to go on with nothing.
  mutating func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  private mutating func separate() {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
  }
}
