import Foundation
package import HorizonContest
import HorizonCore
import HorizonStore

/// Pass (b): every model on every fold of every series; the digests are spilled to `spill`, after those that it has.
///
/// - Parameter kept: Where fold forecasts go when they are asked for.
package func contest(
  _ fleet: Fleet, settings: ContestSettings, seed: UInt64, spill: DigestSpill, kept: BacktestWriter?,
  series: Int, execution: Execution
) async throws {
  let reader = try fleet.tiles(seed: seed)
  var passed = 0
  while passed < spill.count, let tile = try reader.next() { passed += tile.contest.names.count }
  guard passed == spill.count else {
    throw Failure(
      .unusableData, "The unfinished run does not fit the master.", remedy: "Start over without --resume.")
  }
  let keeps = kept != nil
  try await mapInOrder(
    threads: execution.threads, window: execution.window, next: reader.next
  ) { tile -> ContestedTile in
    var rows = BacktestRows()
    let digests = HorizonContest.contest(
      tile.contest, settings: settings,
      keep: keeps ? { rows.append($0, tile: tile.contest, settings: settings) } : nil)
    return ContestedTile(words: digests.words, count: digests.count, rows: keeps ? rows : nil)
  } consume: { tile in
    try spill.append(tile.words, count: tile.count)
    if let rows = tile.rows { try kept?.append(rows) }
    execution.progress.report("contest", Double(spill.count) / Double(max(1, series)))
  }
}

private struct ContestedTile: Sendable {
  let words: [UInt32]
  let count: Int
  let rows: BacktestRows?
}

extension [SeriesDigest] {
  /// End to end, as a spill takes them.
  package var words: [UInt32] {
    var words: [UInt32] = []
    for digest in self { digest.encode(into: &words) }
    return words
  }
}
