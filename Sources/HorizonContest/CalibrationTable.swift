import Foundation
package import HorizonCore

/// Conformal quantiles of the champions' standardised errors, pooled over series and anchors.
///
/// An error is a `StandardScore` over the series' own factor. Errors of one model, error group and lead form a pool; thin pools lean on wider ones. An error on a fold is that of the model which would have been
/// chosen without the fold: a champion's errors on the folds that chose it are too small.
package struct CalibrationTable: Sendable {
  package let leads: DigestLeads
  /// `[model][group][lead][level]`.
  private(set) var table: [Float]

  /// The stored levels' quantiles of the standardised error at a lead, between kept leads by interpolation, beyond the last one
  /// as there.
  package func quantiles(model: Int, group: ErrorGroup, lead: Int) -> [Float] {
    let at = leads.leads
    let upper = at.firstIndex { $0 >= lead } ?? at.count - 1
    let lower = max(0, at[upper] >= lead ? upper - 1 : upper)
    let share: Float =
      upper == lower || lead >= at[upper] ? 1 : max(0, Float(lead - at[lower]) / Float(at[upper] - at[lower]))
    return (0..<Levels.count).map { k in
      let a = quantile(k, model: model, group: group, at: lower)
      let b = quantile(k, model: model, group: group, at: upper)
      return a + share * (b - a)
    }
  }

  /// - Parameter position: Of the lead among the kept ones.
  func quantile(_ level: Int, model: Int, group: ErrorGroup, at position: Int) -> Float {
    table[((model * ErrorGroup.count + group.index) * leads.leads.count + position) * Levels.count + level]
  }

  /// The same table with each lead's quantiles multiplied by a factor.
  func widened(by factors: [Float]) -> CalibrationTable {
    var result = self
    for i in table.indices { result.table[i] *= factors[i / Levels.count % leads.leads.count] }
    return result
  }
}

/// Histograms of standardised errors on a grid that is fine near zero and coarse in the tails, for each origin.
///
/// Counts are integers, so the order of series does not matter.
struct ErrorPools {
  let leads: DigestLeads
  let models: Int
  let origins: Int
  /// `[origin][model][group][lead][bin]`.
  private var counts: [Int32]
  /// `[origin][model][group]`: whether any error was counted. Most pools of a small fleet are empty.
  private var isFilled: [Bool]

  private static let bins = 400
  private static let reach = 6.0
  /// Errors of a wider pool that a narrower one must outweigh: a pool holds three neighbouring leads, so these are some three hundred
  /// series-anchors. One anchor's errors at neighbouring leads are no news to each other.
  private static let prior = 1_000.0

  init(leads: DigestLeads, models: Int, origins: Int) {
    self.leads = leads
    self.models = models
    self.origins = origins
    counts = [Int32](
      repeating: 0, count: origins * models * ErrorGroup.count * leads.leads.count * ErrorPools.bins)
    isFilled = [Bool](repeating: false, count: origins * models * ErrorGroup.count)
  }

  /// The steady errors of one fold by bin, with their positions among the kept leads.
  static func binned(_ errors: FoldErrors) -> [(lead: Int, bin: Int)] {
    errors.standardised.prefix(errors.steady).compactMap { lead, z in
      if z.isNaN { return nil }
      let place = (asinh(Double(z) * 4) / reach + 1) / 2 * Double(bins)
      return (lead, min(bins - 1, max(0, Int(place))))
    }
  }

  mutating func add(_ errors: [(lead: Int, bin: Int)], model: Int, group: ErrorGroup, origin: Int) {
    guard !errors.isEmpty else { return }
    let pool = (origin * models + model) * ErrorGroup.count + group.index
    for (lead, bin) in errors { counts[(pool * leads.leads.count + lead) * ErrorPools.bins + bin] += 1 }
    isFilled[pool] = true
  }

  private static func edge(_ bin: Double) -> Double { sinh((2 * bin / Double(bins) - 1) * reach) / 4 }

  /// Each pool is widened by its neighbours in lead, then by the model's errors in all groups, then by all errors, and at last by
  /// a normal distribution.
  ///
  /// - Parameter left: An origin whose errors do not count; nil for none.
  func table(without left: Int? = nil) -> CalibrationTable {
    let groups = ErrorGroup.count
    let cells = leads.leads.count * ErrorPools.bins
    // `[model][group]` over the origins that count, and the sums over groups and over all.
    let pools = models * groups
    var filled = [Bool](repeating: false, count: pools)
    var own = [Int32](repeating: 0, count: pools * cells)
    var ofModel = [Int32](repeating: 0, count: models * cells)
    var all = [Int32](repeating: 0, count: cells)
    for origin in 0..<origins where origin != left {
      for pool in 0..<pools where isFilled[origin * pools + pool] {
        filled[pool] = true
        for i in 0..<cells { own[pool * cells + i] &+= counts[(origin * pools + pool) * cells + i] }
      }
    }
    for pool in 0..<pools where filled[pool] {
      let start = pool / groups * cells
      for i in 0..<cells { ofModel[start + i] &+= own[pool * cells + i] }
    }
    for model in 0..<models {
      for i in 0..<cells { all[i] &+= ofModel[model * cells + i] }
    }
    func pooled(_ counts: [Int32], _ start: Int, lead: Int, onto wider: [Double]) -> [Double]? {
      var result = [Double](repeating: 0, count: ErrorPools.bins)
      var total = 0.0
      for near in max(0, lead - 1)...min(leads.leads.count - 1, lead + 1) {
        let at = start + near * ErrorPools.bins
        for bin in result.indices {
          let count = Double(counts[at + bin])
          result[bin] += count
          total += count
        }
      }
      guard total > 0 else { return nil }
      for bin in result.indices {
        result[bin] = (result[bin] + ErrorPools.prior * wider[bin]) / (total + ErrorPools.prior)
      }
      return result
    }
    var table = [Float](repeating: 0, count: models * groups * leads.leads.count * Levels.count)
    for lead in leads.leads.indices {
      let whole = pooled(all, 0, lead: lead, onto: ErrorPools.normal) ?? ErrorPools.normal
      let wholeLevels = ErrorPools.levels(of: whole)
      for model in 0..<models {
        let wide = pooled(ofModel, model * cells, lead: lead, onto: whole)
        let wideLevels = wide.map(ErrorPools.levels) ?? wholeLevels
        for group in 0..<groups {
          let pool = model * groups + group
          let density = filled[pool] ? pooled(own, pool * cells, lead: lead, onto: wide ?? whole) : nil
          let at = (pool * leads.leads.count + lead) * Levels.count
          for (k, value) in (density.map(ErrorPools.levels) ?? wideLevels).enumerated() { table[at + k] = value }
        }
      }
    }
    return CalibrationTable(leads: leads, table: table)
  }

  private static let normal: [Double] = {
    var result: [Double] = []
    var last = 0.0
    for bin in 0..<bins {
      let next = 0.5 * erfc(-edge(Double(bin + 1)) / 2.0.squareRoot())
      result.append(next - last)
      last = next
    }
    return result
  }()

  /// The levels' quantiles beside the median: how far errors reach, not where their middle lies. A few origins share theirs, and
  /// what they have in common is mostly what happened to come.
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
    let median = result[Levels.median]
    return result.map { $0 - median }
  }
}
