import Foundation
import HorizonNumerics

extension SeriesDraft {
  /// The finished series: AR(1) noise in proportion to the path, with heavier tails for CPU and network, the bursts less what
  /// they are expected to bring, everything on the resource's grid, readings held between 0 and capacity.
  mutating func realised(server: String, random: inout SplitMix64) -> SyntheticSeries {
    let plan = fleet.plan
    let total = path.count
    let grid = resource.grid
    let noise = arNoise(&random)
    let before = capacity
    let after = capacity * resize
    let change = resizeStep ?? plan.readings
    var truths = [Double](repeating: 0, count: total)
    var noises = noise
    var values = [Double](repeating: 0, count: plan.readings)
    var capacities = [Double](repeating: before, count: plan.readings)
    for t in change..<max(change, plan.readings) { capacities[t] = after }
    let scale = capacity * grid
    for t in 0..<total {
      let ceiling = (t < change || resizeStep == nil ? before : after) * grid
      let truth = min(max(nearest(path[t] * scale), 0), ceiling)
      let deviation = nearest(noises[t] * scale)
      truths[t] = truth / grid
      noises[t] = deviation / grid
      if t < values.count { values[t] = min(max(truth + deviation, 0), ceiling) / grid }
    }
    let habits = temper.habits
    for stretch in habits.frozen {
      for t in stretch { values[t] = values[stretch.lowerBound - 1] }
      mark(.flatLine, at: stretch.lowerBound)
    }
    for outage in habits.outages { mark(.gap, at: outage.lowerBound) }
    if let end = habits.lifetime?.upperBound, end < plan.readings { mark(.decommission, at: end) }
    return SyntheticSeries(
      server: server, resource: resource, behaviour: temper.behaviour, variant: temper.variant, step: plan.step,
      firstIndex: plan.firstIndex, reported: habits.reported(of: plan.readings), capacity: capacities, value: values,
      truth: truths, noise: noises, events: events)
  }

  private func arNoise(_ random: inout SplitMix64) -> [Double] {
    let deviation = strength.noise * random.uniform(noiseRange.lowerBound, noiseRange.upperBound)
    let byDay = random.uniform(strength.memory.lowerBound, strength.memory.upperBound)
    // Shorter steps remember more, though not as much as the power of the step's length would say.
    let memory = pow(byDay, fleet.plan.step.days.squareRoot())
    // One innovation in 32 is 2.5 times as large on resources that follow single requests.
    let tail = resource == .cpu || resource == .network ? 2.5 : 1
    let innovation = deviation * ((1 - memory * memory) / (1 + (tail * tail - 1) / 32)).squareRoot()
    let table = fleet.normal
    var state = deviation * table.value(random.next())
    // Demand that is not served does not make the noise larger.
    let ceiling = max(1, resize)
    var noise = [Double](repeating: 0, count: path.count)
    for t in noise.indices {
      let word = random.next()
      let size = word & 31 == 0 ? tail : 1
      state = memory * state + innovation * size * table.value(word)
      noise[t] = state * min(path[t], ceiling)
    }
    if !noiseScale.isEmpty {
      for t in noise.indices { noise[t] *= noiseScale[t / perDay] }
    }
    if temper.habits.sharedLoad > 0, let shared = fleet.sharedLoads[temper.application] {
      let share = temper.habits.sharedLoad * min(1, strength.seasons)
      for t in noise.indices { noise[t] += share * shared.path[t] * min(path[t], ceiling) }
    }
    if !bursts.isEmpty {
      for t in noise.indices { noise[t] += bursts[t] - burstMean }
    }
    return noise
  }
}

/// The nearest whole number, for magnitudes below 2^51; two additions instead of a call.
@inline(__always)
private func nearest(_ x: Double) -> Double { (x + 0x1.8p52) - 0x1.8p52 }
