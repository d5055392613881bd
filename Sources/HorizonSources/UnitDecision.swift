import HorizonCore

/// What 100 % is for a resource, decided once over all its readings.
struct UnitDecision: Hashable {
  let unit: String?
  let ceiling: Ceiling
  /// For people; without a full stop.
  let sentence: String

  struct Evidence {
    let resource: String
    /// From `--unit`.
    var asked: String?
    /// Units named by the data, and the column that named the first.
    var units: [String] = []
    var column: String?
    var series = 0
    /// Whose readings come with a capacity.
    var seriesWithCapacity = 0
    /// Whose capacity is known from a table only.
    var seriesInTable = 0
    /// Readings were counters and have become rates per second.
    var isCounter = false
    /// Of all readings as given.
    var minimum = 0.0
    var maximum = 0.0
  }

  /// Not a unit but what the readings are: they become rates.
  static func isCounter(_ unit: String) -> Bool { unit.lowercased() == "counter" }

  /// Readings in this unit are relative to a capacity.
  static func isRelative(_ unit: String) -> Bool { isPercent(unit) || unit.lowercased() == "fraction" }

  static func isPercent(_ unit: String) -> Bool { ["%", "percent", "pct"].contains(unit.lowercased()) }

  /// (1) a capacity column, (2) a unit that says so, (3) cpu, memory, disk and network within 0...150 when no unit is known,
  /// (4) else a plain quantity. Fractions are never guessed.
  init(_ evidence: Evidence) {
    let asked = evidence.asked.flatMap { UnitDecision.isCounter($0) ? nil : $0 }
    let units = (asked.map { [$0] } ?? evidence.units).map { evidence.isCounter ? "\($0)/s" : $0 }
    let source =
      asked != nil ? "--unit" : evidence.column.map { "column \($0)" } ?? "unit \(units.first ?? "")"
    let isPercent = !units.isEmpty && units.allSatisfy(UnitDecision.isPercent)
    let only = units.count == 1 ? units[0] : nil
    let known = isPercent ? "%" : only ?? (units.isEmpty ? nil : units.joined(separator: ", "))
    let name = evidence.resource
    let rates = evidence.isCounter ? " (counters became rates per second)" : ""
    let table = evidence.seriesInTable > 0 ? "; the table of capacities says what they are percent of" : ""
    if evidence.seriesWithCapacity > 0 {
      unit = known
      ceiling = .capacity
      let share =
        evidence.seriesWithCapacity == evidence.series
        ? "" : ", known for \(grouped(evidence.seriesWithCapacity)) of \(grouped(evidence.series)) series"
      sentence = "\(name): 100 % is the capacity column\(known.map { ", in \($0)" } ?? "")\(share)\(rates)"
    } else if isPercent {
      unit = "%"
      ceiling = .constant(100)
      sentence = "\(name): percent, 100 % is 100 (\(source))\(table)"
    } else if only?.lowercased() == "fraction" {
      unit = "fraction"
      ceiling = .constant(1)
      sentence = "\(name): fraction, 100 % is 1 (\(source))\(table)"
    } else if units.isEmpty, !evidence.isCounter, ResourceKind(resource: name) != .other, evidence.minimum >= 0,
      evidence.maximum <= 150
    {
      unit = "%"
      ceiling = .constant(100)
      sentence =
        "\(name): taken as percent, 100 % is 100 (all readings lie between \(short(evidence.minimum)) and \(short(evidence.maximum)))\(table)"
    } else if evidence.seriesInTable > 0 {
      unit = known
      ceiling = .capacity
      sentence =
        "\(name): 100 % is the table of capacities\(known.map { ", in \($0)" } ?? ""), known for \(grouped(evidence.seriesInTable)) of \(grouped(evidence.series)) series\(rates)"
    } else {
      unit = known
      ceiling = .none
      let mixed = units.count > 1 ? " (its units differ)" : ""
      sentence =
        "\(name): a plain quantity\(known.map { " in \($0)" } ?? ""), so no ceiling and no risk\(mixed)\(rates)"
    }
  }
}

/// At most two decimals.
private func short(_ value: Double) -> String {
  let rounded = (value * 100).rounded() / 100
  return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int(rounded)) : String(rounded)
}
