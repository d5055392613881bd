import HorizonContest
import HorizonCore
import HorizonStore

/// Rows of `backtest.parquet`: every fold forecast beside what happened.
struct BacktestRows: Sendable {
  private var server = KeyColumn()
  private var resource = KeyColumn()
  private var model = KeyColumn()
  private var cutoff: [Int64] = []
  private var time: [Int64] = []
  private var lead: [Int32] = []
  private var mean: [Float] = []
  private var quantiles = [[Float]](repeating: [], count: Levels.count)
  private var actual: [Double] = []

  mutating func append(_ kept: KeptForecast, tile: ContestTile, settings: ContestSettings) {
    let step = tile.panel.step
    let name = tile.names[kept.series]
    server.append(name.server, count: kept.leads)
    resource.append(name.resource, count: kept.leads)
    model.append(settings.contestants[kept.model].card.name, count: kept.leads)
    for l in 1...kept.leads {
      let at = kept.row * kept.block.horizon + l - 1
      cutoff.append(step.microseconds(of: kept.cutoff))
      time.append(step.microseconds(of: kept.cutoff + l))
      lead.append(Int32(l))
      mean.append(kept.block.mean[at])
      for q in 0..<Levels.count { quantiles[q].append(kept.block.quantiles[at * Levels.count + q]) }
      actual.append(Double(tile.panel.actual(kept.series, at: kept.cutoff + l)))
    }
  }

  var columns: [ColumnValues] {
    [server.values, resource.values, .times(cutoff), .times(time), .int32s(lead), model.values, .floats(mean)]
      + quantiles.map { .floats($0) } + [.doubles(actual)]
  }
}

/// Writes `backtest.parquet`, a row group a tile.
package final class BacktestWriter {
  private let writer: TableWriter

  package init(path: String) throws { writer = try TableWriter(parquet: path, schema: Tables.backtest) }
  func append(_ rows: BacktestRows) throws { try writer.append(rows.columns) }
  package func close() throws { try writer.close() }
}
