import HorizonCore
package import HorizonModels

/// What a model that has learnt from many series adds to `harmonic-ar` at one date, in the unit of the readings.
package struct Lesson: Sendable, Hashable {
  package let model: String
  /// Who adds it: the subject of a sentence, in the singular.
  let teacher: String
  /// What `harmonic-ar` alone says.
  package let alone: Double
  package let added: Double
  /// What `added` adds up from, the largest first; empty where the model cannot tell.
  package let contributions: [Contribution]

  private static let mostNamed = 4

  package init(model: String, teacher: String, alone: Double, added: Double, contributions: [Contribution] = []) {
    self.model = model
    self.teacher = teacher
    self.alone = alone
    self.added = added
    self.contributions = contributions
  }

  /// Shown figures add up: the rest takes what rounding leaves.
  package func sentence(_ words: AmountWords, date: String) -> String {
    let start = "harmonic-ar alone says \(words.level(words.rest(of: alone + added, without: [added]))) on \(date); "
    guard words.shows(added) || contributions.contains(where: { words.shows($0.amount) }) else {
      return start + "\(teacher) adds nothing to speak of."
    }
    let named = contributions.filter { $0.words != nil && words.shows($0.amount) }.prefix(Lesson.mostNamed)
    let rest = words.rest(of: added, without: named.map(\.amount))
    var list = named.map { "\($0.words!) \(words.term($0.amount))" }
    if !named.isEmpty, words.shows(rest) { list.append("the rest \(words.term(rest))") }
    return start + "\(teacher) \(change(words))" + (list.isEmpty ? "." : ": \(list.joined(separator: ", ")).")
  }

  private func change(_ words: AmountWords) -> String {
    guard words.shows(added) else { return "adds nothing in sum" }
    return added < 0 ? "takes \(words.size(added)) away" : "adds \(words.size(added))"
  }
}

extension Composition {
  /// What its part `learned` adds at a step, without what that adds up from; nil where there is no such part.
  func lesson(at index: Int) -> Lesson? {
    guard let teacher, let part = parts.first(where: { $0.kind == .learned }), let total = total(at: index),
      let added = value(of: part, at: index)
    else { return nil }
    return Lesson(model: model, teacher: teacher, alone: total - added, added: added)
  }
}
