import Foundation
package import HorizonCore
import HorizonNumerics

/// Small seeded panels for tests, one series of each awkward kind.
package enum SyntheticPanel {
  /// Kinds of series that every model must survive.
  package enum Kind: String, CaseIterable, Sendable {
    case seasonal, trend, constant, zero, gappy, negative, huge, short, single, step, noise, startsLate, sawtooth
  }

  /// - Returns: One row for each kind, `length` columns, the last one at step index `cutoff`.
  package static func panel(
    kinds: [Kind] = Kind.allCases, length: Int = 200, cutoff: Int = 20_000, step: Step = .day, seed: UInt64 = 7
  ) -> Panel {
    var values: [Float] = []
    for kind in kinds { values += series(kind, length: length, seed: seed ^ stableHash(kind.rawValue)) }
    return Panel(
      step: step, firstIndex: cutoff - length + 1, length: length, values: values,
      seeds: kinds.map { stableHash($0.rawValue, seed: seed) })
  }

  package static func series(_ kind: Kind, length: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    let wave = { (t: Int) in 10 * sin(2 * Double.pi * Double(t) / 7) }
    return (0..<length).map { t in
      let noise = random.normal()
      let value: Double =
        switch kind {
        case .seasonal: 50 + wave(t) + noise
        case .trend: 20 + 0.1 * Double(t) + noise
        case .constant: 42
        case .zero: 0
        case .gappy: t % 5 == 2 || (60..<90).contains(t) ? .nan : 30 + wave(t) + noise
        case .negative: -40 + wave(t) + noise
        case .huge: 1e12 * (1 + 0.01 * noise)
        case .short: t < length - 9 ? .nan : 5 + noise
        case .single: t < length - 1 ? .nan : 5
        case .step: (t < length / 2 ? 20 : 60) + noise
        case .noise: 25 + 5 * noise
        case .sawtooth: 20 + 2.5 * Double((t + 13) % 20) + 0.3 * noise
        case .startsLate: t < length / 3 ? .nan : 15 + 0.05 * Double(t) + noise
        }
      return Float(value)
    }
  }
}
