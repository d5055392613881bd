import Foundation
import HorizonNumerics

/// A series while it is made: the path as a share of the first capacity, step by step, and the events so far.
struct SeriesDraft {
  let fleet: SyntheticFleet
  let resource: SyntheticResource
  let temper: ServerTemper
  let ranges: Traits
  let strength: ResourceTraits
  /// Level at the last reading.
  let level: Double
  /// First capacity in the resource's unit.
  let capacity: Double
  /// Step at which the capacity becomes `capacity * resize`.
  var resizeStep: Int?
  var resize = 1.0
  var path: [Double]
  var bursts: [Double] = []
  /// Expected load of the bursts a step, contained in the path.
  var burstMean = 0.0
  /// Standard deviation of the noise before the resource's strength, share of the path; drawn anew by the noise.
  var noiseRange: ClosedRange<Double>
  /// Factor on the noise by day; empty when it never changes.
  var noiseScale: [Double] = []
  var events: [SyntheticEvent]

  init(fleet: SyntheticFleet, resource: SyntheticResource, temper: ServerTemper, random: inout SplitMix64) {
    self.fleet = fleet
    self.resource = resource
    self.temper = temper
    ranges = Traits.of(temper.behaviour, temper.variant)
    strength = resource.traits
    noiseRange = ranges.noise
    capacity = resource.capacity(cores: temper.cores, random: &random)
    // Low levels are more usual than high ones. Memory and disks are never as empty as an idle processor.
    let floor = temper.behaviour == .lowIdle && (resource == .memory || resource == .disk) ? 0.03 : 0
    let skewed = pow(random.uniform(), 1.25)
    level = floor + strength.level * (ranges.level.lowerBound + skewed * ranges.level.width)
    path = [Double](repeating: 0, count: fleet.plan.truthSteps)
    events = [SyntheticEvent](repeating: .none, count: fleet.plan.truthSteps)
  }

  var perDay: Int { fleet.plan.stepsPerDay }
  var readings: Int { fleet.plan.readings }

  /// Draws everything but the noise.
  mutating func shape(_ random: inout SplitMix64) {
    let sawtooth = resource == .disk && random.uniform() < temper.recipe.sawtoothDisk
    if sawtooth {
      fillAndClean(&random)
    } else {
      wave(days: growth(&random), &random)
    }
    switch (temper.behaviour, temper.variant) {
    case (.runaway, _) where !sawtooth: leak(&random)
    case (.lowIdle, .rare) where resource == .cpu || resource == .network: job(height: random.uniform(0.08, 0.25))
    default: break
    }
    let event = random.uniform()
    if event < temper.recipe.levelShift {
      shift(&random)
    } else if event < temper.recipe.levelShift + temper.recipe.capacityChange {
      changeCapacity(&random)
    }
    burst(&random)
  }

  // MARK: Path

  /// The level of each day.
  private func growth(_ random: inout SplitMix64) -> [Double] {
    let days = fleet.plan.days + FleetPlan.continuation
    let last = Double(fleet.plan.days - 1)
    let rate = strength.growth * random.uniform(ranges.growth.lowerBound, ranges.growth.upperBound)
    let compounding = random.uniform() < 0.5
    let middle = random.uniform(0.35, 1.05) * last
    let width = random.uniform(60, 200)
    if (temper.behaviour, temper.variant) == (.steadyGrowth, .rare) {
      return sCurve(days: days, last: last, rise: rate, middle: middle, width: width)
    }
    if compounding {
      let factor = pow(1 + rate, 1 / 365.25)
      var now = level * pow(factor, -last)
      return (0..<days).map { _ in
        defer { now *= factor }
        return now
      }
    }
    let start = level / (1 + rate * last / 365.25)
    return (0..<days).map { start * (1 + rate * Double($0) / 365.25) }
  }

  /// A logistic rise around the day `middle` that reaches the level at the last reading.
  private func sCurve(days: Int, last: Double, rise: Double, middle: Double, width: Double) -> [Double] {
    let start = level / (1 + rise / (1 + exp(-(last - middle) / width)))
    let fading = exp(-1 / width)
    var remaining = exp(middle / width)
    return (0..<days).map { _ in
      defer { remaining *= fading }
      return start * (1 + rise / (1 + remaining))
    }
  }

  /// Lays the cycles of year, week and day over the daily levels.
  private mutating func wave(days: [Double], _ random: inout SplitMix64) {
    let table = fleet.seasons
    let weekly = strength.seasons * random.uniform(ranges.weekly.lowerBound, ranges.weekly.upperBound)
    let yearly = strength.seasons * random.uniform(ranges.yearly.lowerBound, ranges.yearly.upperBound)
    let week = SeasonTable.week.map { 1 + weekly * $0 }
    let twoWaves = (temper.behaviour, temper.variant) == (.seasonal, .rare)
    let c = twoWaves ? 0 : yearly * cos(temper.yearPeak)
    let s = twoWaves ? 0 : yearly * sin(temper.yearPeak)
    let e = twoWaves ? yearly : 0
    let clock = dailyCycle()
    for day in days.indices {
      let season = 1 + c * table.yearCosine[day] + s * table.yearSine[day] + e * table.yearEnd[day]
      let now = days[day] * season * week[table.weekday[day]]
      if perDay == 1 {
        path[day] = now
      } else {
        for k in 0..<perDay { path[day * perDay + k] = now * clock[k] }
      }
    }
  }

