package import Foundation
import HorizonContest
package import HorizonCore
import HorizonLedger
package import HorizonReport
package import HorizonRisk
package import HorizonStore

/// One series of a finished run as a chart shows it: readings, forecast, what happened to it, and the chance of a breach by lead.
///
/// In the unit of the readings. Nothing is fitted.
package struct SeriesDetail: Sendable {
  /// Up to the as-of.
  package let history: MasterSeries
  /// Time of lead 1, microseconds since the epoch.
  package let firstLead: Int64
  /// Who publishes: the champion, or the stand-in.
  package let model: String
  /// By lead.
  package let mean: [Float]
  /// By level, then lead.
  package let quantiles: [[Float]]
  package let tiers: [TrustTier]
  /// Level shifts and resizes, oldest first.
  package let marks: [ReportData.LevelMark]
  package let resizes: [MasterSeries.Resize]
  /// Points of utilization gained a month, where that can be told.
  package let growth: Double?
  /// The newest change of the last half year.
  package let jump: ReportData.LevelMark?
  /// By threshold, then lead, that the first breach lies at or before it; nil for a series that is never at risk.
  package let breachChances: [[Float]]?
}

/// The forecasts of a finished run, one series at a time.
package struct ForecastTable: Sendable {
  private let file: ParquetFile
  /// Number of the first row of each row group, and of the end.
  private let starts: [Int]
  private let horizon: Int
  private static let columns =
    ["server", "resource", "model", "tier"].map { Column($0, .key) } + [Column("time", .time)]
    + (["mean"] + Levels.names).map { Column($0, .float) }

  package init(of run: URL, horizon: Int) throws {
    file = try ParquetFile(run.appending(path: "forecasts.parquet").path)
    var starts = [0]
    for group in try file.rowGroups(column: "lead") { starts.append(starts.last! + group.rows) }
    self.starts = starts
    self.horizon = horizon
  }

  /// - Parameter place: Of the series among all series of the run, in the order of `decisions.parquet`.
  /// - Returns: Nil when it does not stand there.
  func series(_ name: SeriesName, place: Int) throws -> (
    model: String, first: Int64, tiers: [TrustTier], values: [Float]
  )? {
    let (from, to) = (place * horizon, (place + 1) * horizon)
    guard to <= starts.last! else { return nil }
    let groups = starts.indices.dropLast().filter { starts[$0] < to && from < starts[$0 + 1] }
    let reader = try TableReader(file, columns: ForecastTable.columns, rowGroups: groups, threads: 1)
    var model: String?
    var first: Int64 = 0
    var tiers: [TrustTier] = []
    var values = [[Float]](repeating: [], count: Levels.count + 1)
    var at = starts[groups[0]]
    while let batch = try reader.next() {
      defer { at += batch.rowCount }
      let rows = max(0, from - at)..<min(batch.rowCount, to - at)
      if rows.isEmpty { continue }
      let (servers, resources) = (reader.keyNames(0), reader.keyNames(1))
      let (models, names) = (reader.keyNames(2), reader.keyNames(3).map { TrustTier(rawValue: $0) ?? .low })
      for i in rows {
        guard servers[Int(batch.codes(0)[i])] == name.server, resources[Int(batch.codes(1)[i])] == name.resource else {
          return nil
        }
        if model == nil { (model, first) = (models[Int(batch.codes(2)[i])], batch.times(4)[i]) }
        tiers.append(names[Int(batch.codes(3)[i])])
      }
      for c in values.indices { values[c].append(contentsOf: batch.floats(5 + c)[rows]) }
    }
    guard let model, tiers.count == horizon else { return nil }
    return (model, first, tiers, values.flatMap { $0 })
  }
}

extension ForecastTable {
  /// Rows of some series as columns.
  package struct Rows: Sendable {
    /// As handed in.
    package fileprivate(set) var place: [Int32] = []
    package fileprivate(set) var lead: [Int32] = []
    /// Microseconds since the epoch.
    package fileprivate(set) var time: [Int64] = []
    /// Numbers of `models` and `tiers`.
    package fileprivate(set) var model: [Int32] = []
    package fileprivate(set) var models: [String] = []
    package fileprivate(set) var tier: [Int32] = []
    package fileprivate(set) var tiers: [String] = []
    /// The mean, then the quantiles by level.
    package fileprivate(set) var values = [[Float]](repeating: [], count: Levels.count + 1)
  }

