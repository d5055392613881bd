import Foundation
import HorizonNumerics

/// How a course becomes readings: link, unit, floor, ceiling, rounding, gaps.
struct Readout {
  private(set) var values: [Float]
  private(set) var ceiling: Double?

  init(_ course: Course, _ random: inout SplitMix64) {
    var path = Readout.linked(course.values, &random)
    let hasFloor = random.chance(0.96)
    if hasFloor { for t in path.indices { path[t] = max(0, path[t]) } }
    if random.chance(0.04) { Readout.silence(&path, &random) }
    if random.chance(0.02) { Readout.hold(&path, &random) }

    // Only what is read first decides unit and ceiling: a size that the end of a series had a say in would give it away.
    let opening = path.prefix(20).map(abs)
    let typical = max(opening.reduce(0, +) / Double(opening.count), 1e-3)
    if random.chance(0.55) {
      var limit = typical * random.logUniform(1.05, 30)
      while path.count(where: { $0 > limit }) * 3 > path.count { limit *= 2 }
      for t in path.indices { path[t] = min(limit, path[t]) }
      ceiling = limit
    }
    var unit = random.logUniform(1e-4, 1e8) / typical
    if let limit = ceiling {
      let whole = random.pick([(0.5, 100.0), (0.1, 1), (0.4, limit * unit)])
      unit = whole / limit
      ceiling = whole
    }
    for t in path.indices { path[t] *= unit }

    Readout.round(&path, isCount: hasFloor && random.chance(0.06), typical: typical * unit, &random)
    if let ceiling { for t in path.indices { path[t] = min(ceiling, path[t]) } }
    values = path.map { Float($0) }
    if let ceiling {
      // Rounding to single precision must not lift a reading above the ceiling.
      let limit = Float(ceiling).nextDown
      for t in values.indices where Double(values[t]) > ceiling { values[t] = limit }
    }
    if random.chance(0.18) { leaveOut(&random) }
  }

  private static func linked(_ course: [Double], _ random: inout SplitMix64) -> [Double] {
    switch random.uniform() {
    case ..<0.5:
      let base = random.logUniform(0.5, 60)
      return course.map { base + $0 }
    case ..<0.72:
      let size = random.logUniform(0.02, 1.3)
      return course.map { exp(max(-20, min(20, size * $0))) }
    case ..<0.85:
      let size = random.logUniform(0.3, 3)
      let base = random.uniform(-2, 4)
      return course.map { log1p(exp(min(500, base + size * $0))) }
    default:
      let size = random.logUniform(0.1, 3)
      let base = random.uniform(-4, 2)
      return course.map { 1 / (1 + exp(-(base + size * $0))) }
    }
  }

  /// Nothing most of the time: demand that comes now and then.
  private static func silence(_ path: inout [Double], _ random: inout SplitMix64) {
    let pause = random.logUniform(1.5, 30)
    let stay = random.chance(0.5) ? 1 : random.logUniform(1, 30)
    var isOn = random.chance(0.5)
    var left = random.wait(mean: isOn ? stay : pause)
    for t in path.indices {
      if !isOn { path[t] = 0 }
      left -= 1
      if left == 0 {
        isOn.toggle()
        left = random.wait(mean: isOn ? stay : pause)
      }
    }
  }

  /// Readings that are renewed only every so often.
  private static func hold(_ path: inout [Double], _ random: inout SplitMix64) {
    let stride = random.integer(2...7)
    for t in path.indices where t % stride != 0 { path[t] = path[t - t % stride] }
  }

  private static func round(
    _ path: inout [Double], isCount: Bool, typical: Double, _ random: inout SplitMix64
  ) {
    if isCount {
      let size = typical / random.logUniform(0.2, 1_000)
      for t in path.indices { path[t] = size * random.poisson(mean: path[t] / size) }
    } else if random.chance(0.25) {
      let grain = typical * random.logUniform(1e-4, 0.2)
      for t in path.indices { path[t] = grain * (path[t] / grain).rounded() }
    }
  }

  /// Readings lost one by one and in stretches; the first and the last are never among them.
  private mutating func leaveOut(_ random: inout SplitMix64) {
    let single = random.chance(0.7) ? random.logUniform(0.002, 0.2) : 0
    let pause = random.chance(0.5) ? random.logUniform(20, 4 * Double(values.count)) : .infinity
    let stay = random.logUniform(2, max(3, Double(values.count) / 12))
    var next = pause.isFinite ? random.wait(mean: pause) : values.count
    var end = 0
    for t in values.indices.dropFirst().dropLast() {
      if t == next {
        end = t + random.wait(mean: stay)
        next = end + random.wait(mean: pause)
      }
      if t < end || random.chance(single) { values[t] = .nan }
    }
  }
}
