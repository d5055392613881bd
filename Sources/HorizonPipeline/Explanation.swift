import Foundation
package import HorizonCore
package import HorizonRisk
import HorizonStore

/// Why a series is forecast as it is: everything that a run knows of it, every number from a table.
///
/// Encoded with the keys that `horizonscale explain --help` lists; what is not known is null or left out.
package struct Explanation: Sendable {
  package var server: String
  package var resource: String
  /// Name of the run's folder.
  package var run: String
  package var asOf: String
  package var step: Step
  /// In steps.
  package var horizon: Int
  /// Days ahead that decide a severity.
  package var within: Double
  /// Days from an order to its arrival.
  package var procurementDays: Double
  package var unit: String?
  /// What 100 % is, in the unit of the readings.
  package var capacity: Double?
  /// How that was decided, a sentence without its full stop.
  package var capacityDecision: String?
  package var isLive: Bool
  /// The lowest threshold first.
  package var risks: [RiskRow]
  /// Threshold names by percent of capacity, ascending.
  var thresholds: [RiskThreshold]
  var breachRule: BreachRule
  package var contest: Contest
  package var trust: [Trust]
  package var quality: Quality
  package var changes: [Change]
  package var profile: Profile?
  /// Nil where no model that publishes can be taken apart.
  package var components: Components?
  /// Nil for a series that is never at risk.
  package var move: Move?
  package var history: [Point]
  package var forecast: [Interval]
  package var sources: [Source]

  package struct Contest: Sendable, Encodable {
    /// As in the catalog.
    package var models: [Model]
    package var champion: String
    /// Models that the champion combines.
    package var members: [String]
    /// One for each member, together 1; empty where the median of the members is taken, or there are none.
    package var weights: [Double]
    /// Who publishes: the champion, or the stand-in when it failed.
    package var publishedBy: String
    package var folds: [String]
    /// Champion's loss over seasonal naive's on the same folds.
    package var lossRatio: Double?
    /// Why this champion, in sentences.
    package var why: [String]
  }

  package struct Model: Sendable, Encodable {
    package var name: String
    /// `scored`, `refused` or `failed`.
    package var status: String
    package var reason: String?
    /// Expected loss over seasonal naive's, from the folds, shrunk towards what wins for series like this one: the order of selection.
    package var relativeLoss: Double?
    /// By fold, oldest first; null where there is none.
    package var relativeLosses: [Double?]
    /// Share of readings inside the model's own 80 % interval, before calibration.
    package var coverage80: Double?
    package var isChampion: Bool
  }

  package struct Trust: Sendable, Encodable {
    /// Days ahead, such as `1-30`.
    package var days: String
    package var tier: TrustTier
    /// The test that keeps the tier from being higher; `earned` where none does.
    package var code: String
    /// What it found, and what it asks for.
    package var reason: String
  }

  package struct Quality: Sendable, Encodable {
    package var readings: Int
    package var firstReading: String?
    package var lastReading: String?
    /// Steps without a reading between the first and the last one.
    package var gapSteps: Int
    package var longestGap: Int
    /// Steps between the last reading and the as-of.
    package var stepsSinceLast: Int
    package var verdict: String?
    /// Sentences.
    package var remarks: [String]
  }

  package struct Change: Sendable, Encodable {
    package var kind: LevelChange.Kind
    /// Of the first reading after it.
    package var date: String
    /// Of a shift the new level over the old one, of a resize the old capacity over the new one.
    package var factor: Double
    package var fromCapacity: Double?
    package var toCapacity: Double?
  }

  /// What the history is made of, in the unit of the readings. It describes readings; it is not what forecasts them.
  package struct Profile: Sendable, Encodable {
    /// Level at the as-of by a straight trend through all readings, recent ones weighing more.
    package var level: Double
    /// Slope of that trend.
    package var trendPerMonth: Double
    /// Mean of the newest 30 days.
    package var recentMean: Double?
    /// What `recentMean` lies above the mean of the 30 days that ended 60 days earlier.
    package var recentChange: Double?
    /// Standard deviation around trend and cycles.
    package var noise: Double
    package var cycles: [Cycle]
    /// Fill and clean-up, again and again; nil where there is no such cycle.
    package var cleanUps: CleanUps?
    /// Sentences.
    package var words: [String]
  }

  /// What the point forecast is made of, in the unit of the readings, by the models fitted again as the run fitted them.
  package struct Components: Sendable, Encodable {
    /// Whose parts they are: the model that publishes, or a member of the combination that does.
    package var model: String
    /// Models whose forecasts are averaged; empty where one publishes alone.
    package var members: [String]
    /// Those that can be taken apart.
    package var membersWithParts: [String]
    /// The trend first; empty where `note` says why.
    package var parts: [Part]
    package var trend: Trend?
    /// Ahead, the next one first.
    package var holidays: [Holiday]
    /// At the as-of, and at the likely breach or the end of the horizon.
    package var sums: [Sum]
    /// What each model that has learnt from many series adds to `harmonic-ar` at the second of `sums`.
    package var learned: [Learned]
    /// Sentences.
    package var words: [String]
    /// Why nothing is shown.
    package var note: String?

    /// Without parts.
    init(model: String, members: [String]) {
      self.model = model
      self.members = members
      (membersWithParts, parts, trend, holidays, sums, learned, words) = ([], [], nil, [], [], [], [])
    }
  }

  package struct Learned: Sendable, Encodable {
    package var model: String
    package var time: String
    /// What `harmonic-ar` alone says.
    package var alone: Double
    package var added: Double
    /// What `added` adds up from, the largest first; empty where the model cannot tell.
    package var contributions: [Contribution]
    package var words: String
  }

  package struct Contribution: Sendable, Encodable {
    /// What it is about: `recent`, `year`, `headroom`, ...; `fleet` is what holds for all series.
    package var family: String
    package var amount: Double
  }

  package struct Part: Sendable, Encodable {
    package var name: String
    /// `trend`, `cycle`, `holidays`, `regressor`, `memory` or `learned`.
    package var kind: String
    /// Whether the model holds it as a share of the trend.
    package var isMultiplicative: Bool
    /// Whether it rounds to nothing everywhere.
    package var isFlat: Bool
    package var pattern: Pattern?
    /// At leads 1, 2, ...
    package var ahead: [Double]
    package var words: String
  }

  /// The newest cycle, as amounts beside the trend.
  package struct Pattern: Sendable, Encodable {
    /// `day`, `week` or `year`.
    package var cycle: String
    package var places: [String]
    package var values: [Double]
  }

  package struct Trend: Sendable, Encodable {
    /// From the as-of on.
    package var perMonth: Double
    /// The largest ones, the newest first.
    package var changes: [Bend]
  }

  /// Where a trend changed.
  package struct Bend: Sendable, Encodable {
    package var date: String
    package var perMonthBefore: Double
    package var perMonthAfter: Double
    /// Of the level itself.
    package var jump: Double
  }

  package struct Holiday: Sendable, Encodable {
    package var name: String
    package var date: String
    package var amount: Double
  }

  package struct Sum: Sendable, Encodable {
    /// `as_of`, `breach` or `horizon`.
    package var what: String
    package var time: String
    package var total: Double
    /// By part, in the order of `parts`.
    package var amounts: [Double]
  }

  /// Why the date of the lowest limit that has one is another than the run before said: one change after the other, each published
  /// again by itself.
  package struct Move: Sendable, Encodable {
    /// Name of the earlier run's folder.
    package var run: String?
    /// Percent of capacity.
    package var threshold: Double?
    /// As published.
    package var before: Outlook?
    package var now: Outlook?
    /// Negative when it comes sooner; nil where a date lies beyond the horizon.
    package var movedDays: Double?
    /// The window of the chances; nil where the horizon is shorter than all.
    package var withinDays: Int?
    /// In the order in which they were changed: they add up to the whole.
    package var parts: [MovePart] = []
    /// Sentences.
    package var words: [String] = []
    /// Why nothing is told.
    package var note: String?
  }

  package struct Outlook: Sendable, Encodable {
    /// Of the median first breach; nil beyond the horizon.
    package var date: String?
    package var isCrossed: Bool
    /// Of a breach within the window.
    package var chance: Double?
  }

  package struct MovePart: Sendable, Encodable {
    /// `restated`, `readings`, `level_shift`, `level_shift_recognised`, `capacity`, `champion`, `members`, `training`,
    /// `calibration`, `settings` or `rest`.
    package var cause: String
    package var movedDays: Double?
    package var changedChance: Double?
    /// What would have been published after this change.
    package var outlook: Outlook
    /// Nil where it moved nothing.
    package var words: String?
  }

  package struct CleanUps: Sendable, Encodable {
    /// From one to the next, typically.
    package var days: Double
    /// Means of the newest four, before and after the fall.
    package var before: Double
    package var after: Double
  }

  package struct Cycle: Sendable, Encodable {
    /// `day`, `week` or `year`.
    package var name: String
    package var strength: Double
    /// Deviations from the level: 24 hours, Monday to Sunday, or January to December.
    package var deviations: [Double]
  }

  package struct Point: Sendable, Encodable {
    package var time: String
    package var value: Double
  }

  package struct Interval: Sendable, Encodable {
    package var time: String
    package var lead: Int
    package var q10: Double
    package var q50: Double
    package var q90: Double
    package var tier: TrustTier
  }

  /// Where numbers come from.
  package struct Source: Sendable, Encodable {
    package var what: String
    /// Relative to the workspace.
    package var file: String
    package var columns: [String]
  }
}

