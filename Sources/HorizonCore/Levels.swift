/// The seven quantile levels that are forecast, scored, calibrated and stored, ascending.
package enum Levels {
  package static let all: [Float] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95]
  package static let count = 7
  /// Column names in tables.
  package static let names = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]
  package static let median = 3
  /// Positions of the 80 % interval's ends.
  package static let lower80 = 1
  package static let upper80 = 5
  /// Standard normal quantiles at the levels.
  package static let normal: [Float] = [-1.644_854, -1.281_552, -0.674_490, 0, 0.674_490, 1.281_552, 1.644_854]
}

/// Leads counted in days, in the groups that tables, tiers and calibration share.
package enum LeadBucket: Int, Sendable, CaseIterable, Codable {
  case days1to30, days31to60, days61to90, days91on

  package init(days: Double) {
    self = days <= 30 ? .days1to30 : days <= 60 ? .days31to60 : days <= 90 ? .days61to90 : .days91on
  }

  /// In days after the as-of.
  package var firstDay: Int { [1, 31, 61, 91][rawValue] }
  package var lastDay: Int { [30, 60, 90, 180][rawValue] }
  /// Where a bucket's figures stand when they are laid along the leads.
  package var middleDay: Double { [15, 45, 75, 135][rawValue] }
}
