import Foundation
import HorizonCore

/// Conformal quantiles of the champions' standardised errors, pooled over series and anchors.
///
/// An error is (actual - median) / (spread of the model at that lead x the series' own factor). Errors of one model, error
/// group and lead form a pool; thin pools lean on wider ones. Counts are integers, so the order of series does not matter.
package struct CalibrationTable: Sendable {
  package let leads: DigestLeads
  /// `[model][group][lead][level]`.
  private var table: [Float]
  private let models: Int

  init(pools: ErrorPools) {
    leads = pools.leads
    models = pools.models
    table = pools.quantiles()
  }

  /// The stored levels' quantiles of the standardised error at a lead, between kept leads by interpolation, beyond the last one
  /// as there.
  package func quantiles(model: Int, group: ErrorGroup, lead: Int) -> [Float] {
    let at = leads.leads
    let upper = at.firstIndex { $0 >= lead } ?? at.count - 1
    let lower = max(0, at[upper] >= lead ? upper - 1 : upper)
    let share: Float =
      upper == lower || lead >= at[upper] ? 1 : max(0, Float(lead - at[lower]) / Float(at[upper] - at[lower]))
    let base = (model * ErrorGroup.count + group.index) * at.count
    return (0..<Levels.count).map { k in
      let a = table[(base + lower) * Levels.count + k]
      let b = table[(base + upper) * Levels.count + k]
      return a + share * (b - a)
    }
  }
}

/// Histograms of standardised errors on a grid that is fine near zero and coarse in the tails.
struct ErrorPools {
  let leads: DigestLeads
  let models: Int
  private var counts: [Int32]

  private static let bins = 600
  private static let reach = 6.0
  /// Errors of a wider pool that a narrower one must outweigh.
  private static let prior = 300.0

  init(leads: DigestLeads, models: Int) {
    self.leads = leads
    self.models = models
    counts = [Int32](
      repeating: 0, count: models * ErrorGroup.count * leads.leads.count * ErrorPools.bins)
  }

  mutating func add(_ error: Float, model: Int, group: ErrorGroup, lead: Int) {
    let place = (asinh(Double(error) * 4) / ErrorPools.reach + 1) / 2 * Double(ErrorPools.bins)
    let bin = min(ErrorPools.bins - 1, max(0, Int(place)))
    counts[offset(model, group.index, lead) + bin] += 1
  }

  private func offset(_ model: Int, _ group: Int, _ lead: Int) -> Int {
    ((model * ErrorGroup.count + group) * leads.leads.count + lead) * ErrorPools.bins
  }

  private static func edge(_ bin: Double) -> Double { sinh((2 * bin / Double(bins) - 1) * reach) / 4 }

  /// `[model][group][lead][level]`; each pool is widened by its neighbours in lead, then by the model's errors in all
  /// groups, then by all errors, and at last by a normal distribution.
  func quantiles() -> [Float] {
    let groups = ErrorGroup.count
    var normal = [Double](repeating: 0, count: ErrorPools.bins)
    var last = 0.0
    for bin in normal.indices {
      let next = 0.5 * erfc(-ErrorPools.edge(Double(bin + 1)) / 2.0.squareRoot())
      normal[bin] = next - last
      last = next
    }
    func pooled(_ own: [Double], onto wider: [Double]) -> [Double] {
      let total = own.reduce(0, +) + ErrorPools.prior
      return own.indices.map { (own[$0] + ErrorPools.prior * wider[$0]) / total }
    }
    func sum(_ models: Range<Int>, _ groups: Range<Int>, lead: Int) -> [Double] {
      var result = [Double](repeating: 0, count: ErrorPools.bins)
      for near in max(0, lead - 1)...min(leads.leads.count - 1, lead + 1) {
        for model in models {
          for group in groups {
            let at = offset(model, group, near)
            for bin in result.indices { result[bin] += Double(counts[at + bin]) }
          }
        }
      }
      return result
    }
    var table = [Float](repeating: 0, count: models * groups * leads.leads.count * Levels.count)
    for lead in leads.leads.indices {
      let all = pooled(sum(0..<models, 0..<groups, lead: lead), onto: normal)
      for model in 0..<models {
        let own = pooled(sum(model..<(model + 1), 0..<groups, lead: lead), onto: all)
        for group in 0..<groups {
          let pool = pooled(sum(model..<(model + 1), group..<(group + 1), lead: lead), onto: own)
          let at = ((model * groups + group) * leads.leads.count + lead) * Levels.count
          for (k, value) in ErrorPools.levels(of: pool).enumerated() { table[at + k] = value }
        }
      }
    }
    return table
  }

  private static func levels(of density: [Double]) -> [Float] {
    var result: [Float] = []
    var mass = 0.0
    var bin = 0
    for level in Levels.all {
      while bin < bins - 1 && mass + density[bin] < Double(level) {
        mass += density[bin]
        bin += 1
      }
      let share = density[bin] > 0 ? (Double(level) - mass) / density[bin] : 0
      result.append(Float(edge(Double(bin) + min(1, max(0, share)))))
    }
    return result
  }
}
