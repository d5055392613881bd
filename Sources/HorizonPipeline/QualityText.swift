package import HorizonReport
package import HorizonSources
import HorizonStore

/// What the input is like, for people: what was read, what became of it, what 100 % is.
func qualityTable(_ quality: QualityReport, manifest: MasterManifest) -> String {
  var lines = [
    "Read \(grouped(quality.rowsRead)) rows, rejected \(grouped(quality.rowsRejected)); stored \(grouped(manifest.readingCount)) readings of \(grouped(quality.seriesStored)) series, one per \(manifest.step.name)."
  ]
  if !quality.reasons.isEmpty {
    var table = TextTable(headings: ["found", "count", "", "for example"], numeric: [1])
    for finding in quality.reasons {
      table.rows.append([
        finding.reason.rawValue, grouped(finding.count), finding.kind.rawValue,
        finding.examples.first?.sentence(finding.reason) ?? "",
      ])
    }
    lines += ["", table.textWithWholeLastColumn]
  }
  if let verdicts = quality.verdicts {
    lines += [
      "", "\(verdictSentence(verdicts))\(verdicts.good == quality.seriesFound ? "" : " See quality.json for each.")",
    ]
  }
  lines.append("")
  lines += manifest.resources.prefix(resourcesShown).map { "\($0.decision)." }
  if manifest.resources.count > resourcesShown {
    lines.append(
      "... and \(grouped(manifest.resources.count - resourcesShown)) more resources: see master/manifest.json.")
  }
  lines += quality.notes
  return lines.joined(separator: "\n")
}

/// A wide table may have thousands of columns.
private let resourcesShown = 20

/// `Readings are good for 7,990 series, usable for 8, poor for 2.`
private func verdictSentence(_ verdicts: QualityReport.Verdicts) -> String {
  "Readings are good for \(grouped(verdicts.good)) series, usable for \(grouped(verdicts.usable)), poor for \(grouped(verdicts.poor))."
}

/// The same for the report.
package func reportQuality(_ quality: QualityReport) -> ReportData.Quality {
  let gaps = quality.series.filter { $0.gapSteps > 0 }
  var series: [ReportData.Finding] = []
  if let verdicts = quality.verdicts {
    for (verdict, count) in [
      (SeriesVerdict.good, verdicts.good), (.usable, verdicts.usable), (.poor, verdicts.poor),
    ] where count > 0 {
      // The most remarkable: the one about which most is said.
      let worst = quality.series.filter { $0.verdict == verdict && verdict != .good }
        .max { ($0.remarks?.count ?? 0) < ($1.remarks?.count ?? 0) }
      series.append(
        ReportData.Finding(
          reason: "series with \(verdict.rawValue) readings", count: count,
          example: worst.map {
            ReportData.Example(text: "\($0.server) / \($0.resource): \(($0.remarks ?? []).joined(separator: " "))")
          }))
    }
  }
  if let worst = gaps.max(by: { $0.longestGap < $1.longestGap }) {
    series.append(
      ReportData.Finding(
        reason: "series with missing steps", count: gaps.count, action: "kept; a gap is not a zero",
        example: ReportData.Example(
          text: "\(worst.server) / \(worst.resource): longest gap \(grouped(worst.longestGap)) steps")))
  }
  if quality.seriesWithoutReadings > 0 {
    series.append(
      ReportData.Finding(reason: "series without any reading", count: quality.seriesWithoutReadings, action: "left out")
    )
  }
  return ReportData.Quality(
    rows: quality.reasons.map { finding in
      ReportData.Finding(
        reason: finding.reason.rawValue, count: finding.count, action: finding.kind.rawValue,
        example: finding.examples.first.map {
          // A series as an example names itself; a place in a file is shown beside the text.
          ReportData.Example(
            file: $0.file.isEmpty ? nil : $0.file, line: $0.line ?? $0.row, column: $0.column, text: $0.text)
        })
    }, series: series)
}
