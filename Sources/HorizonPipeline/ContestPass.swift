import Foundation
import HorizonContest
import HorizonCore
import HorizonStore

/// Pass (b): every model on every fold of every series; the digests are spilled to `spill`, after those that it has.
///
/// - Parameters:
///   - kept: Where fold forecasts go when they are asked for.
///   - cache: What an earlier contest has left, and where this one leaves what it has; nil where folds are not re-used.
func contest(
  _ fleet: Fleet, settings: ContestSettings, seed: UInt64, spill: DigestSpill, kept: BacktestWriter?,
  cache: (from: FoldCacheReader, to: FoldCacheWriter)?, series: Int, execution: Execution
) async throws {
  let reader = try fleet.tiles(seed: seed)
  var passed = 0
  while passed < spill.count, let tile = try reader.next() {
    passed += tile.contest.names.count
    if let cache { _ = cache.from.words(of: tile.contest.names) }
  }
  guard passed == spill.count else {
    throw Failure(
      .unusableData, "The unfinished run does not fit the master.", remedy: "Start over without --resume.")
  }
  let keeps = kept != nil
  try await mapInOrder(threads: execution.threads, window: execution.window) { () -> CachedTile? in
    try reader.next().map { CachedTile(tile: $0, finished: cache?.from.words(of: $0.contest.names)) }
  } transform: { cached -> ContestedTile in
    let tile = cached.tile
    if let finished = cached.finished {
      let result = HorizonContest.contest(
        tile.contest, settings: settings,
        from: finished.map { words in
          words?.withUnsafeBufferPointer { FinishedFolds(decoding: $0, at: 0) }
        })
      return ContestedTile(
        words: result.digests.words, count: result.digests.count,
        finished: result.finished.words(tile.contest.names))
    }
    var rows = BacktestRows()
    let digests = HorizonContest.contest(
      tile.contest, settings: settings,
      keep: keeps ? { rows.append($0, tile: tile.contest, settings: settings) } : nil)
    return ContestedTile(words: digests.words, count: digests.count, rows: keeps ? rows : nil)
  } consume: { tile in
    if let finished = tile.finished { try cache?.to.append(finished.words, count: finished.count) }
    try spill.append(tile.words, count: tile.count)
    if let rows = tile.rows { try kept?.append(rows) }
    execution.progress.report("contest", Double(spill.count) / Double(max(1, series)))
  }
}

/// A tile with what an earlier contest has left of its series.
private struct CachedTile: Sendable {
  let tile: FleetTile
  let finished: [[UInt32]?]?
}

private struct ContestedTile: Sendable {
  let words: [UInt32]
  let count: Int
  var rows: BacktestRows?
  var finished: (words: [UInt32], count: Int)?
}

extension [SeriesDigest] {
  /// End to end, as a spill takes them.
  package var words: [UInt32] {
    var words: [UInt32] = []
    for digest in self { digest.encode(into: &words) }
    return words
  }
}
