package import HorizonCore

/// What fleet to make. Equal plans give equal fleets; a server depends on all fields but the number of servers.
package struct FleetPlan: Sendable {
  /// Number of servers, four series each.
  package var servers: Int
  /// Days of history.
  package var days: Int
  /// Distance between readings: a day, or a whole fraction of one.
  package var step: Step
  package var seed: UInt64
  /// Servers take these in turn; nil is the mixed fleet.
  package var scenarios: [Scenario]?
  /// Date of the last reading, in days since 1970-01-01.
  package var lastDay: Int

  /// 2025-12-31.
  package static let defaultLastDay = 20_453
  /// Days that the truth goes on beyond the last reading.
  package static let continuation = 365

  package init(
    servers: Int = 2_000, days: Int = 1_095, step: Step = .day, seed: UInt64 = 42, scenarios: [Scenario]? = nil,
    lastDay: Int = FleetPlan.defaultLastDay
  ) {
    self.servers = servers
    self.days = days
    self.step = step
    self.seed = seed
    self.scenarios = scenarios
    self.lastDay = lastDay
  }

  package var stepsPerDay: Int { Int(86_400 / step.seconds) }
  /// Readings of one series.
  package var readings: Int { days * stepsPerDay }
  /// Steps of one series' truth: the readings and the continuation.
  package var truthSteps: Int { (days + FleetPlan.continuation) * stepsPerDay }
  /// Step index of the first reading.
  package var firstIndex: Int { (lastDay - days + 1) * stepsPerDay }

  func check() throws(Failure) {
    func refuse(_ message: String, _ remedy: String) -> Failure { Failure(.badUsage, message, remedy: remedy) }
    guard (1...10_000_000).contains(servers) else {
      throw refuse("\(servers) is not a number of servers.", "Ask for 1 to 10,000,000.")
    }
    guard (2...36_500).contains(days) else {
      throw refuse("A history of \(days) days cannot be made.", "Ask for 2 to 36,500 days.")
    }
    guard step.seconds <= 86_400, 86_400 % step.seconds == 0, step.phase == 0 else {
      throw refuse("A synthetic fleet cannot have the step \(step.name).", "Use day, hour, or a fraction of a day.")
    }
    guard scenarios?.isEmpty != true else {
      throw refuse("No scenario was named.", "Leave scenarios out for the mixed fleet.")
    }
  }
}
