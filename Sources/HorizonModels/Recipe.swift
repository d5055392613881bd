package import HorizonCore

/// How the forecasts of several models become one.
package enum Blend: Sendable, Hashable {
  /// Means and quantiles averaged, level by level; one weight for each member, together 1.
  case average([Float])
  /// The median of the members' means, and of their quantiles level by level.
  case median

  package static func equal(_ count: Int) -> Blend { .average([Float](repeating: 1 / Float(count), count: count)) }

  /// The same without the members that are not there; the weights of the others grow together.
  ///
  /// - Parameter kept: Positions among the members, ascending, at least one.
  package func keeping(_ kept: [Int]) -> Blend {
    guard case .average(let weights) = self, kept.count < weights.count else { return self }
    let total = kept.reduce(Float(0)) { $0 + weights[$1] }
    return total > 0 ? .average(kept.map { weights[$0] / total }) : .equal(kept.count)
  }
}

/// What a combination makes its forecast of.
package struct Recipe: Sendable, Hashable {
  /// Positions of the members, ascending.
  package var members: [Int]
  package var blend: Blend

  package init(members: [Int], blend: Blend) {
    self.members = members
    self.blend = blend
  }

  /// - Parameter weights: One for each member, not negative, with any sum above 0.
  init(members: [Int], weights: [Double]) {
    let total = weights.reduce(0, +)
    self.init(members: members, blend: .average(weights.map { Float($0 / total) }))
  }
}

extension ForecastBlock {
  /// Writes what a blend makes of the members' means and quantiles into row `s`.
  ///
  /// - Parameters:
  ///   - members: As many as the blend has weights.
  ///   - row: The row of the members; `s` when they cover the same series as this block.
  package mutating func combine(series s: Int, _ blend: Blend, of members: [ForecastBlock], row: Int? = nil) {
    let from = row ?? s
    let width = horizon * Levels.count
    switch blend {
    case .average(let weights):
      mean.withUnsafeMutableBufferPointer { mean in
        sum(members.map(\.mean), weights: weights, count: horizon, from: from * horizon, into: mean, at: s * horizon)
      }
      quantiles.withUnsafeMutableBufferPointer { quantiles in
        sum(
          members.map(\.quantiles), weights: weights, count: width, from: from * width, into: quantiles, at: s * width)
      }
    case .median:
      let middle = medians(members.map { $0.mean[(from * horizon)..<((from + 1) * horizon)] })
      mean.replaceSubrange((s * horizon)..<((s + 1) * horizon), with: middle)
      let middles = medians(members.map { $0.quantiles[(from * width)..<((from + 1) * width)] })
      quantiles.replaceSubrange((s * width)..<((s + 1) * width), with: middles)
    }
  }
}

private func sum(
  _ rows: [[Float]], weights: [Float], count: Int, from: Int, into result: UnsafeMutableBufferPointer<Float>, at: Int
) {
  for i in at..<(at + count) { result[i] = 0 }
  for (row, weight) in zip(rows, weights) {
    row.withUnsafeBufferPointer { row in
      for i in 0..<count { result[at + i] += weight * row[from + i] }
    }
  }
}

/// The middle value of each column, or the mean of the middle two.
///
/// Rows are sorted column by column, neighbours at a time (odd-even transposition): the same few steps for all columns, which
/// the processor takes several columns at a time.
private func medians(_ rows: [ArraySlice<Float>]) -> [Float] {
  var sorted = rows.flatMap { $0 }
  let (count, width) = (rows.count, rows[0].count)
  sorted.withUnsafeMutableBufferPointer { sorted in
    for round in 0..<count {
      for row in stride(from: round % 2, to: count - 1, by: 2) {
        for i in (row * width)..<((row + 1) * width) {
          let (a, b) = (sorted[i], sorted[i + width])
          sorted[i] = a < b ? a : b
          sorted[i + width] = a < b ? b : a
        }
      }
    }
  }
  let (below, above) = ((count - 1) / 2 * width, count / 2 * width)
  return (0..<width).map { (sorted[below + $0] + sorted[above + $0]) / 2 }
}
