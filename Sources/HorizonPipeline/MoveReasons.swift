import Foundation
import HorizonCore
import HorizonRisk
import HorizonStore

/// The main reasons of moves that a report lists: a run that is being made beside the one before it.
struct MoveReasons {
  /// Folder, manifest and risks of either run; the later one's folder has its tables but no `run.json` yet.
  typealias Side = (folder: URL, manifest: RunManifest, risks: [RiskRow])

  let earlier: Side
  let later: Side
  let fleet: Fleet

  /// In words, by series; a series of which nothing can be told is left out.
  func told(_ moved: some Sequence<RiskChanges.Change>, threads: Int) async throws -> [SeriesName: String] {
    let names = moved.map(\.series)
    let histories = try fleet.index.read(names, asOf: fleet.asOf)
    let before = try series(names, of: earlier, histories)
    let now = try series(names, of: later, histories)
    let runs = try RunPair(
      from: (earlier.folder, earlier.manifest), to: (later.folder, later.manifest), step: fleet.step,
      wanted: Set([before, now].flatMap { $0.values.flatMap(\.models) }))
    var result: [SeriesName: String] = [:]
    var rest = moved.map { ($0.series, $0.threshold) }[...]
    try await mapInOrder(threads: threads, window: threads) {
      rest.popFirst()
    } transform: { item -> Told in
      let (name, threshold) = item
      guard let before = before[name], let now = now[name],
        let move = try? DateMove(from: before, to: now, threshold: threshold, runs: runs)
      else { return Told(name: name, reason: nil) }
      return Told(name: name, reason: DateMoveWords(move: move, unit: now.unitOfCapacity).mainReason)
    } consume: { told in
      result[told.name] = told.reason
    }
    return result
  }

  private struct Told {
    let name: SeriesName
    let reason: String?
  }

  private func series(
    _ names: [SeriesName], of side: Side, _ histories: [SeriesName: MasterSeries]
  ) throws -> [SeriesName: MovingSeries] {
    let wanted = Set(names)
    let rows = Dictionary(grouping: side.risks.lazy.filter { wanted.contains($0.series) }, by: \.series)
    var result: [SeriesName: MovingSeries] = [:]
    for name in names {
      result[name] = try MovingSeries(
        name, in: side.folder, manifest: side.manifest, master: fleet.manifest, risks: rows[name] ?? [],
        history: histories[name] ?? MasterSeries(), groups: { fleet.covariates.groups })
    }
    return result
  }
}
