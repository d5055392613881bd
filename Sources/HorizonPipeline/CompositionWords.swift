import HorizonCore
package import HorizonModels

/// What a forecast is made of, in plain English: one sentence a part, and what adds up at a date.
package struct CompositionWords: Sendable {
  let composition: Composition
  package let parts: [Part]

  package struct Part: Sendable {
    /// As people call it: `trend`, `week`, `holidays`, or the part's own name.
    package let name: String
    let part: Composition.Part
    let pattern: Pattern?
    let trend: Trend?
    /// Holidays ahead, the next one first.
    let events: [Event]
    /// Whether there is nothing to see of it.
    package let isFlat: Bool
    /// Without the name.
    package let sentence: String
  }

  /// One cycle around the trend, in the unit of the readings.
  struct Pattern: Sendable, Hashable {
    /// `day`, `week` or `year`.
    let cycle: String
    /// `00:00`, `Monday` or `January` on.
    let places: [String]
    let values: [Double]
  }

  struct Trend: Sendable {
    let perMonth: Double
    /// The newest first.
    let changes: [(index: Int, change: TrendShape.Change)]
  }

  struct Event: Sendable {
    let name: String
    let index: Int
    let amount: Double
  }

  private let words: AmountWords
  private let target: Int

  /// - Parameters:
  ///   - target: Step index of the date that matters besides the as-of, within the horizon.
  ///   - size: What parts are large or small beside, above 0: the ceiling, or the level.
  ///   - lesson: What the model has learnt for the target, where more is known of it than the composition holds.
  package init(_ composition: Composition, words: AmountWords, size: Double, target: Int, lesson: Lesson? = nil) {
    self.composition = composition
    self.words = words
    self.target = target
    let lesson = lesson ?? composition.lesson(at: target)
    parts = composition.parts.map {
      Self.described($0, of: composition, words: words, size: size, target: target, lesson: lesson)
    }
  }

  static func date(_ index: Int, _ step: Step) -> String {
    let text = ISOTime.string(step.microseconds(of: index), full: true)
    return step.seconds < 86_400 ? "\(text.prefix(10)) \(text.dropFirst(11).prefix(5))" : String(text.prefix(10))
  }

  private static let cycles: [String: (name: String, days: Double, places: [String])] = [
    "daily": ("day", 1, (0..<24).map { "\($0 < 10 ? "0" : "")\($0):00" }),
    "weekly": ("week", 7, ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]),
    "yearly": (
      "year", 365,
      [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
      ]
    ),
  ]

  private static func described(
    _ part: Composition.Part, of composition: Composition, words: AmountWords, size: Double, target: Int,
    lesson: Lesson?
  ) -> Part {
    func plain(_ name: String, isFlat: Bool = false, _ sentence: String) -> Part {
      Part(name: name, part: part, pattern: nil, trend: nil, events: [], isFlat: isFlat, sentence: sentence)
    }
    switch part.kind {
    case .trend:
      let trend = Trend(part, of: composition, size: size)
      return Part(
        name: "trend", part: part, pattern: nil, trend: trend, events: [], isFlat: false,
        sentence: trend.sentence(part, of: composition, words: words, size: size))
    case .cycle:
      let share = part.isMultiplicative ? "; it grows with the trend" : ""
      guard let pattern = Pattern(part, of: composition) else {
        let (low, high) = (part.ahead.min() ?? 0, part.ahead.max() ?? 0)
        guard words.shows(low) || words.shows(high) else { return plain(part.name, isFlat: true, nothing) }
        return plain(
          part.name, "between \(words.term(low)) and \(words.difference(high)) beside the trend\(share).")
      }
      let isFlat = !pattern.values.contains(where: words.shows)
      return Part(
        name: pattern.cycle, part: part, pattern: pattern, trend: nil, events: [], isFlat: isFlat,
        sentence: isFlat ? nothing : pattern.sentence(words) + share + ".")
    case .memory:
      return plain(
        "newest errors", isFlat: !(part.past.suffix(1) + part.ahead).contains(where: words.shows),
        memory(part, step: composition.step, words: words))
    case .learned:
      return plain(
        "learned", isFlat: !part.ahead.contains(where: words.shows),
        lesson?.sentence(words, date: date(target, composition.step)) ?? nothing)
    case .holidays:
      let events = composition.events(of: part)
      let list = events.prefix(3).map {
        "\($0.name) on \(date($0.index, composition.step)) (\(words.difference($0.amount)))"
      }
      return Part(
        name: "holidays", part: part, pattern: nil, trend: nil, events: events,
        isFlat: !(part.past + part.ahead).contains(where: words.shows),
        sentence: list.isEmpty ? "none falls within the horizon." : "next \(list.joined(separator: ", ")).")
    case .regressor:
      let now = composition.value(of: part, at: composition.cutoff) ?? 0
      let then = composition.value(of: part, at: target) ?? 0
      return plain(
        part.name, isFlat: !(part.past + part.ahead).contains(where: words.shows),
        "\(words.difference(now)) at the as-of, \(words.difference(then)) on \(date(target, composition.step)).")
    }
  }

  private static let nothing = "no pattern to speak of."

  private static func memory(_ part: Composition.Part, step: Step, words: AmountWords) -> String {
    let (newest, first) = (part.past.last ?? 0, part.ahead.first ?? 0)
    guard words.shows(newest) || words.shows(first) else {
      return "the newest readings lie where the other parts expect them."
    }
    let lies = "the newest reading lies \(words.size(newest)) \(newest < 0 ? "below" : "above") the other parts"
    guard words.shows(first) else { return "\(lies); one \(step.name) ahead nothing of that is left." }
    let (low, high) = (part.ahead.min() ?? 0, part.ahead.max() ?? 0)
    if max(-low, high) > 1.2 * abs(first) {
      return "\(lies), and what they repeat swings between \(words.term(low)) and \(words.difference(high))."
    }
    let half = part.ahead.firstIndex { abs($0) < abs(first) / 2 }
    let fades =
      half.map { "half of that after \($0 + 1) \(step.name)s" } ?? "more than half of that at the end of the horizon"
    return "\(lies); one \(step.name) ahead \(words.difference(first)) are expected of it, \(fades)."
  }

  /// What the forecast for a step adds up from, such as `74.0 are trend, +4.0 week, +3.0 year`.
  ///
  /// Shown figures add up: the trend takes what rounding leaves.
  func sum(at index: Int) -> String {
    var amounts = parts.map { composition.value(of: $0.part, at: index) ?? 0 }
    amounts[0] = words.rest(of: amounts.reduce(0, +), without: amounts.dropFirst())
    return zip(parts, amounts).enumerated().compactMap { position, pair in
      position == 0
        ? "\(words.term(pair.1, signed: false)) are trend"
        : words.shows(pair.1) ? "\(words.term(pair.1)) \(pair.0.name)" : nil
    }.joined(separator: ", ")
  }

  /// The two dates that matter, each as a sentence.
  ///
  /// - Parameter why: What happens on the second one, such as "when 80 % is more likely than not reached".
  package func sums(why: String) -> [String] {
    let step = composition.step
    let now = composition.total(at: composition.cutoff) ?? 0
    let then = composition.total(at: target) ?? 0
    return [
      "On \(Self.date(composition.cutoff, step)) the model stands at \(words.level(now)), of which \(sum(at: composition.cutoff)).",
      "Of \(words.level(then)) forecast for \(Self.date(target, step)), \(why), \(sum(at: target)).",
    ]
  }

  /// Whose parts they are, where that is not the model that publishes.
  package var attribution: String? {
    guard !composition.members.isEmpty else { return nil }
    let others = composition.membersWithParts.filter { $0 != composition.model }
    return "The forecast \(composition.blend.words(composition.members)). "
      + (others.isEmpty
        ? "Of these only \(composition.model) can be taken apart"
        : "Of these \(composition.membersWithParts.listed) can be taken apart; shown is \(composition.model)")
      + ", so the parts add up to its forecast and not to the published one."
  }
}

