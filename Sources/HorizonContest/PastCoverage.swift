import Foundation
import HorizonCore
import HorizonLedger

/// What the intervals of past runs held, turned into a factor on the width of the next ones.
///
/// The newest origins of the ledger that lie a month apart speak; the gap between 80 % and what their intervals held is closed by
/// a factor on the width, shrunk while they are few. After Gibbs and Candes, "Adaptive conformal inference under distribution
/// shift", 2021; on widths rather than levels, and from origins rather than from every reading, because the readings of one
/// origin share their error.
struct PastCoverage {
  /// Factor on the distance of each quantile from the median, by lead bucket; 1 without a past.
  let factors: [Double]

  private static let origins = 6
  /// Origins of no gap that the past has to outweigh.
  private static let prior = 3.0
  /// Series of an origin below which it counts for less.
  private static let series = 100.0
  /// Coverage that a unit of logarithmic width brings to a normal distribution's 80 % interval.
  private static let gain = 0.45

  init(_ record: TrackRecord) {
    factors = LeadBucket.allCases.map { bucket in
      var gap = 0.0
      var weight = PastCoverage.prior
      let scored = record.origins.filter { record.counts(bucket: bucket, madeAt: $0).n > 0 }
      for origin in TrackRecord.aMonthApart(scored).prefix(PastCoverage.origins) {
        let counts = record.counts(bucket: bucket, madeAt: origin)
        guard let coverage = counts.coverage80 else { continue }
        let share = Double(counts.series) / (Double(counts.series) + PastCoverage.series)
        gap += share * (0.8 - coverage)
        weight += share
      }
      return min(1.5, max(0.9, exp(gap / weight / PastCoverage.gain)))
    }
  }
}
