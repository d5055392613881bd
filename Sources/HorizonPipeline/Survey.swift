import HorizonContest
package import HorizonCore

/// What pass (a) finds out about the fleet.
package struct Survey: Sendable, Codable {
  package fileprivate(set) var seriesCount = 0
  package fileprivate(set) var liveCount = 0
  package fileprivate(set) var withoutCeiling = 0
  package fileprivate(set) var servers = 0
  /// Steps of the longest history.
  package fileprivate(set) var longestHistory = 0
  package fileprivate(set) var readings = 0
  /// Some of the series, for models that learn from the fleet; nil where none asks for it.
  package fileprivate(set) var sample: Panel?

  private enum CodingKeys: String, CodingKey {
    case seriesCount, liveCount, withoutCeiling, servers, longestHistory, readings
  }

  /// The sample, which is not kept any longer.
  mutating func takeSample() -> Panel? {
    defer { sample = nil }
    return sample
  }

  package var endedCount: Int { seriesCount - liveCount }

  /// Leads of the run: asked for, else 180 days of steps, at most as many as the history has.
  package func horizon(asked: Int?, step: Step) -> Int {
    max(1, min(asked ?? max(1, Int((180 / step.days).rounded())), longestHistory))
  }
}

/// Pass (a): one streamed read of the master.
///
/// - Parameters:
///   - seed: Of the sample's draw.
///   - sampling: Whether a sample is wanted.
package func survey(_ fleet: Fleet, seed: UInt64, sampling: Bool, execution: Execution) async throws -> Survey {
  let reader = try fleet.tiles(seed: seed)
  var survey = Survey()
  var sample = sampling ? FleetSample() : nil
  var servers: Set<UInt64> = []
  try await mapInOrder(
    threads: execution.threads, window: execution.window, next: reader.next, transform: SurveyedTile.init
  ) { tile in
    survey.seriesCount += tile.names.count
    survey.liveCount += tile.live
    survey.withoutCeiling += tile.withoutCeiling
    survey.longestHistory = max(survey.longestHistory, tile.longestHistory)
    survey.readings += tile.readings
    servers.formUnion(tile.names)
    sample?.add(tile.tile.contest)
    execution.progress.report("survey", Double(survey.seriesCount) / Double(max(1, fleet.manifest.seriesCount)))
  }
  survey.servers = servers.count
  survey.sample = sample?.panel
  guard survey.seriesCount > 0 else {
    throw Failure(.unusableData, "No series has a reading at or before the as-of.", remedy: "Choose a later --as-of.")
  }
  return survey
}

private struct SurveyedTile: Sendable {
  let tile: FleetTile
  /// Hashes of the servers' names.
  var names: [UInt64] = []
  var live = 0
  var withoutCeiling = 0
  var longestHistory = 0
  var readings = 0

  init(_ tile: FleetTile) {
    self.tile = tile
    for s in tile.contest.names.indices {
      let history = tile.contest.panel.cut(at: tile.contest.cutoff(s)).history(s)
      names.append(stableHash(tile.contest.names[s].server))
      if tile.contest.isLive(s) { live += 1 }
      if tile.contest.ceilings[s].isNaN { withoutCeiling += 1 }
      longestHistory = max(longestHistory, history.count)
      readings += history.readings
    }
  }
}
