import Foundation
import HorizonCore

/// A risk in sentences that can be read aloud to somebody who pays for servers.
package struct RiskWords: Codable, Sendable, Equatable {
  /// What, now, when, how sure.
  package var outlook: String
  /// What to do; empty when there is nothing.
  package var action: String
  /// How far to trust it; empty for what has happened already.
  package var trust: String

  package init(outlook: String = "", action: String = "", trust: String = "") {
    self.outlook = outlook
    self.action = action
    self.trust = trust
  }

  package var text: String { [outlook, action, trust].filter { !$0.isEmpty }.joined(separator: " ") }
}

/// What sentences about a run's risks depend on besides the risk itself.
package struct WordingContext: Sendable, Equatable {
  /// The as-of in seconds since 1970-01-01T00:00Z.
  package var asOf: Int64
  package var stepSeconds: Int64
  package var horizonDays: Double
  /// The window that severity looks at.
  package var withinDays: Int
  package var procurementDays: Int

  package init(asOf: Int64, stepSeconds: Int64, horizonDays: Double, withinDays: Int, procurementDays: Int) {
    self.asOf = asOf
    self.stepSeconds = stepSeconds
    self.horizonDays = horizonDays
    self.withinDays = withinDays
    self.procurementDays = procurementDays
  }
}

extension RiskWords {
  /// Says one risk; a pure function of its arguments.
  ///
  /// - Parameters:
  ///   - growth: Points of utilization gained a month lately, where it is known.
  ///   - jump: The newest lasting change of the level in the last half year, where there is one.
  package init(
    _ risk: ReportData.Risk, growth: Double? = nil, jump: ReportData.LevelMark? = nil, in context: WordingContext
  ) {
    var speech = Speech(risk: risk, context: context)
    let now = speech.now(growth: growth, jump: jump)
    let (outlook, action) = speech.outlookAndAction()
    self.init(outlook: "\(now) \(outlook)", action: action, trust: speech.trust)
  }
}

/// Writes the sentences; remembers which year was named last, so that it is said once.
private struct Speech {
  let risk: ReportData.Risk
  let context: WordingContext
  private var saidYear: Int

  init(risk: ReportData.Risk, context: WordingContext) {
    self.risk = risk
    self.context = context
    saidYear = CivilDate(daysSinceEpoch: Int((Double(context.asOf) / 86_400).rounded(.down))).year
  }

  private var isCrossed: Bool { risk.isOver }
  private var isListed: Bool { risk.severity != "none" }
  private var limit: String { "the \(risk.threshold) limit of \(percent(risk.thresholdValue))" }

  var trust: String {
    if isCrossed { return "" }
    if risk.tier == "low" && isListed {
      return "Trust in this forecast is low: look at the chart before you order."
    }
    return "Trust: \(risk.tier)."
  }

  mutating func now(growth: Double?, jump: ReportData.LevelMark?) -> String {
    let server = risk.server.isEmpty ? "a server without a name" : risk.server
    let subject: String
    switch risk.resource.lowercased() {
    case "", "value": subject = risk.server.isEmpty ? "A server without a name" : server
    case "cpu": subject = "CPU of \(server)"
    default: subject = "\(risk.resource.prefix(1).uppercased())\(risk.resource.dropFirst()) of \(server)"
    }
    guard let current = risk.current, current.isFinite else { return "\(subject) has no reading of late." }
    var sentence = "\(subject) is at \(percent(current))"
    if let capacity = risk.capacity, risk.unit != "%", !risk.unit.isEmpty {
      sentence += " of \(amount(capacity))"
    }
    if let jump {
      let day = Double(jump.time - context.asOf) / 86_400
      let from = date(day)
      sentence +=
        jump.isCapacity
        ? " after its capacity went to \(number((jump.factor * 100).rounded(), digits: 3))\u{202F}% of what it was on \(from)"
        : " after its level jumped to \(number((jump.factor * 100).rounded(), digits: 3))\u{202F}% of what it was on \(from)"
    } else if let growth, growth.isFinite {
      let size = abs(growth)
      let points = size < 9.95 ? number((size * 10).rounded() / 10, digits: 2) : number(size.rounded(), digits: 3)
      if size >= 0.25 {
        sentence += " and \(growth > 0 ? "grows" : "falls") by \(points) \(points == "1" ? "point" : "points") a month"
      }
    }
    return sentence + "."
  }

