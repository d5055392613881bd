import Foundation
import HorizonNumerics

/// A marked point process with a shape for each event: alone, in clusters or by the clock; a typical event is of size 1.
struct BurstLaw {
  /// Events, how large each is; 0 where there is none.
  private let marks: [Double]

  init(count: Int, _ random: inout SplitMix64) {
    let pause = random.logUniform(5, 1.5 * Double(count))
    let spread = random.uniform(0, 1.2)
    let isPareto = random.chance(0.25)
    let sign = random.chance(0.85) ? 1.0 : -1
    func mark(_ random: inout SplitMix64) -> Double {
      sign * (isPareto ? min(30, pow(1 - random.uniform(), -1 / 1.8)) : exp(spread * random.normal()))
    }
    var marks = [Double](repeating: 0, count: count)
    switch random.integer(0...2) {
    case 0:
      var t = random.wait(mean: pause) - 1
      while t < count {
        marks[t] += mark(&random)
        t += random.wait(mean: pause)
      }
    case 1:
      // Self-exciting: each event makes others likelier for a while (Hawkes, 1971).
      let memory = exp(-1 / random.logUniform(1, 30))
      let offspring = random.uniform(0.3, 0.85)
      var excitement = 0.0
      for t in marks.indices {
        let events = random.poisson(mean: min(3, (1 - offspring) / pause + excitement))
        excitement *= memory
        if events > 0 {
          marks[t] = mark(&random)
          excitement += events * offspring * (1 - memory)
        }
      }
    default:
      let period = max(3, random.chance(0.6) ? pause.rounded() : pause)
      let jitter = random.chance(0.5) ? 0 : random.uniform(0, 0.3) * period
      let missed = random.chance(0.5) ? 0 : random.uniform(0, 0.4)
      var place = random.uniform() * period
      while place < Double(count) {
        let t = Int(place + jitter * random.normal())
        if marks.indices.contains(t), !random.chance(missed) { marks[t] += mark(&random) }
        place += period
      }
    }
    self.marks = marks
  }

  func path(_ random: inout SplitMix64) -> [Double] {
    let life = random.logUniform(1, max(2, min(60, Double(marks.count) / 6)))
    switch random.integer(0...3) {
    case 0: return marks
    case 1:
      let keep = exp(-1 / life)
      var height = 0.0
      return marks.map { mark in
        height = height * keep + mark
        return height
      }
    case 2:
      // Rises before it falls.
      let keep = exp(-1 / life)
      var fed = 0.0
      var height = 0.0
      return marks.map { mark in
        fed = fed * keep + mark
        height = height * keep + fed * (1 - keep) * 2.7
        return height
      }
    default:
      var path = [Double](repeating: 0, count: marks.count)
      for (start, mark) in marks.enumerated() where mark != 0 {
        for t in start..<min(path.count, start + random.wait(mean: life)) { path[t] = mark }
      }
      return path
    }
  }
}
