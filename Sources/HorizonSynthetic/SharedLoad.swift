import Foundation
import HorizonCore
import HorizonNumerics

/// What all servers of an application feel at the same time: a slow common factor with sudden shocks, mean 0.
struct SharedLoad: Sendable {
  /// Share of the load by step, history and continuation.
  let path: [Double]

  private static let deviation = 0.12
  private static let memoryByDay = 0.95
  /// One innovation in 64 is a shock, this many times as large as the others.
  private static let shock = 6.0

  /// One for each application of the inventory.
  static func all(plan: FleetPlan, normal: NormalTable) -> [String: SharedLoad] {
    Dictionary(
      uniqueKeysWithValues: SyntheticServer.applicationNames.map { name in
        var random = SplitMix64(seed: stableHash("\(name)/shared load", seed: plan.seed))
        return (name, SharedLoad(plan: plan, normal: normal, random: &random))
      })
  }

  private init(plan: FleetPlan, normal: NormalTable, random: inout SplitMix64) {
    let memory = pow(SharedLoad.memoryByDay, plan.step.days)
    let shock = SharedLoad.shock
    let innovation = SharedLoad.deviation * ((1 - memory * memory) / (1 + (shock * shock - 1) / 64)).squareRoot()
    var state = SharedLoad.deviation * normal.value(random.next())
    path = (0..<plan.truthSteps).map { _ in
      let word = random.next()
      state = memory * state + innovation * (word & 63 == 0 ? shock : 1) * normal.value(word)
      return state
    }
  }

  /// Whether an application is one of those whose servers move together.
  static func isShared(_ application: String, share: Double, seed: UInt64) -> Bool {
    Double(stableHash("\(application)/is shared", seed: seed) >> 11) * 0x1p-53 < share
  }
}
