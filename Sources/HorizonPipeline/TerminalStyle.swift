/// What a terminal can show; decided once by the command line, so that rendering is a pure function.
package struct TerminalStyle: Sendable, Hashable {
  /// Columns, at least 40.
  package let width: Int
  /// Whether text beyond ASCII is shown as meant.
  package let isUnicode: Bool
  package let hasColour: Bool

  package init(width: Int, isUnicode: Bool, hasColour: Bool) {
    self.width = max(40, width)
    self.isUnicode = isUnicode
    self.hasColour = hasColour
  }

  /// Reads what POSIX says about the locale and https://no-color.org says about colour.
  ///
  /// - Parameters:
  ///   - columns: Of the terminal, nil when standard output is none.
  ///   - asked: `--width`.
  package init(environment: [String: String], columns: Int?, asked: Int? = nil) {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    let folded = (locale ?? "C").lowercased()
    self.init(
      width: asked ?? columns ?? 80, isUnicode: folded.contains("utf-8") || folded.contains("utf8"),
      hasColour: columns != nil && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb")
  }

  /// How a stretch of text stands out.
  package enum Emphasis: String, Sendable {
    case heading = "1"
    case dim = "2"
    case alarm = "31"
    case warning = "33"
    case good = "32"
    case history = "36"
    case forecast = "34"
    case median = "1;34"
  }

  func styled(_ text: String, _ emphasis: Emphasis?) -> String {
    guard let emphasis, hasColour, !text.isEmpty else { return text }
    return "\u{1B}[\(emphasis.rawValue)m\(text)\u{1B}[0m"
  }

  /// Breaks text at spaces so that no line is wider than the terminal; later lines begin with `hanging` spaces.
  ///
  /// - Returns: One line at least. A word longer than a line stays whole.
  package func wrapped(_ text: String, indent: Int = 0, hanging: Int? = nil) -> [String] {
    var lines: [String] = []
    var line = String(repeating: " ", count: indent)
    var isEmpty = true
    // A percent sign stays with its number.
    for word in plain(text).replacing(" %", with: "\u{A0}%").split(separator: " ").map({
      $0.replacing("\u{A0}", with: " ")
    }) {
      if !isEmpty && line.count + 1 + word.count > width {
        lines.append(line)
        line = String(repeating: " ", count: hanging ?? indent)
        isEmpty = true
      }
      line += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    return lines + [line]
  }

  /// Text as this terminal may print it: control characters are shown, not obeyed; beyond ASCII only where it is understood.
  package func plain(_ text: String) -> String {
    String(
      text.unicodeScalars.map { scalar in
        if scalar.properties.generalCategory == .control { return isUnicode ? "\u{FFFD}" : "?" }
        return scalar.isASCII || isUnicode ? Character(scalar) : "?"
      })
  }
}
