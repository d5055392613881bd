/// What was wrong or remarkable in the input and what became of it; `quality.json`.
package struct QualityReport: Codable, Sendable, Hashable {
  package var rowsRead = 0
  /// Rows with at least one reading that could not be used.
  package var rowsRejected = 0
  /// Only reasons that occurred, in the order of `QualityReason`.
  package var reasons: [Reason] = []
  package var seriesFound = 0
  package var seriesStored = 0
  package var seriesWithoutReadings = 0
  /// Not good, or with something to tell.
  package var seriesWithIssues = 0
  /// Nil in reports of earlier versions.
  package var verdicts: Verdicts? = nil
  /// Series with issues, by resource, then server; at most 10,000, those that are not good before others.
  package var series: [SeriesIssues] = []
  package var notes: [String] = []

  package static let seriesLimit = 10_000

  /// Series by verdict; those without any reading are poor.
  package struct Verdicts: Codable, Sendable, Hashable {
    package var good = 0
    package var usable = 0
    package var poor = 0

    package init(good: Int = 0, usable: Int = 0, poor: Int = 0) {
      self.good = good
      self.usable = usable
      self.poor = poor
    }

    package mutating func count(_ verdict: SeriesVerdict) {
      switch verdict {
      case .good: good += 1
      case .usable: usable += 1
      case .poor: poor += 1
      }
    }
  }

  package struct Reason: Codable, Sendable, Hashable {
    package var reason: QualityReason
    package var kind: QualityReason.Kind
    /// Readings, rows, steps or series, as the reason says.
    package var count: Int
    package var examples: [Example]
  }

  package struct Example: Codable, Sendable, Hashable {
    /// Empty where the example is a series, which the text then names.
    package var file: String
    /// Of text files, the header being line 1.
    package var line: Int?
    /// Of Parquet files, counted from 1.
    package var row: Int?
    package var column: String?
    package var text: String
  }

  package struct SeriesIssues: Codable, Sendable, Hashable {
    package var server: String
    package var resource: String
    /// Missing steps between the first and the last reading.
    package var gapSteps: Int
    package var longestGap: Int
    package var duplicates: Int
    package var outOfOrder: Int
    /// Readings that share a step with another.
    package var aggregated: Int
    /// Steps with a reading; 0 for a series that is known by name only.
    package var readings: Int
    package var verdict: SeriesVerdict? = nil
    /// What was found, a sentence each.
    package var remarks: [String]? = nil
    /// Readings that another one of the same time, later in the input, has replaced.
    package var conflicts: Int? = nil
    /// Readings brought to another unit, and those that an agent had frozen and that became a gap.
    package var unitRepaired: Int? = nil
    package var flatLined: Int? = nil
    /// Stored readings at the ceiling, which hide demand, and above it, which are kept.
    package var atCeiling: Int? = nil
    package var aboveCeiling: Int? = nil
  }

  package func count(_ reason: QualityReason) -> Int { reasons.first { $0.reason == reason }?.count ?? 0 }
}

/// How far the readings of a series can be relied on.
package enum SeriesVerdict: String, Codable, Sendable, CaseIterable, Hashable {
  /// Nothing was found, or nothing that matters.
  case good
  /// Repaired, or with remarks that a reader should know.
  case usable
  /// So much was missing or repaired that a forecast says little.
  case poor
}

/// Why a row, a reading, a step or a series is counted.
package enum QualityReason: String, Codable, Sendable, CaseIterable {
  case notANumber = "not a number"
  case notFinite = "not a finite number"
  case notATime = "not a time"
  case emptyServer = "empty server name"
  case emptyResource = "empty resource name"
  case longName = "longer than a name"
  case wrongFieldCount = "wrong number of fields"
  case duplicateTime = "duplicate time"
  case conflictingValues = "conflicting values"
  case outOfOrder = "out of order"
  case unusableCapacity = "unusable capacity"
  case notUTF8 = "not UTF-8"
  case counter = "counter"
  case unitJump = "unit jump"
  case flatLine = "flat-lined agent"
  case skippedTime = "time that clocks skip"
  case missingValue = "missing value"
  case gap = "gap"
  case noReadings = "no readings"
  case aggregated = "several readings in a step"
  case standingStill = "standing still"
  case doubtfulJump = "jump near a unit"
  case mixedSteps = "mixed steps"
  case atCeiling = "at the ceiling"
  case aboveCeiling = "above the ceiling"
  case reusedName = "name used again"

  package enum Kind: String, Codable, Sendable { case rejected, repaired, noted }

  package var kind: Kind {
    switch self {
    case .notANumber, .notFinite, .notATime, .emptyServer, .emptyResource, .longName, .wrongFieldCount: .rejected
    case .duplicateTime, .conflictingValues, .outOfOrder, .unusableCapacity, .notUTF8, .counter, .unitJump, .flatLine,
      .skippedTime:
      .repaired
    case .missingValue, .gap, .noReadings, .aggregated, .standingStill, .doubtfulJump, .mixedSteps, .atCeiling,
      .aboveCeiling, .reusedName:
      .noted
    }
  }
}

extension QualityReport.Example {
  /// `usage.csv, line 4,812: 'twelve' is not a number in column 'value'`.
  package func sentence(_ reason: QualityReason) -> String {
    if file.isEmpty { return text }
    var place = file
    if let line { place += ", line \(grouped(line))" }
    if let row { place += ", row \(grouped(row))" }
    let inColumn = column.map { " in column '\($0)'" } ?? ""
    switch reason {
    case .emptyServer: return "\(place): the server name is empty\(inColumn)"
    case .emptyResource: return "\(place): the resource name is empty\(inColumn)"
    case .notATime where text.isEmpty: return "\(place): the time is missing\(inColumn)"
    case .wrongFieldCount: return "\(place): \(text)"
    case .skippedTime: return "\(place): clocks never show '\(text)'\(inColumn)"
    default: return "\(place): '\(text)' is \(reason.rawValue)\(inColumn)"
    }
  }
}

/// A whole number with commas between thousands.
package func grouped(_ number: Int) -> String {
  let digits = Array(String(abs(number)))
  var text = number < 0 ? "-" : ""
  for (place, digit) in digits.enumerated() {
    if place > 0 && (digits.count - place) % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return text
}
