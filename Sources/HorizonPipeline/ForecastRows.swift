import HorizonContest
import HorizonCore
import HorizonStore

/// Rows of `forecasts.parquet`, whole series at a time.
struct ForecastRows: Sendable {
  private var server = KeyColumn()
  private var resource = KeyColumn()
  private var model = KeyColumn()
  private var tier = KeyColumn()
  private var time: [Int64] = []
  private var lead: [Int32] = []
  private var mean: [Float] = []
  private var quantiles = [[Float]](repeating: [], count: Levels.count)
  private(set) var series = 0

  mutating func append(
    _ name: SeriesName, block: ForecastBlock, row: Int, cutoff: Int, step: Step, model: String, tiers: [TrustTier]
  ) {
    let horizon = block.horizon
    series += 1
    server.append(name.server, count: horizon)
    resource.append(name.resource, count: horizon)
    self.model.append(model, count: horizon)
    for l in 1...horizon {
      time.append(step.microseconds(of: cutoff + l))
      lead.append(Int32(l))
      tier.append(tiers[l - 1].rawValue)
    }
    mean += block.mean[(row * horizon)..<((row + 1) * horizon)]
    for q in 0..<Levels.count {
      for l in 0..<horizon { quantiles[q].append(block.quantiles[(row * horizon + l) * Levels.count + q]) }
    }
  }

  var columns: [ColumnValues] {
    [server.values, resource.values, .times(time), .int32s(lead), model.values, .floats(mean)]
      + quantiles.map { .floats($0) } + [tier.values]
  }

  /// The columns without the tier: the model's own forecasts have none.
  var rawColumns: [ColumnValues] { columns.dropLast() }
}
