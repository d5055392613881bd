import HorizonCore
import HorizonModels
import HorizonRisk

extension Explanation {
  /// The explanation for a person in a terminal; no line is wider than it, names and dates apart that are wider themselves.
  package func text(_ style: TerminalStyle) -> String { ExplanationText(explanation: self, style: style).text }
}

private struct ExplanationText {
  let explanation: Explanation
  let style: TerminalStyle

  var text: String {
    let sections: [(String?, [String], String?)] = [
      (nil, headline, "risks.parquet"),
      (chartTitle, chart, "forecasts.parquet, master"),
      ("Contest", contest, "leaderboard.parquet, decisions.parquet"),
      ("Trust", trust, "decisions.parquet"),
      ("Data quality", quality, "quality.json, master"),
      ("Level changes", changes, "computed from master"),
      ("What the readings look like", profile, "computed from master"),
      ("Where the numbers come from", sources, nil),
    ]
    return sections.filter { !$0.1.isEmpty }.map { title, lines, source in
      heading(title, source) + lines.joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  /// A title with the tables behind the section in dim text, where both fit.
  private func heading(_ title: String?, _ source: String?) -> String {
    guard let title else { return "" }
    let note = source.map { "[\($0)]" } ?? ""
    let fits = title.count + note.count + 2 <= style.width && !note.isEmpty
    return style.styled(style.plain(title), .heading) + (fits ? "  " + style.styled(note, .dim) : "") + "\n"
  }

  private func paragraph(_ text: String, indent: Int = 0, hanging: Int? = nil) -> [String] {
    style.wrapped(text, indent: indent, hanging: hanging)
  }

  private func bullets(_ sentences: [String]) -> [String] {
    sentences.flatMap { paragraph("- \($0)", hanging: 2) }
  }

  // MARK: headline

  private var headline: [String] {
    let e = explanation
    let title = "\(e.server) \(e.resource)"
    var lines = [style.styled(paragraph(title).joined(separator: "\n"), .heading)]
    lines += paragraph("As of \(e.asOf), forecast \(e.horizon) \(e.step.name)s ahead (run \(e.run)).")
    lines.append("")
    guard let lowest = e.risks.first else {
      if !e.isLive {
        return lines + paragraph("The series has ended: it stopped before the as-of and is never a risk.")
      }
      return lines
        + paragraph(
          "No ceiling is known, so there is no limit to reach and no risk: give a capacity column or --unit when the data is read."
        )
    }
    let capacity = e.capacity.map { " of \(plainNumber($0))\(e.unit.map { " \($0)" } ?? "")" } ?? ""
    lines += paragraph("Now \(fixed(lowest.current, digits: 1)) %\(capacity).")
    for row in e.risks.reversed() { lines += risk(row) }
    let ordering = e.risks.filter { $0.severity != .none && $0.orderBy != nil }.min { $0.orderBy! < $1.orderBy! }
    if let day = ordering?.orderBy {
      lines += paragraph("Order by \(CivilDate(daysSinceEpoch: day)) to have it in place before an early breach.")
    }
    lines += advice
    return lines
  }

  private func risk(_ row: RiskRow) -> [String] {
    let e = explanation
    let name = e.thresholds.first { $0.percent == row.threshold }?.name ?? "limit"
    let emphasis: TerminalStyle.Emphasis? =
      switch row.severity {
      case .none: .good
      case .watch: .warning
      case .breach: .alarm
      }
    var sentences: [String] = []
    if let days = row.daysToBreachP50, row.isCrossed {
      sentences.append("crossed since \(date(days)) (\(count(-days)))")
    } else {
      let (p, window) = chance(row)
      sentences.append("chance of a breach within \(window) is \(percent(p))")
      if let p50 = row.daysToBreachP50 {
        sentences.append("most likely \(date(p50)) (in \(count(p50)))")
      }
      switch (row.daysToBreachP10, row.daysToBreachP90) {
      case (let early?, let late?): sentences.append("8 in 10 between \(date(early)) and \(date(late))")
      case (let early?, nil): sentences.append("1 in 10 by \(date(early))")
      default: break
      }
    }
    let label = "\(name) \(fixed(row.threshold, digits: 0)) %:"
    let body = paragraph(
      "\(label) \(sentences.joined(separator: "; ")). Severity \(row.severity), trust \(row.tier.rawValue).", hanging: 2
    )
    return [body[0].replacing(label, with: style.styled(label, emphasis), maxReplacements: 1)] + body.dropFirst()
  }

  /// The probability of the window that decides severities, or of the longest known one below it.
  private func chance(_ row: RiskRow) -> (Double, String) {
    let known = [(30, row.pBreach30), (60, row.pBreach60), (90, row.pBreach90), (180, row.pBreach180)]
      .compactMap { days, p in p.map { (days, Double($0)) } }
    let fitting = known.last { Double($0.0) <= explanation.within } ?? known.first
    return fitting.map { ($0.1, "\($0.0) days") } ?? (row.daysToBreachP50 == nil ? 0 : 0.5, "the horizon")
  }

  private var advice: [String] {
    let e = explanation
    guard let lowest = e.risks.first, let capacity = e.capacity else { return [] }
    let unit = e.unit.map { " \($0)" } ?? ""
    func words(_ row: RiskRow) -> String {
      "\(plainNumber(row.recommendedCapacity))\(unit) for the \(fixed(row.threshold, digits: 0)) % limit"
    }
    let needed = e.risks.filter {
      $0.severity != .none && $0.recommendedCapacity.isFinite && $0.recommendedCapacity > capacity
    }
    if !needed.isEmpty {
      return paragraph(
        "Recommended capacity: \(needed.map(words).joined(separator: ", ")) keeps the chance of a breach within the horizon at 10 % or less."
      )
    }
    if lowest.reclaimable > 0.05 * capacity, e.risks.allSatisfy({ $0.severity == .none }) {
      return paragraph(
        "\(plainNumber(lowest.reclaimable))\(unit) could be given back: 19 times in 20 the rest would stay below the \(fixed(lowest.threshold, digits: 0)) % limit."
      )
    }
    return []
  }

  private func date(_ days: Float) -> String {
    let asOf = ISOTime.parse(explanation.asOf)?.microseconds ?? 0
    return String(ISOTime.string(asOf + Int64((Double(days) * 86_400_000_000).rounded()), full: true).prefix(10))
  }

  private func count(_ days: Float) -> String {
    let whole = Int(days.rounded(.up))
    return whole == 1 ? "1 day" : "\(whole) days"
  }

  private func percent(_ share: Double) -> String {
    share > 0 && share < 0.005 ? "under 1 %" : "\(fixed(share * 100, digits: 0)) %"
  }

  // MARK: chart

  private var scale: Double { explanation.capacity.flatMap { $0 > 0 ? 100 / $0 : nil } ?? 1 }

  private var chartTitle: String {
    let what = scale == 1 && explanation.capacity != 100 ? explanation.unit ?? "readings" : "% of capacity"
    return "History and forecast, \(what)"
  }

  private var chart: [String] {
    let e = explanation
    func index(_ time: String) -> Int { e.step.index(ofMicroseconds: ISOTime.parse(time)?.microseconds ?? 0) }
    let end = index(e.asOf)
    // The forecast takes a quarter at least.
    let from = end - 3 * max(e.forecast.count, 60)
    let history = e.history.suffix(3 * max(e.forecast.count, 60) + 1).map {
      TerminalChart.Reading(at: index($0.time), value: $0.value * scale)
    }.filter { $0.at > from || !e.isLive }
    let forecast = e.forecast.map {
      TerminalChart.Ahead(at: index($0.time), low: $0.q10 * scale, median: $0.q50 * scale, high: $0.q90 * scale)
    }
    guard let first = history.first?.at ?? forecast.first?.at else { return [] }
    let last = forecast.last?.at ?? end
    func label(_ at: Int) -> String { String(ISOTime.string(e.step.microseconds(of: at), full: true).prefix(10)) }
    let top = max(history.map(\.value).max() ?? 0, forecast.map(\.high).max() ?? 0)
    // A limit far above everything would flatten the picture.
    let limits = e.risks.map(\.threshold).filter { $0 <= max(2.5 * top, top + 5) }
    let missing = e.risks.map(\.threshold).filter { !limits.contains($0) }
    let drawn = TerminalChart(
      history: history, forecast: forecast, limits: limits, asOf: e.isLive ? end : (history.last?.at ?? end),
      first: label(first), asOfLabel: label(e.isLive ? end : (history.last?.at ?? end)), last: label(last))
    var legend = [
      (style.isUnicode ? "⣀⠤" : "*") + " readings", (style.isUnicode ? "░" : ":") + " 80 % interval",
      (style.isUnicode ? "⠤⠤" : "o") + " median",
    ]
    if !limits.isEmpty {
      legend.append(
        (style.isUnicode ? "╌" : "-") + " limit " + limits.map { "\(fixed($0, digits: 0)) %" }.joined(separator: ", "))
    }
    legend.append((style.isUnicode ? "┊" : "|") + " as-of")
    var lines = drawn.lines(style) + paragraph(legend.joined(separator: "   ")).map { style.styled($0, .dim) }
    if !missing.isEmpty {
      lines += paragraph(
        "The limit of \(missing.map { "\(fixed($0, digits: 0)) %" }.joined(separator: " and ")) lies above the picture."
      )
    }
    return lines
  }

  // MARK: contest

  private var contest: [String] {
    let c = explanation.contest
    guard !c.models.isEmpty else { return c.why.flatMap { paragraph($0) } }
    var lines = paragraph(
      "Loss beside seasonal naive's on \(c.folds.count) \(c.folds.count == 1 ? "fold" : "folds")"
        + (c.folds.isEmpty ? "" : " (cutoffs \(c.folds.first!) to \(c.folds.last!))") + "; below 1 is better.")
    let nameWidth = c.models.map(\.name.count).max()! + 2
    // Folds one by one where the terminal has room for them.
    let showsFolds = nameWidth + 7 + 6 * c.folds.count <= style.width
    for model in c.models {
      let mark = model.isChampion ? (style.isUnicode ? "▶ " : "> ") : "  "
      var line = mark + model.name + String(repeating: " ", count: nameWidth - 2 - model.name.count)
      line += padded(model.relativeLoss.map { fixed($0, digits: 2) } ?? "-", to: 7)
      let ratios = model.relativeLosses.map { padded($0.map { fixed($0, digits: 2) } ?? "-", to: 6) }.joined()
      if showsFolds { line += style.styled(ratios, .dim) }
      lines.append(model.isChampion ? style.styled(mark, .good) + line.dropFirst(2) : line)
      if let reason = model.reason { lines += paragraph("\(model.status): \(reason)", indent: 4) }
    }
    if showsFolds { lines.append(style.styled("  mean, then fold by fold, the oldest first", .dim)) }
    if let ratio = c.lossRatio {
      lines += paragraph("Over all folds the champion's loss is \(fixed(ratio, digits: 2)) of seasonal naive's.")
    }
    return lines + c.why.flatMap { paragraph($0) }
  }

  private func padded(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  // MARK: the rest

  private var trust: [String] {
    explanation.trust.flatMap { paragraph("days \($0.days): \($0.tier.rawValue), \($0.reason)", hanging: 6) }
  }

  private var quality: [String] {
    let q = explanation.quality
    let step = explanation.step.name
    guard let first = q.firstReading, let last = q.lastReading else { return ["The master has no reading of it."] }
    var sentences = ["\(q.readings) readings from \(first) to \(last), one per \(step)."]
    sentences.append(
      q.gapSteps == 0
        ? "No step is missing."
        : "\(q.gapSteps) steps have no reading (\(fixed(100 * Double(q.gapSteps) / Double(q.gapSteps + q.readings), digits: 1)) %), the longest gap is \(q.longestGap)."
    )
    if q.stepsSinceLast > 0 { sentences.append("The last reading lies \(q.stepsSinceLast) \(step)s before the as-of.") }
    if let verdict = q.verdict { sentences.append("Verdict: \(verdict).") }
    return paragraph(sentences.joined(separator: " ")) + bullets(q.remarks)
  }

  private var changes: [String] {
    guard !explanation.changes.isEmpty else { return ["None was found."] }
    return bullets(
      explanation.changes.map { change in
        let unit = explanation.unit.map { " \($0)" } ?? ""
        if let from = change.fromCapacity, let to = change.toCapacity {
          return "\(change.date): the capacity changed from \(plainNumber(from)) to \(plainNumber(to))\(unit); "
            + "the percentage moved, the demand did not."
        }
        let by =
          change.factor >= 2 || change.factor <= 0.5
          ? "to \(fixed(change.factor, digits: 2)) times what it was"
          : "by \(change.factor > 1 ? "+" : "")\(fixed((change.factor - 1) * 100, digits: 0)) %"
        return "\(change.date): the level shifted \(by); models see what lies before it on the new level."
      })
  }

  private var profile: [String] {
    guard let profile = explanation.profile else { return ["Too few readings to tell."] }
    return paragraph(profile.words.joined(separator: " "))
      + paragraph(
        "This describes the readings; what forecasts them is \(explanation.contest.publishedBy)\(summary).")
  }

  private var summary: String {
    let card = Catalog.all.first { $0.card.name == explanation.contest.publishedBy }?.card
    guard let summary = card?.summary, let first = summary.first else { return "" }
    return
      ": \(first.lowercased())\(summary.dropFirst().hasSuffix(".") ? summary.dropFirst().dropLast() : summary.dropFirst())"
  }

  private var sources: [String] {
    explanation.sources.flatMap { source in
      paragraph(
        "\(source.what): \(source.file)"
          + (source.columns.isEmpty ? "" : " (\(source.columns.joined(separator: ", ")))"),
        hanging: 2
      ).map { style.styled($0, .dim) }
    }
  }
}
