import Foundation
import HorizonContest
package import HorizonCore
import HorizonModels
import HorizonNumerics
import HorizonRisk
import HorizonSources
package import HorizonStore

/// What the tables of a finished run, the master and `quality.json` hold of one series: what an explanation is built from.
package struct SeriesRecord: Sendable {
  let name: SeriesName
  /// Of the run.
  let folder: URL
  let manifest: RunManifest
  let step: Step
  /// Step index.
  let asOf: Int
  let resource: MasterManifest.Resource?
  let decision: DecisionRecord
  let risks: [RiskRow]
  let forecast: [ForecastRecord]
  /// In the order of the catalog as the run had it, each oldest fold first.
  let contest: [FoldRecord]
  let history: MasterSeries
  let quality: QualityRecord
  /// False when the master was filled anew after the run.
  let isMasterOfRun: Bool
  let covariates: CovariateFiles

  /// A row of `decisions.parquet`.
  struct DecisionRecord: Sendable {
    let champion: String
    /// What made the champion; nil without a contest, or where another version wrote it.
    let choice: Selection.Reason?
    let members: [String]
    /// What becomes of the members' forecasts.
    let blend: Blend
    var isContested: Bool
    let isLive: Bool
    let lossRatio: Double?
    var testedLead: Int
    let ceiling: Double?
    let spreadFactor: Float
    let group: ErrorGroup
    let persistence: Float
    let tail: TailShape
    /// One for each lead bucket.
    let tiers: [(tier: TrustTier, code: String, reason: String)]
  }

  /// A row of `forecasts.parquet`.
  struct ForecastRecord: Sendable {
    let time: Int64
    let lead: Int
    let model: String
    let tier: TrustTier
    let mean: Double
    let q10: Double
    let q50: Double
    let q90: Double
  }

  /// A row of `leaderboard.parquet`.
  struct FoldRecord: Sendable {
    let model: String
    let cutoff: Int64
    let status: String
    let reason: String?
    /// Scaled loss over the leads that no level shift precedes; nil unless scored.
    let steadyLoss: Double?
    let steadyShare: Double?
    /// Expected loss over seasonal naive's, of the model on all folds: what selection compared.
    let expectedRatio: Double?
    let coverage80: Double?
  }

  /// What `quality.json` says of the series.
  struct QualityRecord: Sendable {
    let issues: QualityReport.SeriesIssues?
    /// Whether all series with issues are listed, so that silence means that nothing was found.
    let isComplete: Bool
  }
}

extension SeriesRecord {
  /// Name of the run's folder.
  var run: String { folder.lastPathComponent }

  /// The readings as a model sees them, on today's level, with what was taken out for that.
  var modelView: (history: History, changes: [LevelChange])? {
    guard let last = history.times.last, let panel = panel(until: step.index(ofMicroseconds: last)) else { return nil }
    let rebased = panel.rebased()
    return (rebased.panel.history(0), rebased.changes[0])
  }

  /// The series alone, as the passes see it; nil when the master has no reading of it.
  func panel(until cutoff: Int) -> Panel? {
    history.panel(
      of: name, resource: resource, ceiling: decision.ceiling, step: step, until: cutoff, settings: manifest.settings,
      covariates: covariates)
  }

  /// Changes of the capacity column, oldest first.
  var resizes: [MasterSeries.Resize] { history.resizes(step: step) }

  /// Reads one series, touching only the row groups that can hold it.
  ///
  /// - Parameter run: Name of a folder in `runs`; the newest finished one when nil.
  /// - Throws: `.missingInput` with the nearest names when the run has no such run, server or resource.
  package init(_ name: SeriesName, run: String?, workspace: Workspace) throws {
    let folder = try SeriesRecord.folder(run, workspace)
    do { try self.init(name, in: folder, workspace) } catch let error as StoreError {
      throw error.failure(remedy: "Make a new run with 'horizonscale forecast'.")
    }
  }

