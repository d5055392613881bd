import HorizonCore
import HorizonReport

extension ReportData.Chart.Makeup {
  /// A composition as the page draws it: in percent of capacity, lines in few points, cycles once, parts that round to nothing
  /// in words only.
  init(_ composition: Composition, ceiling: Double, target: Target) {
    let told = CompositionWords(
      composition, words: AmountWords(ceiling: ceiling, unit: nil), size: ceiling, target: target.index)
    let flat = told.parts.filter(\.isFlat).map(\.name)
    var words = told.sums(why: target.why)
    if !flat.isEmpty { words.append("Nothing to speak of comes from: \(flat.listed).") }
    if let attribution = told.attribution { words.append(attribution) }
    self.init(
      model: composition.model,
      parts: told.parts.filter { !$0.isFlat }.map {
        ReportData.Chart.Part($0, of: composition, percent: 100 / ceiling)
      }, words: words)
  }
}

extension ReportData.Chart.Part {
  /// Points of a line before it is drawn in fewer; bars.
  private static let mostPoints = 400
  private static let mostBars = 60

  /// - Parameter percent: What one of the readings' units is in percent of capacity.
  fileprivate init(_ told: CompositionWords.Part, of composition: Composition, percent: Double) {
    let part = told.part
    let words = told.sentence
    if let pattern = told.pattern {
      let isYear = pattern.cycle == "year"
      let year = isYear ? composition.thirdsOfMonths(of: part) : nil
      // Steps of a week and more have no third for some months.
      let values = isYear ? year ?? pattern.values.flatMap { [$0, $0, $0] } : pattern.values
      self.init(
        name: told.name, shape: Shape(rawValue: pattern.cycle) ?? .line, values: values.map { $0 * percent },
        words: words)
      return
    }
    let first = composition.firstIndex - composition.cutoff
    let all = (part.past + part.ahead).enumerated().map { (step: first + $0, value: $1 * percent) }
    if part.kind == .holidays {
      let bars = all.filter { $0.value != 0 }.suffix(Self.mostBars)
      self.init(name: told.name, shape: .bars, steps: bars.map(\.step), values: bars.map(\.value), words: words)
      return
    }
    // What is remembered begins with the newest errors, what is learned with the forecast.
    let drawn = [.memory, .learned].contains(part.kind) ? Array(all.drop { $0.value == 0 }) : all
    let line = Line(drawn, most: Self.mostPoints).simplified
    self.init(name: told.name, shape: .line, steps: line.map(\.step), values: line.map(\.value), words: words)
  }
}

extension Composition {
  fileprivate func thirdsOfMonths(of part: Part) -> [Double]? {
    cycle(of: part, days: 365, places: 36) { day, _ in
      let date = CivilDate(daysSinceEpoch: day)
      return 3 * (date.month - 1) + min(2, (date.day - 1) / 10)
    }
  }
}

/// A line over steps that is drawn with as few points as the eye allows.
package struct Line: Sendable {
  package let points: [(step: Int, value: Double)]

  /// - Parameter most: Points that are kept at first, evenly spaced, the newest one always.
  package init(_ points: [(step: Int, value: Double)], most: Int) {
    let stride = max(1, (points.count + most - 1) / most)
    self.points = points.enumerated().filter { (points.count - 1 - $0.offset) % stride == 0 }.map(\.element)
  }

  /// The points without which the line would be off by more than a two-hundredth of its height (Douglas and Peucker 1973).
  package var simplified: [(step: Int, value: Double)] {
    guard points.count > 2, let low = points.map(\.value).min(), let high = points.map(\.value).max() else {
      return points
    }
    let tolerance = max((high - low) / 200, 1e-5 * max(abs(low), abs(high)))
    var isKept = [Bool](repeating: false, count: points.count)
    isKept[0] = true
    isKept[points.count - 1] = true
    var open = [(0, points.count - 1)]
    while let (from, to) = open.popLast() {
      let slope = (points[to].value - points[from].value) / Double(points[to].step - points[from].step)
      var worst = (at: from, distance: tolerance)
      for i in from..<to {
        let straight = points[from].value + slope * Double(points[i].step - points[from].step)
        let distance = abs(points[i].value - straight)
        if distance > worst.distance { worst = (i, distance) }
      }
      guard worst.at > from else { continue }
      isKept[worst.at] = true
      open += [(from, worst.at), (worst.at, to)]
    }
    return points.indices.filter { isKept[$0] }.map { points[$0] }
  }
}
