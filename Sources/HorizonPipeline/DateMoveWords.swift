import Foundation
import HorizonCore

/// A move of a date in plain English.
struct DateMoveWords {
  let move: DateMove
  /// Of capacities; nil where readings are shares of one that is not told.
  let unit: String?

  /// What moved, by how much and why: sentences.
  var sentences: [String] {
    var sentences = [headline]
    if !move.isDated, let window = move.window {
      let (a, b) = (percent(move.before, window.place), percent(move.now, window.place))
      let chance = "The chance of reaching it within \(window.days) days"
      sentences.append(
        a == b ? "\(chance) is \(b) %, as then." : "\(chance) \(a < b ? "rose" : "fell") from \(a) % to \(b) %.")
    }
    let told = move.parts.compactMap(words)
    if !told.isEmpty { sentences.append("\(capitalized(told.joined(separator: "; "))).") }
    return sentences + move.notes
  }

  /// A cause with what it did; nil where that is nothing.
  func words(_ part: DateMove.Part) -> String? { effect(part).map { "\(subject(part.cause)) \($0)" } }

  /// The main reason; nil where nothing moved.
  var mainReason: String? { move.mainPart.flatMap(words).map(capitalized) }

  private func capitalized(_ text: String) -> String { "\(text.prefix(1).uppercased())\(text.dropFirst())" }

  private var headline: String {
    let limit = "\(fixed(move.threshold, digits: 0)) %"
    switch (move.before.index, move.now.index) {
    case (let before?, let now?):
      let moved = shown(now) - shown(before)
      let said = moved == 0 ? "as run \(move.run) said" : "\(amount(moved)) than run \(move.run) said (\(date(before)))"
      if move.now.isCrossed {
        return "\(limit) has been crossed since \(date(now)), \(said)."
      }
      return move.before.isCrossed
        ? "\(limit) was crossed at run \(move.run) and is not any more; it is likely again on \(date(now))."
        : "The likely date of reaching \(limit) is \(date(now)), \(said)."
    case (let before?, nil):
      return move.before.isCrossed
        ? "\(limit) was crossed at run \(move.run) and is not any more; another breach is not likely within the horizon."
        : "Reaching \(limit) is not likely within the horizon any more; run \(move.run) said \(date(before))."
    case (nil, let now?):
      return move.now.isCrossed
        ? "\(limit) has been crossed since \(date(now)); to run \(move.run) that was not likely within its horizon."
        : "The likely date of reaching \(limit) is \(date(now)); to run \(move.run) it lay beyond the horizon."
    case (nil, nil): return "Reaching \(limit) is not likely within the horizon, as in run \(move.run)."
    }
  }

  /// What a part did to the date, or to the chance where a date is not known all the way; nil where that is nothing.
  private func effect(_ part: DateMove.Part) -> String? {
    if move.isDated {
      let moved = shown(part.after.index!) - shown(part.before.index!)
      guard moved != 0 else { return nil }
      return moved < 0 ? "brought it \(span(moved)) nearer" : "took it \(span(moved)) further away"
    }
    guard let place = move.window?.place else { return nil }
    let points = percent(part.after, place) - percent(part.before, place)
    guard points != 0 else { return nil }
    let size = "\(abs(points)) \(abs(points) == 1 ? "point" : "points")"
    return points > 0 ? "added \(size) to the chance" : "took \(size) off the chance"
  }

  private func subject(_ cause: DateMove.Cause) -> String {
    switch cause {
    case .restated: "what has been corrected in earlier readings, or computed otherwise, since then"
    case .readings(0): "the time that passed without a new reading"
    case .readings(1): "a new reading"
    case .readings(let count): "\(count) new readings"
    case .shift(let change): "a level shift \(size(change)) on \(date(change.index))"
    case .recognised(let change):
      "knowing the jump \(size(change)) on \(date(change.index)) for a level shift instead of growth"
    case .capacity(let from, let to):
      "the capacity's change from \(shortNumber(from)) to \(shortNumber(to))\(unit.map { " \($0)" } ?? "")"
    case .champion(let from, let to): "the new champion \(to) (before: \(from))"
    case .members(let champion): "other members or weights of \(champion)"
    case .training(let models): "what \(models.joined(separator: " and ")) learnt anew"
    case .calibration: "a new calibration of the intervals"
    case .settings(let names): "other settings (\(names.joined(separator: ", ")))"
    case .rest: "what is left (readings or a program that changed after this run)"
    }
  }

  private func size(_ change: LevelChange) -> String {
    change.factor >= 2 || change.factor <= 0.5
      ? "to \(fixed(change.factor, digits: 2)) times what it was"
      : "of \(change.factor > 1 ? "+" : "")\(fixed((change.factor - 1) * 100, digits: 0)) %"
  }

  // Shown figures are differences of rounded places, so they add up as shown.

  private func percent(_ outlook: DateMove.Outlook, _ place: Int) -> Int {
    Int((Double(outlook.chances[place] ?? 0) * 100).rounded())
  }

  /// A step index in hours where all moves are short, else in days.
  private func shown(_ index: Int) -> Int {
    Int((Double(index) * move.step.days * (isInHours ? 24 : 1)).rounded(.down))
  }

  private var isInHours: Bool {
    guard move.step.seconds < 86_400 else { return false }
    let places = ([move.before] + move.parts.map(\.after)).compactMap(\.index)
    return Double((places.max() ?? 0) - (places.min() ?? 0)) * move.step.days < 3
  }

  private func span(_ moved: Int) -> String {
    let size = abs(moved)
    return "\(size) \(isInHours ? "hour" : "day")\(size == 1 ? "" : "s")"
  }

  private func amount(_ moved: Int) -> String { "\(span(moved)) \(moved < 0 ? "sooner" : "later")" }

  private func date(_ index: Int) -> String {
    let text = ISOTime.string(move.step.microseconds(of: index), full: true)
    return isInHours ? "\(text.prefix(10)) \(text.dropFirst(11).prefix(5))" : String(text.prefix(10))
  }
}
