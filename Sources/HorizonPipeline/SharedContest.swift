import HorizonContest
import HorizonCore

/// Pass (b) at several as-ofs in one go: each reads the master as a run of its own would, and a model is fitted once to what a series
/// was at a cutoff.
///
/// - Parameters:
///   - prepared: By as-of, ascending, of one master, without files of covariates.
///   - spills: One for each; they get the digests that a contest of its own would give, in the same order.
func contest(
  _ prepared: [PreparedRun], seed: UInt64, spills: [DigestSpill], execution: Execution
) async throws {
  // Whoever is known at some as-of is known at the newest.
  let leader = try prepared.last!.fleet.tiles(seed: seed)
  let followers = try prepared.dropLast().map { try TileFollower($0.fleet.tiles(seed: seed)) }
  let settings = prepared.map(\.contest)
  let series = max(1, prepared.last!.survey.seriesCount)
  try await mapInOrder(threads: execution.threads, window: execution.window) { () -> [ContestView]? in
    guard let tile = try leader.next()?.contest else { return nil }
    let places = Dictionary(uniqueKeysWithValues: tile.names.enumerated().map { ($1, $0) })
    let earlier = try followers.map { follower in try follower.take { places[$0] != nil } }
    return (earlier + [[tile]]).enumerated().flatMap { asOf, tiles in
      tiles.map { tile in
        ContestView(asOf: asOf, tile: tile, settings: settings[asOf], places: tile.names.map { places[$0]! })
      }
    }
  } transform: { views in
    zip(views, HorizonContest.contest(views)).map { view, digests in
      SpilledView(asOf: view.asOf, words: digests.words, count: digests.count)
    }
  } consume: { (views: [SpilledView]) in
    for view in views { try spills[view.asOf].append(view.words, count: view.count) }
    execution.progress.report("contest", Double(spills.last!.count) / Double(series))
  }
}

private struct SpilledView: Sendable {
  let asOf: Int
  let words: [UInt32]
  let count: Int
}

/// The tiles of one as-of beside those of a later one, which hold the same series in the same order and others between.
private final class TileFollower {
  private let reader: TileReader
  private var tile: ContestTile?
  private var at = 0

  init(_ reader: TileReader) throws {
    self.reader = reader
    tile = try reader.next()?.contest
  }

  /// The next series as long as they are wanted, in pieces where tiles meet.
  func take(while isWanted: (SeriesName) -> Bool) throws -> [ContestTile] {
    var pieces: [ContestTile] = []
    while let tile {
      var end = at
      while end < tile.names.count, isWanted(tile.names[end]) { end += 1 }
      if end > at { pieces.append(tile.selecting(at..<end)) }
      at = end
      if end < tile.names.count { break }
      self.tile = try reader.next()?.contest
      at = 0
    }
    return pieces
  }
}
