import Foundation
import HorizonCore
package import HorizonStore

extension RunFolder {
  /// Day of the as-of since 1970-01-01; nil for a folder that no run has named.
  fileprivate var day: Int? {
    ISOTime.parse(String(asOf.prefix(10))).map { CivilDate.daysSinceEpoch(ofMicroseconds: $0.microseconds) }
  }

  /// `2025-12`.
  fileprivate var month: Substring { asOf.prefix(7) }
}

/// The runs that have served their time: older than `days` before the newest as-of, and not the newest of their month.
///
/// - Parameters:
///   - runs: By as-of, then number.
///   - days: 0 keeps all.
package func expired(_ runs: [RunFolder], after days: Int) -> [RunFolder] {
  guard days > 0, let newest = runs.compactMap(\.day).max() else { return [] }
  return runs.enumerated().filter { i, run in
    guard let day = run.day, newest - day > days else { return false }
    return runs[(i + 1)...].contains { $0.month == run.month }
  }.map(\.element)
}

/// Removes the runs of a workspace that have served their time; their rows in the ledger stay.
///
/// A run without rows in the ledger stays as well: what it promised has not been written down.
///
/// - Returns: What was removed and what could not be, in sentences.
func removeExpiredRuns(in workspace: Workspace, keepingDays days: Int, made: URL) -> [String] {
  let files = FileManager.default
  let ledger = LedgerFolder(workspace.ledger)
  let latest = (try? files.destinationOfSymbolicLink(atPath: workspace.latest.path)).map {
    URL(fileURLWithPath: $0).lastPathComponent
  }
  var removed: [String] = []
  var lines: [String] = []
  for run in expired(workspace.finishedRuns(), after: days) {
    let name = run.url.lastPathComponent
    if name == made.lastPathComponent || name == latest || ledger.parts(of: run.asOf).isEmpty { continue }
    // Aside first: a reader never meets half a run, and what a killed process leaves there the next one removes.
    let aside = workspace.runs.appending(path: ".tmp-\(ProcessInfo.processInfo.processIdentifier)-\(name)")
    do {
      try files.moveItem(at: run.url, to: aside)
      try files.removeItem(at: aside)
      removed.append(name)
    } catch {
      lines.append(
        "\(run.url.path) is older than keep_runs_days and cannot be removed: \(error.localizedDescription)")
    }
  }
  if !removed.isEmpty {
    let list = removed.prefix(5).joined(separator: ", ") + (removed.count > 5 ? ", ..." : "")
    lines.append(
      "Removed \(removed.count) run\(removed.count == 1 ? "" : "s") made more than \(days) days before the newest (\(list)); the newest of each month stays, and the ledger remembers them all. Setting: keep_runs_days."
    )
  }
  return lines
}
