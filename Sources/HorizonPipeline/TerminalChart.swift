import Foundation

/// A history with its forecast as lines of text: Braille dots for readings and the median, shade for the 80 % interval.
///
/// A pure function of its values. Every line has the same number of columns, colour codes not counted.
package struct TerminalChart: Sendable, Hashable {
  package struct Reading: Sendable, Hashable {
    package let at: Int
    package let value: Double
    package init(at: Int, value: Double) {
      self.at = at
      self.value = value
    }
  }

  package struct Ahead: Sendable, Hashable {
    package let at: Int
    package let low: Double
    package let median: Double
    package let high: Double
    package init(at: Int, low: Double, median: Double, high: Double) {
      self.at = at
      self.low = low
      self.median = median
      self.high = high
    }
  }

  /// By step index, ascending.
  package var history: [Reading]
  package var forecast: [Ahead]
  /// Drawn across the whole chart.
  package var limits: [Double]
  /// Step index after which the forecast begins.
  package var asOf: Int
  /// Dates of the first step, the as-of and the last step.
  package var firstLabel: String
  package var asOfLabel: String
  package var lastLabel: String

  package init(
    history: [Reading], forecast: [Ahead], limits: [Double], asOf: Int, first: String, asOfLabel: String, last: String
  ) {
    self.history = history
    self.forecast = forecast
    self.limits = limits
    self.asOf = asOf
    firstLabel = first
    self.asOfLabel = asOfLabel
    lastLabel = last
  }

  private enum Mark { case reading, median }

  /// - Parameter rows: Lines of the drawing itself, without the axis below; at least 4.
  /// - Returns: No line when there is nothing to draw.
  package func lines(_ style: TerminalStyle, rows: Int = 12) -> [String] {
    let steps = history.map(\.at) + forecast.map(\.at)
    let heights = history.map(\.value) + forecast.flatMap { [$0.low, $0.high] } + limits
    guard let first = steps.min(), let last = steps.max(), let least = heights.min(), let most = heights.max()
    else { return [] }
    let scale = Scale(least: least, most: most)
    let labels = [scale.label(scale.high), scale.label((scale.high + scale.low) / 2), scale.label(scale.low)]
    let gutter = labels.map(\.count).max()! + 1
    let columns = style.width - gutter - 1
    var canvas = Canvas(columns: columns, rows: rows, isCrowded: steps.count > 4 * columns)
    func x(_ at: Int) -> Double { last == first ? 0 : Double(at - first) / Double(last - first) }
    func y(_ value: Double) -> Double { (value - scale.low) / (scale.high - scale.low) }
    for limit in limits { canvas.limit(y(limit)) }
    canvas.upright(x(asOf))
    for reading in history { canvas.span(x(reading.at), y(reading.value), .reading) }
    // Leads that are far apart on the canvas are joined.
    let fine = max(1, (2 * columns + forecast.count - 1) / max(1, forecast.count))
    for (a, b) in zip(forecast, forecast.dropFirst() + forecast.suffix(1)) {
      for k in 0..<fine {
        let share = Double(k) / Double(fine)
        func between(_ from: Double, _ to: Double) -> Double { from + share * (to - from) }
        let column = between(x(a.at), x(b.at))
        canvas.shade(column, from: y(between(a.low, b.low)), to: y(between(a.high, b.high)))
        canvas.span(column, y(between(a.median, b.median)), .median)
      }
    }
    var text: [String] = []
    for row in 0..<rows {
      let label = row == 0 ? labels[0] : row == rows / 2 ? labels[1] : row == rows - 1 ? labels[2] : ""
      let fill = String(repeating: " ", count: gutter - 1 - label.count)
      text.append("\(fill)\(label) " + (style.isUnicode ? "│" : "|") + canvas.line(row, style))
    }
    text.append(axis(style, gutter: gutter, columns: columns, at: x(asOf)))
    return text
  }

  /// The dates below the drawing; the as-of's is left out where it would touch the others.
  private func axis(_ style: TerminalStyle, gutter: Int, columns: Int, at share: Double) -> String {
    var cells = [Character](repeating: " ", count: columns)
    func put(_ label: String, from start: Int) {
      for (k, c) in label.enumerated() where start + k >= 0 && start + k < columns { cells[start + k] = c }
    }
    put(firstLabel, from: 0)
    put(lastLabel, from: columns - lastLabel.count)
    let mark = (style.isUnicode ? "↑" : "^") + asOfLabel
    let start = Int((share * Double(columns - 1)).rounded())
    if start > firstLabel.count + 1, start + mark.count + 1 < columns - lastLabel.count {
      put(mark, from: start)
    } else if start - mark.count > firstLabel.count + 1, start < columns - lastLabel.count {
      put(asOfLabel + (style.isUnicode ? "↑" : "^"), from: start - mark.count + 1)
    }
    return String(repeating: " ", count: gutter + 1) + String(cells)
  }

  /// Round ends of the vertical axis.
  private struct Scale {
    let low: Double
    let high: Double
    let digits: Int

    init(least: Double, most: Double) {
      let span = most > least ? most - least : max(abs(most), 1)
      let rough = span / 4
      let power = pow(10, log10(rough).rounded(.down))
      let unit = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 }!
      low = (least / unit).rounded(.down) * unit
      let top = (most / unit).rounded(.up) * unit
      high = top > low ? top : low + unit
      // One more than the unit has, for the label in the middle.
      digits = unit >= 2 ? 0 : unit >= 0.2 ? 1 : max(2, 1 - Int(log10(unit).rounded(.down)))
    }

    func label(_ value: Double) -> String { fixed(value, digits: digits) }
  }

  /// Cells with up to eight dots each.
  private struct Canvas {
    let columns: Int
    let rows: Int
    private var dots: [UInt8]
    private var marks: [Mark?]
    private var isShaded: [Bool]
    private var isLimit: [Bool]
    private var uprightColumn: Int?
    /// The column drawn last, what was drawn in it, and the rows that it takes.
    private var lastColumn = -1
    private var lastMark: Mark?
    private var reach = 0...0
    /// Whether columns hold several steps each, so that the way from one column to the next is drawn as well.
    private let isCrowded: Bool
    private var lastRow = 0

    init(columns: Int, rows: Int, isCrowded: Bool) {
      self.columns = columns
      self.rows = rows
      self.isCrowded = isCrowded
      dots = Array(repeating: 0, count: columns * rows)
      marks = Array(repeating: nil, count: columns * rows)
      isShaded = Array(repeating: false, count: columns * rows)
      isLimit = Array(repeating: false, count: rows)
    }

    /// Position of a share 0...1 among `count` places.
    private func place(_ share: Double, of count: Int) -> Int {
      min(count - 1, max(0, Int(share * Double(count - 1) + 0.5)))
    }

    /// Draws a dot and fills the way to others of its kind in the same column: a crowd becomes a bar from its least to its most.
    /// Where all columns are crowded the bar begins at the last reading of the column before.
    mutating func span(_ x: Double, _ y: Double, _ mark: Mark) {
      let (column, row) = (place(x, of: 2 * columns), place(1 - y, of: 4 * rows))
      let isSame = lastColumn == column && lastMark == mark
      let isNext = isCrowded && lastColumn + 1 == column && lastMark == mark
      reach =
        isSame
        ? min(reach.lowerBound, row)...max(reach.upperBound, row)
        : isNext ? min(lastRow, row)...max(lastRow, row) : row...row
      (lastColumn, lastMark, lastRow) = (column, mark, row)
      for row in reach { dot(column, row, mark) }
    }

    private mutating func dot(_ column: Int, _ row: Int, _ mark: Mark) {
      let cell = row / 4 * columns + column / 2
      // Bits of U+2800: dots 1, 2, 3, 7 on the left, 4, 5, 6, 8 on the right, from above.
      dots[cell] |= [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]][column % 2][row % 4]
      marks[cell] = mark
    }

    mutating func shade(_ x: Double, from low: Double, to high: Double) {
      let column = place(x, of: columns)
      for row in place(1 - high, of: rows)...max(place(1 - high, of: rows), place(1 - low, of: rows)) {
        isShaded[row * columns + column] = true
      }
    }

    mutating func limit(_ y: Double) { isLimit[place(1 - y, of: rows)] = true }
    mutating func upright(_ x: Double) { uprightColumn = place(x, of: columns) }

    /// One line of the drawing: what matters more covers the rest.
    func line(_ row: Int, _ style: TerminalStyle) -> String {
      var text = ""
      var run = ""
      var runEmphasis: TerminalStyle.Emphasis?
      for column in 0..<columns {
        let (character, emphasis) = cell(row * columns + column, row: row, column: column, style)
        if emphasis != runEmphasis {
          text += style.styled(run, runEmphasis)
          run = ""
          runEmphasis = emphasis
        }
        run.append(character)
      }
      return text + style.styled(run, runEmphasis)
    }

    private func cell(
      _ at: Int, row: Int, column: Int, _ style: TerminalStyle
    ) -> (Character, TerminalStyle.Emphasis?) {
      if let mark = marks[at] {
        let emphasis: TerminalStyle.Emphasis = mark == .reading ? .history : .median
        let ascii: Character = mark == .reading ? "*" : "o"
        return (style.isUnicode ? Character(Unicode.Scalar(0x2800 + UInt32(dots[at]))!) : ascii, emphasis)
      }
      if isLimit[row] { return (style.isUnicode ? "╌" : "-", .alarm) }
      if isShaded[at] { return (style.isUnicode ? "░" : ":", .forecast) }
      if column == uprightColumn { return (style.isUnicode ? "┊" : "|", .dim) }
      return (" ", nil)
    }
  }
}
