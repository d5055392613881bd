import Foundation
import HorizonContest
import HorizonCore
import HorizonStore

/// `calibration.parquet`: what a run calibrated with, kept so that a later run can tell what a change of it did.
struct KeptCalibration: Sendable {
  static let fileName = "calibration.parquet"

  private struct Pool: Hashable {
    let model: String
    let group: ErrorGroup
  }

  /// The leads that are kept, ascending.
  private var leads: [Int] = []
  /// By pool, `[lead][level]`.
  private var pools: [Pool: [Float]] = [:]

  /// Writes the quantiles of every model and error group at the leads of the digests.
  ///
  /// - Parameter names: Of the contestants.
  static func write(
    _ table: some CalibrationQuantiles, names: [String], leads: DigestLeads, to folder: URL
  ) throws {
    var model = KeyColumn()
    var numbers = [[Int32]](repeating: [], count: 3)
    var levels = [[Float]](repeating: [], count: Levels.count)
    for (position, name) in names.enumerated() {
      for group in ErrorGroup.all {
        for lead in leads.leads {
          model.append(name)
          for (k, number) in [group.volatility, group.shape, lead].enumerated() { numbers[k].append(Int32(number)) }
          for (k, z) in table.quantiles(model: position, group: group, lead: lead).enumerated() { levels[k].append(z) }
        }
      }
    }
    let writer = try TableWriter(parquet: folder.appending(path: fileName).path, schema: Tables.calibration)
    try writer.append([model.values] + numbers.map { .int32s($0) } + levels.map { .floats($0) })
    try writer.close()
  }

  /// - Throws: When the run has kept none, or it cannot be read.
  init(readingFrom run: URL) throws {
    let reader = try TableReader(
      parquet: run.appending(path: KeptCalibration.fileName).path, columns: Tables.calibration.columns)
    while let batch = try reader.next() {
      let names = reader.keyNames(0)
      let levels = (0..<Levels.count).map { batch.floats(4 + $0) }
      for i in 0..<batch.rowCount {
        let pool = Pool(
          model: names[Int(batch.codes(0)[i])],
          group: ErrorGroup(volatility: Int(batch.int32s(1)[i]), shape: Int(batch.int32s(2)[i])))
        let lead = Int(batch.int32s(3)[i])
        if lead > leads.last ?? 0 { leads.append(lead) }
        pools[pool, default: []] += levels.map { $0[i] }
      }
    }
    guard !leads.isEmpty, pools.values.allSatisfy({ $0.count == leads.count * Levels.count }) else {
      throw Failure(
        .unusableData, "\(reader.path) does not hold the same leads for every pool.",
        remedy: "The next run keeps its own: 'horizonscale forecast'.")
    }
  }

  /// Between kept leads by interpolation, beyond the last one as there; nil for a model that took no part.
  fileprivate func quantiles(_ model: String, _ group: ErrorGroup, lead: Int) -> [Float]? {
    guard let pool = pools[Pool(model: model, group: group)] else { return nil }
    let upper = leads.firstIndex { $0 >= lead } ?? leads.count - 1
    let lower = lead < leads[upper] ? max(0, upper - 1) : upper
    let share = lower == upper ? 0 : Float(lead - leads[lower]) / Float(leads[upper] - leads[lower])
    return (0..<Levels.count).map { k in
      let (a, b) = (pool[lower * Levels.count + k], pool[upper * Levels.count + k])
      return a + share * (b - a)
    }
  }
}

/// What a run kept, for contestants in another order; a model that took no part in it is calibrated by another run.
struct NamedCalibration: CalibrationQuantiles {
  let names: [String]
  let kept: KeptCalibration
  let other: KeptCalibration

  func quantiles(model: Int, group: ErrorGroup, lead: Int) -> [Float] {
    kept.quantiles(names[model], group, lead: lead) ?? other.quantiles(names[model], group, lead: lead)
      ?? Levels.normal
  }
}
