import Foundation
import HorizonNumerics

/// States between which a series jumps, each with a level, a slope and a scale of the noise.
struct RegimeLaw {
  /// Of the order of 1.
  private(set) var level: [Double]
  /// Factor of the noise.
  private(set) var scale: [Double]

  init(count: Int, _ random: inout SplitMix64) {
    let span = Double(count)
    let states = random.integer(2...4)
    let levels = (0..<states).map { _ in random.normal() }
    let scales = (0..<states).map { _ in exp(0.7 * random.normal()) }
    let hasSlopes = random.chance(0.25)
    let slopes = (0..<states).map { _ in hasSlopes ? random.normal() * 3 / span : 0 }
    let dwell = (0..<states).map { _ in random.logUniform(2, 1.5 * span) }
    let isSteady = random.chance(0.25)
    level = []
    scale = []
    level.reserveCapacity(count)
    scale.reserveCapacity(count)
    var state = random.integer(0...(states - 1))
    var left = random.wait(mean: dwell[state])
    var drift = 0.0
    for _ in 0..<count {
      if left == 0 {
        state = (state + random.integer(1...(states - 1))) % states
        left = isSteady ? max(1, Int(dwell[state])) : random.wait(mean: dwell[state])
      }
      left -= 1
      drift += slopes[state]
      level.append(levels[state] + drift)
      scale.append(scales[state])
    }
  }
}

/// Single jumps of the level: for good, for a time, dying out or sliding in.
enum JumpLaw {
  static func path(count: Int, _ random: inout SplitMix64) -> [Double] {
    let span = Double(count)
    let pause = random.logUniform(span / 8, 2 * span)
    let isTemporary = random.uniform(0, 0.7)
    let freedom = random.uniform(2, 8)
    var path = [Double](repeating: 0, count: count)
    var start = random.integer(0...(count - 1))
    while start < count {
      let size = max(-8, min(8, random.studentT(freedom: freedom)))
      let life = random.logUniform(1, span / 2)
      switch (random.chance(isTemporary), random.chance(0.5)) {
      case (true, true):
        for t in start..<min(count, start + max(1, Int(life))) { path[t] += size }
      case (true, false):
        for t in start..<count { path[t] += size * exp(-Double(t - start) / life) }
      case (false, let slides):
        let slide = slides ? min(life, span / 10) : 1
        for t in start..<count { path[t] += size * min(1, Double(t - start + 1) / slide) }
      }
      start += random.wait(mean: pause)
    }
    return path
  }
}

/// What gathers and is released: renewal cycles of a random rate, height and end; of the order of 1.
enum RenewalLaw {
  static func path(count: Int, _ random: inout SplitMix64) -> [Double] {
    let mean = random.logUniform(3, Double(count))
    let rateSpread = random.chance(0.3) ? 0 : random.logUniform(0.02, 0.8)
    let endSpread = random.chance(0.3) ? 0 : random.logUniform(0.02, 1)
    let lumpiness = random.chance(0.5) ? 0 : random.logUniform(0.2, 4)
    let leftover = random.uniform(0, 0.6)
    let endsByHeight = random.chance(0.5)
    let bend = random.chance(0.3) ? random.logUniform(0.3, 3) : 1
    let creep = random.chance(0.3) ? random.normal() / Double(count) : 0
    let sign = random.chance(0.75) ? 1.0 : -1
    var height = random.uniform()
    var age = height * mean
    var rate = exp(rateSpread * random.normal()) / mean
    var end = exp(endSpread * random.normal())
    return (0..<count).map { t in
      let isOver = endsByHeight ? height >= end : age >= end * mean
      if isOver {
        height *= leftover * random.uniform()
        age = 0
        rate = exp(rateSpread * random.normal()) / mean
        end = max(0.1, exp(endSpread * random.normal()))
      } else {
        height += rate * (lumpiness > 0 ? random.gamma(shape: 1 / lumpiness) * lumpiness : 1)
        age += 1
      }
      return sign * 2 * (bend == 1 ? height : pow(height, bend)) + creep * Double(t)
    }
  }
}
