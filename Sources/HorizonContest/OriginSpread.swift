package import HorizonCore

/// What an origin that was not calibrated on would have been covered like, lead bucket by lead bucket.
///
/// All series of one origin share what happens after it, so ten thousand series are far from ten thousand witnesses. Each
/// origin is covered by a table made from the others; the intervals are widened until the origins are covered at the nominal level on
/// average.
package struct OriginSpread: Sendable {
  /// Factor on the distance of each quantile from the median that left-out origins ask for, by bucket; at least 1.
  package let widening: [Double]
  /// The factor that the intervals of past runs ask for on top; 1 without a past.
  package let adaptation: [Double]
  /// Coverage of the 80 % interval by `[origin][bucket]` before widening; NaN where nothing was scored.
  package let coverage: [[Double]]

  /// Standard deviation of the coverage between origins, by bucket; nil with fewer than two.
  package func deviation(_ bucket: LeadBucket) -> Double? {
    let values = coverage.map { $0[bucket.rawValue] }.filter { !$0.isNaN }
    guard values.count > 1 else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }

  /// The factor at each kept lead: between the middles of the buckets along a line.
  func factors(leads: DigestLeads, step: Step) -> [Float] {
    leads.leads.map { lead in
      let day = Double(lead) * step.days
      let upper = OriginSpread.middles.firstIndex { $0 >= day } ?? OriginSpread.middles.count - 1
      func factor(_ bucket: Int) -> Double { widening[bucket] * adaptation[bucket] }
      guard upper > 0, day < OriginSpread.middles[upper] else { return Float(factor(upper)) }
      let share =
        (day - OriginSpread.middles[upper - 1]) / (OriginSpread.middles[upper] - OriginSpread.middles[upper - 1])
      return Float(factor(upper - 1) + share * (factor(upper) - factor(upper - 1)))
    }
  }

  private static let middles = LeadBucket.allCases.map(\.middleDay)
}

/// How far errors lie beyond their interval's median, as a share of the way to its end: covered are those of at most 1.
struct CoverageCounts: Sendable {
  private static let bins = 200
  /// Shares up to this are told apart.
  private static let reach = 4.0
  private var counts: [Int32]

  init() { counts = [Int32](repeating: 0, count: CoverageCounts.bins + 1) }

  /// Where a share is counted.
  static func bin(_ share: Float) -> Int {
    guard share.isFinite else { return bins }
    let place = Double(share) / reach * Double(bins)
    return min(bins, max(0, Int(min(place.rounded(.up), 1e6))))
  }

  mutating func add(bin: Int) { counts[bin] += 1 }

  var total: Int { counts.reduce(0) { $0 + Int($1) } }

  /// Share covered when the interval is widened by a factor; NaN without a count.
  func coverage(widenedBy factor: Double = 1) -> Double {
    let last = Int((factor / CoverageCounts.reach * Double(CoverageCounts.bins)).rounded())
    let inside = counts[...min(last, CoverageCounts.bins)].reduce(0) { $0 + Int($1) }
    return total > 0 ? Double(inside) / Double(total) : .nan
  }
}

extension OriginSpread {
  /// - Parameters:
  ///   - inner: Of the 80 % interval by `[origin][bucket]`.
  ///   - outer: Of the 90 % interval.
  ///   - past: What the intervals of past runs held.
  init(inner: [[CoverageCounts]], outer: [[CoverageCounts]], past: PastCoverage) {
    adaptation = past.factors
    coverage = inner.map { $0.map { $0.coverage() } }
    let counted = inner.count
    widening = LeadBucket.allCases.map { bucket in
      let b = bucket.rawValue
      let origins = (0..<counted).filter { inner[$0][b].total > 0 }
      // Nothing can be left out of one origin, so nothing is known of the spread.
      guard origins.count > 1 else { return 1 }
      func excess(_ factor: Double) -> Double {
        origins.reduce(0) {
          $0 + inner[$1][b].coverage(widenedBy: factor) - 0.8 + outer[$1][b].coverage(widenedBy: factor) - 0.9
        }
      }
      var factor = 1.0
      while factor < 1.5 && excess(factor) < 0 { factor += 0.02 }
      return factor
    }
  }
}
