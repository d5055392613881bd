package import Foundation
package import HorizonCore
package import HorizonStore

/// The forecasts of the folds of one series beside what happened, where a backtest has kept them.
package struct FoldTable: Sendable {
  package struct Fold: Sendable {
    package let model: String
    /// Microseconds since the epoch, as is the time of lead 1.
    package let cutoff: Int64
    package fileprivate(set) var start: Int64
    package fileprivate(set) var mean: [Float] = []
    package fileprivate(set) var q10: [Float] = []
    package fileprivate(set) var q50: [Float] = []
    package fileprivate(set) var q90: [Float] = []
    /// NaN where there is no reading.
    package fileprivate(set) var actual: [Double] = []
  }

  /// Name of the backtest's folder; nil when none has kept its forecasts.
  package let backtest: String?
  /// By model and cutoff, in the order of the file.
  package let folds: [Fold]

  /// Reads the newest backtest that has kept them.
  ///
  /// - Parameter models: Only these; empty for all.
  package init(_ name: SeriesName, models: Set<String>, in workspace: Workspace) throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: workspace.backtests.path)) ?? []
    let kept = names.filter { name in
      !name.hasPrefix(".")
        && FileManager.default.fileExists(atPath: workspace.backtests.appending(path: "\(name)/backtest.parquet").path)
    }.sorted().last
    backtest = kept
    var folds: [Fold] = []
    if let kept {
      let columns = [
        Column("model", .key), Column("cutoff", .time), Column("time", .time), Column("mean", .float),
        Column("q10", .float), Column("q50", .float), Column("q90", .float), Column("actual", .double, nullable: true),
      ]
      try TableReader.rows(
        parquet: workspace.backtests.appending(path: "\(kept)/backtest.parquet").path, of: name, columns: columns
      ) { reader, batch, range in
        let modelNames = reader.keyNames(0)
        for i in range {
          let model = modelNames[Int(batch.codes(0)[i])]
          if !models.isEmpty && !models.contains(model) { continue }
          let cutoff = batch.times(1)[i]
          if folds.last.map({ $0.model != model || $0.cutoff != cutoff }) ?? true {
            folds.append(Fold(model: model, cutoff: cutoff, start: batch.times(2)[i]))
          }
          let last = folds.count - 1
          folds[last].mean.append(batch.floats(3)[i])
          folds[last].q10.append(batch.floats(4)[i])
          folds[last].q50.append(batch.floats(5)[i])
          folds[last].q90.append(batch.floats(6)[i])
          folds[last].actual.append(batch.doubles(7)[i])
        }
      }
    }
    self.folds = folds
  }
}

/// The rows of `leaderboard.parquet` of one series.
package struct LeaderboardTable: Sendable {
  package struct Row: Sendable {
    package let model: String
    /// Microseconds since the epoch.
    package let cutoff: Int64
    package let status: String
    package let reason: String?
    /// NaN where there is none.
    package let mase: Float
    package let wql: Float
    package let rmse: Float
    package let bias: Float
    package let coverage80: Float
    package let isChampion: Bool
  }

  package let rows: [Row]

  package init(_ name: SeriesName, in run: URL) throws {
    var rows: [Row] = []
    let columns = [
      Column("model", .key), Column("cutoff", .time), Column("status", .key), Column("reason", .key, nullable: true),
      Column("mase", .float, nullable: true), Column("wql", .float, nullable: true),
      Column("rmse", .float, nullable: true), Column("bias", .float, nullable: true),
      Column("coverage80", .float, nullable: true), Column("champion", .bool),
    ]
    try TableReader.rows(
      parquet: run.appending(path: "leaderboard.parquet").path, of: name, columns: columns
    ) { reader, batch, range in
      let (models, statuses, reasons) = (reader.keyNames(0), reader.keyNames(2), reader.keyNames(3))
      for i in range {
        let reason = batch.codes(3)[i]
        rows.append(
          Row(
            model: models[Int(batch.codes(0)[i])], cutoff: batch.times(1)[i], status: statuses[Int(batch.codes(2)[i])],
            reason: reason < 0 ? nil : reasons[Int(reason)], mase: batch.floats(4)[i], wql: batch.floats(5)[i],
            rmse: batch.floats(6)[i], bias: batch.floats(7)[i], coverage80: batch.floats(8)[i],
            isChampion: batch.bools(9)[i] == 1))
      }
    }
    self.rows = rows
  }
}
