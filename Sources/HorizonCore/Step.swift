/// The distance between two readings, with the place of step 0.
///
/// Times are counted in steps: index *i* stands for the second `phase + i * seconds` since 1970-01-01T00:00Z.
/// For steps of a day or more the index counts local dates (see `docs/decisions/0004-time.md`), so a "day" is a date.
package struct Step: Sendable, Hashable, Codable {
  /// Length in seconds, at least 1.
  package let seconds: Int64
  /// Offset of step 0 from the epoch in seconds, in `0..<seconds`; not 0 only for steps longer than a day.
  package let phase: Int64

  package init(seconds: Int64, phase: Int64 = 0) {
    precondition(seconds > 0, "a step is at least one second")
    self.seconds = seconds
    self.phase = phase
  }

  /// Files may say anything.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    seconds = try values.decode(Int64.self, forKey: .seconds)
    phase = try values.decode(Int64.self, forKey: .phase)
    guard seconds > 0, (0..<seconds).contains(phase) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "no step: \(seconds) s from \(phase) s"))
    }
  }

  package static let day = Step(seconds: 86_400)
  package static let hour = Step(seconds: 3_600)

  /// The step that holds an instant given in microseconds since the epoch.
  package func index(ofMicroseconds time: Int64) -> Int {
    let shifted = time - phase * 1_000_000
    let length = seconds * 1_000_000
    let quotient = shifted / length
    return Int(shifted % length < 0 ? quotient - 1 : quotient)
  }

  /// The instant at which a step begins, in microseconds since the epoch.
  package func microseconds(of index: Int) -> Int64 {
    (phase + Int64(index) * seconds) * 1_000_000
  }

  /// Length in days.
  package var days: Double { Double(seconds) / 86_400 }

  /// `day`, `hour`, `week`, or the length with its unit, such as `5min`.
  package var name: String {
    switch seconds {
    case 86_400: "day"
    case 3_600: "hour"
    case 604_800: "week"
    case let s where s % 86_400 == 0: "\(s / 86_400)d"
    case let s where s % 3_600 == 0: "\(s / 3_600)h"
    case let s where s % 60 == 0: "\(s / 60)min"
    default: "\(seconds)s"
    }
  }

  /// Reads `day`, `hour`, `week`, `15min`, `6h`, `2d`, `30s`; nil for anything else.
  package init?(parsing text: String) {
    let units: [String: Int64] = ["s": 1, "sec": 1, "min": 60, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
    let words: [String: Int64] = [
      "day": 86_400, "daily": 86_400, "hour": 3_600, "hourly": 3_600, "week": 604_800, "minute": 60,
    ]
    let lowered = text.lowercased()
    if let length = words[lowered] {
      self.init(seconds: length)
      return
    }
    let digits = lowered.prefix { $0.isNumber }
    guard let count = Int64(digits), count > 0, count <= 366, let unit = units[String(lowered.dropFirst(digits.count))]
    else { return nil }
    self.init(seconds: count * unit)
  }

  /// Readings in the shortest repeating cycle by convention: 7 for days, 24 for hours, 1 from a week on.
  package var nominalSeason: Int {
    switch seconds {
    case 604_800...: 1
    case 86_400...: seconds == 86_400 ? 7 : max(1, Int(604_800 / seconds))
    default: max(1, Int(86_400 / seconds))
    }
  }

  /// Cycle lengths in readings that models may use, shortest first: day, week and year where they span at least two steps.
  package var seasons: [Double] {
    [86_400.0, 604_800.0, 365.25 * 86_400].map { $0 / Double(seconds) }.filter { $0 >= 2 }
  }

  /// Steps without a reading after which a series has ended: 14, for hours and shorter steps 48 (at least two days).
  package var staleAfter: Int {
    seconds >= 86_400 ? 14 : max(48, Int(172_800 / seconds))
  }
}