  mutating func outlookAndAction() -> (String, String) {
    if isCrossed {
      let days = -(risk.daysP50 ?? 0)
      let since =
        days < 0.5 && context.stepSeconds >= 86_400 || days == 0
        ? "It has just gone over \(limit)."
        : "It has been over \(limit) for \(span(days)), since \(date(-days))."
      return (since, more.map { "Add \($0) now." } ?? "")
    }
    let soon = risk.daysP50.map { $0 <= Double(context.withinDays) } ?? false
    if isListed, risk.severity != "watch", let median = risk.daysP50 {
      return ("It will probably reach \(limit) \(when(median))\(earlyChance(before: median)).", order())
    }
    if isListed {
      var outlook = "It may reach \(limit) within \(span(Double(context.withinDays)))"
      if let chance = chanceWithin { outlook += ": the chance is \(chance)" }
      if let median = risk.daysP50, !soon { outlook += ". It is more likely than not \(by(median))" }
      return (outlook + ".", watch())
    }
    if let median = risk.daysP50 {
      return (
        "It will probably reach \(limit) \(when(median)), beyond the next \(span(Double(context.withinDays))).", ""
      )
    }
    if let chance = chanceWithin, chance != "0\u{202F}%" {
      return (
        "It is unlikely to reach \(limit) within \(span(Double(context.withinDays))): the chance is \(chance).", spare
      )
    }
    return ("Nothing points to it reaching \(limit) within \(span(Double(context.withinDays))).", spare)
  }

  private func earlyChance(before median: Double) -> String {
    guard let early = risk.daysP10, median - early >= 3 else { return "" }
    var copy = self
    return " (10\u{202F}% chance before \(copy.date(early)))"
  }

  // What to do.

  private mutating func order() -> String {
    let amount = more ?? "capacity"
    guard let day = orderDay else { return "Order \(amount)." }
    if day < today {
      return "Order \(amount) now: with \(span(Double(context.procurementDays))) to get it, the safe day was "
        + "\(date(Double(day - today)))."
    }
    return day == today ? "Order \(amount) today." : "Order \(amount) by \(date(Double(day - today)))."
  }

  private mutating func watch() -> String {
    guard let amount = more else { return "Keep an eye on it." }
    guard let day = orderDay, day > today else {
      return "Keep an eye on it; to be on the safe side, order \(amount) now."
    }
    return "Keep an eye on it; to be on the safe side, order \(amount) by \(date(Double(day - today)))."
  }

  private var spare: String {
    guard let spare = risk.reclaimable, let capacity = risk.capacity, capacity > 0, spare >= 0.1 * capacity else {
      return ""
    }
    return risk.unit == "%" || risk.unit.isEmpty
      ? "About \(number((spare / capacity * 100).rounded(.down), digits: 2))\u{202F}% of its capacity could be given back."
      : "About \(self.amount(toTwoDigits(spare, .down))) could be given back."
  }

  /// How much more, as people order it: rounded up to two digits, whole where it is one or more.
  private var more: String? {
    guard let wanted = risk.recommendedCapacity, wanted.isFinite else { return nil }
    let capacity = risk.capacity ?? 100
    let missing = wanted - capacity
    guard missing > 0.001 * capacity else { return nil }
    if risk.unit == "%" || risk.unit.isEmpty {
      let share = (missing / capacity * 100).rounded(.up)
      return "at least \(number(share, digits: 3))\u{202F}% more capacity"
    }
    // Cores come whole.
    let extra = risk.unit == "cores" ? max(1, toTwoDigits(missing.rounded(.up), .up)) : toTwoDigits(missing, .up)
    return "at least \(amount(extra)) more (to \(amount(capacity + extra)))"
  }

