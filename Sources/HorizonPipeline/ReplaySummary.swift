import Foundation
import HorizonCore
import HorizonRisk
package import HorizonStore

/// What the product would have said in the past and what came of it, beside the straight line that users have: `replay/summary.json`.
package struct ReplaySummary: Sendable, Hashable, Codable {
  let version: String
  /// The first and the last date that was replayed, and how many.
  let from: String
  let to: String
  let dates: Int
  /// Those whose window lies within the history as a whole: they alone count below.
  let counted: Int
  /// Dates with too little history for a contest, where baselines forecast.
  let withoutContest: [String]
  /// The lowest threshold, and the days after a date within which a breach counts.
  let threshold: RiskThreshold
  let withinDays: Double
  /// Servers with a live series below the threshold, summed over the dates that count.
  let serverMonths: Int
  /// Series and dates that nobody can judge, because readings stopped within the window.
  let unknown: Int
  /// Series and dates whose champion failed, so that the baseline forecast.
  package let standIns: Int
  let product: ReplayScore
  let line: ReplayScore
  let byTier: [Tier]
  let byDate: [AsOf]

  struct Tier: Sendable, Hashable, Codable {
    let tier: TrustTier
    let product: ReplayScore
    let line: ReplayScore

    private enum CodingKeys: String, CodingKey {
      case tier, product
      case line = "line_30"
    }
  }

  struct AsOf: Sendable, Hashable, Codable {
    let asOf: String
    let product: ReplayScore
    let line: ReplayScore

    private enum CodingKeys: String, CodingKey {
      case product
      case asOf = "as_of"
      case line = "line_30"
    }
  }

  private enum CodingKeys: String, CodingKey {
    case version, from, to, dates, counted, threshold, unknown, product
    case standIns = "stand_ins"
    case withoutContest = "without_contest"
    case withinDays = "within_days"
    case serverMonths = "server_months"
    case line = "line_30"
    case byTier = "by_tier"
    case byDate = "by_date"
  }

  init(of months: [ReplayedMonth], fleet: Fleet, settings: RunSettings, execution: Execution) async throws {
    version = productVersion
    from = months.first!.manifest.asOf
    to = months.last!.manifest.asOf
    dates = months.count
    withoutContest = months.filter { $0.manifest.counts.contested == 0 }.map(\.manifest.asOf)
    standIns = months.reduce(0) { $0 + $1.manifest.counts.standIns }
    threshold = settings.thresholds[0]
    withinDays = settings.within
    var outcomes = ReplayOutcomes()
    var servers: [Int] = []
    var asOfs: [Int] = []
    // So many alarms and forecasts of the line are in memory at a time.
    let together = max(1, 2_000_000 / max(1, fleet.manifest.seriesCount))
    for start in stride(from: 0, to: months.count, by: together) {
      let group = try months[start..<min(months.count, start + together)].compactMap {
        try CountedMonth($0, fleet: fleet, settings: settings)
      }
      if group.isEmpty { continue }
      try await outcomes.add(group, from: asOfs.count, fleet: fleet, settings: settings, execution: execution)
      servers += group.map(\.servers)
      asOfs += group.map(\.asOf)
    }
    let step = fleet.step
    counted = asOfs.count
    let serverMonths = servers.reduce(0, +)
    self.serverMonths = serverMonths
    unknown = outcomes.unknown
    let rows = outcomes.rows.sorted { ($0.series, $0.month) < ($1.series, $1.month) }
    let product = ReplayEpisodes(rows, asOfs: asOfs, step: step, call: \.product)
    let line = ReplayEpisodes(rows, asOfs: asOfs, step: step, call: \.line)
    self.product = product.score(serverMonths: serverMonths)
    self.line = line.score(serverMonths: serverMonths)
    byTier = TrustTier.allCases.reversed().map {
      Tier(
        tier: $0, product: product.score(tier: $0, serverMonths: nil), line: line.score(tier: $0, serverMonths: nil))
    }
    let byMonth = Dictionary(grouping: rows, by: \.month)
    byDate = asOfs.indices.map { month in
      let own = byMonth[month] ?? []
      func score(_ call: (ReplayOutcome) -> Double?) -> ReplayScore {
        ReplayScore(own, servers: servers[month], asOf: asOfs[month], step: step, call: call)
      }
      return AsOf(
        asOf: ISOTime.string(step.microseconds(of: asOfs[month]), full: step.seconds < 86_400),
        product: score(\.product), line: score(\.line))
    }
  }

  /// The summary of the replay that was last finished in a workspace.
  package init(readingFrom workspace: Workspace) throws {
    let file = ReplayFolder(workspace).summary
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw Failure(
        .missingInput, "There is no finished replay in \(workspace.folder.path).",
        remedy: "Make one with 'horizonscale replay'.")
    }
    do { self = try JSONDecoder().decode(ReplaySummary.self, from: try Data(contentsOf: file)) } catch {
      throw Failure(
        .unusableData, "\(file.path) is damaged or of another version: \(error)",
        remedy: "Give 'horizonscale replay' again: what is replayed already stays.")
    }
  }

  package func json() throws -> String {
    String(decoding: try JSONEncoder.pretty.encode(self), as: UTF8.self)
  }

  /// - Parameter columns: Width of the terminal that tables have to fit, nil for none.
  package func text(_ format: RiskList.Format, columns: Int? = nil) throws -> String {
    switch format {
    case .table: table(columns)
    case .csv: csv
    case .json: try json()
    }
  }

  private static let headings = [
    "alarms", "hits", "false_alarms", "breaches", "missed", "precision", "recall",
    "false_alarms_per_1000_server_months",
    "median_lead_days", "median_date_error_days",
  ]

  private var csv: String {
    var rows: [[String]] = []
    func add(_ scope: String, _ name: String, _ product: ReplayScore, _ line: ReplayScore) {
      rows.append([scope, name, "horizonscale"] + product.fields)
      rows.append([scope, name, "line-30"] + line.fields)
    }
    add("all", "", product, line)
    for entry in byTier { add("tier", entry.tier.rawValue, entry.product, entry.line) }
    for entry in byDate { add("date", entry.asOf, entry.product, entry.line) }
    return ([["scope", "name", "system"] + ReplaySummary.headings] + rows)
      .map { $0.map(csvField).joined(separator: ",") }.joined(separator: "\n")
  }
}

extension ReplayScore {
  /// In the order of the headings, empty where there is nothing to divide by.
  fileprivate var fields: [String] {
    [alarms, hits, falseAlarms, breaches, missed].map { String($0) }
      + [precision, recall, falseAlarmsPer1000ServerMonths, leadDays, dateErrorDays].map {
        $0.map { fixed($0, digits: 4) } ?? ""
      }
  }
}
