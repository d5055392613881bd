import HorizonCore

/// Risks in the order that people should read them; equal ones keep their order.
///
/// Breaches before what is to be watched before the rest; among breaches the higher threshold first; then what is crossed already,
/// the newest crossing first, because an old one is known; then the earlier likely date, the earlier possible date, the greater
/// chance, and the name.
package func rank(_ rows: [RiskRow]) -> [RiskRow] {
  let keys = rows.map(RankingKey.init)
  return rows.indices.sorted { a, b in
    keys[a].precedes(keys[b]) ?? (a < b)
  }.map { rows[$0] }
}

private struct RankingKey {
  /// Ascending.
  let numbers: SIMD8<Double>
  let name: SeriesName

  init(_ row: RiskRow) {
    var numbers = SIMD8<Double>(repeating: 0)
    switch row.severity {
    case .breach:
      numbers[0] = 0
      numbers[1] = -row.threshold
    case .watch: numbers[0] = 1
    case .none: numbers[0] = 2
    }
    let likely = row.daysToBreachP50.map(Double.init) ?? .infinity
    numbers[2] = row.isCrossed ? -1 / (1 - likely) : likely
    numbers[3] = row.daysToBreachP10.map(Double.init) ?? .infinity
    numbers[4] = -Double(row.pBreach90 ?? row.pBreach60 ?? row.pBreach30 ?? 0)
    numbers[5] = -Double(row.pBreach180 ?? 0)
    numbers[6] = -row.threshold
    self.numbers = numbers
    name = row.series
  }

  /// Nil when neither does.
  func precedes(_ other: RankingKey) -> Bool? {
    for i in 0..<6 where numbers[i] != other.numbers[i] { return numbers[i] < other.numbers[i] }
    if name.server != other.name.server { return name.server < other.name.server }
    if name.resource != other.name.resource { return name.resource < other.name.resource }
    return numbers[6] == other.numbers[6] ? nil : numbers[6] < other.numbers[6]
  }
}
