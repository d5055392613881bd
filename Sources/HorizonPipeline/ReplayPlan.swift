package import HorizonCore

/// The moments of the past that a replay takes for today.
package struct ReplayPlan: Sendable, Hashable {
  /// Where the as-ofs lie in the calendar.
  package enum Every: Sendable, Hashable {
    /// At the end of each: Sundays, last days of months, of quarters.
    case week, month, quarter
    /// So many days apart, from the first one on.
    case days(Int)

    /// Reads `month`, `week`, `quarter`, `10d` or `10`; nil for anything else.
    package init?(parsing text: String) {
      switch text {
      case "week": self = .week
      case "month": self = .month
      case "quarter": self = .quarter
      case "day": self = .days(1)
      default:
        guard let days = Int(text.hasSuffix("d") ? String(text.dropLast()) : text), (1...3_660).contains(days) else {
          return nil
        }
        self = .days(days)
      }
    }

    fileprivate var noun: String {
      switch self {
      case .week: "week"
      case .month: "month"
      case .quarter: "quarter"
      case .days: "day"
      }
    }

    /// The last day of the period that holds a day, both counted from 1970-01-01.
    fileprivate func end(of day: Int) -> Int {
      let date = CivilDate(daysSinceEpoch: day)
      switch self {
      case .days: return day
      // 1970-01-01 was a Thursday.
      case .week: return day + 6 - (day + 3) % 7
      case .month: return lastDay(year: date.year, month: date.month)
      case .quarter: return lastDay(year: date.year, month: (date.month + 2) / 3 * 3)
      }
    }

    /// The first as-of after one.
    fileprivate func next(after day: Int) -> Int {
      if case .days(let count) = self { day + count } else { end(of: day + 1) }
    }
  }

  /// `2024-01` or `2024-01-31`; nil for two years before the newest reading, or where the history begins.
  package var from: String?
  /// Likewise; nil for the newest reading.
  package var to: String?
  package var every = Every.month
  /// Days chosen one by one instead of the above; empty for none.
  package var at: [String] = []

  package init() {}

  /// Step indices, ascending, each of the last step that ends on its day.
  ///
  /// - Throws: When there is none in the history, or what is asked for lies outside of it.
  package func asOfs(in fleet: Fleet) throws(Failure) -> [Int] {
    let history = HistoryDays(fleet)
    if !at.isEmpty {
      let days = try at.map { text throws(Failure) in try ReplayPlan.days(of: text, "--at").last }
      return try Set(days).sorted().map { day throws(Failure) in
        try requireWithin(history, day)
        return history.asOf(day)
      }
    }
    let start = try from.map { text throws(Failure) in try ReplayPlan.days(of: text, "--from") }
    let stop = try to.map { text throws(Failure) in try ReplayPlan.days(of: text, "--to").last } ?? history.newest
    var first: Int
    if let start {
      first = if case .days = every { start.last } else { every.end(of: start.first) }
    } else {
      first = every.end(of: max(stop - 730, history.oldest))
    }
    if let start, let to, start.first > stop {
      throw Failure(.badUsage, "--from \(from!) lies after --to \(to).", remedy: "Give the earlier one first.")
    }
    if start == nil { while history.asOf(first) < history.first { first = every.next(after: first) } }
    var days: [Int] = []
    while first <= stop, to != nil || history.asOf(first) <= history.last {
      days.append(first)
      first = every.next(after: first)
    }
    guard let last = days.last else {
      throw Failure(
        .badUsage, "No \(every.noun) ends from \(from ?? "the first reading") to \(to ?? "the newest reading").",
        remedy: "Choose a longer time, or another --every.")
    }
    try requireWithin(history, days[0])
    try requireWithin(history, last)
    return days.map(history.asOf)
  }

  private func requireWithin(_ history: HistoryDays, _ day: Int) throws(Failure) {
    func name(_ day: Int) -> String {
      let text = CivilDate(daysSinceEpoch: day).description
      return every == .month && at.isEmpty ? String(text.prefix(7)) : text
    }
    if history.asOf(day) < history.first {
      var possible = every.end(of: history.oldest)
      while history.asOf(possible) < history.first { possible = every.next(after: possible) }
      throw Failure(
        .unusableData,
        "\(name(day)) lies before the history, which begins on \(CivilDate(daysSinceEpoch: history.oldest)).",
        remedy: "The first possible \(every.noun) is \(name(possible)).")
    }
    if history.asOf(day) > history.last {
      var possible = every.end(of: history.newest)
      while history.asOf(possible) > history.last { possible = every.end(of: possible - every.longest) }
      throw Failure(
        .unusableData,
        "\(name(day)) has not ended by the newest reading, which is of \(CivilDate(daysSinceEpoch: history.newest)).",
        remedy: history.asOf(possible) < history.first
          ? "No \(every.noun) ends within the history: choose another --every."
          : "The last possible \(every.noun) is \(name(possible)).")
    }
  }

  /// First and last day of a month or a date.
  private static func days(of text: String, _ flag: String) throws(Failure) -> (first: Int, last: Int) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    if parts.count == 2, parts[0].count == 4, parts[1].count == 2, let year = Int(parts[0]), let month = Int(parts[1]),
      let first = CivilDate.daysSinceEpoch(year: year, month: month, day: 1)
    {
      return (first, lastDay(year: year, month: month))
    }
    if let time = ISOTime.parse(text), text.contains("-") {
      let day = CivilDate.daysSinceEpoch(ofMicroseconds: time.microseconds)
      return (day, day)
    }
    throw Failure(
      .badUsage, "\(flag): '\(text)' is no month and no date.", remedy: "Write it as 2024-01 or 2024-01-31.")
  }
}

extension ReplayPlan.Every {
  /// Days from the end of a period that surely lie in an earlier one.
  fileprivate var longest: Int {
    switch self {
    case .days: 1
    case .week: 7
    case .month: 31
    case .quarter: 92
    }
  }
}

private func lastDay(year: Int, month: Int) -> Int {
  let next = month == 12 ? (year + 1, 1) : (year, month + 1)
  return CivilDate.daysSinceEpoch(year: next.0, month: next.1, day: 1)! - 1
}

/// The days of a fleet's history.
private struct HistoryDays {
  let step: Step
  /// Step indices of the first reading and of the newest that is known.
  let first: Int
  let last: Int

  init(_ fleet: Fleet) {
    step = fleet.step
    first = fleet.manifest.firstIndex
    last = min(fleet.asOf, fleet.manifest.lastIndex)
  }

  /// Days since 1970-01-01 that the first and the newest step lie in, as people in the time zone of the steps call them.
  var oldest: Int { day(of: first) }
  var newest: Int { day(of: last) }

  private func day(of index: Int) -> Int {
    CivilDate.daysSinceEpoch(ofMicroseconds: step.microseconds(of: index) + zone)
  }

  /// Where days have steps of their own, these begin at midnight of a time zone, up to half a day from that of UTC.
  private var zone: Int64 { step.seconds >= 86_400 ? 43_200_000_000 : 0 }

  /// The last step that has ended with a day.
  func asOf(_ day: Int) -> Int { step.index(ofMicroseconds: Int64(day + 1) * 86_400_000_000 + zone) - 1 }
}
