import Foundation
import HorizonCore
import HorizonReport
import HorizonRisk
import HorizonStore

/// What a run's risks look like beside those of the run before it.
struct Comparison: Sendable {
  /// Names it, as `run.json` does.
  let record: RunManifest.Compared
  let changes: RiskChanges
  private let before: MoveReasons.Side
  /// Why dates moved, by series.
  private(set) var reasons: [SeriesName: String] = [:]
  private let names: [Double: String]

  /// Entries of a list that the page holds, at most.
  static let mostListed = 20

  /// - Returns: Nil when nothing is to be read of earlier runs, or there is none that can be read.
  init?(of risks: [RiskRow], _ manifest: RunManifest, _ fleet: Fleet, in workspace: Workspace) throws {
    guard manifest.settings.fresh != true, let before = workspace.runBefore(asOf: fleet.asOfName) else { return nil }
    self.init(of: risks, manifest, fleet, with: before.url) { try? RiskFiles.read(from: $0) }
  }

  /// - Parameters:
  ///   - before: Folder of the earlier run.
  ///   - rowsBefore: Reads its rows; nil where they cannot be read.
  init?(
    of risks: [RiskRow], _ manifest: RunManifest, _ fleet: Fleet, with before: URL,
    rowsBefore: (URL) -> [RiskRow]?
  ) {
    // A run of another version or step says nothing that could be compared, and is no reason to lose this one.
    guard let earlier = try? RunManifest(readingFrom: before), earlier.step == manifest.step,
      let time = ISOTime.parse(earlier.asOf), let rows = rowsBefore(before)
    else { return nil }
    func snapshot(_ rows: [RiskRow], _ manifest: RunManifest, _ microseconds: Int64) -> RiskSnapshot {
      RiskSnapshot(
        rows: rows, asOf: Double(microseconds) / 86_400_000_000, horizonDays: Double(manifest.horizon) * fleet.step.days
      )
    }
    changes = RiskChanges(
      from: snapshot(rows, earlier, time.microseconds), to: snapshot(risks, manifest, fleet.asOfTime))
    self.before = (before, earlier, rows)
    let thresholds = earlier.settings.thresholds + manifest.settings.thresholds
    names = Dictionary(thresholds.map { ($0.percent, $0.name) }, uniquingKeysWith: { $1 })
    record = RunManifest.Compared(
      run: before.lastPathComponent, digest: earlier.digest, newRisks: changes.appeared.count,
      goneRisks: changes.gone.count, movedDates: changes.moved.count)
  }

  /// Finds out why the listed dates moved; what cannot be told stays without a reason.
  ///
  /// - Parameter run: Folder of the run that is being made, with its tables.
  mutating func tellReasons(
    _ run: URL, _ manifest: RunManifest, risks: [RiskRow], _ fleet: Fleet, threads: Int
  ) async {
    let moves = MoveReasons(earlier: before, later: (run, manifest, risks), fleet: fleet)
    reasons = (try? await moves.told(changes.moved.prefix(Comparison.mostListed), threads: threads)) ?? [:]
  }

  /// As the page shows it.
  var shown: ReportData.Changes {
    ReportData.Changes(
      run: record.run, appeared: list(changes.appeared), gone: list(changes.gone), moved: list(changes.moved))
  }

  private func list(_ changes: [RiskChanges.Change]) -> ReportData.Changes.List {
    ReportData.Changes.List(
      count: changes.count,
      first: changes.prefix(Comparison.mostListed).map { change in
        ReportData.Changes.Change(
          server: change.series.server, resource: change.series.resource, threshold: names[change.threshold] ?? "",
          before: change.before.map(state), now: change.now.map(state),
          movedDays: change.movedDays.map { Int($0.rounded()) },
          reason: change.movedDays == nil ? nil : reasons[change.series])
      })
  }

  private func state(_ state: RiskChanges.State) -> ReportData.Changes.State {
    ReportData.Changes.State(
      severity: state.severity.description,
      date: state.day.map { CivilDate(daysSinceEpoch: Int($0.rounded(.down))).description },
      isCrossed: state.isCrossed)
  }
}
