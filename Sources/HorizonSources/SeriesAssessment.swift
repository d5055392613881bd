import HorizonCore

/// What is said of one series: its verdict, and a sentence for each thing found.
struct SeriesAssessment {
  /// A share of missing steps above which a series is usable only, or poor.
  static let missing = (usable: 0.1, poor: 0.5)
  /// Likewise of readings that were repaired by guesses or had conflicting values.
  static let repaired = (usable: 0.01, poor: 0.5)
  /// Fewer readings than this.
  static let short = (usable: 60, poor: 14)
  /// A run of missing steps above which a series is usable only.
  static let longGap = TimeGrid.longAbsence
  /// Readings at the ceiling from which demand counts as censored: so many, and this share.
  static let censored = (count: 7, share: 0.01)
  /// A share of readings above the ceiling from which the ceiling is doubtful.
  static let above = 0.05

  private let name: SeriesName
  private let steps: StepSeries
  private let findings: SeriesFindings
  private let clock: StepClock
  let ceiling: SeriesFindings.CeilingCounts
  /// Whether these are a few more readings of a series that was judged before.
  private let isContinued: Bool

  /// - Parameter decided: What 100 % is for the resource, once all readings are known.
  init(_ name: SeriesName, _ steps: StepSeries, decided: Ceiling, clock: StepClock, isContinued: Bool) {
    self.name = name
    self.isContinued = isContinued
    self.steps = steps
    self.clock = clock
    findings = steps.findings?.value ?? SeriesFindings()
    ceiling =
      switch decided {
      case .capacity: findings.capacityCeiling
      case .constant: findings.constantCeiling
      case .none: .init()
      }
  }

  var isCensored: Bool {
    ceiling.at >= SeriesAssessment.censored.count
      && Double(ceiling.at) >= SeriesAssessment.censored.share * Double(steps.count)
  }

  private var missingShare: Double { share(steps.gapSteps, of: steps.count + steps.gapSteps) }
  private var aboveShare: Double { share(ceiling.above, of: steps.count) }
  /// Of readings as given.
  private var repairedShare: Double {
    share(findings.conflicts + findings.unitReadings + findings.flatReadings, of: max(1, findings.given))
  }

  private func share(_ part: Int, of whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }

  var verdict: SeriesVerdict {
    if isContinued { return repairs.isEmpty ? .good : .usable }
    let here = SeriesAssessment.self
    if steps.count < here.short.poor || missingShare > here.missing.poor || repairedShare > here.repaired.poor {
      return .poor
    }
    let isUsable =
      steps.count < here.short.usable || missingShare > here.missing.usable || steps.longestGap > here.longGap
      || repairedShare > here.repaired.usable || !findings.unitStretches.isEmpty || !findings.flatStretches.isEmpty
      || findings.doubtfulJump != nil || findings.reuse != nil || isCensored || aboveShare > here.above
    return isUsable ? .usable : .good
  }

  // MARK: Sentences

  /// A day where days are told apart, else the time.
  private func day(_ time: Int64) -> String {
    if clock.step.seconds < StepChoice.day { return ISOTime.string(time) }
    var hint = 0
    return String(ISOTime.string(time + clock.clock.offset(atUTC: time, hint: &hint), full: true).prefix(10))
  }

  private func percent(_ share: Double) -> String { "\(rounded(share * 100, digits: 1)) %" }

