import HorizonCore
import HorizonRisk

/// Why the likely date of a series' breach is another one than an earlier run said: one change after the other.
struct DateMove: Sendable {
  /// Name of the earlier run's folder.
  let run: String
  /// Percent of capacity.
  let threshold: Double
  let step: Step
  /// As the earlier run published it.
  let before: Outlook
  /// In the order in which the changes were made; each begins where the one before it ended, the last one ends at what the later
  /// run published.
  let parts: [Part]
  /// What a reader should know of the parts, in sentences.
  var notes: [String] = []

  var now: Outlook { parts.last?.after ?? before }

  /// When one threshold is breached, as published or as it would have been.
  struct Outlook: Sendable, Hashable {
    /// Step index of the median first breach, of the begin of the breach where it is crossed; nil beyond the horizon.
    let index: Int?
    let isCrossed: Bool
    /// Chance of a breach within 30, 60, 90 and 180 days; nil where the horizon ends before.
    let chances: [Float?]
  }

  struct Part: Sendable {
    let cause: Cause
    let before: Outlook
    let after: Outlook
  }

  enum Cause: Sendable, Hashable {
    /// Readings of the earlier run that are others now, or a program that computes otherwise.
    case restated
    /// Readings that came since, as if no level had shifted and no capacity had changed with them.
    case readings(count: Int)
    /// A level shift among the new readings.
    case shift(LevelChange)
    /// A level shift before the earlier run, which had taken it for growth.
    case recognised(LevelChange)
    case capacity(from: Double, to: Double)
    case champion(from: String, to: String)
    /// Other members or weights of the same combination.
    case members(of: String)
    /// What models have learnt anew from the fleet.
    case training([String])
    case calibration
    /// Names of settings.
    case settings([String])
    /// What none of the others explains.
    case rest
  }
}

extension DateMove.Outlook {
  static let windows = [30, 60, 90, 180]

  init(_ row: RiskRow, asOf: Int, step: Step) {
    index = row.daysToBreachP50.map { asOf + Int((Double($0) / step.days).rounded()) }
    isCrossed = row.isCrossed
    chances = [row.pBreach30, row.pBreach60, row.pBreach90, row.pBreach180]
  }
}

extension DateMove {
  /// All outlooks on the way, the published ones first and last.
  private var outlooks: [Outlook] { [before] + parts.map(\.after) }

  /// Whether every outlook on the way has a date, so that each part is a number of steps.
  var isDated: Bool { outlooks.allSatisfy { $0.index != nil } }

  /// Steps by which the date moved, negative when it comes sooner; nil where one of the two lies beyond the horizon.
  var moved: Int? { now.index.flatMap { now in before.index.map { now - $0 } } }

  /// The longest window in days whose chance is known all the way, with its place in `Outlook.chances`.
  var window: (days: Int, place: Int)? {
    Outlook.windows.indices.last { place in outlooks.allSatisfy { $0.chances[place] != nil } }
      .map { (Outlook.windows[$0], $0) }
  }

  /// The part that moved it most in the direction in which it moved; nil where none did.
  var mainPart: Part? {
    func size(_ from: Outlook, _ to: Outlook) -> Double? {
      if isDated { return Double(to.index! - from.index!) }
      // A greater chance is a sooner date.
      return window.map { Double(from.chances[$0.place]! - to.chances[$0.place]!) }
    }
    guard let total = size(before, now) else { return nil }
    let sizes = parts.map { (size($0.before, $0.after) ?? 0) * (total < 0 ? -1 : 1) }
    guard let most = sizes.max(), most > 0 else { return nil }
    return parts[sizes.firstIndex(of: most)!]
  }
}
