import Foundation

extension StressResult {
  /// The table as people read it, with what is below the floors under it.
  package var text: String {
    let headings = [
      "scenario", "series", "WQL", "naive", "line-30", "80 %", "90 %", "precision", "(line-30)", "recall", "(line-30)",
      "days off", "dates right", "lost",
    ]
    var lines = [headings]
    for row in rows {
      let s = row.score
      lines.append([
        row.scenario, "\(s.series)", loss(s.wql), loss(s.wqlSeasonalNaive), loss(s.wqlLine30), percent(s.coverage80),
        percent(s.coverage90), share(s.published.hits, s.published.called), share(s.line30.hits, s.line30.called),
        share(s.published.hits, s.happened), share(s.line30.hits, s.happened),
        s.medianDaysOff.map { "\(String(format: "%.0f", $0)) (\(s.dated))" } ?? "-", share(s.datedRight, s.crossing),
        "\(s.lost)",
      ])
    }
    let widths = headings.indices.map { c in lines.map { $0[c].count }.max() ?? 0 }
    let table = lines.map { fields in
      fields.indices.map { c in
        let fill = String(repeating: " ", count: widths[c] - fields[c].count)
        return c == 0 ? fields[c] + fill : fill + fields[c]
      }.joined(separator: "  ")
    }
    let below = findings.map { finding in
      finding.measure == .lost
        ? "\(finding.scenario): \(Int(-finding.figure)) series lost."
        : "\(finding.scenario): \(finding.measure.rawValue) is \(String(format: "%.3f", finding.figure)), its floor is \(finding.floor)."
    }
    let verdict = below.isEmpty ? ["Nothing is below its floor."] : ["Below the floor:"] + below.map { "  " + $0 }
    return (table + [""] + StressResult.legend + [""] + verdict).joined(separator: "\n")
  }

  private static let legend = [
    "WQL against the path without noise, beside that of seasonal naive and the 30-day line; intervals against the readings",
    "that follow. Precision and recall of \"breaches the lowest threshold within the window\": right of called, right of happened.",
    "Days off: median of the p50 date. Dates right: within max(7 days, 10 %) of the day on which the path without noise crosses.",
  ]

  private func loss(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "-" }
  private func percent(_ value: Double?) -> String { value.map { String(format: "%.1f", 100 * $0) } ?? "-" }
  private func share(_ part: Int, _ whole: Int) -> String {
    whole > 0 ? "\(Int((100 * Double(part) / Double(whole)).rounded())) % of \(whole)" : "-"
  }
}
