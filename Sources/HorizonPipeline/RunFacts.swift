package import Foundation
package import HorizonCore
import HorizonLedger
package import HorizonReport
package import HorizonRisk
package import HorizonStore

/// What became different between a finished run and the one that it was compared with when it was made.
package struct RunChanges: Sendable {
  private let comparison: Comparison
  private let folder: URL
  private let manifest: RunManifest
  private let risks: [RiskRow]
  private let fleet: Fleet

  /// Name of the earlier run's folder.
  package var run: String { comparison.record.run }
  package var changes: RiskChanges { comparison.changes }

  /// - Returns: Nil when it was compared with none, or that run is gone.
  package init?(of run: URL, manifest: RunManifest, in workspace: Workspace) throws {
    guard let name = manifest.compared?.run,
      let before = workspace.finishedRuns().first(where: { $0.url.lastPathComponent == name })?.url
    else { return nil }
    let fleet = try Fleet(of: manifest, in: workspace)
    // Only series that are at risk in either run can make a difference: a large fleet has many that are not.
    let names = try RiskFiles.seriesAtRisk(in: run).union(try RiskFiles.seriesAtRisk(in: before))
    let rows = try RiskFiles.read(from: run, of: names)
    guard
      let comparison = Comparison(
        of: rows, manifest, fleet, with: before, rowsBefore: { try? RiskFiles.read(from: $0, of: names) })
    else { return nil }
    self.comparison = comparison
    folder = run
    self.manifest = manifest
    risks = rows
    self.fleet = fleet
  }

  /// Why the first moved dates moved, by series, as the report of the run says it; publishes them again.
  package func reasons(threads: Int) async -> [SeriesName: String] {
    var told = comparison
    await told.tellReasons(folder, manifest, risks: risks, fleet, threads: threads)
    return told.reasons
  }
}

extension ReportData.Record {
  /// What forecasts made before a finished run promised and what happened, as its report shows it.
  package init(of manifest: RunManifest, in workspace: Workspace) throws {
    let fleet = try Fleet(of: manifest, in: workspace)
    let isEmpty = manifest.settings.fresh == true || LedgerFolder(workspace.ledger).origins().isEmpty
    let record = isEmpty ? TrackRecord() : try TrackRecord(reading: workspace, before: fleet.asOfTime)
    self.init(
      record, firstDue: HorizonPipeline.firstDue(asOf: fleet.asOfTime, horizon: manifest.horizon, step: fleet.step))
  }
}
