import Foundation
import HorizonCore
import HorizonModels
import HorizonRisk
import HorizonSources
import HorizonStore

private func percent(_ share: Double?) -> String { share.map { "\(Int(($0 * 100).rounded())) %" } ?? "-" }

/// A name as a terminal may print it: control characters are shown, not obeyed.
private func printable(_ name: String) -> String {
  String(name.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : Character($0) })
}

/// The ranked list as people read it in a terminal.
///
/// - Parameter columns: Width of the terminal, nil for none.
func riskTable(_ rows: [RiskRow], columns: Int? = nil) -> String {
  var table = TextTable(
    headings: ["server", "resource", "now", "limit", "severity", "trust", "P(90 d)", "breach", "order by"],
    numeric: [2, 3, 6], dispensable: [2, 3, 6, 5])
  for row in rows {
    let breach =
      row.daysToBreachP50.map { days in
        days <= 0 ? "\(Int((-days).rounded())) d ago" : "in \(Int(days.rounded(.up))) d"
      } ?? "-"
    table.rows.append([
      printable(row.series.server), printable(row.series.resource), String(format: "%.1f %%", row.current),
      String(format: "%.0f %%", row.threshold), row.severity.description, row.tier.rawValue,
      percent((row.pBreach90 ?? row.pBreach60 ?? row.pBreach30).map(Double.init)), breach,
      row.orderBy.map { CivilDate(daysSinceEpoch: $0).description } ?? "-",
    ])
  }
  return table.text(fitting: columns)
}

/// What a run prints: counts, top risks, how the contest went, the report's place.
func runSummary(_ manifest: RunManifest, risks: [RiskRow], report: String, columns: Int? = nil) -> String {
  let counts = manifest.counts
  var lines = [
    "As of \(manifest.asOf): \(grouped(counts.servers)) servers, \(grouped(counts.series)) series (\(grouped(counts.live)) live, \(grouped(counts.ended)) ended), forecast \(manifest.horizon) \(manifest.step)s ahead."
  ]
  let listed = risks.filter { $0.severity != .none }
  if let ratio = manifest.championLossRatio {
    let line = manifest.contest.first { $0.model == "line-30" }?.lossRatio
    lines.append(
      "Contest: the champions' loss is \(String(format: "%.2f", ratio)) of seasonal naive's"
        + (line.map { ", \(String(format: "%.2f", ratio / $0)) of the 30-day straight line's." } ?? "."))
  } else {
    lines.append("No series has enough history for a contest; the baseline publishes, with low trust.")
  }
  if counts.riskRows == 0 {
    lines.append("No series has a known ceiling, so there are no risks to rank: give a capacity column or --unit.")
  } else if listed.isEmpty {
    lines.append("Nothing is at risk within \(Int(manifest.settings.within)) days.")
  } else {
    let severities = (manifest.settings.thresholds.map(\.name).reversed() + ["watch"]).map { name in
      "\(grouped(counts.bySeverity[name] ?? 0)) \(name)"
    }
    lines += [
      "At risk: \(severities.joined(separator: ", ")).", "", riskTable(Array(listed.prefix(10)), columns: columns),
    ]
    if listed.count > 10 { lines.append("... and \(grouped(listed.count - 10)) more: horizonscale risk") }
  }
  if let compared = manifest.compared {
    lines += [
      "",
      "Since run \(compared.run): \(grouped(compared.newRisks)) new, \(grouped(compared.goneRisks)) gone, "
        + "\(grouped(compared.movedDates)) with a date moved by more than 14 days.",
    ]
  }
  lines.append("")
  if let top = listed.first?.series {
    lines.append("Why: horizonscale explain \(shellWord(top.server)) \(shellWord(top.resource))")
  }
  lines.append("Report: \(report)")
  return lines.joined(separator: "\n")
}

/// A name as a shell takes it for one word.
private func shellWord(_ name: String) -> String {
  let plain = printable(name)
  let isPlain =
    !plain.isEmpty && plain.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:@%+,".contains($0)) }
  return isPlain && plain.first != "-" ? plain : "'\(plain.replacing("'", with: "'\\''"))'"
}

/// How the contestants did, as a table.
func standingsTable(_ standings: [RunManifest.Standing]) -> String {
  var table = TextTable(headings: ["model", "champion of", "loss / seasonal naive"], numeric: [1, 2])
  for s in standings {
    table.rows.append([s.model, grouped(s.champions), s.lossRatio.map { String(format: "%.3f", $0) } ?? "-"])
  }
  return table.text
}

/// The catalog as a table, from the models' own cards.
///
/// - Parameter columns: Width of the terminal, nil for none.
package func modelCatalog(columns: Int? = nil) -> String {
  var table = TextTable(headings: ["model", "cost", "history", "what it does"], numeric: [2])
  for contestant in Catalog.all {
    let card = contestant.card
    table.rows.append([card.name, "\(card.cost)", String(card.minimumHistory), card.summary])
  }
  // Summaries are not cut: they are what the table is for.
  return table.textWithWholeLastColumn(fitting: columns)
}
