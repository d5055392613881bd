/// What a forecast cannot leave: a floor of 0 where no reading was ever negative, a ceiling where every reading respected it.
package struct Bounds: Sendable, Hashable {
  package let floor: Float?
  package let ceiling: Float?

  /// - Parameter ceiling: What 100 % is, in the unit of the readings; NaN when there is none.
  package init(history: History, ceiling: Double) {
    var low = Float.infinity
    var high = -Float.infinity
    for v in history.values where !v.isNaN {
      low = min(low, v)
      high = max(high, v)
    }
    floor = low >= 0 ? 0 : nil
    self.ceiling = Double(high) <= ceiling ? Float(ceiling) : nil
  }

  package func clamp(_ value: Float) -> Float {
    var v = value
    if let floor { v = max(v, floor) }
    if let ceiling { v = min(v, ceiling) }
    return v
  }
}
