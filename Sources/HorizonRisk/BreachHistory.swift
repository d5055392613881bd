package import HorizonCore

/// What the breach rule says of readings that are already there.
///
/// The rule counts readings, so a gap neither ends nor begins a breach: missing steps are passed over.
package struct BreachHistory: Sendable {
  /// Readings that are present, oldest first, and how many steps before the last step of the history each one lies.
  private let values: [Float]
  private let ages: [Int]
  package let rule: BreachRule

  /// - Parameter history: Oldest first, NaN where missing; the last step is the as-of.
  package init(_ history: ArraySlice<Float>, rule: BreachRule) {
    var values = [Float]()
    var ages = [Int]()
    values.reserveCapacity(history.count)
    ages.reserveCapacity(history.count)
    for (offset, value) in history.enumerated() where !value.isNaN {
      values.append(value)
      ages.append(history.count - 1 - offset)
    }
    self.values = values
    self.ages = ages
    self.rule = rule
  }

  package var readings: Int { values.count }

  /// The k-th largest of the last m readings: the highest threshold that is breached at the as-of. With fewer than k readings
  /// the smallest of them; nil when there is none.
  package var level: Float? {
    let window = values.suffix(rule.of).sorted(by: >)
    return window.isEmpty ? nil : window[min(rule.count, window.count) - 1]
  }

  /// Whether the rule holds at the as-of.
  package func isBreached(_ threshold: Float) -> Bool {
    values.count >= rule.count && level! >= threshold
  }

  /// The last m readings as exceeding or not, oldest first; missing ones at the front do not exceed.
  func exceedances(_ threshold: Float) -> [Bool] {
    let window = values.suffix(rule.of).map { $0 >= threshold }
    return [Bool](repeating: false, count: rule.of - window.count) + window
  }

  /// When the breach that lasts until the as-of began, in steps before the as-of, and whether it may have begun before the
  /// history that is known; nil when the rule does not hold.
  package func episode(_ threshold: Float) -> (stepsAgo: Int, orEarlier: Bool)? {
    guard isBreached(threshold) else { return nil }
    var last = values.count - 1
    var held = holds(at: last, threshold)
    while held && last > 0 {
      held = holds(at: last - 1, threshold)
      if held { last -= 1 }
    }
    // The rule cannot hold before the k-th known reading: a breach from there on may be older.
    return (ages[last], last == rule.count - 1)
  }

  private func holds(at index: Int, _ threshold: Float) -> Bool {
    var n = 0
    for i in max(0, index - rule.of + 1)...index where values[i] >= threshold { n += 1 }
    return n >= rule.count
  }
}

extension BreachRule {
  /// Position of the first reading at which the rule holds, in readings that may have gaps (NaN); nil when it never does.
  ///
  /// - Parameter earliest: A breach that is reached before this position is ignored; its readings still count.
  package func firstBreach(in readings: ArraySlice<Float>, threshold: Float, from earliest: Int) -> Int? {
    var window = [Bool](repeating: false, count: of)
    var exceeding = 0
    var seen = 0
    for index in readings.indices where !readings[index].isNaN {
      let now = readings[index] >= threshold
      exceeding += (now ? 1 : 0) - (window[seen % of] ? 1 : 0)
      window[seen % of] = now
      seen += 1
      if index >= earliest && exceeding >= count { return index }
    }
    return nil
  }
}
