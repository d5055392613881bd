import Foundation
import HorizonCore
import HorizonNumerics

/// A path of no unit, of the order of 1: the weighted sum of the ingredients that a draw put into it.
struct Course {
  private(set) var values: [Double]

  init(step: Step, count: Int, _ random: inout SplitMix64) {
    values = [Double](repeating: 0, count: count)
    if random.chance(0.012) { return }
    // How much is going on: many series are simple, some have everything.
    let richness = random.uniform()
    var scale = [Double](repeating: 1, count: count)
    var power = 0.0
    func add(_ path: [Double], weight: Double) {
      power += weight * weight
      for t in values.indices { values[t] += weight * path[t] }
    }

    var trend: [Double]?
    if random.chance(0.6 + 0.35 * richness) {
      let path = TrendLaw.path(count: count, &random)
      add(path, weight: random.logUniform(0.1, 100))
      trend = path
    }
    if let path = PeriodicLaw.seasons(step: step, count: count, richness: richness, &random) {
      add(path, weight: random.logUniform(0.15, 15))
    }
    if random.chance(0.2 * richness) {
      let regimes = RegimeLaw(count: count, &random)
      if random.chance(0.8) { add(regimes.level, weight: random.logUniform(0.5, 15)) }
      if random.chance(0.6) { scale = regimes.scale }
    }
    if random.chance(0.3 * richness) {
      add(JumpLaw.path(count: count, &random), weight: random.logUniform(0.5, 20))
    }
    if random.chance(0.04 + 0.16 * richness) {
      add(RenewalLaw.path(count: count, &random), weight: random.logUniform(0.5, 20))
    }
    for _ in 0..<random.integer(0...2) where random.chance(0.42 * richness) {
      let bursts = BurstLaw(count: count, &random)
      add(bursts.path(&random), weight: random.logUniform(0.7, 20))
    }
    if power == 0 || random.chance(0.97) {
      if let trend, random.chance(0.2) {
        let slope = random.uniform(-0.4, 1.2)
        for t in scale.indices { scale[t] *= exp(max(-3, min(3, slope * trend[t]))) }
      }
      let noise = NoiseLaw(&random).path(count: count, &random)
      let isQuiet = power > 0 && random.chance(0.35)
      add(zip(noise, scale).map { $0 * $1 }, weight: isQuiet ? random.logUniform(0.005, 1) : 1)
    }
    if random.chance(0.06) {
      let outliers = random.logUniform(0.002, 0.03)
      let size = random.logUniform(3, 40)
      for t in values.indices where random.chance(outliers) { values[t] += size * random.normal() }
    }
    let spread = power.squareRoot()
    for t in values.indices { values[t] /= spread }
  }
}