extension Explanation: Encodable {
  private enum Key: String, CodingKey {
    case server, resource, run, step, horizon, unit, capacity, live, risks, contest, trust, quality, changes, profile
    case components, move, history, forecast, sources
    case asOf = "as_of"
    case capacityDecision = "capacity_decision"
    case breachRule = "breach_rule"
  }

  package func encode(to encoder: any Encoder) throws {
    var box = encoder.container(keyedBy: Key.self)
    try box.encode(server, forKey: .server)
    try box.encode(resource, forKey: .resource)
    try box.encode(run, forKey: .run)
    try box.encode(asOf, forKey: .asOf)
    try box.encode(step.name, forKey: .step)
    try box.encode(horizon, forKey: .horizon)
    try box.encode(unit, forKey: .unit)
    try box.encode(capacity, forKey: .capacity)
    try box.encode(capacityDecision, forKey: .capacityDecision)
    try box.encode(isLive, forKey: .live)
    try box.encode(breachRule.description, forKey: .breachRule)
    try box.encode(risks.map(RiskJSON.init), forKey: .risks)
    try box.encode(contest, forKey: .contest)
    try box.encode(trust, forKey: .trust)
    try box.encode(quality, forKey: .quality)
    try box.encode(changes, forKey: .changes)
    try box.encode(profile, forKey: .profile)
    try box.encode(components, forKey: .components)
    try box.encode(move, forKey: .move)
    try box.encode(history, forKey: .history)
    try box.encode(forecast, forKey: .forecast)
    try box.encode(sources, forKey: .sources)
  }

  /// One JSON object, keys in lower case with underscores, sorted.
  package func json() throws -> String {
    let encoder = JSONEncoder.pretty
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