  /// Each finding with what it is counted under; nil for those that are counted otherwise.
  var sentences: [(reason: QualityReason?, text: String)] {
    if isContinued { return repairs }
    var list: [(QualityReason?, String)] = []
    if steps.count == 0 { list.append((.noReadings, "It has no usable reading.")) }
    if steps.count > 0, steps.count < SeriesAssessment.short.usable {
      list.append((nil, "It has \(grouped(steps.count)) readings only."))
    }
    if missingShare > SeriesAssessment.missing.usable || steps.longestGap > SeriesAssessment.longGap {
      list.append(
        (
          nil,
          "\(grouped(steps.gapSteps)) of \(grouped(steps.count + steps.gapSteps)) steps are missing (\(percent(missingShare))), the longest gap has \(grouped(steps.longestGap))."
        ))
    }
    list += repairs
    if let jump = findings.doubtfulJump {
      list.append(
        (
          .doubtfulJump,
          "On \(day(jump.time)) it jumps from about \(rounded(jump.before)) to \(rounded(jump.after)), which may be another unit; nothing was changed."
        ))
    }
    if let mixed = findings.mixedSteps {
      list.append(
        (
          .mixedSteps,
          "Readings came every \(Step(seconds: max(1, mixed.before)).name) at first and every \(Step(seconds: max(1, mixed.after)).name) since \(day(mixed.since)); a step's value is made of what there is."
        ))
    }
    if isCensored {
      list.append(
        (
          .atCeiling,
          "\(grouped(ceiling.at)) readings (\(percent(share(ceiling.at, of: steps.count)))) are at the ceiling: demand above it is not seen."
        ))
    }
    if ceiling.above > 0 {
      list.append(
        (
          .aboveCeiling,
          "\(grouped(ceiling.above)) readings (\(percent(aboveShare))) are above the ceiling, up to \(rounded(steps.maximum)); they are kept."
        ))
    }
    if let reuse = findings.reuse {
      let what = reuse.isCapacity ? "has another capacity" : "is on another level"
      list.append(
        (
          .reusedName,
          "After \(grouped(reuse.gap)) missing steps, from \(stepDay(reuse.lastBefore)) to \(stepDay(reuse.firstAfter)), it \(what) (\(rounded(reuse.before)), then \(rounded(reuse.after))): the name may have been given to another machine."
        ))
    }
    return list
  }

  /// A step's own time is a date already.
  private func stepDay(_ time: Int64) -> String { ISOTime.string(time) }

  private var repairs: [(QualityReason?, String)] {
    var list: [(QualityReason?, String)] = []
    if let conflict = findings.firstConflict {
      list.append(
        (
          nil,
          "\(grouped(findings.conflicts)) readings say otherwise than an earlier row of their time; the last in the input was kept, as \(rounded(conflict.later)) for \(rounded(conflict.earlier)) on \(day(conflict.time))."
        ))
    }
    if let counter = findings.counter {
      var text = "A counter: \(grouped(counter.rates)) differences became rates per second"
      if counter.wraps > 0 { text += ", \(grouped(counter.wraps)) wraps were computed through" }
      if counter.resets > 0 {
        text += ", \(grouped(counter.resets)) resets became gaps, the first on \(day(counter.firstReset ?? 0))"
      }
      list.append((.counter, text + "."))
    }
    for stretch in findings.unitStretches.prefix(3) {
      let factor =
        stretch.factor >= 1
        ? "multiplied by \(rounded(stretch.factor))" : "divided by \(rounded(1 / stretch.factor))"
      list.append(
        (
          .unitJump,
          "\(grouped(stretch.readings)) readings from \(day(stretch.from)) to \(day(stretch.to)) were in another unit and were \(factor)."
        ))
    }
    for stretch in findings.flatStretches.prefix(3) {
      let text =
        "It repeats exactly \(rounded(stretch.value)) from \(day(stretch.from)) to \(day(stretch.to)), \(grouped(stretch.readings)) readings"
      list.append(
        stretch.isRepaired
          ? (.flatLine, text + ": a flat-lined agent; all but the first became a gap.")
          : (.standingStill, text + ": if its agent hangs, the truth is another; nothing was changed."))
    }
    return list
  }

  /// The entry of `quality.json`.
  var issues: QualityReport.SeriesIssues {
    let remarks = sentences.map(\.text)
    func known(_ count: Int) -> Int? { count > 0 ? count : nil }
    return .init(
      server: name.server, resource: name.resource, gapSteps: steps.gapSteps, longestGap: steps.longestGap,
      duplicates: steps.duplicates, outOfOrder: steps.outOfOrder, aggregated: steps.aggregated, readings: steps.count,
      verdict: verdict, remarks: remarks.isEmpty ? nil : remarks, conflicts: known(findings.conflicts),
      unitRepaired: known(findings.unitReadings), flatLined: known(findings.flatReadings), atCeiling: known(ceiling.at),
      aboveCeiling: known(ceiling.above))
  }
}

/// Three significant digits at least, no more decimals than that asks for.
func rounded(_ value: Double, digits: Int? = nil) -> String {
  guard value.isFinite else { return "\(value)" }
  let size = abs(value)
  let decimals = digits ?? (size >= 100 || size == 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4)
  var power = 1.0
  for _ in 0..<decimals { power *= 10 }
  let result = (value * power).rounded() / power
  return result == result.rounded() && abs(result) < 1e15 ? grouped(Int(result)) : "\(result)"
}
