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

  /// - Parameter quantiles: `[lead][level]`.
  mutating func append(_ published: PublishedSeries, quantiles: [Float], step: Step) {
    let horizon = published.mean.count
    series += 1
    server.append(published.name.server, count: horizon)
    resource.append(published.name.resource, count: horizon)
    model.append(published.model, count: horizon)
    for l in 1...horizon {
      time.append(step.microseconds(of: published.cutoff + l))
      lead.append(Int32(l))
      tier.append(published.tiers[l - 1].rawValue)
    }
    mean += published.mean
    for q in 0..<Levels.count {
      for l in 0..<horizon { self.quantiles[q].append(quantiles[l * Levels.count + q]) }
    }
  }

  var count: Int { time.count }

  var columns: [ColumnValues] {
    [server.values, resource.values, .times(time), .int32s(lead), model.values, .floats(mean)]
      + quantiles.map { .floats($0) } + [tier.values]
  }

  /// The columns without the tier: the model's own forecasts have none.
  var rawColumns: [ColumnValues] { columns.dropLast() }
}
