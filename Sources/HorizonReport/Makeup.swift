extension ReportData.Chart {
  /// The parts that a point forecast adds up from, in percent of capacity; parts that round to nothing are left to the words.
  package struct Makeup: Codable, Sendable, Equatable {
    /// Whose parts they are: the model of the chart, or one of the members that it averages.
    package var model: String
    /// The trend first.
    package var parts: [Part]
    /// Sentences about all parts together.
    package var words: [String]

    package init(model: String, parts: [Part], words: [String]) {
      self.model = model
      self.parts = parts
      self.words = words
    }
  }

  /// One part, as a line or bars over time, or as one cycle.
  package struct Part: Sendable, Equatable {
    package var name: String
    package var shape: Shape
    /// Of a line or bars, steps after `start`, ascending; of a cycle none: its places follow one another.
    package var steps: [Int]
    package var values: [Double]
    /// A sentence without its subject, which is the name.
    package var words: String

    package enum Shape: String, Codable, Sendable {
      /// Straight between its points.
      case line
      /// A value at some steps, nothing between them.
      case bars
      /// 24 hours.
      case day
      /// Monday to Sunday.
      case week
      /// Three thirds of each month, January first.
      case year
    }

    package init(name: String, shape: Shape, steps: [Int] = [], values: [Double], words: String) {
      self.name = name
      self.shape = shape
      self.steps = steps
      self.values = values
      self.words = words
    }
  }
}

extension ReportData.Chart.Part: Codable {
  private enum Key: String, CodingKey { case name, shape, steps, values, words }

  package func encode(to encoder: any Encoder) throws {
    var box = encoder.container(keyedBy: Key.self)
    try box.encode(name, forKey: .name)
    try box.encode(shape, forKey: .shape)
    if !steps.isEmpty { try box.encode(steps, forKey: .steps) }
    // Finer than a thousandth of the tallest value is not seen.
    let size = values.reduce(0) { max($0, abs($1)) }
    try box.encode(values.map { decimal($0, to: size) }, forKey: .values)
    try box.encode(words, forKey: .words)
  }

  package init(from decoder: any Decoder) throws {
    let box = try decoder.container(keyedBy: Key.self)
    self.init(
      name: try box.decode(String.self, forKey: .name), shape: try box.decode(Shape.self, forKey: .shape),
      steps: try box.decodeIfPresent([Int].self, forKey: .steps) ?? [],
      values: try box.decode([Double].self, forKey: .values), words: try box.decode(String.self, forKey: .words))
  }

  /// The value at the decimal that four digits of `size` end with; 0 when it is not finite.
  private func decimal(_ value: Double, to size: Double) -> Double {
    guard value.isFinite, let largest = significant(size, digits: 1), largest > 0 else { return 0 }
    var unit = 1.0
    while unit * largest < 1_000, unit < 1e12 { unit *= 10 }
    return (value * unit).rounded() / unit
  }
}
