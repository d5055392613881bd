import HorizonContest
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
      ("Since the run before", moved, "runs, computed from master"),
      ("What the forecast is made of", components, "computed from master"),
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
    let lines = paragraph(title).map { style.styled($0, .heading) }
    return lines.joined(separator: "\n") + (fits ? "  " + style.styled(note, .dim) : "") + "\n"
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
    let capacity = isShare ? " of capacity" : e.capacity.map { " of \(amount($0))" } ?? ""
    let rule = e.breachRule
    let on = e.step.seconds < 86_400 ? "in" : "on"
    let reached = rule.of > 1 ? ", a level reached \(on) \(rule.count) of the last \(rule.of) \(e.step.name)s" : ""
    lines += paragraph("Now \(fixed(lowest.current, digits: 1)) %\(capacity)\(reached).")
    for row in e.risks.reversed() { lines += risk(row) }
    return lines + order + advice
  }

  private var order: [String] {
    let e = explanation
    guard let day = e.risks.filter({ $0.severity != .none }).compactMap(\.orderBy).min() else { return [] }
    let isLate = CivilDate(daysSinceEpoch: day).description < e.asOf.prefix(10)
    return paragraph(
      isLate
        ? "Order now: with \(count(Float(e.procurementDays))) to get it, the safe day was \(CivilDate(daysSinceEpoch: day))."
        : "Order by \(CivilDate(daysSinceEpoch: day)): with \(count(Float(e.procurementDays))) to get it, it is there before an early breach."
    )
  }

  /// Whether readings are shares of a capacity that is not known itself.
  private var isShare: Bool { ["%", "percent", "pct", "fraction"].contains(explanation.unit) }

  /// A capacity as people order it.
  private func wanted(_ x: Double, of capacity: Double, _ rule: FloatingPointRoundingRule) -> String {
    isShare ? "\(shortNumber(x / capacity, rule)) times today's capacity" : amount(x, rule)
  }

  /// A number in the unit of the readings.
  private func amount(_ x: Double, _ rule: FloatingPointRoundingRule = .toNearestOrEven) -> String {
    "\(shortNumber(x, rule))\(explanation.unit.map { " \($0)" } ?? "")"
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
      sentences.append(
        row.reason.contains("or earlier")
          ? "crossed since \(date(days)) or earlier (\(count(-days)) or more)"
          : "crossed since \(date(days)) (\(count(-days)))")
    } else {
      let (p, window) = chance(row)
      sentences.append(
        p == 0
          ? "no simulated future breaches it within \(window)" : "chance of a breach within \(window) is \(percent(p))")
      if let p50 = row.daysToBreachP50 {
        sentences.append("more likely than not by \(date(p50)) (in \(count(p50)))")
      }
      switch (row.daysToBreachP10, row.daysToBreachP90) {
      case (let early?, let late?):
        sentences.append("8 chances in 10 that it falls between \(date(early)) and \(date(late))")
      case (let early?, nil): sentences.append("1 chance in 10 by \(date(early))")
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
    let needed = e.risks.filter {
      $0.severity != .none && $0.recommendedCapacity.isFinite && $0.recommendedCapacity > capacity
    }
    if !needed.isEmpty {
      let list = needed.map { "\(wanted($0.recommendedCapacity, of: capacity, .up)) for the \(limit($0))" }
      var lines = paragraph(
        "What keeps the chance of a breach within \(e.horizon) \(e.step.name)s at 10 % or less: \(list.joined(separator: ", "))."
      )
      if e.forecast.contains(where: { $0.q90 >= 0.999 * capacity }) {
        lines += paragraph(
          "Demand above \(isShare ? "the capacity" : amount(capacity)) cannot show in the readings, so the need may be larger."
        )
      }
      return lines
    }
    if lowest.reclaimable > 0.05 * capacity, e.risks.allSatisfy({ $0.severity == .none }) {
      return paragraph(
        "\(isShare ? "\(fixed((100 * lowest.reclaimable / capacity).rounded(.down), digits: 0)) % of the capacity" : amount(lowest.reclaimable, .down)) could be given back: 19 times in 20 the rest would stay below the \(limit(lowest))."
      )
    }
    return []
  }

  private func limit(_ row: RiskRow) -> String { "\(fixed(row.threshold, digits: 0)) % limit" }

  private func date(_ days: Float) -> String {
    let step = explanation.step
    let asOf = step.index(ofMicroseconds: ISOTime.parse(explanation.asOf)?.microseconds ?? 0)
    let text = ISOTime.string(step.microseconds(of: asOf + Int((Double(days) / step.days).rounded())), full: true)
    return isFine(days) ? "\(text.prefix(10)) \(text.dropFirst(11).prefix(5))" : String(text.prefix(10))
  }

  private func count(_ days: Float) -> String {
    if isFine(days), days < 2 { return "\(Int((days * 24).rounded())) hours" }
    let whole = Int(days.rounded(.up))
    return whole == 1 ? "1 day" : "\(whole) days"
  }

  /// Whether hours matter: with steps below a day, near the as-of.
  private func isFine(_ days: Float) -> Bool { explanation.step.seconds < 86_400 && abs(days) < 7 }

  private func percent(_ share: Double) -> String {
    share > 0 && share < 0.005
      ? "under 1 %" : share >= 0.995 && share < 1 ? "over 99 %" : "\(fixed(share * 100, digits: 0)) %"
  }

  // MARK: chart

  private var scale: Double { explanation.capacity.flatMap { $0 > 0 ? 100 / $0 : nil } ?? 1 }

  private var chartTitle: String {
    let isResized = explanation.changes.contains { $0.kind == .capacity }
    let what =
      scale == 1 && explanation.capacity != 100
      ? explanation.unit ?? "readings" : isResized ? "% of today's capacity" : "% of capacity"
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
    var lines = drawn.lines(style) + items(legend).map { style.styled($0, .dim) }
    if !missing.isEmpty {
      let list = missing.map { "\(fixed($0, digits: 0)) %" }.joined(separator: " and ")
      lines += paragraph(
        missing.count == 1
          ? "The limit of \(list) lies above the picture." : "The limits of \(list) lie above the picture.")
    }
    return lines
  }

  /// Items in lines, none broken.
  private func items(_ items: [String]) -> [String] {
    var lines: [String] = []
    for item in items {
      if let last = lines.last, last.count + 3 + item.count <= style.width {
        lines[lines.count - 1] += "   \(item)"
      } else {
        lines.append(item)
      }
    }
    return lines
  }

  // MARK: since the run before

  private var moved: [String] {
    guard let move = explanation.move else { return [] }
    if let note = move.note { return paragraph(note) }
    return paragraph(move.words.joined(separator: " "))
      + paragraph("One change after the other, in this order, each published again by itself; the parts add up.")
      .map { style.styled($0, .dim) }
  }

  // MARK: components

  private var components: [String] {
    guard let made = explanation.components else { return [] }
    if let note = made.note { return paragraph(note) }
    return made.parts.flatMap { part -> [String] in
      let drawn = part.isFlat ? "" : part.pattern.map { sparkline($0.values) } ?? ""
      return paragraph("\(part.name): \(drawn)\(part.words)", hanging: 2)
    } + made.words.flatMap { paragraph($0) }
  }

  /// One cycle in a few characters; nothing where the terminal has ASCII only or the cycle is flat.
  private func sparkline(_ values: [Double]) -> String {
    guard style.isUnicode, let low = values.min(), let high = values.max(), high > low else { return "" }
    let bars = Array("▁▂▃▄▅▆▇█")
    return String(values.map { bars[Int((($0 - low) / (high - low) * 7).rounded())] }) + "  "
  }

  // MARK: contest

  private var contest: [String] {
    let c = explanation.contest
    guard !c.models.isEmpty else { return c.why.flatMap { paragraph($0) } }
    guard c.models.contains(where: { $0.relativeLosses.contains { $0 != nil } }) else {
      return c.why.flatMap { paragraph($0) } + paragraph("No loss can be set beside seasonal naive's, which is 0.")
    }
    var lines = paragraph(
      "Loss beside seasonal naive's on \(c.folds.count) \(c.folds.count == 1 ? "fold" : "folds")"
        + (c.folds.isEmpty ? "" : " (cutoffs \(c.folds.first!) to \(c.folds.last!))") + "; below 1 is better.")
    let nameWidth = c.models.map(\.name.count).max()! + 2
    // Folds one by one where the terminal has room for them.
    let showsFolds = nameWidth + 7 + 6 * c.folds.count <= style.width
    for model in c.models {
      let mark = model.isChampion ? (style.isUnicode ? "▶ " : "> ") : "  "
      var line = mark + model.name + String(repeating: " ", count: nameWidth - 2 - model.name.count)
      line += padded(ratio(model.relativeLoss), to: 7)
      let ratios = model.relativeLosses.map { padded(ratio($0), to: 6) }.joined()
      if showsFolds { line += style.styled(ratios, .dim) }
      lines.append(model.isChampion ? style.styled(mark, .good) + line.dropFirst(2) : line)
      if let reason = model.reason { lines += paragraph("\(model.status): \(reason)", indent: 4) }
    }
    if showsFolds {
      let legend = "To be expected from all folds and from series like this one; then fold by fold, the oldest first."
      lines += paragraph(legend, indent: 2).map { style.styled($0, .dim) }
    }
    return lines + c.why.flatMap { paragraph($0) }
  }

  private func ratio(_ x: Double?) -> String {
    x.map { $0 >= 1_000 ? ">999" : fixed($0, digits: $0 >= 100 ? 0 : 2) } ?? "-"
  }

  private func padded(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  // MARK: the rest

  private var trust: [String] {
    guard !explanation.trust.isEmpty else { return [] }
    return explanation.trust.flatMap { paragraph("days \($0.days): \($0.tier.rawValue), \($0.reason)", hanging: 6) }
  }

  private var quality: [String] {
    let q = explanation.quality
    let step = explanation.step.name
    guard let first = q.firstReading, let last = q.lastReading else { return ["The master has no reading of it."] }
    var sentences = ["\(q.readings) readings from \(first) to \(last), one per \(step)."]
    sentences.append(
      q.gapSteps == 0
        ? "No step is missing."
        : "\(q.gapSteps) steps have no reading (\(fixed(100 * Double(q.gapSteps) / Double(q.gapSteps + q.readings), digits: 1)) %), the longest gap is \(q.longestGap) \(step)\(q.longestGap == 1 ? "" : "s")."
    )
    if q.stepsSinceLast > 0 { sentences.append("The last reading lies \(q.stepsSinceLast) \(step)s before the as-of.") }
    if let verdict = q.verdict { sentences.append("Verdict: \(verdict).") }
    return paragraph(sentences.joined(separator: " ")) + bullets(q.remarks)
  }

  private var changes: [String] {
    guard !explanation.changes.isEmpty else { return ["None was found."] }
    return bullets(
      explanation.changes.map { change in
        if let from = change.fromCapacity, let to = change.toCapacity {
          // Of readings in percent the table of capacities has a unit of its own, which nobody has told.
          let new = isShare ? shortNumber(to) : amount(to)
          return "\(change.date): the capacity changed from \(shortNumber(from)) to \(new); "
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
