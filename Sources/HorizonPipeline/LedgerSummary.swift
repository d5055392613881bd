import Foundation
import HorizonCore
import HorizonLedger
import HorizonSources
package import HorizonStore

/// What `horizonscale ledger` prints: what past forecasts promised and what happened.
package struct LedgerSummary: Sendable {
  package enum Grouping: String, Sendable, CaseIterable {
    case resource, bucket, tier
    case madeAt = "made_at"
  }

  /// Why rows do not count, as sentences.
  package let remarks: [String]
  private let lines: [Line]
  /// Whether nothing counts yet.
  package var isEmpty: Bool { lines.isEmpty }
  private let groupings: [Grouping]
  private let record: TrackRecord
  /// What to wait for while nothing counts.
  private let waiting: String

  fileprivate struct Line: Sendable {
    /// One for each grouping.
    let labels: [String]
    let runs: Int
    let counts: TrackRecord.Counts
  }

  /// - Parameter grouping: Nil for tier and lead bucket.
  /// - Throws: When there is no master.
  package init(of workspace: Workspace, by grouping: Grouping?) throws {
    let ledger = LedgerFolder(workspace.ledger)
    let reading = LedgerReading(ledger, before: .max, of: try KnownSeries(workspace))
    remarks = reading.remarks(ledger).map { "\($0.message) \($0.remedy)" }
    record = reading.record
    groupings = grouping.map { [$0] } ?? [.tier, .bucket]
    lines = LedgerSummary.lines(record, by: groupings)
    waiting = LedgerSummary.waiting(for: workspace)
  }

  private static func lines(_ record: TrackRecord, by groupings: [Grouping]) -> [Line] {
    struct Place: Hashable {
      let order: [Int64]
      let labels: [String]
    }
    let resources = Set(record.entries.map(\.resource)).sorted()
    var groups: [Place: [TrackRecord.Entry]] = [:]
    for entry in record.entries {
      let keys = groupings.map { grouping -> (Int64, String) in
        switch grouping {
        case .resource: (Int64(resources.firstIndex(of: entry.resource)!), entry.resource)
        case .bucket: (Int64(entry.bucket.rawValue), entry.bucket.label)
        case .tier: (Int64(-TrustTier.allCases.firstIndex(of: entry.tier)!), entry.tier.rawValue)
        case .madeAt: (entry.madeAt, ISOTime.string(entry.madeAt))
        }
      }
      groups[Place(order: keys.map(\.0), labels: keys.map(\.1)), default: []].append(entry)
    }
    return groups.sorted { $0.key.order.lexicographicallyPrecedes($1.key.order) }.map { place, entries in
      var counts = TrackRecord.Counts()
      for entry in entries { counts += entry.counts }
      return Line(labels: place.labels, runs: Set(entries.map(\.madeAt)).count, counts: counts)
    }
  }

  private static func waiting(for workspace: Workspace) -> String {
    let due = workspace.runsByAsOf().compactMap { run -> Int64? in
      guard let manifest = try? RunManifest(readingFrom: run.url), let step = Step(parsing: manifest.step),
        let time = ISOTime.parse(manifest.asOf)
      else { return nil }
      return firstDue(asOf: time.microseconds, horizon: manifest.horizon, step: step)
    }.min()
    guard let due else {
      return
        "Nothing has been promised yet: there is no finished run in \(workspace.folder.path). Make one with 'horizonscale run INPUT', and another when a month of new readings has come."
    }
    return
      "No forecast can be judged yet. The first rows come when the master has readings up to \(ISOTime.string(due)): bring them in with 'horizonscale run INPUT', which holds earlier forecasts against them."
  }

  private static let headings = [
    "runs", "forecasts", "readings", "coverage50", "coverage80", "coverage90", "mase", "called", "happened", "hits",
    "precision", "recall",
  ]

  private struct Row: Encodable {
    let line: Line
    let groupings: [Grouping]

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(_ name: String) { stringValue = name }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
      var box = encoder.container(keyedBy: Key.self)
      for (grouping, label) in zip(groupings, line.labels) { try box.encode(label, forKey: Key(grouping.rawValue)) }
      for (name, value) in zip(LedgerSummary.headings, line.numbers) { try box.encode(value, forKey: Key(name)) }
    }
  }

  /// - Parameter columns: Width of the terminal that a table has to fit, nil for none.
  package func text(_ format: RiskList.Format, columns: Int? = nil) throws -> String {
    switch format {
    case .table: return lines.isEmpty ? waiting : table(columns)
    case .csv:
      let headings = groupings.map(\.rawValue) + LedgerSummary.headings
      return ([headings] + lines.map(fields)).map { $0.map(csvField).joined(separator: ",") }.joined(separator: "\n")
    case .json:
      let rows = lines.map { Row(line: $0, groupings: groupings) }
      return String(decoding: try JSONEncoder.pretty.encode(rows), as: UTF8.self)
    }
  }

  private func fields(_ line: Line) -> [String] {
    line.labels
      + line.numbers.map { value in
        guard let value else { return "" }
        return value == value.rounded() ? String(Int(value)) : fixed(value, digits: 4)
      }
  }

  private func table(_ columns: Int?) -> String {
    let names: [Grouping: String] = [
      .resource: "resource", .bucket: "days ahead", .tier: "trust", .madeAt: "made at",
    ]
    let front = groupings.map { names[$0]! }
    var table = TextTable(
      headings: front + [
        "runs", "forecasts", "in 50 %", "in 80 %", "in 90 %", "MASE", "called", "came", "precision", "recall",
      ], numeric: Set(front.count..<(front.count + 10)),
      dispensable: [front.count, front.count + 2, front.count + 4, front.count + 5])
    func percent(_ share: Double?) -> String { share.map { "\(fixed($0 * 100, digits: 1)) %" } ?? "-" }
    for line in lines {
      let c = line.counts
      table.rows.append(
        line.labels + [
          grouped(line.runs), grouped(c.series), percent(c.coverage50), percent(c.coverage80), percent(c.coverage90),
          c.mase.map { fixed($0, digits: 2) } ?? "-", grouped(c.called), grouped(c.happened), percent(c.precision),
          percent(c.recall),
        ])
    }
    let origins = record.origins
    let runs =
      origins.count == 1
      ? "one run, made at \(ISOTime.string(origins[0]))"
      : "\(grouped(origins.count)) runs, made at \(ISOTime.string(origins[0])) to \(ISOTime.string(origins.last!))"
    return [
      table.text(fitting: columns), "",
      "From \(runs). A forecast is a series of one run; 'in 80 %' is the share of readings that lay in the interval that promised 80 %.",
      "'called' counts breaches of the lowest threshold that were more likely than not by the end of those days, 'came' those that came.",
    ].joined(separator: "\n")
  }
}

extension LedgerSummary.Line {
  /// In the order of the headings; nil where there is nothing to divide by.
  fileprivate var numbers: [Double?] {
    let c = counts
    return [
      Double(runs), Double(c.series), Double(c.n), c.coverage50, c.coverage80, c.coverage90, c.mase,
      Double(c.called), Double(c.happened), Double(c.hits), c.precision, c.recall,
    ]
  }
}

/// When the first lead bucket of a run is complete, microseconds since the epoch.
func firstDue(asOf: Int64, horizon: Int, step: Step) -> Int64 {
  asOf + min(Int64(LeadBucket.days1to30.lastDay) * 86_400_000_000, Int64(horizon) * step.seconds * 1_000_000)
}
