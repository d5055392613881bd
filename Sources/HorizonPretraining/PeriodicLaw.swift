import Foundation
import HorizonCore
import HorizonNumerics

/// One cycle of any shape, repeated: mean 0 and variance 1 over a cycle.
struct PeriodicLaw {
  /// In readings.
  let period: Double
  private let cycle: [Double]

  init(period: Double, _ random: inout SplitMix64) {
    self.period = period
    let isWhole = period == period.rounded() && period <= 400
    let count = isWhole ? Int(period) : 512
    let isTable = isWhole && count <= 31 && random.chance(0.4)
    cycle = PeriodicLaw.standardised(
      isTable ? PeriodicLaw.table(count, &random) : PeriodicLaw.waves(count, period: period, &random))
  }

  /// A day's shape whose size and level differ by weekday.
  init(day: Int, days: Int, _ random: inout SplitMix64) {
    period = Double(day * days)
    let shape = PeriodicLaw(period: Double(day), &random).cycle
    let sizes = PeriodicLaw.table(days, &random)
    let levels = PeriodicLaw.table(days, &random)
    let contrast = random.uniform(0, 1)
    let tilt = random.uniform(0, 1)
    cycle = PeriodicLaw.standardised(
      (0..<(day * days)).map { t in
        shape[t % day] * (1 + contrast * sizes[t / day]) + tilt * levels[t / day]
      })
  }

  /// The cycle at a number of cycles since the start; between the points of the cycle, a straight line.
  func path(count: Int, _ random: inout SplitMix64) -> [Double] {
    let points = Double(cycle.count)
    let stride = points / period
    var place = random.uniform() * points
    if stride == 1 { place = place.rounded(.down) }
    // Rarely the cycle slips: a clock is put right, a job is moved.
    let slip = random.chance(0.04) ? random.integer(0...count) : nil
    return (0..<count).map { t in
      if t == slip { place = random.uniform() * points }
      if stride == 1 { place = place.rounded(.down) }
      while place >= points { place -= points }
      defer { place += stride }
      let left = Int(place)
      let share = place - Double(left)
      return share == 0 ? cycle[left] : cycle[left] * (1 - share) + cycle[(left + 1) % cycle.count] * share
    }
  }

  /// A value of its own for every place in the cycle: smooth laws, heavy tails, or a few groups.
  private static func table(_ count: Int, _ random: inout SplitMix64) -> [Double] {
    switch random.integer(0...3) {
    case 0: return (0..<count).map { _ in random.normal() }
    case 1: return (0..<count).map { _ in random.studentT(freedom: 2.5) }
    case 2: return (0..<count).map { _ in random.exponential() * random.sign() }
    default:
      let groups = (0..<random.integer(2...3)).map { _ in random.normal() }
      let blur = random.uniform(0, 0.4)
      var group = 0
      return (0..<count).map { _ in
        if random.chance(0.4) { group = random.integer(0...(groups.count - 1)) }
        return groups[group] + blur * random.normal()
      }
    }
  }

  /// A draw from a periodic Gaussian process by its Fourier series, sometimes bent into peaks, dents or steps.
  private static func waves(_ count: Int, period: Double, _ random: inout SplitMix64) -> [Double] {
    let highest = max(1, min(random.integer(1...12), Int(period / 2)))
    let decay = random.uniform(0.2, 2.5)
    var wave = [Double](repeating: 0, count: count)
    for k in 1...highest {
      let size = pow(Double(k), -decay)
      let a = size * random.normal()
      let b = size * random.normal()
      let angle = 2 * Double.pi * Double(k) / Double(count)
      for t in wave.indices {
        wave[t] += a * cos(angle * Double(t)) + b * sin(angle * Double(t))
      }
    }
    wave = standardised(wave)
    let strength = random.logUniform(0.3, 3)
    let bend = random.uniform(-0.8, 1.5)
    let sign = random.sign()
    switch random.integer(0...7) {
    case 0, 1: return wave.map { sign * exp(strength * $0) }
    case 2: return wave.map { sign * max(0, $0 - bend) }
    case 3: return wave.map { tanh(3 * strength * ($0 - bend)) }
    default: return wave
    }
  }

  private static func standardised(_ values: [Double]) -> [Double] {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let spread = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    return spread > 1e-9 ? values.map { ($0 - mean) / spread } : values.map { _ in 0 }
  }
}

extension PeriodicLaw {
  /// All seasons of a series together, variance about 1; nil where it has none.
  static func seasons(step: Step, count: Int, richness: Double, _ random: inout SplitMix64) -> [Double]? {
    var sum = [Double](repeating: 0, count: count)
    var power = 0.0
    func add(_ law: PeriodicLaw, _ random: inout SplitMix64) {
      let weight = random.logUniform(0.1, 3)
      power += weight * weight
      let path = law.path(count: count, &random)
      let envelope = envelope(count: count, &random)
      for t in sum.indices { sum[t] += weight * path[t] * (envelope?[t] ?? 1) }
    }
    for (chance, period) in likely(step) where random.chance(chance * (0.3 + 1.4 * richness)) {
      add(PeriodicLaw(period: period, &random), &random)
    }
    let day = Int(86_400 / step.seconds)
    if day >= 2, random.chance(0.6 * richness) { add(PeriodicLaw(day: day, days: 7, &random), &random) }
    if random.chance(0.24 * richness) {
      let period = random.logUniform(2.5, 90)
      add(PeriodicLaw(period: random.chance(0.5) ? period.rounded() : period, &random), &random)
    }
    guard power > 0 else { return nil }
    return sum.map { $0 / power.squareRoot() }
  }

  /// Periods in readings, each with its chance at middling richness.
  private static func likely(_ step: Step) -> [(Double, Double)] {
    let readings = 1 / step.days
    let known: [(Double, Double)] = [
      (0.75, readings), (0.06, readings / 2), (0.65, 7 * readings), (0.05, 14 * readings), (0.12, 30.4375 * readings),
      (0.05, 91.31 * readings), (0.4, 365.25 * readings),
    ]
    return known.filter { $0.1 >= 2 }
  }

  /// How large a season is as time goes by: nil for always the same.
  private static func envelope(count: Int, _ random: inout SplitMix64) -> [Double]? {
    let span = Double(count)
    switch random.uniform() {
    case ..<0.65: return nil
    case ..<0.8:
      let last = random.logUniform(0.1, 4)
      return (0..<count).map { 1 + (last - 1) * Double($0) / span }
    case ..<0.92:
      let keep = exp(-1 / random.logUniform(20, 2 * span))
      let push = random.uniform(0.2, 0.8) * (1 - keep * keep).squareRoot()
      var level = random.normal() * 0.4
      return (0..<count).map { _ in
        level = keep * level + push * random.normal()
        return exp(level)
      }
    default:
      let turn = random.integer(0...count)
      let before = random.chance(0.5) ? 0 : random.logUniform(0.2, 3)
      return (0..<count).map { $0 < turn ? before : 1 }
    }
  }
}