  /// Factor by step of the day, mean 1: a broad wave and a sharper one on top.
  private func dailyCycle() -> [Double] {
    let table = fleet.seasons
    let c = cos(temper.dayPeak)
    let s = sin(temper.dayPeak)
    return table.dayCosine.indices.map { k in
      let first = c * table.dayCosine[k] + s * table.daySine[k]
      return 1 + strength.daily * (0.8 * first + 0.3 * (2 * first * first - 1))
    }
  }

  /// Fills from a floor to a ceiling and drops; both grow slowly, cycles differ by a few percent in length.
  private mutating func fillAndClean(_ random: inout SplitMix64) {
    let top = random.uniform(0.35, 0.78) * (temper.behaviour == .lowIdle ? 0.3 : 1)
    let depth = random.uniform(0.25, 0.75) * top
    let yearly = random.uniform(-0.02, 0.16)
    let period = random.uniform(8, 45) * Double(perDay)
    let start = top / (1 + max(0, yearly) * Double(fleet.plan.days) / 365.25)
    var begin = -random.uniform() * period
    var length = period
    for t in path.indices {
      var place = (Double(t) - begin) / length
      if place >= 1 {
        begin += length
        length = period * random.uniform(0.93, 1.07)
        place = (Double(t) - begin) / length
        events[t] = .cleanUp
      }
      let grown = (start + top * yearly * Double(t) / (365.25 * Double(perDay))) / top
      path[t] = max(0.02, (top - depth + depth * place) * grown)
    }
  }

  /// Adds a leak that takes its server's weak resource over 80 % between 200 days before and 330 days after the last reading
  /// and goes on; the others feel a part of it, up to that day.
  private mutating func leak(_ random: inout SplitMix64) {
    let weak = resource == temper.leaking
    let crossing = Double(readings) + random.uniform(-200, 330) * Double(perDay)
    let duration = random.uniform(60, 400) * Double(perDay)
    let rise = (0.8 - level) * (weak ? 1 : random.uniform(0.05, 0.3))
    let begin = crossing - duration
    let first = max(0, Int(begin.rounded(.up)))
    guard first < path.count else { return }
    events[first] = .leak
    let bend = 3.0
    let whole = exp(bend) - 1
    let factor = exp(bend / duration)
    var bent = exp(bend * (Double(first) - begin) / duration)
    for t in first..<path.count {
      let place = (Double(t) - begin) / duration
      if place > 1 {
        let slope = temper.variant == .common ? 1 : bend * (whole + 1) / whole
        path[t] += rise * (weak ? 1 + slope * (place - 1) : 1)
      } else {
        path[t] += rise * (temper.variant == .common ? place : (bent - 1) / whole)
        bent *= factor
      }
    }
  }

  private mutating func job(height: Double) {
    for t in path.indices where fleet.seasons.weekday[t / perDay] == temper.jobDay { path[t] += height }
  }

  // MARK: Events

  /// Moves the level at one step of the history; the level at the last reading stays.
  private mutating func shift(_ random: inout SplitMix64) {
    let step = Int(random.uniform(0.15, 0.95) * Double(readings))
    let up = level > 0.4 || random.uniform() < 0.6
    let before = up ? 1 / random.uniform(1.3, 1.8) : 1 / random.uniform(0.5, 0.75)
    for t in 0..<step { path[t] *= before }
    events[step] = .levelShift
  }

  /// Resizes at one step of the history; the demand goes on. Only machines with room become smaller.
  private mutating func changeCapacity(_ random: inout SplitMix64) {
    let step = Int(random.uniform(0.15, 0.95) * Double(readings))
    let up = level > 0.3 || random.uniform() < 0.6
    resize = up ? (random.uniform() < 0.5 ? 1.5 : 2) : 0.5
    resizeStep = step
    events[step] = .capacityChange
  }

  /// Places bursts of Pareto height and geometric length, and adds what they are expected to bring to the path.
  private mutating func burst(_ random: inout SplitMix64) {
    let year = 365.25 * Double(perDay)
    let rate = strength.bursts * random.uniform(ranges.bursts.lowerBound, ranges.bursts.upperBound) / year
    let process = BurstProcess(
      rate: rate, meanLength: max(1.6, 0.2 * Double(perDay)),
      smallest: temper.behaviour == .burst ? 0.12 : 0.1 * level + 0.01,
      storms: temper.behaviour == .burst && temper.variant == .rare ? 45 * Double(perDay) : nil)
    guard rate > 0 else { return }
    bursts = [Double](repeating: 0, count: path.count)
    process.place(into: &bursts, events: &events, random: &random)
    burstMean = process.mean
    for t in path.indices { path[t] += burstMean }
  }
}

extension ClosedRange<Double> {
  var width: Double { upperBound - lowerBound }
}
