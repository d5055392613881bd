import Foundation
package import HorizonContest
import HorizonCore
import HorizonStore

/// Pass (b): every model on every fold of every series; the digests are spilled to `spill`.
///
/// - Parameter kept: Where fold forecasts go when they are asked for.
package func contest(
  _ fleet: Fleet, settings: ContestSettings, seed: UInt64, spill: DigestSpill, kept: BacktestWriter?,
  series: Int, execution: Execution
) async throws {
  let reader = try fleet.tiles(seed: seed)
  let keeps = kept != nil
  try await mapInOrder(
    threads: execution.threads, window: execution.window, next: reader.next
  ) { tile -> ContestedTile in
    var rows = BacktestRows()
    let digests = HorizonContest.contest(
      tile.contest, settings: settings,
      keep: keeps ? { rows.append($0, tile: tile.contest, settings: settings) } : nil)
    var words: [UInt32] = []
    for digest in digests { digest.encode(into: &words) }
    return ContestedTile(words: words, count: digests.count, rows: keeps ? rows : nil)
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
