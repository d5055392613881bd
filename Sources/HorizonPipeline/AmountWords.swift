/// How much of a series is said: in points of its capacity where there is a ceiling, else in the unit of its readings.
package struct AmountWords: Sendable {
  /// What one of the readings' units is in percent of the ceiling; nil where there is none.
  fileprivate let points: Double?
  private let unit: String?

  package init(ceiling: Double?, unit: String?) {
    points = ceiling.flatMap { $0 > 0 ? 100 / $0 : nil }
    self.unit = unit
  }

  private var suffix: String { unit.map { " \($0)" } ?? "" }

  /// How large a difference is, without its sign.
  func size(_ x: Double) -> String {
    points.map { "\(fixed(abs(x) * $0, digits: 1)) points" } ?? "\(shortNumber(abs(x)))\(suffix)"
  }

  /// A place on the scale of the readings.
  func place(_ x: Double) -> String {
    points.map { "\(fixed(x * $0, digits: 1)) % of capacity" } ?? "\(shortNumber(x))\(suffix)"
  }

  /// A place where it is known what the number counts.
  func level(_ x: Double) -> String { points.map { "\(fixed(x * $0, digits: 1)) %" } ?? "\(shortNumber(x))\(suffix)" }

  /// A part of a sum: with its sign where it has one, without a unit.
  func term(_ x: Double, signed: Bool = true) -> String {
    let text = points.map { fixed(x * $0, digits: 1) } ?? shortNumber(x)
    return signed && !text.hasPrefix("-") ? "+\(text)" : text
  }

  /// A difference with its sign.
  func difference(_ x: Double) -> String { "\(term(x))\(points == nil ? suffix : " points")" }

  /// Whether a difference is shown as other than nothing.
  func shows(_ x: Double) -> Bool { term(x, signed: false).contains { ("1"..."9").contains($0) } }
}

extension AmountWords {
  /// What is left of a total for one term when the others are shown rounded.
  func rest(of total: Double, without others: some Sequence<Double>) -> Double {
    guard let points else { return others.reduce(total, -) }
    func shown(_ x: Double) -> Double { (x * points * 10).rounded() / 10 / points }
    return others.reduce(shown(total)) { $0 - shown($1) }
  }
}
