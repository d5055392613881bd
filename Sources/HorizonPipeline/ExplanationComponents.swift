import HorizonCore
import HorizonModels
import HorizonRisk

extension Explanation.Components {
  /// Fits the models that published the series once more and takes the first that can be taken apart to pieces.
  ///
  /// - Returns: Nil where none can.
  init?(_ record: SeriesRecord, risks: [RiskRow]) {
    let decision = record.decision
    guard let published = record.forecast.first?.model, let last = record.history.times.last else { return nil }
    let cutoff = decision.isLive ? record.asOf : record.step.index(ofMicroseconds: last)
    guard let panel = record.panel(until: record.asOf) else { return nil }
    let horizon = record.forecast.count
    let publisher = Publisher(
      publishedBy: published, champion: decision.champion, members: decision.members, blend: decision.blend)
    guard let options = try? record.manifest.settings.modelOptions() else { return nil }
    let (contestants, unread) = Catalog.contestants(options).loaded(from: record.folder, wanted: Set(publisher.models))
    if let first = unread.first {
      self.init(model: first.model, members: publisher.members)
      note = unread.map(\.sentence).joined(separator: " ")
      return
    }
    let refit = Refit(
      panel, cutoffs: [cutoff], contestants: contestants,
      horizon: horizon)
    guard let composition = refit.compositions([publisher])[0] else { return nil }
    self.init(model: composition.model, members: composition.members)
    membersWithParts = composition.membersWithParts
    guard let mean = refit.mean(publisher, series: 0), matches(mean, record.forecast.map(\.mean)) else {
      note =
        "Fitted again now, \(published) gives another forecast than this run published, so its parts would mislead: "
        + "the run is of another version, or the master was filled anew."
      return
    }
    let words = AmountWords(ceiling: decision.ceiling, unit: record.resource?.unit)
    let target = Target(risks, record: record, cutoff: cutoff, horizon: horizon)
    let lessons = refit.lessons(publisher, series: 0, lead: target.index - cutoff)
    let told = CompositionWords(
      composition, words: words, size: composition.size(ceiling: decision.ceiling), target: target.index,
      lesson: lessons.first { $0.model == composition.model })
    fill(told, target: target, step: record.step)
    fill(lessons, date: CompositionWords.date(target.index, record.step), words: words, notes: record.manifest.notes)
    self.words.append(contentsOf: beside(told, record.forecast[target.index - cutoff - 1], words))
  }

  /// Whether two forecasts are the same, rounding apart.
  private func matches(_ mean: [Float], _ published: [Double]) -> Bool {
    let size = mean.reduce(0) { max($0, abs(Double($1))) }
    return mean.count == published.count
      && zip(mean, published).allSatisfy { abs(Double($0) - $1) <= 1e-4 * size + 1e-9 }
  }

  private mutating func fill(_ told: CompositionWords, target: Target, step: Step) {
    let composition = told.composition
    func text(_ index: Int) -> String { ISOTime.string(step.microseconds(of: index), full: step.seconds < 86_400) }
    parts = told.parts.map { part in
      Explanation.Part(
        name: part.name, kind: part.part.kind.rawValue, isMultiplicative: part.part.isMultiplicative,
        isFlat: part.isFlat,
        pattern: part.pattern.map { Explanation.Pattern(cycle: $0.cycle, places: $0.places, values: $0.values) },
        ahead: part.part.ahead, words: part.sentence)
    }
    trend = told.parts[0].trend.map { trend in
      Explanation.Trend(
        perMonth: trend.perMonth,
        changes: trend.changes.map {
          Explanation.Bend(
            date: text($0.index), perMonthBefore: $0.change.before, perMonthAfter: $0.change.after, jump: $0.change.jump
          )
        })
    }
    holidays = told.parts.flatMap(\.events).map {
      Explanation.Holiday(name: $0.name, date: text($0.index), amount: $0.amount)
    }
    sums = [("as_of", composition.cutoff), (target.what, target.index)].map { what, index in
      Explanation.Sum(
        what: what, time: text(index), total: composition.total(at: index) ?? .nan,
        amounts: composition.parts.map { composition.value(of: $0, at: index) ?? .nan })
    }
    words = told.sums(why: target.why) + (told.attribution.map { [$0] } ?? [])
  }

  private mutating func fill(_ lessons: [Lesson], date: String, words: AmountWords, notes: [String]) {
    learned = lessons.map { lesson in
      Explanation.Learned(
        model: lesson.model, time: sums.last?.time ?? date, alone: lesson.alone, added: lesson.added,
        contributions: lesson.contributions.map { Explanation.Contribution(family: $0.family, amount: $0.amount) },
        words: lesson.sentence(words, date: date))
    }
    self.words += learned.filter { $0.model != model }.map { "\($0.model): \($0.words)" }
    // How the training went, from the notes of the run.
    self.words += learned.compactMap { lesson in notes.first { $0.hasPrefix("\(lesson.model) learnt ") } }
  }

  /// Where the published median lies, when that is elsewhere.
  private func beside(
    _ told: CompositionWords, _ forecast: SeriesRecord.ForecastRecord, _ words: AmountWords
  ) -> [String] {
    guard let total = sums.last?.total, members.isEmpty,
      abs(forecast.q50 - total) > 0.01 * told.composition.size(ceiling: nil)
    else { return [] }
    return [
      "The published median of that \(told.composition.step.name) is \(words.level(forecast.q50)), after calibration."
    ]
  }
}

/// The date ahead at which a reader wants to know what a forecast is made of.
struct Target: Sendable {
  let index: Int
  /// `breach` or `horizon`.
  let what: String
  /// What happens then.
  let why: String

  /// The first date at which a limit is more likely than not to be reached, the lowest limit first; else the horizon's end.
  ///
  /// - Parameter horizon: In steps.
  init(daysToBreach: [(threshold: Double, days: Double?)], step: Step, cutoff: Int, horizon: Int) {
    for (threshold, days) in daysToBreach.sorted(by: { $0.threshold < $1.threshold }) {
      guard let days, days > 0 else { continue }
      let lead = max(1, Int((days / step.days).rounded()))
      guard lead <= horizon else { continue }
      index = cutoff + lead
      what = "breach"
      why = "when \(fixed(threshold, digits: 0)) % is more likely than not reached"
      return
    }
    index = cutoff + horizon
    what = "horizon"
    why = "the end of the horizon"
  }

  fileprivate init(_ risks: [RiskRow], record: SeriesRecord, cutoff: Int, horizon: Int) {
    self.init(
      daysToBreach: risks.map { ($0.threshold, $0.daysToBreachP50.map(Double.init)) }, step: record.step,
      cutoff: cutoff, horizon: horizon)
  }
}

extension Composition {
  /// What parts are large or small beside: the ceiling, else the largest level of the trend.
  func size(ceiling: Double?) -> Double {
    if let ceiling, ceiling > 0 { return ceiling }
    return max(parts[0].past.reduce(0) { max($0, abs($1)) }, .leastNormalMagnitude)
  }
}