  private init(_ name: SeriesName, in folder: URL, _ workspace: Workspace) throws {
    self.name = name
    self.folder = folder
    manifest = try RunManifest(readingFrom: folder)
    guard let decision = try SeriesRecord.decision(name, folder) else { throw try unknown(name, in: folder) }
    self.decision = decision
    risks = try RiskFiles.read(name, from: folder)
    forecast = try SeriesRecord.forecast(name, folder)
    contest = try SeriesRecord.contest(name, folder)
    quality = SeriesRecord.quality(name, workspace)

    let master = try MasterManifest.read(from: workspace.master.path)
    step = master.step
    guard let time = ISOTime.parse(manifest.asOf) else {
      throw Failure(
        .unusableData, "\(folder.path)/run.json has no time in 'asOf'.",
        remedy: "Make a new run with 'horizonscale forecast'.")
    }
    asOf = step.index(ofMicroseconds: time.microseconds)
    resource = master.resources.first { $0.name == name.resource }
    isMasterOfRun = master.inputs.map(\.sha256) == manifest.inputs.map(\.sha256) && master.step.name == manifest.step
    var covariates = manifest.covariates(of: name, master: master, asOf: asOf)
    let publishers = Set(decision.members + forecast.prefix(1).map(\.model))
    if Catalog.all.contains(where: { $0.isLearner && publishers.contains($0.card.name) }) {
      // Without an inventory that can be read the forecast is not repeated, which is said where it matters.
      covariates.groups = (try? inventoryNumbers(workspace)) ?? [:]
    }
    self.covariates = covariates
    history =
      try MasterIndex(folder: workspace.master.path, manifest: master).read([name], asOf: asOf)[name]
      ?? MasterSeries()
  }

  private static func folder(_ run: String?, _ workspace: Workspace) throws(Failure) -> URL {
    guard let run else { return try workspace.latestRun() }
    let runs = workspace.finishedRuns()
    if let found = runs.first(where: { $0.url.lastPathComponent == run }) { return found.url }
    let names = runs.map(\.url.lastPathComponent)
    throw Failure(
      .missingInput, "There is no finished run '\(run)' in \(workspace.folder.path).",
      remedy: names.isEmpty
        ? "Make one with 'horizonscale run INPUT'." : "There are \(names.suffix(5).joined(separator: ", ")).")
  }

  /// A row of `decisions.parquet`; nil for a series that the run does not have.
  static func decision(_ name: SeriesName, _ folder: URL) throws -> DecisionRecord? {
    let buckets = ["1_30", "31_60", "61_90", "91_180"]
    let columns =
      [
        Column("champion", .key), Column("members", .text), Column("contested", .bool), Column("live", .bool),
        Column("loss_ratio", .float, nullable: true), Column("tested_lead", .int32),
        Column("ceiling", .double, nullable: true),
        Column("spread_factor", .float), Column("volatility_group", .int32), Column("error_shape", .int32),
        Column("persistence", .float), Column("tail", .key), Column("choice", .key),
      ]
      + ["tier", "code", "reason"].flatMap { what in
        buckets.map { Column("\(what)_\($0)", what == "reason" ? .text : .key) }
      } + [Column("weights", .text)]
    let firstTier = columns.count - 3 * buckets.count - 1
    var found: DecisionRecord?
    try TableReader.rows(
      parquet: folder.appending(path: "decisions.parquet").path, of: name, columns: columns
    ) { reader, batch, range in
      let i = range.lowerBound
      func key(_ column: Int) -> String { reader.keyNames(column)[Int(batch.codes(column)[i])] }
      func number(_ value: Double) -> Double? { value.isFinite ? value : nil }
      let members = (batch.strings(1)[i] ?? "").split(separator: " ").map(String.init)
      found = DecisionRecord(
        champion: key(0), choice: Selection.Reason(rawValue: key(12)), members: members,
        blend: Blend(batch.strings(columns.count - 1)[i] ?? "", members: members.count) ?? .equal(members.count),
        isContested: batch.bools(2)[i] == 1, isLive: batch.bools(3)[i] == 1,
        lossRatio: number(Double(batch.floats(4)[i])), testedLead: Int(batch.int32s(5)[i]),
        ceiling: number(batch.doubles(6)[i]), spreadFactor: batch.floats(7)[i],
        group: ErrorGroup(volatility: Int(batch.int32s(8)[i]), shape: Int(batch.int32s(9)[i])),
        persistence: batch.floats(10)[i], tail: TailShape(rawValue: key(11)) ?? .exponential,
        tiers: buckets.indices.map { b in
          (
            TrustTier(rawValue: key(firstTier + b)) ?? .low, key(firstTier + buckets.count + b),
            batch.strings(firstTier + 2 * buckets.count + b)[i] ?? ""
          )
        })
    }
    return found
  }

