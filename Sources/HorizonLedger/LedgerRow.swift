package import HorizonCore

/// What one run promised for one series and lead bucket, and what happened: a row of the ledger.
///
/// Where the tier changes inside a bucket there are two rows, each with the leads of its tier; breaches stand in the first one.
package struct LedgerRow: Sendable, Hashable {
  package var name: SeriesName
  /// The run's as-of, microseconds since the epoch.
  package var madeAt: Int64
  package var origin: LedgerOrigin
  package var bucket: LeadBucket
  /// Who forecast, and how far it was to be trusted.
  package var model: String
  package var tier: TrustTier
  /// Readings that came, and how many of them lay inside the 50, 80 and 90 % intervals, ends included.
  package var n = 0
  package var inside50 = 0
  package var inside80 = 0
  package var inside90 = 0
  /// Over those readings, in their unit: pinball loss summed over the seven levels too, distance from the mean forecast, and the scale
  /// of MASE as it was known to the run.
  package var sumPinball = 0.0
  package var sumAbsoluteError = 0.0
  package var sumScale = 0.0
  /// Whether a breach of the lowest threshold by the end of the bucket was more likely than not.
  package var breachCalled: Bool?
  /// Whether it came; nil while that is open, and where nothing was to be breached.
  package var breachHappened: Bool?

  package init(
    name: SeriesName, madeAt: Int64, origin: LedgerOrigin, bucket: LeadBucket, model: String, tier: TrustTier
  ) {
    self.name = name
    self.madeAt = madeAt
    self.origin = origin
    self.bucket = bucket
    self.model = model
    self.tier = tier
  }
}

/// Whether a forecast was made when its readings were still to come, or later as if they were.
package enum LedgerOrigin: String, Sendable, Codable, CaseIterable {
  case run, replay
}

extension LeadBucket {
  /// As tables name it, in days: `1-30`, `31-60`, `61-90`, `91-180`. Leads beyond 180 days are in none.
  package var label: String { ["1-30", "31-60", "61-90", "91-180"][rawValue] }

  package init?(label: String) {
    guard let bucket = LeadBucket.allCases.first(where: { $0.label == label }) else { return nil }
    self = bucket
  }
}
