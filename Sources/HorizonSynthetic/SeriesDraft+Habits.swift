import Foundation
import HorizonCore
import HorizonNumerics

extension SeriesDraft {
  /// Readings since a recent migration or resize, the last one among them.
  static let readingsSinceChange = 14

  /// Lays over the finished path what the server does by the calendar, and draws the series' own trend break and noise regimes.
  mutating func addHabits(index: Int) {
    var random = SplitMix64(seed: stableHash("\(index)/\(resource.rawValue)/habits", seed: fleet.plan.seed))
    let (breaks, changes) = (random.uniform(), random.uniform())
    if temper.habits.approach != .none && resource != .network {
      approach(&random)
    } else {
      if breaks < temper.recipe.trendBreak { breakTrend(&random) }
      followCalendar()
    }
    if changes < temper.recipe.changingNoise { changeNoise(&random) }
  }

  /// Scales the load of a step and what its bursts add.
  private mutating func scale(_ t: Int, by factor: Double) {
    path[t] *= factor
    if !bursts.isEmpty { bursts[t] = burstMean + (bursts[t] - burstMean) * factor }
  }

  /// Peaks, holidays and closed days; memory and disk feel as little of them as of the seasons.
  private mutating func followCalendar() {
    let habits = temper.habits
    let table = fleet.seasons
    let share = min(1, strength.seasons)
    for day in table.weekday.indices {
      let isWeekend = table.weekday[day] >= 5
      var change = habits.monthEnd * table.monthEnd[day] + habits.quarterEnd * table.quarterEnd[day]
      var event = change > 0 && max(table.monthEnd[day], table.quarterEnd[day]) == 1 ? SyntheticEvent.periodEnd : .none
      if let holiday = table.holiday[day] {
        let effect = holiday == .rest ? habits.rest : habits.rush
        change += effect
        if effect != 0 { event = .holiday }
      }
      switch habits.closed {
      case .weekends where isWeekend, .weekdays where !isWeekend: change = -1
      default: break
      }
      guard change != 0 else { continue }
      for t in (day * perDay)..<((day + 1) * perDay) { scale(t, by: 1 + share * change) }
      mark(event, at: day * perDay)
    }
  }

  /// Growth that stopped at one step of the history, or began there and goes on; the level at the last reading stays.
  private mutating func breakTrend(_ random: inout SplitMix64) {
    let step = Int(random.uniform(0.4, 0.9) * Double(readings))
    let starts = random.uniform() < 0.5
    let size = random.uniform(0.3, 0.8)
    events[step] = .trendBreak
    if starts {
      let slope = size / (365.25 * Double(perDay))
      let whole = 1 + slope * Double(readings - 1 - step)
      for t in path.indices { scale(t, by: (1 + slope * Double(max(0, t - step))) / whole) }
    } else {
      for t in 0..<step { scale(t, by: 1 - size * Double(step - t) / Double(step)) }
    }
  }

  /// Noise that is up to three times as strong or as weak for 40 to 250 days at a time.
  private mutating func changeNoise(_ random: inout SplitMix64) {
    let days = fleet.plan.days + FleetPlan.continuation
    noiseScale.reserveCapacity(days)
    while noiseScale.count < days {
      if !noiseScale.isEmpty { mark(.noiseChange, at: noiseScale.count * perDay) }
      let length = min(days - noiseScale.count, Int(random.uniform(40, 250)))
      noiseScale += repeatElement(exp(random.uniform(-1, 1) * log(3)), count: length)
    }
  }

  /// Replaces the series by steady growth whose path crosses 80 % of the capacity 20 to 150 days after the last reading, with a
  /// migration or a resize 14 readings before it.
  private mutating func approach(_ random: inout SplitMix64) {
    let days = Double(fleet.plan.days)
    let crossing = days - 1 + random.uniform(20, 150)
    let first = 0.8 * random.uniform(0.15, 0.4)
    let slope = (0.8 - first) / crossing
    let weekly = strength.seasons * random.uniform(0, 0.04)
    let step = max(1, readings - SeriesDraft.readingsSinceChange)
    let isMigration = temper.habits.approach == .migration
    let lift = random.uniform(1.3, 1.8)
    // Not much smaller before than what it held, so that the demand was served all along.
    let factor = [0.5, 0.75, 1.2][Int(random.uniform() * 3)]
    resize = isMigration ? 1 : factor
    resizeStep = isMigration ? nil : step
    bursts = []
    burstMean = 0
    events = [SyntheticEvent](repeating: .none, count: path.count)
    for t in path.indices {
      let day = Double(t) / Double(perDay)
      let week = 1 + weekly * SeasonTable.week[fleet.seasons.weekday[t / perDay]]
      path[t] = (first + slope * day) * week * (isMigration ? (t < step ? 1 / lift : 1) : factor)
    }
    mark(isMigration ? .levelShift : .capacityChange, at: step)
    noiseRange = 0.01...0.025
  }

  /// Marks an event where there is none yet.
  mutating func mark(_ event: SyntheticEvent, at step: Int) {
    if events.indices.contains(step) && events[step] == .none { events[step] = event }
  }
}
