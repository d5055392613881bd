import HorizonSynthetic

/// The least that a stress test accepts, by measure and, where a scenario needs another, by scenario and measure.
package struct StressFloors: Sendable, Hashable {
  package enum Measure: String, Sendable, CaseIterable, Codable {
    /// 1 - WQL over that of seasonal naive.
    case skill
    case coverage80, coverage90, precision, recall
    /// Share of breach dates within max(7 days, 10 %) of the noise-free path's.
    case datesRight = "dates_right"
    /// Series lost; more than none is below any floor.
    case lost

    package func figure(of score: StressScore) -> Double? {
      switch self {
      case .skill: score.skill
      case .coverage80: score.coverage80
      case .coverage90: score.coverage90
      case .precision: score.published.called >= StressFloors.least ? score.precision : nil
      case .recall: score.happened >= StressFloors.least ? score.recall : nil
      case .datesRight: score.crossing >= StressFloors.least ? score.datesRight : nil
      case .lost: score.lost > 0 ? -Double(score.lost) : nil
      }
    }
  }

  /// A figure that is under its floor.
  package struct Finding: Sendable, Hashable, Codable {
    package let scenario: String
    package let measure: Measure
    package let figure: Double
    package let floor: Double

    package init(scenario: String, measure: Measure, figure: Double, floor: Double) {
      self.scenario = scenario
      self.measure = measure
      self.figure = figure
      self.floor = floor
    }
  }

  /// Calls, breaches or crossings of which a share is judged; of fewer it says little.
  package static let least = 10

  private var floors: [String: Double]

  /// - Parameter given: By `measure` or `scenario.measure`; what is not given has its default.
  package init(_ given: [String: Double] = [:]) {
    floors = StressFloors.defaults.merging(given) { $1 }
    // A floor for all scenarios that somebody wrote is meant, whatever the defaults of single ones are.
    for name in given.keys where !name.contains(".") {
      for key in StressFloors.defaults.keys where key.hasSuffix("." + name) && given[key] == nil { floors[key] = nil }
    }
  }

  /// Whether a setting may be called so.
  package static func isName(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let measure = Measure(rawValue: parts.last ?? ""), measure != .lost else { return false }
    return parts.count == 1 || parts.count == 2 && Scenario(rawValue: parts[0]) != nil
  }

  package func floor(_ measure: Measure, of scenario: String) -> Double? {
    measure == .lost ? 0 : floors["\(scenario).\(measure.rawValue)"] ?? floors[measure.rawValue]
  }

  /// What is under its floor, in the order of the measures.
  package func findings(_ score: StressScore, of scenario: String) -> [Finding] {
    Measure.allCases.compactMap { measure in
      guard let figure = measure.figure(of: score), let floor = floor(measure, of: scenario), figure < floor else {
        return nil
      }
      return Finding(scenario: scenario, measure: measure, figure: figure, floor: floor)
    }
  }
}
