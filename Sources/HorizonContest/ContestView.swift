import HorizonCore

/// Series as they were known at one as-of, among the same series at others.
package struct ContestView: Sendable {
  /// Position of the as-of; more than one view may be of the same, with other series.
  package let asOf: Int
  package let tile: ContestTile
  package let settings: ContestSettings
  /// Of each series of the tile the place among all, which is the same at every as-of.
  package let places: [Int]

  package init(asOf: Int, tile: ContestTile, settings: ContestSettings, places: [Int]) {
    self.asOf = asOf
    self.tile = tile
    self.settings = settings
    self.places = places
  }
}

extension ContestTile {
  /// Some of the series as a tile of their own.
  package func selecting(_ series: Range<Int>) -> ContestTile {
    if series == names.indices { return self }
    return ContestTile(
      names: Array(names[series]), panel: panel.selecting(Array(series), cutoff: panel.cutoff),
      lastReading: Array(lastReading[series]), staleAfter: staleAfter, limits: Array(limits[series]))
  }
}

/// Pass (b) at several as-ofs: a model is fitted once to what a series was at a cutoff, however many of them play that fold.
///
/// - Parameter views: Digests of each are those of a contest of its own.
/// - Returns: By view.
package func contest(_ views: [ContestView]) -> [[SeriesDigest]] {
  var boards = views.map { ContestBoard($0.tile, settings: $0.settings) }
  /// A fold of a run of a view.
  struct Turn {
    let view: Int
    let run: Int
    let fold: Int
  }
  var turns: [Int: [Turn]] = [:]
  for (view, board) in boards.enumerated() {
    for (run, foldRun) in board.runs.enumerated() {
      for (fold, cutoff) in foldRun.plan.cutoffs.enumerated() {
        turns[cutoff, default: []].append(Turn(view: view, run: run, fold: fold))
      }
    }
  }
  // The oldest cutoff first, which is the order in which each run wants its folds.
  for (cutoff, turns) in turns.sorted(by: { $0.key < $1.key }) {
    var field = FoldField()
    let rows = turns.map { turn in
      let run = boards[turn.view].runs[turn.run]
      return zip(boards[turn.view].members[turn.run], run.isBusy).map { series, isBusy in
        field.row(of: series, isBusy: isBusy, in: turn.view, views[turn.view])
      }
    }
    let forecasts = FoldForecasts(field.panel(views, cutoff: cutoff), isBusy: field.isBusy)
    for (turn, rows) in zip(turns, rows) { boards[turn.view].play(turn.run, fold: turn.fold, forecasts, rows: rows) }
  }
  return boards.map(\.finished)
}

/// The different series that play a fold at some as-of.
private struct FoldField {
  /// What tells series apart whose readings up to the cutoff are the same: which ceiling was known at the as-of.
  private struct Key: Hashable {
    let place: Int
    let ceiling: UInt64
  }

  private var rows: [Key: Int] = [:]
  /// By row, whether dear models play it at some as-of.
  private(set) var isBusy: [Bool] = []
  /// By row, where the series is found.
  private var sources: [(view: Int, series: Int)] = []

  /// - Parameter number: Of the view.
  mutating func row(of series: Int, isBusy: Bool, in number: Int, _ view: ContestView) -> Int {
    let key = Key(place: view.places[series], ceiling: view.tile.ceilings[series].bitPattern)
    if let row = rows[key] {
      if isBusy { self.isBusy[row] = true }
      return row
    }
    self.isBusy.append(isBusy)
    rows[key] = sources.count
    sources.append((number, series))
    return sources.count - 1
  }

  /// The readings of all rows up to the cutoff.
  func panel(_ views: [ContestView], cutoff: Int) -> Panel {
    var parts: [Panel] = []
    var start = 0
    while start < sources.count {
      var end = start
      while end < sources.count, sources[end].view == sources[start].view { end += 1 }
      parts.append(
        views[sources[start].view].tile.panel.selecting(sources[start..<end].map(\.series), cutoff: cutoff))
      start = end
    }
    return parts.count == 1 ? parts[0] : Panel(joining: parts)
  }
}
