import Foundation
import HorizonCore
import HorizonPipeline
import HorizonRisk
import HorizonStore

/// What a finished run says of each series.
struct PublishedRun {
  struct Forecast {
    /// Step index of the step before lead 1.
    var cutoff: Int
    /// [lead][level].
    var quantiles: [Float] = []
  }

  private(set) var forecasts: [SeriesName: Forecast] = [:]
  /// Of the lowest threshold.
  private(set) var risks: [SeriesName: RiskRow] = [:]
  /// Series about which the leaderboard has a reason.
  private(set) var explained: Set<SeriesName> = []

  init(readingFrom run: URL, step: Step, threshold: Double) throws {
    for row in try RiskFiles.read(from: run) where row.threshold == threshold { risks[row.series] = row }
    try PublishedRun.scan(run.appending(path: "forecasts.parquet"), Tables.forecasts) { names, batch, column in
      let (times, leads) = (batch.times(column("time")), batch.int32s(column("lead")))
      let levels = Levels.names.map { batch.floats(column($0)) }
      for row in 0..<batch.rowCount {
        let cutoff = step.index(ofMicroseconds: times[row]) - Int(leads[row])
        forecasts[names(row), default: Forecast(cutoff: cutoff)].quantiles += levels.map { $0[row] }
      }
    }
    try PublishedRun.scan(run.appending(path: "leaderboard.parquet"), Tables.leaderboard) { names, batch, column in
      for (row, reason) in batch.strings(column("reason")).enumerated() where reason != nil {
        explained.insert(names(row))
      }
    }
  }

  private static func scan(
    _ file: URL, _ schema: TableSchema, body: ((Int) -> SeriesName, TableBatch, (String) -> Int) -> Void
  ) throws {
    let reader = try TableReader(parquet: file.path, columns: schema.columns)
    func column(_ name: String) -> Int { schema.columns.firstIndex { $0.name == name }! }
    while let batch = try reader.next() {
      let (servers, resources) = (batch.codes(column("server")), batch.codes(column("resource")))
      let (serverNames, resourceNames) = (reader.keyNames(column("server")), reader.keyNames(column("resource")))
      body(
        { SeriesName(server: serverNames[Int(servers[$0])], resource: resourceNames[Int(resources[$0])]) }, batch,
        column)
    }
  }
}
