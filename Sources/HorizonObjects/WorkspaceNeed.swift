/// What a command does with a workspace, which decides what of it is fetched and whether it is locked.
package enum WorkspaceNeed: Sendable, Hashable {
  /// Nothing but its settings.
  case settings
  /// The list of the latest run.
  case risks
  case report
  /// One series of a run, nil for the latest.
  case explanation(run: String?)
  case ledger
  case everything
  case serving
  /// Fills the master; a new one replaces it, unless rows are appended.
  case ingest(appends: Bool)
  /// Fills the master and makes a run.
  case run(appends: Bool)
  /// Makes a run or a backtest from the master.
  case forecast
  case replay
  case replayed

  package var isWriter: Bool {
    switch self {
    case .ingest, .run, .forecast, .replay: true
    default: false
    }
  }

  /// Whether a workspace that is not there yet is an empty one.
  var acceptsNothing: Bool { isWriter || self == .serving || self == .settings }

  /// Parts of a run that nothing but people, and `doctor`, look at later.
  private static let shown: Set<Substring> = [
    "report.html", "leaderboard.parquet", "timings.parquet", "risks.csv", "risks.json", "forecasts-raw.parquet",
  ]

  /// Whether a file has to be there.
  ///
  /// - Parameter runs: Names of the finished runs, the latest last.
  package func wants(_ path: String, runs: [String]) -> Bool {
    let parts = path.split(separator: "/")
    let isRun = parts[0] == "runs" && parts.count > 2
    let isManifest = isRun && parts[2] == "run.json"
    let isLatest = isRun && String(parts[1]) == runs.last
    let small = ["inventory.parquet", "quality.json"].contains(path)
    switch self {
    case .settings: return false
    case .risks: return isLatest && ["run.json", "risks.parquet"].contains(parts[2])
    case .report: return isLatest && ["run.json", "report.html"].contains(parts[2])
    case .explanation(let name):
      if !isRun { return small || parts[0] == "master" }
      guard !runs.isEmpty else { return isManifest }
      // With the run before, for what has moved.
      let at = name.flatMap { runs.firstIndex(of: $0) } ?? runs.count - 1
      let near = runs[max(0, at - 1)...max(0, at)]
      return isManifest || (near.contains(String(parts[1])) && parts[2] != "report.html")
    case .ledger: return isManifest || ["ledger", "master"].contains(parts[0])
    case .everything: return true
    case .serving:
      if !isRun { return small || ["master", "ledger"].contains(parts[0]) }
      return isManifest || runs.suffix(2).contains(String(parts[1]))
    case .ingest(let appends): return small || isManifest || (appends && parts[0] == "master")
    case .run(let appends): return needed(parts, small) || (appends && parts[0] == "master")
    case .forecast: return needed(parts, small) || parts[0] == "master"
    case .replay: return needed(parts, small) || ["master", "replay"].contains(parts[0])
    case .replayed: return parts[0] == "replay"
    }
  }

  /// What a new run reads of earlier ones.
  private func needed(_ parts: [Substring], _ small: Bool) -> Bool {
    small || ["ledger", ".folds"].contains(parts[0])
      || (parts[0] == "runs" && parts.count > 2 && !WorkspaceNeed.shown.contains(parts[2]))
  }
}
