import HorizonCore

/// The tests behind a trust tier; a tier is the least that any test allows.
package struct TierTests: Sendable {
  package var highHistoryDays = 180.0
  package var mediumHistoryDays = 60.0
  package var highGapShare: Float = 0.05
  package var mediumGapShare: Float = 0.20
  package var highSkill = 0.05
  package var mediumSkill = 0.0
  /// Width of the 80 % interval as a share of the headroom to the lowest threshold.
  package var highWidthToHeadroom: Float = 1
  package var mediumWidthToHeadroom: Float = 2
  /// The same as a share of the level, without a ceiling or when crossed.
  package var highWidthToLevel: Float = 0.5
  package var mediumWidthToLevel: Float = 1

  package init() {}

  /// What the tests look at in one lead bucket of one series.
  struct Evidence {
    let historyDays: Double
    let gapShare: Float
    /// 1 - champion's loss / baseline's in this bucket; nil when nothing was scored there.
    let skill: Double?
    /// Mean calibrated width of the 80 % interval.
    let width: Float
    /// To the lowest threshold in the unit of the readings; nil without a ceiling or when crossed.
    let headroom: Float?
    let level: Float
    let isLive: Bool
  }

  func verdict(_ e: Evidence) -> TierVerdict {
    guard e.isLive else { return TierVerdict(tier: .low, reason: "the series has ended") }
    guard let skill = e.skill else { return TierVerdict(tier: .low, reason: "no fold reaches these leads") }
    let days = "\(Int(e.historyDays)) days of history"
    let gaps = "\(percent(Double(e.gapShare))) of the readings are missing"
    let better = "skill against seasonal naive is \(percent(skill))"
    let width: (value: Float, high: Float, medium: Float, text: String) =
      if let headroom = e.headroom {
        (
          e.width / headroom, highWidthToHeadroom, mediumWidthToHeadroom,
          "the 80 % interval is \(percent(Double(e.width / headroom))) of the headroom"
        )
      } else {
        (
          e.level > 0 ? e.width / e.level : 0, highWidthToLevel, mediumWidthToLevel,
          "the 80 % interval is \(percent(e.level > 0 ? Double(e.width / e.level) : 0)) of the level"
        )
      }
    let results: [(TrustTier, String)] = [
      (e.historyDays >= highHistoryDays ? .high : e.historyDays >= mediumHistoryDays ? .medium : .low, days),
      (e.gapShare <= highGapShare ? .high : e.gapShare <= mediumGapShare ? .medium : .low, gaps),
      (skill >= highSkill ? .high : skill >= mediumSkill ? .medium : .low, better),
      (width.value <= width.high ? .high : width.value <= width.medium ? .medium : .low, width.text),
    ]
    let lowest = results.min { $0.0 < $1.0 }!
    return lowest.0 == .high
      ? TierVerdict(tier: .high, reason: "history, gaps, skill and width pass")
      : TierVerdict(tier: lowest.0, reason: lowest.1)
  }

  private func percent(_ share: Double) -> String {
    share.isFinite ? "\(Int((min(max(share, -99), 99) * 100).rounded())) %" : "unbounded"
  }
}
