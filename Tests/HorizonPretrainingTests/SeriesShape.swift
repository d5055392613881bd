import Foundation

/// What can be said of a series whatever it measures: all without unit.
struct SeriesShape {
  /// Correlation of neighbouring readings, in -1...1.
  let memory: Double
  /// Share of the short-term variance that weekdays explain, in 0...1.
  let week: Double
  /// Share of the variance that a mean over five weeks explains, in 0...1.
  let trend: Double
  /// Standard deviation over the mean of the absolute readings.
  let variation: Double
  /// Largest change in a hundred over the typical one, in powers of ten.
  let tail: Double

  static var measures: [(name: String, KeyPath<SeriesShape, Double>)] {
    [
      ("memory", \.memory), ("week", \.week), ("trend", \.trend), ("variation", \.variation), ("tail", \.tail),
    ]
  }

  /// Nil for a series without any change.
  init?(_ values: [Double]) {
    let centred = values.centred
    let power = centred.power
    guard power > 1e-12 * values.power else { return nil }
    memory = zip(centred, centred.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / power
    trend = max(0, 1 - zip(values, values.smoothed(35)).map(-).power / power)
    let short = zip(values, values.smoothed(7)).map(-)
    week = short.power > 0 ? 1 - short.withoutWeekdays.power / short.power : 0
    variation =
      (power / Double(values.count)).squareRoot() * Double(values.count) / values.reduce(0) { $0 + abs($1) }
    let changes = zip(values.dropFirst(), values).map { abs($0 - $1) }.sorted()
    let grain = 1e-4 * changes[changes.count - 1]
    tail = log10((changes[changes.count * 99 / 100] + grain) / (changes[changes.count / 2] + grain))
  }
}

extension [Double] {
  var power: Double { reduce(0) { $0 + $1 * $1 } }

  var centred: [Double] {
    let mean = reduce(0, +) / Double(count)
    return map { $0 - mean }
  }

  /// Means over `width` readings around each, fewer at the ends.
  func smoothed(_ width: Int) -> [Double] {
    var sums = [0.0]
    for value in self { sums.append(sums[sums.count - 1] + value) }
    return indices.map { t in
      let range = Swift.max(0, t - width / 2)..<Swift.min(count, t + width / 2 + 1)
      return (sums[range.upperBound] - sums[range.lowerBound]) / Double(range.count)
    }
  }

  /// Each reading less the mean of its weekday.
  var withoutWeekdays: [Double] {
    var sums = [Double](repeating: 0, count: 7)
    var counts = sums
    for (t, value) in enumerated() {
      sums[t % 7] += value
      counts[t % 7] += 1
    }
    return enumerated().map { t, value in value - sums[t % 7] / counts[t % 7] }
  }

  /// What is left of the changes without weekdays, as ranks of mean 0 and power 1: neither trend, season, unit nor a few
  /// large readings can make two of them alike.
  ///
  /// Nil where too little chance is left to tell series apart: a fifth of the changes are the same, or they follow from earlier
  /// ones.
  var fingerprint: [Double]? {
    let changes = zip(dropFirst(), self).map(-).withoutWeekdays
    let grain = 1e-6 * (map(abs).max() ?? 0)
    let order = changes.indices.sorted { changes[$0] < changes[$1] }
    var ranks = [Double](repeating: 0, count: changes.count)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, changes[order[end]] - changes[order[start]] <= grain { end += 1 }
      guard (end - start) * 5 < order.count else { return nil }
      for place in order[start..<end] { ranks[place] = Double(start + end - 1) / 2 }
      start = end
    }
    let centred = ranks.centred
    let size = centred.power.squareRoot()
    let print = centred.map { $0 / size }
    let isFree = (1...120).allSatisfy { lag in
      abs(zip(print, print.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 }) < 0.5
    }
    return isFree ? print : nil
  }
}

/// For each of some fingerprints, the largest absolute correlation with any of the others.
func nearest(_ some: [[Double]], to others: [[Double]]) -> [Double] {
  some.map { a in
    others.reduce(0) { largest, b in
      var sum = 0.0
      for t in a.indices { sum += a[t] * b[t] }
      return max(largest, abs(sum))
    }
  }
}
