import Foundation
import HorizonCore
import HorizonRisk
import HorizonStore

extension Explanation.Move {
  /// Why the date is another one than the run before said.
  ///
  /// - Returns: Nil where there is nothing that could have a date: the series has ended, or has no ceiling.
  init?(_ record: SeriesRecord, in workspace: Workspace) {
    guard !record.risks.isEmpty else { return nil }
    self.init()
    do {
      let (folder, manifest, earlier) = try record.before(in: workspace)
      run = earlier.run
      let later = MovingSeries(record)
      let runs = try RunPair(
        from: (folder, manifest), to: (record.folder, record.manifest), step: record.step,
        wanted: Set(earlier.models + later.models))
      var move = try DateMove(
        from: earlier, to: later, threshold: try tellingThreshold(earlier, later), runs: runs)
      if let compared = record.manifest.compared?.run, compared != earlier.run {
        move.notes.append("Run \(compared), the one before this, has been deleted: \(earlier.run) is an older one.")
      }
      fill(move, unit: later.unitOfCapacity)
    } catch let error as DateMove.Untold {
      note = error.message
    } catch {
      note = "Why the date moved cannot be told: \(error)"
    }
  }

  private mutating func fill(_ move: DateMove, unit: String?) {
    let told = DateMoveWords(move: move, unit: unit)
    let step = move.step
    let place = move.window?.place
    func chance(_ outlook: DateMove.Outlook) -> Double? { place.flatMap { outlook.chances[$0] }.map(Double.init) }
    func shown(_ outlook: DateMove.Outlook) -> Explanation.Outlook {
      Explanation.Outlook(
        date: outlook.index.map { ISOTime.string(step.microseconds(of: $0), full: step.seconds < 86_400) },
        isCrossed: outlook.isCrossed, chance: chance(outlook))
    }
    threshold = move.threshold
    before = shown(move.before)
    now = shown(move.now)
    movedDays = move.moved.map { Double($0) * step.days }
    withinDays = move.window?.days
    parts = move.parts.map { part in
      Explanation.MovePart(
        cause: part.cause.name,
        movedDays: part.after.index.flatMap { after in part.before.index.map { Double(after - $0) * step.days } },
        changedChance: chance(part.after).flatMap { after in chance(part.before).map { after - $0 } },
        outlook: shown(part.after), words: told.words(part))
    }
    words = told.sentences
  }
}

extension DateMove.Cause {
  fileprivate var name: String {
    switch self {
    case .restated: "restated"
    case .readings: "readings"
    case .shift: "level_shift"
    case .recognised: "level_shift_recognised"
    case .capacity: "capacity"
    case .champion: "champion"
    case .members: "members"
    case .training: "training"
    case .calibration: "calibration"
    case .settings: "settings"
    case .rest: "rest"
    }
  }
}

/// The lowest threshold whose breach has a date that can move: not one that was crossed in both runs, nor one without a date in
/// both while another has one.
private func tellingThreshold(_ earlier: MovingSeries, _ later: MovingSeries) throws -> Double {
  guard !earlier.risks.isEmpty else {
    throw DateMove.Untold(
      message: "Run \(earlier.run) had no date for it: the series had ended then, or no ceiling was known.")
  }
  let pairs = later.risks.compactMap { now in
    earlier.risks.first { $0.threshold == now.threshold }.map { (before: $0, now: now) }
  }
  guard !pairs.isEmpty else { throw DateMove.Untold(message: "Run \(earlier.run) had other thresholds.") }
  let open = pairs.filter { !($0.before.isCrossed && $0.now.isCrossed) }
  let dated = open.first { $0.before.daysToBreachP50 != nil || $0.now.daysToBreachP50 != nil }
  guard let chosen = dated ?? open.first else {
    throw DateMove.Untold(message: "Every limit was crossed at run \(earlier.run) already.")
  }
  return chosen.now.threshold
}

extension SeriesRecord {
  /// The same series in the finished run before this one.
  fileprivate func before(in workspace: Workspace) throws -> (URL, RunManifest, MovingSeries) {
    let runs = workspace.finishedRuns()
    guard let before = runs.prefix(while: { $0.url.lastPathComponent != run }).last else {
      throw DateMove.Untold(
        message: manifest.compared.map { "Run \($0.run), the one before this, has been deleted." }
          ?? "There is no earlier run.")
    }
    let name = before.url.lastPathComponent
    let earlier = try RunManifest(readingFrom: before.url)
    guard earlier.version == manifest.version else {
      throw DateMove.Untold(
        message: "Run \(name) was made by HorizonScale \(earlier.version), this one by \(manifest.version).")
    }
    guard earlier.step == manifest.step else {
      throw DateMove.Untold(message: "Run \(name) has steps of a \(earlier.step), this one of a \(manifest.step).")
    }
    let master = try MasterManifest.read(from: workspace.master.path)
    guard master.step.name == manifest.step else {
      throw DateMove.Untold(message: "The master has steps of a \(master.step.name) now, these runs had others.")
    }
    let series = try MovingSeries(
      self.name, in: before.url, manifest: earlier, master: master,
      risks: try RiskFiles.read(self.name, from: before.url), history: history,
      groups: { (try? inventoryNumbers(workspace)) ?? [:] })
    guard let series else { throw DateMove.Untold(message: "Run \(name) did not have this series.") }
    return (before.url, earlier, series)
  }
}
