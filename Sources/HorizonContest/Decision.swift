package import HorizonCore
package import HorizonModels

/// What is decided for one series from all digests: who forecasts it, how wide, and how far it is to be trusted.
package struct Decision: Sendable {
  package var name: SeriesName
  /// Position among the contestants.
  package var champion: Int
  /// What the champion is made of when it is a combination.
  package var recipe: Recipe?
  /// Whether a contest was held; without one the baseline publishes and every tier is low.
  package var isContested: Bool
  package var isLive: Bool
  package var folds: Int
  /// What 100 % is in the unit of the readings; NaN when there is none.
  package var ceiling: Float
  /// Factor on the model's spread, from the series' own errors shrunk towards its pool's.
  package var spreadFactor: Float = 1
  package var group: ErrorGroup
  /// What made the champion; nil without a contest.
  package var reason: Selection.Reason?
  /// Expected loss over the baseline's by contestant, as selection compared them.
  package var expected: [Double?] = []
  /// Share of the error that persists over the leads, 0...1, from the folds; NaN when not known.
  package var persistence: Float
  /// Largest lead that a fold has scored.
  package var testedLead: Int
  /// How the published quantiles go on beyond q05 and q95.
  package var tail: TailShape
  /// One for each lead bucket.
  package var tiers: [TierVerdict]
  /// Loss over the baseline's on the same folds; nil without a contest.
  package var lossRatio: Double?

  /// The models that are fitted for publishing, and what becomes of their forecasts.
  package var published: Recipe { recipe ?? Recipe(members: [champion], blend: .equal(1)) }

  /// The share of a slow component (autocorrelation about 1 at one step) in errors whose fast rest has about 0.3.
  static func persistence(correlation: Float) -> Float { min(1, max(0, (correlation - 0.3) / 0.68)) }

  /// The tier of a lead: that of its bucket, low beyond what was tested and beyond 180 days.
  package func tier(lead: Int, step: Step) -> TrustTier {
    let days = Double(lead) * step.days
    guard isContested, lead <= testedLead, days <= 180 else { return .low }
    return tiers[LeadBucket(days: days).rawValue].tier
  }
}

/// A tier with the test that keeps it from being higher.
package struct TierVerdict: Sendable, Hashable {
  package let tier: TrustTier
  package let code: TierCode
  /// One sentence for people.
  package let reason: String

  package init(tier: TrustTier, code: TierCode, reason: String) {
    self.tier = tier
    self.code = code
    self.reason = reason
  }
}

/// The test that decided a tier; column `code_*` of `decisions.parquet`.
package enum TierCode: String, Sendable, CaseIterable {
  /// All tests are passed.
  case earned
  /// No contest, or no fold reaches the leads.
  case untested
  case ended, history, gaps, shifts, skill, coverage, surprise, movement, width, stability, breaches
  /// What past runs promised at these leads, and what happened.
  case record
  /// High ends at 90 days, medium at 180.
  case lead
}