extension CompositionWords.Trend {
  fileprivate init(_ part: Composition.Part, of composition: Composition, size: Double) {
    // Days are fine enough for a trend.
    let stride = max(1, Int((1 / composition.step.days).rounded()))
    let start = (part.past.count - 1) % stride
    let past = Swift.stride(from: start, to: part.past.count, by: stride).map { part.past[$0] }
    let ahead = Swift.stride(from: stride - 1, to: part.ahead.count, by: stride).map { part.ahead[$0] }
    let shape = TrendShape(
      past: past, ahead: ahead, month: 30.44 / (composition.step.days * Double(stride)), size: size)
    self.init(
      perMonth: shape.slope,
      changes: shape.changes.map { (composition.firstIndex + start + $0.at * stride, $0) })
  }

  fileprivate func sentence(
    _ part: Composition.Part, of composition: Composition, words: AmountWords, size: Double
  ) -> String {
    let step = composition.step
    let last = composition.cutoff + part.ahead.count
    // Less than a fiftieth of the level in a year.
    let isLevel = abs(perMonth) * 12 < 0.02 * size || !words.shows(perMonth)
    let direction =
      isLevel
      ? "level at the as-of"
      : "\(perMonth > 0 ? "rises" : "falls") by \(words.size(perMonth)) a month at the as-of"
    let reach =
      "\(words.level(part.past.last ?? 0)) then, \(words.level(part.ahead.last ?? 0)) on \(CompositionWords.date(last, step))"
    let places = changes.map { index, change in
      let slopes = "from \(words.term(change.before)) to \(words.difference(change.after)) a month"
      let date = CompositionWords.date(index, step).prefix(10)
      return change.jump == 0
        ? "on \(date) \(slopes)" : "on \(date) it stepped by \(words.difference(change.jump))"
    }
    let past = places.isEmpty ? "It has been straight all along." : "It changed most \(Array(places).listed)."
    return "\(direction): \(reach). \(past)"
  }
}