  private func toTwoDigits(_ x: Double, _ rule: FloatingPointRoundingRule) -> Double {
    guard x > 0 else { return 0 }
    let exponent = Int(log10(x).rounded(.down)) - 1
    if x >= 1 || exponent >= 0 {
      let unit = pow(10, Double(max(0, exponent)))
      return (x / unit).rounded(rule) * unit
    }
    let scale = pow(10, Double(-exponent))
    return (x * scale).rounded(rule) / scale
  }

  // Dates.

  private var today: Int { Int((Double(context.asOf) / 86_400).rounded(.down)) }

  private var orderDay: Int? {
    guard let parts = risk.orderBy?.split(separator: "-").compactMap({ Int($0) }), parts.count == 3 else { return nil }
    return CivilDate.daysSinceEpoch(year: parts[0], month: parts[1], day: parts[2])
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]

  private func civil(_ days: Double) -> CivilDate {
    CivilDate(daysSinceEpoch: Int((Double(context.asOf) / 86_400 + days).rounded(.down)))
  }

  private mutating func year(_ date: CivilDate) -> String {
    defer { saidYear = date.year }
    return date.year == saidYear ? "" : " \(date.year)"
  }

  /// "20 February", with the year when it is another one than was said last.
  private mutating func date(_ days: Double) -> String {
    let date = civil(days)
    return "\(date.day) \(Speech.months[date.month - 1])\(year(date))"
  }

  /// As exact as the distance allows.
  private mutating func when(_ days: Double) -> String {
    if days < 2 && context.stepSeconds < 86_400 { return "within \(span(days))" }
    if days <= 21 { return "around \(date(days))" }
    return "in \(third(days))"
  }

  private mutating func by(_ days: Double) -> String { days <= 21 ? "by \(date(days))" : "by \(third(days))" }

  private mutating func third(_ days: Double) -> String {
    let date = civil(days)
    let month = Speech.months[date.month - 1]
    let part = date.day <= 10 ? "early \(month)" : date.day <= 20 ? "mid-\(month)" : "late \(month)"
    return part + year(date)
  }

  private func span(_ days: Double) -> String {
    if days < 2 && context.stepSeconds < 86_400 {
      let hours = max(1, Int((days * 24).rounded()))
      return "\(hours) \(hours == 1 ? "hour" : "hours")"
    }
    let whole = max(1, Int(days.rounded()))
    return "\(whole) \(whole == 1 ? "day" : "days")"
  }

  // Numbers.

  private var chanceWithin: String? {
    let known = [(30, risk.within30), (60, risk.within60), (90, risk.within90), (180, risk.within180)]
    guard let chance = known.first(where: { $0.0 == context.withinDays })?.1, chance.isFinite else { return nil }
    if chance <= 0 { return "0\u{202F}%" }
    return chance < 0.01 ? "less than 1\u{202F}%" : "\(Int((chance * 100).rounded()))\u{202F}%"
  }

  private func percent(_ value: Double) -> String {
    let shown = abs(value) < 9.95 ? (value * 10).rounded() / 10 : value.rounded()
    return "\(number(shown, digits: 4))\u{202F}%"
  }

  private func amount(_ value: Double) -> String {
    let text = number(value, digits: 4)
    let unit = text == "1" && risk.unit == "cores" ? "core" : risk.unit
    return "\(text)\u{202F}\(unit)"
  }

  /// The digits given, whole numbers whole, thousands grouped.
  private func number(_ value: Double, digits: Int) -> String {
    guard let rounded = significant(value, digits: digits) else { return "?" }
    guard rounded == rounded.rounded(), abs(rounded) < 1e15 else { return "\(rounded)" }
    var text = String(Int64(abs(rounded)))
    var at = text.count - 3
    while at > 0 {
      text.insert(",", at: text.index(text.startIndex, offsetBy: at))
      at -= 3
    }
    return rounded < 0 ? "-\(text)" : text
  }
}
