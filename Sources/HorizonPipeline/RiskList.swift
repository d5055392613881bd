package import Foundation
package import HorizonCore
import HorizonRisk

/// The ranked list of a finished run, for another window or tier if asked.
package struct RiskList: Sendable {
  package enum Format: String, Sendable { case table, csv, json }

  private let rows: [RiskRow]
  /// Threshold names, the most severe first, then `watch`.
  private let severities: [String]

  /// - Parameters:
  ///   - within: Days ahead that decide severities anew, nil for those of the run.
  ///   - tier: Only this trust tier.
  package init(of run: URL, within: Double?, tier: TrustTier?) throws {
    let manifest = try RunManifest(readingFrom: run)
    severities = manifest.settings.thresholds.map(\.name).reversed() + ["watch"]
    var rows = try RiskFiles.read(from: run)
    if let within {
      let names = Dictionary(uniqueKeysWithValues: manifest.settings.thresholds.map { ($0.percent, $0.name) })
      for i in rows.indices {
        rows[i].severity = Severity(
          threshold: names[rows[i].threshold] ?? "", crossed: rows[i].isCrossed,
          probability: rows[i].probability(within: within))
      }
      rows = rank(rows)
    }
    self.rows = rows.filter { $0.severity != .none && (tier == nil || $0.tier == tier) }
  }

  /// - Parameter columns: Width of the terminal that a table has to fit, nil for none.
  package func text(_ format: Format, columns: Int? = nil) throws -> String {
    switch format {
    case .table: rows.isEmpty ? "Nothing is at risk." : riskTable(rows, columns: columns)
    case .csv: String(RiskFiles.csv(rows).dropLast())
    case .json: String(try RiskFiles.json(rows).dropLast())
    }
  }

  /// - Throws: `.badUsage` for a severity that the run does not know.
  package func requireSeverity(_ name: String) throws(Failure) {
    guard severities.contains(name) else {
      throw Failure(
        .badUsage, "There is no severity '\(name)' in this run.",
        remedy: "Choose from \(severities.joined(separator: ", ")).")
    }
  }

  package func hasAny(atLeast name: String) -> Bool {
    let counted = Set(severities.prefix { $0 != name } + [name])
    return rows.contains { counted.contains($0.severity.description) }
  }
}

extension RiskRow {
  /// Probability of a breach within a number of days: stored at 30, 60, 90 and 180, between them on a line.
  fileprivate func probability(within days: Double) -> Double {
    var points: [(Double, Double)] = [(0, 0)]
    for (at, p) in [(30.0, pBreach30), (60, pBreach60), (90, pBreach90), (180, pBreach180)] {
      if let p { points.append((at, Double(p))) }
    }
    guard let upper = points.firstIndex(where: { $0.0 >= days }) else { return points.last!.1 }
    guard upper > 0 else { return 0 }
    let (a, b) = (points[upper - 1], points[upper])
    return a.1 + (b.1 - a.1) * (days - a.0) / (b.0 - a.0)
  }
}
