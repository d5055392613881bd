import Foundation
import HorizonCore
import HorizonLedger
import HorizonRisk
import HorizonStore

/// The forecasts of a finished run, series by series in the order of the file, which is that of the master.
final class ForecastCursor {
  private let reader: TableReader
  private let step: Step
  private var batch: TableBatch?
  private var row = 0
  private var ahead: Promise?

  private static let columns =
    ["server", "resource", "model", "tier"].map { Column($0, .key) } + [Column("time", .time)]
    + (["mean"] + Levels.names).map { Column($0, .float) }
  private static let firstValue = 5

  init(run: URL, step: Step) throws(StoreError) {
    reader = try TableReader(
      parquet: run.appending(path: "forecasts.parquet").path, columns: ForecastCursor.columns)
    self.step = step
    ahead = try read()
  }

  /// Name of the next series; nil at the end.
  var next: SeriesName? { ahead?.name }

  /// - Precondition: There is a next series.
  func take() throws(StoreError) -> Promise {
    let taken = ahead!
    ahead = try read()
    return taken
  }

  private func read() throws(StoreError) -> Promise? {
    var key: (server: Int32, resource: Int32)?
    var model: Int32 = 0
    var first: Int64 = 0
    var tiers: [TrustTier] = []
    var columns = [[Float]](repeating: [], count: Levels.count + 1)
    while true {
      if batch == nil || row == batch!.rowCount {
        batch = try reader.next()
        row = 0
      }
      guard let batch else { break }
      let (servers, resources) = (batch.codes(0), batch.codes(1))
      if key == nil {
        key = (servers[row], resources[row])
        model = batch.codes(2)[row]
        first = batch.times(4)[row]
      }
      var end = row
      while end < batch.rowCount, servers[end] == key!.server, resources[end] == key!.resource { end += 1 }
      if end == row { break }
      let names = reader.keyNames(3).map { TrustTier(rawValue: $0) ?? .low }
      let codes = batch.codes(3)
      for i in row..<end { tiers.append(names[Int(codes[i])]) }
      for c in columns.indices {
        columns[c].append(contentsOf: batch.floats(ForecastCursor.firstValue + c)[row..<end])
      }
      let isAtEnd = end < batch.rowCount
      row = end
      if isAtEnd { break }
    }
    guard let key else { return nil }
    return Promise(
      name: SeriesName(
        server: reader.keyNames(0)[Int(key.server)], resource: reader.keyNames(1)[Int(key.resource)]),
      model: reader.keyNames(2)[Int(model)], cutoff: step.index(ofMicroseconds: first) - 1, tiers: tiers,
      values: columns.flatMap { $0 })
  }
}

/// What a finished run said of each series' lowest threshold, by the hash of the series' name.
struct BreachPromises: Sendable {
  private var promises: [UInt64: BreachPromise?] = [:]

  init(run: URL) throws {
    let columns =
      [Column("server", .key), Column("resource", .key), Column("threshold", .double)]
      + ["p_breach_30d", "p_breach_60d", "p_breach_90d", "p_breach_180d"].map { Column($0, .float) }
      + [Column("days_to_breach_p50", .double)]
    let reader = try TableReader(parquet: run.appending(path: "risks.parquet").path, columns: columns)
    var lowest: [UInt64: Double] = [:]
    while let batch = try reader.next() {
      let (servers, resources) = (reader.keyNames(0), reader.keyNames(1))
      let (server, resource, threshold) = (batch.codes(0), batch.codes(1), batch.doubles(2))
      let probabilities = (3...6).map { batch.floats($0) }
      let days = batch.doubles(7)
      for i in 0..<batch.rowCount {
        let key = stableHash(
          SeriesName(server: servers[Int(server[i])], resource: resources[Int(resource[i])]).description)
        if let known = lowest[key], known <= threshold[i] { continue }
        lowest[key] = threshold[i]
        // Crossed already: there is nothing to be called.
        promises[key] = .some(
          days[i] <= 0
            ? nil
            : BreachPromise(
              threshold: threshold[i], probabilities: probabilities.map { $0[i].isNaN ? nil : $0[i] }))
      }
    }
  }

  subscript(_ name: SeriesName) -> BreachPromise? { promises[stableHash(name.description)] ?? nil }
}
