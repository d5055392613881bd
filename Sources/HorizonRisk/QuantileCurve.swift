package import HorizonCore

/// The value that a rank has at one lead: linear in the probability between the seven published quantiles, a tail beyond q05 and
/// q95.
///
/// The unit of a tail is its neighbouring distance, q95 - q90 above. In an exponential tail halving the chance from 10 % to 5 %
/// cost that distance, and so does every further halving; in a bounded one the last 5 % take that distance as the 5 % before
/// did, and there it ends.
package enum QuantileCurve {
  /// First rank of each of the eight segments: below q05, six between neighbours, above q95; then the end.
  package static let starts: [Int] = {
    var result = [0]
    for level in Levels.all {
      result.append((0..<RankPathBank.paths).first { probability($0) > Double(level) }!)
    }
    return result + [RankPathBank.paths]
  }()

  /// Per rank: the fraction of the way through its segment, or the multiple of the neighbouring distance in a tail (negative
  /// below q05). Ascending within a segment.
  package static func fractions(_ tail: TailShape) -> [Float] { tail == .bounded ? bounded : exponential }

  private static let exponential = makeFractions(.exponential)
  private static let bounded = makeFractions(.bounded)

  private static func makeFractions(_ tail: TailShape) -> [Float] {
    (0..<RankPathBank.paths).map { rank in
      let u = probability(rank)
      let segment = segment(of: rank)
      if segment == 0 { return Float(-tail.reach(share: u / 0.05)) }
      if segment == Levels.count { return Float(tail.reach(share: (1 - u) / 0.05)) }
      let low = Double(Levels.all[segment - 1])
      return Float((u - low) / (Double(Levels.all[segment]) - low))
    }
  }

  package static func probability(_ rank: Int) -> Double { (Double(rank) + 0.5) / Double(RankPathBank.paths) }

  package static func segment(of rank: Int) -> Int { starts.lastIndex { $0 <= rank }! }

  /// Value of a rank of a segment, given seven ascending quantiles and the most that a tail takes for its unit.
  @inline(__always)
  package static func value(
    _ q: UnsafePointer<Float>, segment: Int, fraction: Float, limits: (lower: Float, upper: Float)
  ) -> Float {
    switch segment {
    case 0: q[0] + fraction * min(q[1] - q[0], limits.lower)
    case 7: q[6] + fraction * min(q[6] - q[5], limits.upper)
    default: min(q[segment], q[segment - 1] + fraction * (q[segment] - q[segment - 1]))
    }
  }

  /// Number of ranks whose value lies below `limit`: ranks from there on are at or above it. 256 when none is.
  @inline(__always)
  package static func ranksBelow(
    _ limit: Float, _ q: UnsafePointer<Float>, _ fractions: UnsafePointer<Float>, _ starts: UnsafePointer<Int>,
    limits: (lower: Float, upper: Float)
  ) -> Int {
    var segment = 0
    while segment < Levels.count && q[segment] < limit { segment += 1 }
    var low = starts[segment]
    var high = starts[segment + 1]
    if segment == Levels.count && value(q, segment: segment, fraction: fractions[high - 1], limits: limits) < limit {
      return high
    }
    while low < high {
      let middle = (low + high) / 2
      if value(q, segment: segment, fraction: fractions[middle], limits: limits) < limit {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
}

/// The forecast of one series as ascending quantiles, [lead][level], from which any rank's value follows.
package struct FutureValues {
  package let horizon: Int
  package let floor: Float
  private let quantiles: [Float]
  private let tail: TailShape
  private let fractions: [Float]
  /// The most that a tail takes for its unit.
  private let limits: (lower: Float, upper: Float)

  /// - Throws: `RiskError.notFinite` when a quantile is missing or infinite.
  package init(
    quantiles source: ArraySlice<Float>, floor: Float?, tail: TailShape = .exponential
  ) throws(RiskError) {
    precondition(source.count >= Levels.count && source.count % Levels.count == 0, "seven quantiles a lead")
    horizon = source.count / Levels.count
    self.floor = floor ?? -.infinity
    self.tail = tail
    fractions = QuantileCurve.fractions(tail)
    var ascending = Array(source)
    for lead in 0..<horizon {
      for q in 0..<Levels.count {
        let at = lead * Levels.count + q
        guard ascending[at].isFinite else { throw .notFinite }
        if q > 0 { ascending[at] = max(ascending[at], ascending[at - 1]) }
      }
    }
    quantiles = ascending
    limits = ascending.withUnsafeBufferPointer { tail.outerLimits($0) }
  }

  /// Value of a rank at a lead (1...`horizon`).
  package func value(lead: Int, rank: Int) -> Float {
    quantiles.withUnsafeBufferPointer {
      let at = $0.baseAddress! + (lead - 1) * Levels.count
      let segment = QuantileCurve.segment(of: rank)
      return max(floor, QuantileCurve.value(at, segment: segment, fraction: fractions[rank], limits: limits))
    }
  }

  /// Share of the error that persists, [lead], given that of the nearest leads (NaN when not known: a half).
  ///
  /// What comes and goes is as large far away as near; what intervals widen by with the lead is the error of level and trend, and that
  /// stays. The errors of a bounded cycle are those of its phase at every lead, so the share is the same at all.
  package func persistence(near share: Float) -> [Float] {
    let near = share.isNaN ? 0.5 : min(1, max(0, share))
    guard tail == .exponential else { return [Float](repeating: near, count: horizon) }
    let widths = (0..<horizon).map { lead in
      let at = lead * Levels.count
      return max(quantiles[at + Levels.upper80] - quantiles[at + Levels.lower80], .leastNormalMagnitude)
    }
    let nearest = widths.prefix(Self.nearest).sorted()
    let first = nearest[nearest.count / 2]
    return widths.map { width in
      let ratio = min(1, first / width)
      return 1 - (1 - near) * ratio * ratio
    }
  }

  /// Leads whose median width is that of what comes and goes.
  private static let nearest = 7

  /// The largest value of any path.
  package var largest: Float {
    (1...horizon).reduce(-.infinity) { max($0, value(lead: $1, rank: RankPathBank.paths - 1)) }
  }

  /// The smallest value of any path.
  package var smallest: Float { (1...horizon).reduce(.infinity) { min($0, value(lead: $1, rank: 0)) } }

  /// The largest 95 % quantile of any lead.
  package var largestQ95: Float { (1...horizon).reduce(-.infinity) { max($0, quantiles[$1 * Levels.count - 1]) } }

  /// For each lead the number of ranks below `limit`, written to `cuts` from `offset` on.
  package func writeRanksBelow(_ limit: Float, to cuts: inout [Int], from offset: Int) {
    guard limit > floor else {
      for lead in 0..<horizon { cuts[offset + lead] = 0 }
      return
    }
    quantiles.withUnsafeBufferPointer { q in
      fractions.withUnsafeBufferPointer { fractions in
        QuantileCurve.starts.withUnsafeBufferPointer { starts in
          for lead in 0..<horizon {
            cuts[offset + lead] = QuantileCurve.ranksBelow(
              limit, q.baseAddress! + lead * Levels.count, fractions.baseAddress!, starts.baseAddress!,
              limits: limits)
          }
        }
      }
    }
  }
}