  private static func forecast(_ name: SeriesName, _ folder: URL) throws -> [ForecastRecord] {
    let columns = [
      Column("time", .time), Column("lead", .int32), Column("model", .key), Column("tier", .key),
      Column("q10", .float), Column("q50", .float), Column("q90", .float), Column("mean", .float),
    ]
    var rows: [ForecastRecord] = []
    try TableReader.rows(
      parquet: folder.appending(path: "forecasts.parquet").path, of: name, columns: columns
    ) { reader, batch, range in
      let (models, tiers) = (reader.keyNames(2), reader.keyNames(3))
      for i in range {
        rows.append(
          ForecastRecord(
            time: batch.times(0)[i], lead: Int(batch.int32s(1)[i]), model: models[Int(batch.codes(2)[i])],
            tier: TrustTier(rawValue: tiers[Int(batch.codes(3)[i])]) ?? .low, mean: Double(batch.floats(7)[i]),
            q10: Double(batch.floats(4)[i]),
            q50: Double(batch.floats(5)[i]), q90: Double(batch.floats(6)[i])))
      }
    }
    return rows
  }

  private static func contest(_ name: SeriesName, _ folder: URL) throws -> [FoldRecord] {
    let columns = [
      Column("model", .key), Column("cutoff", .time), Column("status", .key), Column("reason", .text, nullable: true),
      Column("expected_ratio", .double, nullable: true), Column("steady_loss", .double, nullable: true),
      Column("steady_share", .double, nullable: true),
      Column("coverage80", .float, nullable: true),
    ]
    var rows: [FoldRecord] = []
    try TableReader.rows(
      parquet: folder.appending(path: "leaderboard.parquet").path, of: name, columns: columns
    ) { reader, batch, range in
      let (models, statuses, reasons) = (reader.keyNames(0), reader.keyNames(2), batch.strings(3))
      for i in range {
        func number(_ value: Double) -> Double? { value.isFinite ? value : nil }
        let coverage = batch.floats(7)[i]
        rows.append(
          FoldRecord(
            model: models[Int(batch.codes(0)[i])], cutoff: batch.times(1)[i], status: statuses[Int(batch.codes(2)[i])],
            reason: reasons[i],
            steadyLoss: number(batch.doubles(5)[i]), steadyShare: number(batch.doubles(6)[i]),
            expectedRatio: number(batch.doubles(4)[i]),
            coverage80: coverage.isFinite ? Double(coverage) : nil))
      }
    }
    return rows
  }

  /// Nothing is known of a file that cannot be read: the rest of the explanation does not hang on it.
  private static func quality(_ name: SeriesName, _ workspace: Workspace) -> QualityRecord {
    guard let data = try? Data(contentsOf: workspace.quality),
      let report = try? JSONDecoder().decode(QualityReport.self, from: data)
    else { return QualityRecord(issues: nil, isComplete: false) }
    return QualityRecord(
      issues: report.series.first { $0.server == name.server && $0.resource == name.resource },
      isComplete: report.series.count >= report.seriesWithIssues)
  }
}

/// The error for a series that a run does not have, with the names that may have been meant.
private func unknown(_ name: SeriesName, in folder: URL) throws -> Failure {
  let reader = try TableReader(
    parquet: folder.appending(path: "decisions.parquet").path,
    columns: [Column("server", .key), Column("resource", .key)])
  var resources: Set<String> = []
  while let batch = try reader.next() {
    guard let code = reader.keyNames(0).firstIndex(of: name.server).map(Int32.init) else { continue }
    let names = reader.keyNames(1)
    for i in 0..<batch.rowCount where batch.codes(0)[i] == code { resources.insert(names[Int(batch.codes(1)[i])]) }
  }
  let run = folder.lastPathComponent
  guard resources.isEmpty else {
    return Failure(
      .missingInput, "Server '\(name.server)' has no resource '\(name.resource)' in run \(run).",
      remedy: didYouMean(name.resource, among: resources.sorted(), else: "There are"))
  }
  return Failure(
    .missingInput, "There is no server '\(name.server)' in run \(run).",
    remedy: didYouMean(
      name.server, among: reader.keyNames(0), else: "Names are case-sensitive; there are, for example,"))
}

private func didYouMean(_ word: String, among names: [String], else introduction: String) -> String {
  func quoted(_ names: some Collection<String>) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }
  let near = nearestNames(to: word, among: names)
  return near.isEmpty ? "\(introduction) \(quoted(names.prefix(4)))." : "Did you mean \(quoted(near))?"
}

/// Explains one series of a finished run; reads only.
///
/// - Parameter run: Name of a folder in `runs`; the newest finished one when nil.
/// - Throws: `.missingInput` with the nearest names when there is no such run, server or resource.
package func explained(_ name: SeriesName, run: String?, workspace: Workspace) throws -> Explanation {
  // As in a run: other numbers of threads take other kernels.
  useOneThreadForMatrices()
  let record = try SeriesRecord(name, run: run, workspace: workspace)
  var explanation = Explanation(record)
  explanation.move = Explanation.Move(record, in: workspace)
  return explanation
}
