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
      for i in 0..<horizon { mean[s * horizon + i] = 0 }
      for i in 0..<width { quantiles[s * width + i] = 0 }
      for (member, weight) in zip(members, weights) {
        for i in 0..<horizon { mean[s * horizon + i] += weight * member.mean[from * horizon + i] }
        for i in 0..<width { quantiles[s * width + i] += weight * member.quantiles[from * width + i] }
      }
    case .median:
      var values = [Float](repeating: 0, count: members.count)
      for i in 0..<horizon {
        for m in members.indices { values[m] = members[m].mean[from * horizon + i] }
        mean[s * horizon + i] = median(&values)
      }
      for i in 0..<width {
        for m in members.indices { values[m] = members[m].quantiles[from * width + i] }
        quantiles[s * width + i] = median(&values)
      }
    }
  }
}

/// The middle value, or the mean of the middle two; sorts.
private func median(_ values: inout [Float]) -> Float {
  // Insertion sort: a dozen values at most, often nearly in the order of the lead before.
  for i in 1..<max(1, values.count) {
    var j = i
    while j > 0 && values[j] < values[j - 1] {
      values.swapAt(j, j - 1)
      j -= 1
    }
  }
  let half = values.count / 2
  return values.count % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2
}
