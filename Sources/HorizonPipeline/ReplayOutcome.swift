package import HorizonCore
import HorizonModels
import HorizonRisk
import HorizonStore

/// One series at one replayed as-of, where an alarm was raised or a breach came within the window.
package struct ReplayOutcome: Sendable, Hashable {
  /// Place of the series among all of the master.
  package var series: Int
  /// Position among the replayed as-ofs that count.
  package var month: Int
  /// Trust in the product's forecast there.
  package var tier: TrustTier
  /// Days from the as-of to the breach that each system announced; nil without an alarm.
  package var product: Double?
  package var line: Double?
  /// Step index of the first breach after the as-of, where it lies within the window.
  package var breach: Int?

  package init(series: Int, month: Int, tier: TrustTier, product: Double?, line: Double?, breach: Int?) {
    self.series = series
    self.month = month
    self.tier = tier
    self.product = product
    self.line = line
    self.breach = breach
  }
}

/// A replayed as-of whose window lies within the history as a whole.
struct CountedMonth: Sendable {
  /// Step indices of the as-of and of the last step of the window.
  let asOf: Int
  let end: Int
  /// Live series with a ceiling that had not crossed the lowest threshold.
  fileprivate let watched: [SeriesName: Watched]
  /// Their servers.
  let servers: Int

  fileprivate struct Watched: Sendable {
    let tier: TrustTier
    let product: Double?
  }

  /// - Returns: Nil where readings end before the window does.
  init?(_ month: ReplayedMonth, fleet: Fleet, settings: RunSettings) throws {
    let step = fleet.step
    asOf = step.index(ofMicroseconds: ISOTime.parse(month.manifest.asOf)!.microseconds)
    end = asOf + min(month.manifest.horizon, Int((settings.within / step.days + 1e-9).rounded(.down)))
    guard end <= min(fleet.asOf, fleet.manifest.lastIndex), end > asOf else { return nil }
    var watched: [SeriesName: Watched] = [:]
    for row in try RiskFiles.read(from: month.run.url)
    where row.threshold == settings.thresholds[0].percent && !row.isCrossed {
      let isAlarm = if case .breach = row.severity { true } else { false }
      watched[row.series] = Watched(tier: row.tier, product: isAlarm ? row.daysToBreachP50.map(Double.init) : nil)
    }
    self.watched = watched
    servers = Set(watched.keys.lazy.map(\.server)).count
  }
}

/// What came of the alarms of some replayed months.
struct ReplayOutcomes: Sendable {
  private(set) var rows: [ReplayOutcome] = []
  /// Series and months that nobody can judge, because readings stopped within the window.
  private(set) var unknown = 0

  /// One streamed read of the master.
  ///
  /// - Parameter first: Position of the first of the months among those that count.
  mutating func add(
    _ months: [CountedMonth], from first: Int, fleet: Fleet, settings: RunSettings, execution: Execution
  ) async throws {
    let reader = try fleet.masterTiles()
    let judge = try ReplayJudge(months: months, first: first, fleet: fleet, settings: settings)
    var found: [ReplayOutcome] = []
    var lost = 0
    var at = 0
    var done = 0
    try await mapInOrder(threads: execution.threads, window: 2 * execution.threads) { () -> (MasterTile, Int)? in
      guard let tile = try reader.next() else { return nil }
      defer { at += tile.servers.count }
      return (tile, at)
    } transform: { tile, place in
      (judge.outcomes(of: tile, from: place), tile.servers.count)
    } consume: { outcomes, count in
      found += outcomes.rows
      lost += outcomes.unknown
      done += count
      execution.progress.report("compare", Double(done) / Double(max(1, fleet.manifest.seriesCount)))
    }
    rows += found
    unknown += lost
  }
}

/// Holds alarms against readings, tile by tile.
private struct ReplayJudge: Sendable {
  let months: [CountedMonth]
  let first: Int
  let resources: [MasterManifest.Resource]
  let step: Step
  let staleAfter: Int
  let risk: RiskSettings
  let percent: Double
  let line: any ForecastModel

  /// Readings before the as-of that may count for a breach after it.
  private static let lookback = 400

  init(months: [CountedMonth], first: Int, fleet: Fleet, settings: RunSettings) throws {
    self.months = months
    self.first = first
    resources = fleet.manifest.resources
    step = fleet.step
    staleAfter = settings.staleAfter ?? step.staleAfter
    risk = try settings.risk()
    percent = settings.thresholds[0].percent
    let contestants = try Catalog.named(["line-30"])
    guard case .model(let model) = contestants.last(where: { $0.card.name == "line-30" }) else {
      preconditionFailure("the straight line is a model like any other")
    }
    line = model
  }

  func outcomes(of tile: MasterTile, from place: Int) -> (rows: [ReplayOutcome], unknown: Int) {
    let resource = resources[tile.resource]
    let rule = risk.rule(for: resource.name)
    // A tile ends with its newest reading, which may be long before others'.
    let length = max(tile.length, (months.last?.end ?? 0) - tile.firstIndex + 1)
    let panel = Panel(
      step: step, firstIndex: tile.firstIndex, length: length, values: tile.values(until: length),
      seeds: tile.servers.map { _ in 0 })
    var rows: [ReplayOutcome] = []
    var unknown = 0
    for (position, month) in months.enumerated() where month.asOf >= tile.firstIndex {
      let watched = tile.servers.indices.compactMap { s in
        month.watched[SeriesName(server: tile.servers[s], resource: resource.name)].map { (s, $0) }
      }
      if watched.isEmpty { continue }
      let lines = line.checkedForecast(
        of: panel.selecting(watched.map(\.0), cutoff: month.asOf), horizon: month.end - month.asOf)
      for (row, (s, promised)) in watched.enumerated() {
        let limit = Float(tile.ceiling(of: s, at: month.asOf, in: resource) * (percent / 100))
        let past = panel.cut(at: month.asOf).history(s).values.suffix(ReplayJudge.lookback)
        let came = (month.asOf + 1...month.end).map { panel.actual(s, at: $0) }
        let breach = lead(past, came, rule: rule, limit: limit)
        // Nobody can say that there was none where readings had stopped.
        if breach == nil && came.suffix(staleAfter + 1).allSatisfy(\.isNaN) {
          unknown += 1
          continue
        }
        let path = lines.mean[(row * lines.horizon)..<((row + 1) * lines.horizon)]
        let called = lines.refusals[row] == nil ? lead(past, Array(path), rule: rule, limit: limit) : nil
        if breach == nil && called == nil && promised.product == nil { continue }
        rows.append(
          ReplayOutcome(
            series: place + s, month: first + position, tier: promised.tier, product: promised.product,
            line: called.map { Double($0) * step.days }, breach: breach.map { month.asOf + $0 }))
      }
    }
    return (rows, unknown)
  }

  /// The first lead, from 1 on, at which the breach rule holds, after the readings up to the as-of.
  private func lead(_ past: ArraySlice<Float>, _ leads: [Float], rule: BreachRule, limit: Float) -> Int? {
    rule.firstBreach(in: (Array(past) + leads)[...], threshold: limit, from: past.count).map { $0 - past.count + 1 }
  }
}

extension MasterTile {
  /// The readings with missing ones appended until each row has `length`.
  fileprivate func values(until length: Int) -> [Float] {
    if length == self.length { return values }
    var padded = [Float](repeating: .nan, count: servers.count * length)
    for s in servers.indices {
      for t in 0..<self.length { padded[s * length + t] = values[s * self.length + t] }
    }
    return padded
  }
}
