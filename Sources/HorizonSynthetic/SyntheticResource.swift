import HorizonNumerics

/// The four things that every synthetic server can run out of, in the order in which they are written.
package enum SyntheticResource: String, Sendable, CaseIterable {
  case cpu, disk, memory, network

  /// Unit of value and capacity.
  package var unit: String {
    switch self {
    case .cpu: "cores"
    case .disk, .memory: "GB"
    case .network: "Mbps"
    }
  }

  /// Steps per unit on the grid that values, truth and noise are rounded to.
  var grid: Double {
    switch self {
    case .cpu: 1_000
    case .memory: 100
    case .disk, .network: 10
    }
  }

  /// How strongly a server's behaviour shows on the resource, relative to CPU.
  ///
  /// | | level | growth | seasons | noise | bursts | daily | AR(1) by day |
  /// | --- | --- | --- | --- | --- | --- | --- | --- |
  /// | cpu, network | moves with the work: full cycles and noise | | | | | | short memory |
  /// | memory | drifts: higher level, a hint of the cycles | | | | | | long memory |
  /// | disk | accumulates: growth without cycles | | | | | | long memory |
  var traits: ResourceTraits {
    switch self {
    case .cpu: ResourceTraits(level: 1, growth: 1, seasons: 1, noise: 1, bursts: 1, daily: 0.45, memory: 0.2...0.7)
    case .disk:
      ResourceTraits(level: 1.05, growth: 1.1, seasons: 0.02, noise: 0.05, bursts: 0.05, daily: 0, memory: 0.7...0.95)
    case .memory:
      ResourceTraits(level: 1.02, growth: 0.85, seasons: 0.15, noise: 0.2, bursts: 0.1, daily: 0.05, memory: 0.6...0.9)
    case .network:
      ResourceTraits(level: 0.75, growth: 1, seasons: 1.1, noise: 1.4, bursts: 1.3, daily: 0.55, memory: 0.1...0.6)
    }
  }

  /// Draws a capacity in `unit` for a machine with a number of cores.
  func capacity(cores: Double, random: inout SplitMix64) -> Double {
    func pick(_ values: [Double]) -> Double { values[Int(random.next() % UInt64(values.count))] }
    return switch self {
    case .cpu: cores
    case .disk: pick([50, 100, 200, 200, 500, 500, 1_000, 2_000, 4_000])
    case .memory: cores * pick([2, 4, 4, 8])
    case .network: pick([1_000, 1_000, 1_000, 10_000, 10_000, 25_000])
    }
  }
}

/// Factors on the ranges of `Traits`, the strength of the daily cycle, and the noise's correlation from day to day.
struct ResourceTraits: Sendable {
  let level: Double
  let growth: Double
  let seasons: Double
  let noise: Double
  let bursts: Double
  let daily: Double
  let memory: ClosedRange<Double>
}
