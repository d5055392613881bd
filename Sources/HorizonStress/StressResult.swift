import Foundation
import HorizonPipeline
import HorizonStore

/// The scores of a stress test with what is below the floors; the same bytes for the same test.
package struct StressResult: Sendable, Encodable {
  package struct Row: Sendable, Encodable {
    package let scenario: String
    package let score: StressScore
    package let findings: [StressFloors.Finding]
  }

  package let version = productVersion
  package let servers: Int
  package let days: Int
  package let seed: UInt64
  package private(set) var rows: [Row] = []

  package init(servers: Int, days: Int, seed: UInt64) {
    self.servers = servers
    self.days = days
    self.seed = seed
  }

  package mutating func add(_ score: StressScore, of scenario: String, floors: StressFloors) {
    rows.append(Row(scenario: scenario, score: score, findings: floors.findings(score, of: scenario)))
  }

  package var findings: [StressFloors.Finding] { rows.flatMap(\.findings) }

  // MARK: JSON

  private enum Key: String, CodingKey { case version, servers, days, seed, scenarios, below }

  package func encode(to encoder: any Encoder) throws {
    var box = encoder.container(keyedBy: Key.self)
    try box.encode(version, forKey: .version)
    try box.encode(servers, forKey: .servers)
    try box.encode(days, forKey: .days)
    try box.encode(seed, forKey: .seed)
    try box.encode(rows.map(StressRowJSON.init), forKey: .scenarios)
    try box.encode(findings, forKey: .below)
  }

  package func json() throws -> String {
    return String(decoding: try JSONEncoder.pretty.encode(self), as: UTF8.self)
  }
}

/// A row of the table as programs read it: null where nothing was called or happened.
private struct StressRowJSON: Encodable {
  let row: StressResult.Row

  init(_ row: StressResult.Row) { self.row = row }

  private enum Key: String, CodingKey {
    case scenario, series, lost, wql, coverage80, coverage90, watched, happened, called, hits, precision, recall, dated
    case crossing, skill
    case wqlSeasonalNaive = "wql_seasonal_naive"
    case wqlLine30 = "wql_line_30"
    case lineCalled = "line_30_called"
    case lineHits = "line_30_hits"
    case linePrecision = "line_30_precision"
    case lineRecall = "line_30_recall"
    case medianDaysOff = "median_days_off"
    case datedRight = "dated_right"
    case datesRight = "dates_right"
  }

  func encode(to encoder: any Encoder) throws {
    var box = encoder.container(keyedBy: Key.self)
    func write(_ value: Double?, _ key: Key) throws {
      try box.encode(value.map { ($0 * 100_000).rounded() / 100_000 }, forKey: key)
    }
    let s = row.score
    try box.encode(row.scenario, forKey: .scenario)
    for (key, count) in [
      (Key.series, s.series), (.lost, s.lost), (.watched, s.watched), (.happened, s.happened),
      (.called, s.published.called), (.hits, s.published.hits), (.lineCalled, s.line30.called),
      (.lineHits, s.line30.hits), (.dated, s.dated), (.crossing, s.crossing), (.datedRight, s.datedRight),
    ] { try box.encode(count, forKey: key) }
    for (key, figure) in [
      (Key.wql, s.wql), (.wqlSeasonalNaive, s.wqlSeasonalNaive), (.wqlLine30, s.wqlLine30), (.skill, s.skill),
      (.coverage80, s.coverage80), (.coverage90, s.coverage90), (.precision, s.precision), (.recall, s.recall),
      (.linePrecision, s.linePrecision), (.lineRecall, s.lineRecall), (.medianDaysOff, s.medianDaysOff),
      (.datesRight, s.datesRight),
    ] { try write(figure, key) }
  }
}