  /// - Parameters:
  ///   - places: Ascending.
  ///   - leads: Both ends included.
  package func rows(places: [Int], leads: ClosedRange<Int>) throws -> Rows {
    var result = Rows()
    let groups = starts.indices.dropLast().filter { group in
      let first = places.partitioningIndex { ($0 + 1) * horizon > starts[group] }
      return first < places.count && places[first] * horizon < starts[group + 1]
    }
    if groups.isEmpty { return result }
    let reader = try TableReader(file, columns: ForecastTable.columns, rowGroups: groups)
    // Row groups that hold nothing are not read, so the row at hand follows from them.
    var open = groups[...]
    var (at, end) = (0, 0)
    while let batch = try reader.next() {
      var row = 0
      while row < batch.rowCount {
        if at == end {
          let group = open.removeFirst()
          (at, end) = (starts[group], starts[group + 1])
        }
        let count = min(batch.rowCount - row, end - at)
        var next = places.partitioningIndex { ($0 + 1) * horizon > at }
        while next < places.count, places[next] * horizon < at + count {
          let first = max(at, places[next] * horizon + leads.lowerBound - 1)
          let last = min(at + count, places[next] * horizon + leads.upperBound)
          if first < last {
            let range = (row + first - at)..<(row + last - at)
            let here = last - first
            result.place.append(contentsOf: repeatElement(Int32(places[next]), count: here))
            result.lead.append(contentsOf: (first..<last).lazy.map { [horizon] in Int32($0 % horizon + 1) })
            result.time.append(contentsOf: batch.times(4)[range])
            result.model.append(contentsOf: batch.codes(2)[range])
            result.tier.append(contentsOf: batch.codes(3)[range])
            for c in result.values.indices { result.values[c].append(contentsOf: batch.floats(5 + c)[range]) }
          }
          next += 1
        }
        row += count
        at += count
      }
    }
    result.models = reader.keyNames(2)
    result.tiers = reader.keyNames(3)
    return result
  }
}

extension Array {
  /// The first position whose element, and all behind it, fulfil a predicate.
  fileprivate func partitioningIndex(_ isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension SeriesDetail {
  /// - Parameters:
  ///   - place: As for `ForecastTable`.
  ///   - shape: As decided.
  ///   - bank: Of the run.
  /// - Throws: `.missingInput` when the tables do not have the series where it should stand.
  package init(
    _ name: SeriesName, place: Int, shape: StoredShape, forecasts: ForecastTable, manifest: RunManifest, fleet: Fleet,
    settings: RiskSettings, bank: RankPathBank
  ) throws {
    guard let found = try forecasts.series(name, place: place) else {
      throw Failure(
        .missingInput, "The forecast of \(name) is not where it should stand in the run's forecasts.parquet.",
        remedy: "Make a new run with 'horizonscale forecast'.")
    }
    let step = fleet.step
    let horizon = found.tiers.count
    model = found.model
    firstLead = found.first
    tiers = found.tiers
    mean = Array(found.values[..<horizon])
    quantiles = (1...Levels.count).map { Array(found.values[($0 * horizon)..<(($0 + 1) * horizon)]) }
    history = try fleet.index.read([name], asOf: fleet.asOf)[name] ?? MasterSeries()
    resizes = history.resizes(step: step)
    let resource = fleet.manifest.resources.first { $0.name == name.resource }
    guard let first = history.times.first, let resource else {
      (marks, growth, jump, breachChances) = ([], nil, nil, nil)
      return
    }
    let capacity = resource.capacity(history.capacity.last { !$0.isNaN } ?? .nan)
    let past = SeriesPast(history, step: step, asOf: fleet.asOf)
    marks = past.marks
    growth = past.growth(capacity: capacity)
    jump = past.recentJump
    guard shape.isLive, capacity > 0 else {
      breachChances = nil
      return
    }
    let firstIndex = step.index(ofMicroseconds: first)
    var values = [Float](repeating: .nan, count: fleet.asOf - firstIndex + 1)
    for (time, value) in zip(history.times, history.values) {
      values[step.index(ofMicroseconds: time) - firstIndex] = Float(value)
    }
    let input = RiskInput(
      Promise(name: name, model: found.model, cutoff: fleet.asOf, tiers: found.tiers, values: found.values),
      capacity: capacity, shape: shape,
      past: StoredPast(values[...], firstIndex: firstIndex, step: step, asOf: fleet.asOf, capacity: capacity),
      step: step, asOf: fleet.asOf, rule: settings.rule(for: name.resource))
    breachChances = try? input.breachChances(settings: settings, bank: bank)
  }
}
