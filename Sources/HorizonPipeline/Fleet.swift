package import Foundation
package import HorizonContest
package import HorizonCore
import HorizonRisk
import HorizonSources
package import HorizonStore

/// The master as one run sees it: nothing after the as-of exists.
package struct Fleet: Sendable {
  package let master: URL
  package let manifest: MasterManifest
  /// For single series.
  let index: MasterIndex
  /// Step index of the last time known.
  package private(set) var asOf: Int
  package let staleAfter: Int?
  /// Whether level shifts, resizes and bursts are taken out before models see the readings.
  let rebases: Bool
  let risk: RiskSettings
  /// Holidays and regressors that panels are to know.
  var covariates = CovariateFiles.none

  /// - Throws: When there is no master or no reading before the as-of.
  package init(workspace: Workspace, settings: RunSettings) throws {
    master = workspace.master
    manifest = try MasterManifest.read(from: master.path)
    index = MasterIndex(folder: master.path, manifest: manifest)
    if let text = settings.asOf {
      guard let time = ISOTime.parse(text) else {
        throw Failure(
          .badUsage, "--as-of '\(text)' is no time.", remedy: "Write it as 2025-12-31 or 2025-12-31T21:00Z.")
      }
      asOf = manifest.step.index(ofMicroseconds: time.microseconds)
      let newest = manifest.step.microseconds(of: manifest.lastIndex)
      // Later than that is a slip of the pen, and every step up to it would be held as a gap.
      guard manifest.step.microseconds(of: asOf) - newest <= 366 * 86_400_000_000 else {
        throw Failure(
          .unusableData, "--as-of \(text) lies more than a year after the newest reading.",
          remedy: "That one is of \(ISOTime.string(newest)).")
      }
      guard asOf >= manifest.firstIndex else {
        throw Failure(
          .unusableData, "There is no reading at or before \(text).",
          remedy: "The first one is of \(ISOTime.string(manifest.step.microseconds(of: manifest.firstIndex))).")
      }
    } else {
      asOf = manifest.lastIndex
    }
    staleAfter = settings.staleAfter
    rebases = settings.rebase ?? true
    risk = try settings.risk()
  }

  /// The master as of a step that was decided before.
  init(workspace: Workspace, settings: RunSettings, asOf: Int) throws {
    var settings = settings
    settings.asOf = nil
    try self.init(workspace: workspace, settings: settings)
    self.asOf = asOf
  }

  /// Takes in the groups of servers, and the holidays and regressors that the settings name.
  ///
  /// - Parameter groups: As `inventoryNumbers` gives them; empty where no model learns from the fleet.
  mutating func know(_ groups: [String: [Int]], settings: RunSettings, horizon: Int) throws {
    if settings.holidays != nil || settings.regressors != nil {
      covariates = try CovariateFiles(
        holidays: settings.holidays, regressors: settings.regressors, master: manifest,
        taken: settings.prophet?.seasonalities.map(\.name) ?? [])
      covariates.judge(asOf: asOf, lastIndex: asOf + horizon)
    }
    covariates.groups = groups
  }

  /// The same fleet with all readings of its master, where the as-of lies before the newest of them.
  var upToDate: Fleet {
    var fleet = self
    fleet.asOf = max(asOf, manifest.lastIndex)
    return fleet
  }

  package var step: Step { manifest.step }
  package var asOfTime: Int64 { step.microseconds(of: asOf) }
  package var asOfName: String { ISOTime.folderName(asOfTime, step: step) }

  /// All series with a reading at or before the as-of, in tiles, in the order of resource and server.
  package func tiles(seed: UInt64) throws -> TileReader { try TileReader(fleet: self, seed: seed) }
}

/// Series of one resource that are computed together.
package struct FleetTile: Sendable {
  package let contest: ContestTile
  let resource: MasterManifest.Resource
}

/// One streamed read of the master.
package final class TileReader {
  private let reader: MasterReader
  private let fleet: Fleet
  private let seed: UInt64

  init(fleet: Fleet, seed: UInt64) throws {
    self.fleet = fleet
    self.seed = seed
    reader = MasterReader(
      folder: fleet.master.path, manifest: fleet.manifest, asOf: fleet.asOf, tileSize: Execution.tileSize)
  }

  private func nextOfMaster() throws -> MasterTile? {
    do { return try reader.next() } catch let error as StoreError {
      throw error.failure(remedy: "Fill the master anew with 'horizonscale ingest INPUT'.")
    }
  }

  package func next() throws -> FleetTile? { try nextOfMaster().map { fleet.tile($0, seed: seed) } }
}

extension Fleet {
  /// Series of the master as the passes see them.
  func tile(_ tile: MasterTile, seed: UInt64) -> FleetTile {
    let resource = manifest.resources[tile.resource]
    let names = tile.servers.map { SeriesName(server: $0, resource: resource.name) }
    // The matrix of the master ends at the newest reading of the tile; a panel ends at the as-of.
    let length = asOf - tile.firstIndex + 1
    var values = tile.values
    if length != tile.length {
      values = [Float](repeating: .nan, count: names.count * length)
      let kept = min(length, tile.length)
      for s in names.indices {
        for t in 0..<kept { values[s * length + t] = tile.values[s * tile.length + t] }
      }
    }
    let ceilings = names.indices.map { s -> Double in
      switch resource.ceiling {
      case .capacity: tile.capacity[s]
      case .constant(let value): value
      case .none: .nan
      }
    }
    let panel = Panel(
      step: step, firstIndex: tile.firstIndex, length: length, values: values,
      seeds: names.map { stableHash($0.description, seed: seed) },
      capacityChanges: resource.readingsAreShares ? tile.capacityChanges : nil, ceilings: ceilings,
      covariates: covariates.covariates(of: names), rebasing: rebases ? .all : .nothing)
    return FleetTile(
      contest: ContestTile(
        names: names, panel: panel, lastReading: tile.lastReading,
        staleAfter: staleAfter ?? step.staleAfter,
        limits: ceilings.map { ceiling in
          ceiling > 0
            ? BreachLimit(
              value: Float(ceiling * risk.thresholds[0].percent / 100), rule: risk.rule(for: resource.name))
            : nil
        }),
      resource: resource)
  }
}
