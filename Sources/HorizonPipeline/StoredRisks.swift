package import Foundation
import HorizonContest
package import HorizonCore
import HorizonLedger
package import HorizonRisk
package import HorizonStore

/// What the risks of a finished run's series depend on, read back from its tables and the master: with it any of them can be
/// assessed again, as they are or under other conditions.
package struct StoredRisks: Sendable {
  package let settings: RiskSettings
  package let bank: RankPathBank
  /// Live series with a ceiling, in the order of the forecasts.
  package let inputs: [RiskInput]
}

/// What a decision says of a series' futures besides its forecast.
package struct StoredShape: Sendable {
  package var persistence: Float
  package var tail: TailShape
  package var champion: String
  package var isLive: Bool

  package init(persistence: Float, tail: TailShape, champion: String, isLive: Bool) {
    self.persistence = persistence
    self.tail = tail
    self.champion = champion
    self.isLive = isLive
  }
}

extension StoredRisks {
  /// Newest readings that date what has been breached for a year.
  static let readings = 400

  /// Streams the forecasts of a run and the master once, side by side.
  ///
  /// A series of which the master has no reading any more is left out.
  ///
  /// - Parameters:
  ///   - shapes: By series; one that is absent is left out.
  package init(of run: URL, manifest: RunManifest, in workspace: Workspace, shapes: [SeriesName: StoredShape]) throws {
    settings = try manifest.settings.risk()
    let fleet = try Fleet(of: manifest, in: workspace)
    bank = RankPathBank(seed: manifest.settings.seed, horizon: manifest.horizon, step: fleet.step)
    let places = Dictionary(uniqueKeysWithValues: fleet.manifest.resources.enumerated().map { ($1.name, $0) })
    func precedes(_ a: SeriesName, _ b: SeriesName) -> Bool {
      let (x, y) = (places[a.resource] ?? .max, places[b.resource] ?? .max)
      return x == y ? a.server.utf8.lexicographicallyPrecedes(b.server.utf8) : x < y
    }
    let reader = MasterReader(folder: fleet.master.path, manifest: fleet.manifest, asOf: fleet.asOf)
    let cursor = try ForecastCursor(run: run, step: fleet.step)
    var inputs: [RiskInput] = []
    while let tile = try reader.next() {
      let resource = fleet.manifest.resources[tile.resource]
      let rule = settings.rule(for: resource.name)
      for (s, server) in tile.servers.enumerated() {
        let name = SeriesName(server: server, resource: resource.name)
        while let next = cursor.next, precedes(next, name) { _ = try cursor.take() }
        guard cursor.next == name else { continue }
        let promise = try cursor.take()
        let capacity = resource.capacity(tile.capacity[s])
        guard let shape = shapes[name], shape.isLive, capacity > 0 else { continue }
        let row = tile.values[(s * tile.length)..<((s + 1) * tile.length)]
        inputs.append(
          RiskInput(
            promise, capacity: capacity, shape: shape,
            past: StoredPast(row, firstIndex: tile.firstIndex, step: fleet.step, asOf: fleet.asOf, capacity: capacity),
            step: fleet.step, asOf: fleet.asOf, rule: rule))
      }
    }
    self.inputs = inputs
  }
}

/// The readings of a series as far as its risk depends on them.
struct StoredPast {
  /// The newest up to the as-of, oldest first.
  let newest: ArraySlice<Float>
  let bounds: Bounds

  /// - Parameter values: From `firstIndex` on, NaN where missing.
  init(_ values: ArraySlice<Float>, firstIndex: Int, step: Step, asOf: Int, capacity: Double) {
    let known = values.prefix(asOf - firstIndex + 1)
    bounds = Bounds(history: History(values: known, firstIndex: firstIndex, step: step, seed: 0), ceiling: capacity)
    let missing = [Float](repeating: .nan, count: max(0, asOf - firstIndex + 1 - known.count))
    newest = (Array(known.suffix(StoredRisks.readings)) + missing).suffix(StoredRisks.readings)
  }
}

extension RiskInput {
  init(
    _ promise: Promise, capacity: Double, shape: StoredShape, past: StoredPast, step: Step, asOf: Int, rule: BreachRule
  ) {
    let horizon = promise.tiers.count
    let levels = Levels.count
    let quantiles = [Float](unsafeUninitializedCapacity: horizon * levels) { buffer, count in
      for lead in 0..<horizon {
        for q in 0..<levels { buffer[lead * levels + q] = promise.values[(q + 1) * horizon + lead] }
      }
      count = horizon * levels
    }
    self.init(
      series: promise.name, quantiles: quantiles[...], history: past.newest, capacity: capacity,
      floor: past.bounds.floor, bounded: past.bounds.ceiling != nil, persistence: shape.persistence,
      // A stand-in goes on as any model does.
      tail: promise.model == shape.champion ? shape.tail : .exponential, tiers: promise.tiers, step: step, asOf: asOf,
      rule: rule)
  }
}

extension MasterManifest.Resource {
  /// What 100 % is, in the unit of the readings; NaN when there is none.
  ///
  /// - Parameter known: Of the capacity column.
  func capacity(_ known: Double) -> Double {
    switch ceiling {
    case .capacity: known
    case .constant(let value): value
    case .none: .nan
    }
  }
}

extension Fleet {
  /// The master as a finished run saw it.
  package init(of manifest: RunManifest, in workspace: Workspace) throws {
    var settings = manifest.settings
    settings.asOf = manifest.asOf
    try self.init(workspace: workspace, settings: settings)
  }
}
