/// Civil dates without Foundation: days since 1970-01-01 to year, month, day and back (Gregorian, proleptic).
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms".
package struct CivilDate: Sendable, Hashable, CustomStringConvertible {
  package let year: Int
  package let month: Int
  package let day: Int

  package init(daysSinceEpoch days: Int) {
    let z = days + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let mp = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * mp + 2) / 5 + 1
    month = mp < 10 ? mp + 3 : mp - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// Days since 1970-01-01 of a date; nil when there is no such date.
  package static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int? {
    guard (1...12).contains(month), (1...31).contains(day), (0...9_999).contains(year) else { return nil }
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    let back = CivilDate(daysSinceEpoch: days)
    return back.month == month && back.day == day ? days : nil
  }

  /// Days since 1970-01-01 of an instant.
  package static func daysSinceEpoch(ofMicroseconds time: Int64) -> Int { Int(floorDivide(time, 86_400_000_000)) }

  package var description: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }
}

private func padded(_ n: Int, _ width: Int) -> String {
  let s = String(n)
  return String(repeating: "0", count: max(0, width - s.count)) + s
}

/// ISO 8601 text of instants in microseconds since the epoch, UTC.
package enum ISOTime {
  /// `2025-12-31`, or `2025-12-31T21:00:00Z` when the time is not midnight or `full` is set.
  package static func string(_ microseconds: Int64, full: Bool = false) -> String {
    let seconds = floorDivide(microseconds, 1_000_000)
    let days = floorDivide(seconds, 86_400)
    let rest = Int(seconds - days * 86_400)
    let date = CivilDate(daysSinceEpoch: Int(days)).description
    if rest == 0 && !full { return date }
    return "\(date)T\(padded(rest / 3_600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))Z"
  }

  /// The name of a run folder: `2025-12-31` for steps of a day or more, `2013-09-22T2100Z` for finer ones.
  package static func folderName(_ microseconds: Int64, step: Step) -> String {
    let full = string(microseconds, full: true)
    if step.seconds >= 86_400 { return String(full.prefix(10)) }
    return full.prefix(10) + "T" + full.dropFirst(11).prefix(2) + full.dropFirst(14).prefix(2) + "Z"
  }

  /// Reads `2025-12-31`, `2025-12-31T21:00`, `2025-12-31 21:00:00.25+02:00`, with `Z`, `+hh:mm`, `+hhmm` or `+hh`; and epoch
  /// seconds or milliseconds (whole or fractional, at least 9 digits). Text without a zone is `zoneless` plus UTC.
  ///
  /// - Returns: Microseconds since the epoch and whether the text named its zone; nil when it is no time.
  package static func parse(_ text: String) -> (microseconds: Int64, hasZone: Bool)? {
    var copy = text
    return copy.withUTF8 { parse($0) }
  }

  package static func parse(_ s: UnsafeBufferPointer<UInt8>) -> (microseconds: Int64, hasZone: Bool)? {
    var i = 0
    var end = s.count
    while i < end, s[i] == 32 || s[i] == 9 { i += 1 }
    while end > i, s[end - 1] == 32 || s[end - 1] == 9 || s[end - 1] == 13 { end -= 1 }
    func digits(_ n: Int) -> Int? {
      guard i + n <= end else { return nil }
      var v = 0
      for k in 0..<n {
        let c = s[i + k]
        guard c >= 48 && c <= 57 else { return nil }
        v = v * 10 + Int(c - 48)
      }
      i += n
      return v
    }
    func skip(_ c: UInt8) -> Bool {
      guard i < end, s[i] == c else { return false }
      i += 1
      return true
    }
    let start = i
    guard let year = digits(4), i < end, s[i] == 45 || s[i] == 47 else {
      i = start
      return epoch(s, start, end)
    }
    let separator = s[i]
    i += 1
    guard let month = digits(2), skip(separator), let day = digits(2),
      let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
    else { return nil }
    var micros = Int64(days) * 86_400_000_000
    if i == end { return (micros, false) }
    guard s[i] == 84 || s[i] == 116 || s[i] == 32 else { return nil }
    i += 1
    guard let hour = digits(2), hour <= 24, skip(58), let minute = digits(2), minute <= 59 else { return nil }
    var second = 0
    var fraction: Int64 = 0
    if skip(58) {
      guard let value = digits(2), value <= 60 else { return nil }
      second = min(value, 59)
      if i < end, s[i] == 46 || s[i] == 44 {
        i += 1
        var place: Int64 = 100_000
        let first = i
        while i < end, s[i] >= 48, s[i] <= 57 {
          fraction += Int64(s[i] - 48) * place
          place /= 10
          i += 1
        }
        guard i > first else { return nil }
      }
    }
    guard hour < 24 || (minute == 0 && second == 0 && fraction == 0) else { return nil }
    micros += Int64(hour * 3_600 + minute * 60 + second) * 1_000_000 + fraction
    if i == end { return (micros, false) }
    if skip(90) || skip(122) { return i == end ? (micros, true) : nil }
    _ = skip(32)
    guard i < end, s[i] == 43 || s[i] == 45 else { return nil }
    let sign: Int64 = s[i] == 43 ? 1 : -1
    i += 1
    guard let zoneHour = digits(2) else { return nil }
    _ = skip(58)
    let zoneMinute = i < end ? digits(2) : 0
    guard let zoneMinute, i == end, zoneHour <= 14, zoneMinute <= 59 else { return nil }
    return (micros - sign * Int64(zoneHour * 3_600 + zoneMinute * 60) * 1_000_000, true)
  }

  private static func epoch(_ s: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> (Int64, Bool)? {
    guard end - start >= 9, end - start <= 24 else { return nil }
    for k in start..<end where !(s[k] >= 48 && s[k] <= 57) && s[k] != 46 { return nil }
    guard let value = Double(String(decoding: UnsafeBufferPointer(rebasing: s[start..<end]), as: UTF8.self)) else {
      return nil
    }
    return epochMicroseconds(value).map { ($0, true) }
  }

  /// Epoch seconds, or milliseconds from 10^11 on (the year 5138 in seconds); nil outside the years 1970 to 5138.
  package static func epochMicroseconds(_ value: Double) -> Int64? {
    guard value.isFinite, value >= 0, value < 1e14 else { return nil }
    return Int64((value >= 1e11 ? value * 1_000 : value * 1_000_000).rounded())
  }
}

private func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
  let q = a / b
  return a % b < 0 ? q - 1 : q
}
