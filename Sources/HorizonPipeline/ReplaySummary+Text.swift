import HorizonCore
import HorizonSources

extension ReplaySummary {
  /// As people read it: the product beside the straight line, then by trust tier and by date.
  func table(_ columns: Int?) -> String {
    guard counted > 0 else { return head }
    var parts = [head, totals(columns), meaning]
    let tiers = byTier.filter { $0.product.alarms + $0.product.breaches + $0.line.alarms > 0 }
    if !tiers.isEmpty {
      parts.append(
        "By the trust that HorizonScale had in its forecast:\n"
          + split(
            columns, "trust",
            tiers.map { ($0.tier.rawValue, $0.product, $0.line) }))
    }
    parts.append("By date, each by itself:\n" + split(columns, "as of", byDate.map { ($0.asOf, $0.product, $0.line) }))
    parts.append(definitions)
    return parts.joined(separator: "\n\n")
  }

  private var head: String {
    let days = shortNumber(withinDays)
    var lines = [
      "Replayed \(count(dates, "date")), \(from) to \(to), each as if it were today.",
      counted == dates
        ? "All of them have \(days) days of readings after them and count."
        : "\(counted == 0 ? "None" : grouped(counted)) of them \(counted == 1 ? "has" : "have") \(days) days of readings after them\(counted == 0 ? ", so nothing can be judged yet." : " and count.")",
    ]
    if !withoutContest.isEmpty {
      lines.append(
        "Too little history for a contest, so that baselines forecast: \(withoutContest.joined(separator: ", ")).")
    }
    if unknown > 0 {
      lines.append(
        "\(count(unknown, "series")) and dates cannot be judged, because readings stopped within the window.")
    }
    return lines.joined(separator: "\n")
  }

  private func totals(_ columns: Int?) -> String {
    var table = TextTable(headings: ["", "HorizonScale", "straight line"], numeric: [1, 2])
    func row(_ name: String, _ value: (ReplayScore) -> String) {
      table.rows.append([name, value(product), value(line)])
    }
    row("alarms") { grouped($0.alarms) }
    row("came true") { grouped($0.hits) }
    row("false alarms") { grouped($0.falseAlarms) }
    row("false alarms per 1,000 server-months") { number($0.falseAlarmsPer1000ServerMonths) }
    row("breaches of \(threshold.name), \(shortNumber(threshold.percent)) %") { grouped($0.breaches) }
    row("of these unannounced") { grouped($0.missed) }
    row("precision") { percent($0.precision) }
    row("recall") { percent($0.recall) }
    row("median lead time, days") { number($0.leadDays) }
    row("median error of the date, days") { number($0.dateErrorDays) }
    return table.text(fitting: columns)
  }

  /// What a capacity manager takes home.
  private var meaning: String {
    func sentence(_ name: String, _ score: ReplayScore) -> String {
      guard score.alarms > 0 else { return "\(name): no alarm; \(score.breaches) breaches came." }
      return
        "\(name): \(count(score.alarms, "alarm")), \(grouped(score.hits)) came true; of \(count(score.breaches, "breach", "breaches")) it announced \(grouped(score.breaches - score.missed))."
    }
    return [sentence("HorizonScale", product), sentence("Straight line over 30 days", line)].joined(separator: "\n")
  }

  private func split(_ columns: Int?, _ heading: String, _ rows: [(String, ReplayScore, ReplayScore)]) -> String {
    var table = TextTable(
      headings: [
        heading, "alarms", "true", "breaches", "precision", "recall", "line: alarms", "true", "precision", "recall",
      ],
      numeric: Set(1...9), dispensable: [9, 5])
    for (name, product, line) in rows {
      table.rows.append([
        name, grouped(product.alarms), grouped(product.hits), grouped(product.breaches), percent(product.precision),
        percent(product.recall), grouped(line.alarms), grouped(line.hits), percent(line.precision),
        percent(line.recall),
      ])
    }
    return table.text(fitting: columns)
  }

  private var definitions: String {
    let days = shortNumber(withinDays)
    return """
      An alarm: a series below \(shortNumber(threshold.percent)) % that is more likely than not to breach it within \(days) days; for the straight line,
      one whose line over the last 30 days of readings does. Alarms of consecutive dates for one series are one alarm, and a breach
      counts once; by date each date counts by itself. Lead time runs from the first date that announced a breach within its \(days) days.
      """
  }

  private func percent(_ share: Double?) -> String { share.map { "\(fixed($0 * 100, digits: 0)) %" } ?? "-" }
  private func number(_ x: Double?) -> String { x.map { fixed($0, digits: 1) } ?? "-" }
  private func count(_ n: Int, _ noun: String, _ nouns: String? = nil) -> String {
    "\(grouped(n)) \(n == 1 ? noun : nouns ?? (noun == "series" ? noun : noun + "s"))"
  }
}
