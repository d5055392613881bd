import Foundation
import HorizonNumerics

/// A story about one series that a capacity manager can read: what it is like, how it is tried, what must come out.
///
///     series   db-002/disk   730 days   level 55   trend +0.04/day   weekly 3   noise 1.5   seed 7
///     contest  folds 4  horizon 90
///     expect   first breach of 80 in 60 to 120 days
struct Scenario {
  enum Expectation {
    /// The median day of the first breach.
    case breach(threshold: Double, days: ClosedRange<Double>)
    case crossed(threshold: Double)
    case nothingAtRisk
    case severity(String)
    /// Share of the days to come inside the 80 % interval.
    case coverage(ClosedRange<Double>)
    /// Points of capacity that can be given back.
    case reclaimable(atLeast: Double)
    case betterThanSeasonalNaive
  }

  var server = ""
  var resource = ""
  var days = 0
  private var level = 0.0
  private var trend = 0.0
  private var weekly = 0.0
  private var noise = 0.0
  private var seed: UInt64 = 0
  var folds = 6
  var horizon = 90
  var expectations: [(text: String, expectation: Expectation)] = []

  struct Unreadable: Error, CustomStringConvertible {
    let description: String
  }

  init(_ text: String) throws {
    for (place, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.split(separator: " ").map(String.init)
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      let rest = words.dropFirst().joined(separator: " ")
      let isRead =
        switch first {
        case "series": readSeries(rest)
        case "contest": readContest(rest)
        case "expect": readExpectation(rest)
        default: false
        }
      if !isRead { throw Unreadable(description: "line \(place + 1) is not understood: \(line)") }
    }
    guard days > 0, !expectations.isEmpty else { throw Unreadable(description: "a scenario has a series and expects") }
  }

  private mutating func readSeries(_ text: String) -> Bool {
    guard let match = text.wholeMatch(of: /(\S+)\/(\S+) (\d+) days(.*)/) else { return false }
    server = String(match.1)
    resource = String(match.2)
    days = Int(match.3)!
    var rest = match.4.split(separator: " ")[...]
    while let name = rest.popFirst(), let value = rest.popFirst() {
      guard let number = Double(value.hasSuffix("/day") ? value.dropLast(4) : value) else { return false }
      switch name {
      case "level": level = number
      case "trend": trend = number
      case "weekly": weekly = number
      case "noise": noise = number
      case "seed": seed = UInt64(number)
      default: return false
      }
    }
    return rest.isEmpty
  }

  private mutating func readContest(_ text: String) -> Bool {
    guard let match = text.wholeMatch(of: /folds (\d+) horizon (\d+)/) else { return false }
    folds = Int(match.1)!
    horizon = Int(match.2)!
    return true
  }

  private mutating func readExpectation(_ text: String) -> Bool {
    let expectation: Expectation? =
      if let match = text.wholeMatch(of: /first breach of (\d+) in (\d+) to (\d+) days/) {
        .breach(threshold: Double(match.1)!, days: Double(match.2)!...Double(match.3)!)
      } else if let match = text.wholeMatch(of: /(\d+) is crossed already/) {
        .crossed(threshold: Double(match.1)!)
      } else if let match = text.wholeMatch(of: /severity (\w+)/) {
        .severity(String(match.1))
      } else if let match = text.wholeMatch(of: /coverage of the 80 % interval between ([\d.]+) and ([\d.]+)/) {
        .coverage(Double(match.1)!...Double(match.2)!)
      } else if let match = text.wholeMatch(of: /at least (\d+) points to give back/) {
        .reclaimable(atLeast: Double(match.1)!)
      } else if text == "nothing at risk" {
        .nothingAtRisk
      } else if text == "a champion better than seasonal naive" {
        .betterThanSeasonalNaive
      } else {
        nil
      }
    if let expectation { expectations.append((text, expectation)) }
    return expectation != nil
  }

  /// Readings of the history and of the days that the forecast is about, percent of capacity.
  func readings() -> [Double] {
    var random = SplitMix64(seed: seed)
    return (0..<(days + horizon)).map { day in
      let season = weekly * sin(2 * .pi * Double(day) / 7)
      return min(100, max(0, level + trend * Double(day) + season + noise * random.normal()))
    }
  }
}
