import Foundation

/// SplitMix64: a small seeded generator whose streams for different seeds are independent for our purposes.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  package var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state = state &+ 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Uniform in [0, 1), 53 bits.
  package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in [low, high).
  package mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

  /// Standard normal by the quantile function of a uniform value: one draw per value, so that streams stay aligned.
  package mutating func normal() -> Double { normalQuantile((Double(next() >> 12) + 0.5) * 0x1p-52) }

  /// Exponential with mean 1.
  package mutating func exponential() -> Double { -log(1 - uniform()) }
}
