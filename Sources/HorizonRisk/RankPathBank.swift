import Foundation
package import HorizonCore
import HorizonNumerics

/// Seeded rank paths that every series of a run shares: 256 possible futures as ranks, before any forecast is known.
///
/// At each lead the 256 ranks 0...255 occur exactly once, rank *r* standing for the probability (*r* + 0.5) / 256; so pushed
/// through quantiles, the share of paths above each published level is right at every lead. Along a path the ranks follow a
/// Gaussian process, `sqrt(rho) * slow + sqrt(1 - rho) * fast`: one draw for all leads, because a trend that was taken too steep stays
/// too steep, and an AR(1) process with a correlation of 0.3 from one day to the next, whatever the step. `rho` is the share of the
/// forecast error that persists; a series may take another one at each lead.
package struct RankPathBank: Sendable {
  /// Number of paths; a rank fits one byte.
  package static let paths = 256
  /// The shares of persistent error for which paths are kept, ascending.
  package static let persistenceClasses: [Float] = [0, 0.25, 0.5, 0.75, 0.95, 1]

  package let horizon: Int
  /// [class][lead][path], with one more lead of zeros.
  private let ranks: [UInt8]

  /// - Parameters:
  ///   - horizon: The largest lead that a series of the run has.
  /// - Complexity: About 50 microseconds a lead; once per run.
  package init(seed: UInt64, horizon: Int, step: Step) {
    precondition(horizon >= 1, "rank paths need a lead")
    self.horizon = horizon
    var random = SplitMix64(seed: stableHash("rank paths", seed: seed ^ 0x51_0e))
    let slow = (0..<Self.paths).map { _ in random.normal() }
    let fast = Self.autoregression(perDay: 0.3, step: step, horizon: horizon, seed: seed ^ 0xfa_57)
    ranks = Self.persistenceClasses.flatMap { rho in
      Self.ranks(slow: slow, fast: fast, share: Double(rho), horizon: horizon)
    }
  }

  /// Position of the class nearest to a share of persistent error.
  package static func classIndex(persistence: Float) -> Int {
    persistenceClasses.indices.min {
      abs(persistenceClasses[$0] - persistence) < abs(persistenceClasses[$1] - persistence)
    }!
  }

  /// The rank of one path at one lead (1...`horizon`).
  package func rank(classIndex: Int, lead: Int, path: Int) -> Int {
    Int(ranks[row(classIndex: classIndex, lead: lead) * Self.paths + path])
  }

  /// Lends the rows; `row` says where which one is.
  func withRows<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    ranks.withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  /// The row of one class at a lead.
  @inline(__always)
  func row(classIndex: Int, lead: Int) -> Int { classIndex * (horizon + 1) + lead - 1 }

  /// A row of zeros.
  var emptyRow: Int { horizon }

  /// Stationary Gaussian AR(1) paths with unit variance, [lead][path].
  private static func autoregression(perDay: Double, step: Step, horizon: Int, seed: UInt64) -> [Double] {
    var random = SplitMix64(seed: stableHash("rank paths", seed: seed))
    let phi = pow(perDay, step.days)
    let innovation = (1 - phi * phi).squareRoot()
    var state = (0..<paths).map { _ in random.normal() }
    var out = [Double]()
    out.reserveCapacity(horizon * paths)
    for lead in 0..<horizon {
      if lead > 0 {
        for path in 0..<paths { state[path] = phi * state[path] + innovation * random.normal() }
      }
      out.append(contentsOf: state)
    }
    return out
  }

  private static func ranks(slow: [Double], fast: [Double], share: Double, horizon: Int) -> [UInt8] {
    let a = share.squareRoot()
    let b = (1 - share).squareRoot()
    var out = [UInt8](repeating: 0, count: (horizon + 1) * paths)
    var keys = [UInt64](repeating: 0, count: paths)
    for lead in 0..<horizon {
      let row = lead * paths
      for path in 0..<paths {
        keys[path] = sortKey(a * slow[path] + b * fast[row + path]) & ~0xff | UInt64(path)
      }
      keys.sort()
      for rank in 0..<paths { out[row + Int(keys[rank] & 0xff)] = UInt8(rank) }
    }
    return out
  }

  /// Bits that order as the number does.
  private static func sortKey(_ x: Double) -> UInt64 {
    let bits = x.bitPattern
    return bits >> 63 == 1 ? ~bits : bits | 1 << 63
  }
}