extension CompositionWords.Pattern {
  fileprivate init?(_ part: Composition.Part, of composition: Composition) {
    guard let (cycle, days, places) = CompositionWords.cycle(part.name),
      let values = composition.cycle(
        of: part, days: days, places: places.count,
        place: { day, second in
          switch places.count {
          case 24: second / 3_600
          // 1970-01-01 was a Thursday.
          case 7: ((day + 3) % 7 + 7) % 7
          default: CivilDate(daysSinceEpoch: day).month - 1
          }
        })
    else { return nil }
    self.init(cycle: cycle, places: places, values: values)
  }

  fileprivate func sentence(_ words: AmountWords) -> String {
    let low = values.indices.min { values[$0] < values[$1] }!
    let high = values.indices.max { values[$0] < values[$1] }!
    let (at, plural) = cycle == "week" ? ("on", "s") : cycle == "year" ? ("in", "") : ("at", "")
    func beside(_ x: Double) -> String { "\(words.size(x)) \(x < 0 ? "below" : "above")" }
    return
      "most \(at) \(places[high])\(plural) (\(beside(values[high])) the trend), least \(at) \(places[low])\(plural) (\(beside(values[low])))"
  }
}

extension CompositionWords {
  fileprivate static func cycle(_ name: String) -> (String, Double, [String])? {
    cycles[name].map { ($0.name, $0.days, $0.places) }
  }
}

extension Composition {
  /// Holidays after the cutoff within the horizon, with what they bring on their own day, the next one first.
  fileprivate func events(of part: Part) -> [CompositionWords.Event] {
    holidays.entries.compactMap { entry in
      let first = step.index(ofMicroseconds: Int64(entry.day) * 86_400_000_000)
      let last = max(first, step.index(ofMicroseconds: Int64(entry.day + 1) * 86_400_000_000 - 1))
      guard first > cutoff else { return nil }
      let values = (first...last).compactMap { value(of: part, at: $0) }
      guard !values.isEmpty else { return nil }
      return CompositionWords.Event(
        name: entry.name, index: first, amount: values.reduce(0, +) / Double(values.count))
    }.sorted { ($0.index, $0.name) < ($1.index, $1.name) }
  }
}

extension Blend {
  /// Such as "averages a, b and c", "averages 52 % a, 30 % b and 18 % c" or "is the median of a, b and c".
  package func words(_ members: [String], what: String? = nil) -> String {
    let of = what.map { "\($0) of " } ?? ""
    guard case .average(let weights) = self else { return "is the median of \(of)\(members.listed)" }
    guard let least = weights.min(), let most = weights.max(), most - least > 0.005 else {
      return "averages \(of)\(members.listed)"
    }
    let shown = zip(members, weights).filter { $0.1 >= 0.005 }.sorted { $0.1 > $1.1 }
    return "averages \(of)\(shown.map { "\(fixed(Double($0.1) * 100, digits: 0)) % \($0.0)" }.listed)"
  }
}

extension [String] {
  /// `a`, `a and b`, `a, b and c`.
  var listed: String {
    count < 2 ? first ?? "" : "\(dropLast().joined(separator: ", ")) and \(last!)"
  }
}
