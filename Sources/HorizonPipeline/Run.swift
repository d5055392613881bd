package import Foundation
package import HorizonContest
import HorizonCore
import HorizonLedger
import HorizonModels
import HorizonRisk
import HorizonSources
package import HorizonStore

/// A finished run.
package struct RunOutcome: Sendable {
  package let folder: URL
  package let manifest: RunManifest
  let risks: [RiskRow]

  /// What is printed: the top risks and where the report lies.
  ///
  /// - Parameter columns: Width of the terminal that it has to fit, nil for none.
  package func summary(columns: Int? = nil) -> String {
    runSummary(manifest, risks: risks, report: folder.appending(path: "report.html").path, columns: columns)
  }
}

/// The main job: ingest, forecast and report in one run folder.
package func runAll(
  inputs: [String], appends: Bool = false, workspace: Workspace, settings: RunSettings, execution: Execution
) async throws -> RunOutcome {
  let lock = try WorkspaceLock(workspace)
  defer { lock.release() }
  let quality = try fillMaster(
    inputs: inputs, appends: appends, workspace: workspace, settings: settings, execution: execution)
  execution.progress.say(quality)
  return try await forecast(workspace: workspace, settings: settings, execution: execution)
}

/// `ingest` alone. - Returns: The table of the data's quality.
package func ingestLocked(
  inputs: [String], appends: Bool = false, workspace: Workspace, settings: RunSettings, execution: Execution
) throws -> String {
  let lock = try WorkspaceLock(workspace)
  defer { lock.release() }
  return try fillMaster(
    inputs: inputs, appends: appends, workspace: workspace, settings: settings, execution: execution)
}

/// `forecast` alone, on the master that is there.
package func forecastLocked(
  workspace: Workspace, settings: RunSettings, execution: Execution
) async throws -> RunOutcome {
  let lock = try WorkspaceLock(workspace)
  defer { lock.release() }
  return try await forecast(workspace: workspace, settings: settings, execution: execution)
}

private func fillMaster(
  inputs: [String], appends: Bool, workspace: Workspace, settings: RunSettings, execution: Execution
) throws -> String {
  execution.claimThreads()
  if !FileManager.default.fileExists(atPath: workspace.settings.path) {
    try atomicWrite(settingsTemplate, to: workspace.settings.path)
  }
  let result = try ingest(
    IngestOptions(
      inputs: inputs, map: settings.map, step: settings.step.flatMap { Step(parsing: $0) },
      aggregation: settings.aggregate, units: settings.units, inventory: settings.inventory,
      renames: settings.renames, capacity: settings.capacity, timezone: settings.timezone,
      maxBadRows: settings.maxBadRows, appends: appends, threads: execution.threads,
      workspace: workspace.folder.path, scratch: workspace.scratch.path,
      progress: { share in
        execution.progress.report("ingest", share)
        try Interruption.check()
      }, say: execution.progress.say))
  return qualityTable(result.quality, manifest: result.manifest)
}

/// A fleet as it is known at one as-of and who takes part, before any fold is played.
package struct PreparedRun: Sendable {
  package let fleet: Fleet
  let survey: Survey
  let horizon: Int
  let contestants: TrainedContestants
  /// With the contestants as they play folds.
  package let contest: ContestSettings
}

/// A contest with its decisions, in a folder that is not yet in its place.
struct DecidedRun: Sendable {
  let fleet: Fleet
  let survey: Survey
  let horizon: Int
  let contestants: TrainedContestants
  let decisions: Decisions
  let settings: DecisionSettings
  let spill: DigestSpill
  let ledger: LedgerReading?
  let incumbents: RunManifest.Item?

  /// The last use of the digests.
  func finishLeaderboard(in folder: URL) async throws {
    defer { spill.finish() }
    try await writeLeaderboard(
      spill, decisions: decisions, settings: settings, to: folder.appending(path: "leaderboard.parquet"))
  }
}

/// Pass (a), and what learns from the fleet learns.
///
/// - Parameter shelf: Trainings of other as-ofs.
package func prepare(
  workspace: Workspace, settings: RunSettings, shelf: TrainingShelf? = nil, execution: Execution, watch: inout Stopwatch
) async throws -> PreparedRun {
  execution.claimThreads()
  var fleet = try Fleet(workspace: workspace, settings: settings)
  let untrained = try Catalog.named(settings.models, options: settings.modelOptions())
  let hasLearners = untrained.contains(where: \.isLearner)
  let groups = hasLearners ? try inventoryNumbers(workspace) : [:]
  fleet.covariates.groups = groups
  var survey = try await survey(fleet, seed: settings.seed, sampling: hasLearners, execution: execution)
  watch.lap("survey")
  let horizon = survey.horizon(asked: settings.horizon, step: fleet.step)
  if settings.holidays != nil || settings.regressors != nil {
    try fleet.know(groups, settings: settings, horizon: horizon)
    watch.lap("covariates")
  }
  var contestSettings = ContestSettings(contestants: untrained, horizon: horizon, folds: settings.folds)
  var contestants = try await train(
    untrained, sample: survey.takeSample(), settings: contestSettings, seed: settings.seed, shelf: shelf,
    execution: execution)
  if let note = try settings.noteOnWeights(fleet.step) { contestants.notes.append(note) }
  contestSettings.contestants = contestants.contest
  if hasLearners { watch.lap("train") }
  return PreparedRun(
    fleet: fleet, survey: survey, horizon: horizon, contestants: contestants, contest: contestSettings)
}

/// Passes (a) to (c).
///
/// - Parameters:
///   - journal: What the contest goes on from, and leaves.
///   - folder: Where fold forecasts go when they are asked for.
private func decideFleet(
  _ journal: ContestJournal, workspace: Workspace, settings: RunSettings, execution: Execution, folder: URL,
  watch: inout Stopwatch
) async throws -> DecidedRun {
  let prepared = journal.prepared
  let kept =
    settings.keepForecasts ? try BacktestWriter(path: folder.appending(path: "backtest.parquet").path) : nil
  try await journal.play(kept: kept, settings: settings, execution: execution)
  try kept?.close()
  watch.lap("contest")
  return try await prepared.decided(
    journal.spill, in: workspace, settings: settings, execution: execution, watch: &watch)
}

extension PreparedRun {
  /// Pass (c) with what earlier runs of the workspace have to say.
  func decided(
    _ spill: DigestSpill, in workspace: Workspace, settings: RunSettings, execution: Execution,
    watch: inout Stopwatch
  ) async throws -> DecidedRun {
    execution.progress.report("decide", 0)
    let ledger = try await trackRecord(of: fleet, in: workspace, settings: settings, execution: execution)
    watch.lap("ledger")
    let incumbents =
      settings.fresh == true
      ? nil : workspace.finishedRuns().last { $0.asOf < fleet.asOfName }.flatMap { Incumbents(of: $0) }
    let decided = try await decided(spill, settings: settings, ledger: ledger, incumbents: incumbents)
    watch.lap("decide")
    return decided
  }

  /// Pass (c).
  ///
  /// - Parameters:
  ///   - ledger: What past forecasts promised and what happened; nil where nothing is to be read of them.
  ///   - incumbents: Who published before; nil where nobody did.
  func decided(
    _ spill: DigestSpill, settings: RunSettings, ledger: LedgerReading?, incumbents: Incumbents?
  ) async throws -> DecidedRun {
    var decisionSettings = DecisionSettings(
      cards: contestants.contest.map(\.card), leads: contest.leads, step: fleet.step,
      lowestThreshold: settings.thresholds[0].percent)
    decisionSettings.record = ledger?.record ?? TrackRecord()
    decisionSettings.incumbents = incumbents?.champions ?? [:]
    return DecidedRun(
      fleet: fleet, survey: survey, horizon: horizon, contestants: contestants,
      decisions: try await decide(spill, settings: decisionSettings), settings: decisionSettings, spill: spill,
      ledger: ledger, incumbents: incumbents?.item)
  }
}

extension DecidedRun {
  /// Pass (d), and the tables of a run into a folder that is not yet in its place.
  ///
  /// - Returns: The manifest, not sealed, and the risks as they are ranked.
  func written(
    to folder: URL, settings: RunSettings, workspace: Workspace, execution: Execution, watch: inout Stopwatch
  ) async throws -> (manifest: RunManifest, risks: [RiskRow]) {
    let plan = PublishPlan(
      decisions: decisions.series, calibration: decisions.calibration, contestants: contestants.publishing,
      horizon: horizon, seed: settings.seed, risk: try settings.risk())
    return try await written(to: folder, settings: settings, workspace: workspace, watch: &watch) { tables in
      try await publish(fleet, plan: plan, into: &tables, execution: execution)
    }
  }

  /// The tables of a run with what `publish` adds to them.
  func written(
    to folder: URL, settings: RunSettings, workspace: Workspace, watch: inout Stopwatch,
    publish: (inout PublishedTables) async throws -> Void
  ) async throws -> (manifest: RunManifest, risks: [RiskRow]) {
    let names = contestants.contest.map(\.card.name)
    // One thread writes the leaderboard while the others publish.
    async let leaderboard: Void = finishLeaderboard(in: folder)
    var tables = try PublishedTables(in: folder, raw: settings.raw)
    try await publish(&tables)
    try tables.close()
    try await leaderboard
    watch.lap("publish")

    var published = tables.published
    published.risks = rank(published.risks)
    try RiskFiles(rows: published.risks).write(to: folder)
    try writeDecisions(decisions.series, names: names, to: folder.appending(path: "decisions.parquet"))
    try KeptCalibration.write(decisions.calibration, names: names, leads: self.settings.leads, to: folder)
    watch.lap("risk")
    var manifest = RunManifest(self, published: published, settings: settings, workspace: workspace)
    manifest.incumbents = incumbents
    manifest.ledger = try ledger.flatMap(RunManifest.LedgerItem.init)
    return (manifest, published.risks)
  }
}

private func forecast(
  workspace: Workspace, settings: RunSettings, execution: Execution
) async throws -> RunOutcome {
  var watch = Stopwatch()
  let folder = try workspace.temporaryFolder(under: workspace.runs)
  defer { try? FileManager.default.removeItem(at: folder) }
  let journal = try await ContestJournal(
    at: workspace.unfinishedRun, cache: workspace.finishedFolds, workspace: workspace, settings: settings,
    execution: execution, watch: &watch)
  do {
    let decided = try await decideFleet(
      journal, workspace: workspace, settings: settings, execution: execution, folder: folder, watch: &watch)
    let written = try await decided.written(
      to: folder, settings: settings, workspace: workspace, execution: execution, watch: &watch)
    let outcome = try await decided.placed(
      folder, written, settings: settings, workspace: workspace, execution: execution, watch: &watch)
    journal.handOver(to: workspace.finishedFolds)
    return outcome
  } catch {
    guard journal.isWorthKeeping else {
      journal.remove()
      throw error
    }
    let failure = (error as? StoreError)?.failure ?? error as? Failure
    guard let failure else { throw error }
    throw Failure(
      failure.code, failure.message,
      remedy: [failure.remedy, "With --resume the same command goes on from here."].filter { !$0.isEmpty }
        .joined(separator: " "))
  }
}

extension DecidedRun {
  /// The report, the seal and the run's place.
  ///
  /// - Parameter written: What `written` returned of the folder.
  func placed(
    _ folder: URL, _ written: (manifest: RunManifest, risks: [RiskRow]), settings: RunSettings, workspace: Workspace,
    execution: Execution, watch: inout Stopwatch
  ) async throws -> RunOutcome {
    var (manifest, risks) = written
    try contestants.save(to: folder)
    execution.progress.report("report", 0)
    var comparison = try Comparison(of: risks, manifest, fleet, in: workspace)
    await comparison?.tellReasons(folder, manifest, risks: risks, fleet, threads: execution.threads)
    manifest.compared = comparison?.record
    let page = try await report(
      of: folder, manifest: manifest, risks: risks, comparison: comparison,
      record: self.settings.record, covariates: fleet.covariates, in: workspace, threads: execution.threads)
    try atomicWrite(page, to: folder.appending(path: "report.html").path)
    watch.lap("report")
    manifest.timings = watch.timings
    manifest.threads = execution.threads
    try writeTimings(watch.timings, to: folder.appending(path: "timings.parquet"))
    try manifest.seal(folder)
    try Interruption.check()
    let place = try workspace.place(folder, under: workspace.runs, asOf: fleet.asOfName)
    try workspace.updateLatest()
    for line in removeExpiredRuns(in: workspace, keepingDays: execution.keepRunsDays, made: place) {
      execution.progress.say(line)
    }
    return RunOutcome(folder: place, manifest: manifest, risks: risks)
  }
}

/// The contest alone, into `backtests/<as-of>/`. - Returns: The standings as a table.
package func backtest(workspace: Workspace, settings: RunSettings, execution: Execution) async throws -> String {
  let lock = try WorkspaceLock(workspace)
  defer { lock.release() }
  var watch = Stopwatch()
  let folder = try workspace.temporaryFolder(under: workspace.backtests)
  defer { try? FileManager.default.removeItem(at: folder) }
  let journal = try await ContestJournal(
    at: workspace.backtests.appending(path: ".unfinished", directoryHint: .isDirectory), workspace: workspace,
    settings: settings, execution: execution, watch: &watch)
  defer { journal.remove() }
  let decided = try await decideFleet(
    journal, workspace: workspace, settings: settings, execution: execution, folder: folder, watch: &watch)
  try await decided.finishLeaderboard(in: folder)
  try Interruption.check()
  let final = try workspace.replace(folder, under: workspace.backtests, asOf: decided.fleet.asOfName)
  execution.progress.say("Wrote \(final.path).")
  return standingsTable(RunManifest.standings(decided.decisions, contestants: decided.contestants.contest))
}

private func writeDecisions(_ decisions: [Decision], names: [String], to file: URL) throws {
  let writer = try TableWriter(parquet: file.path, schema: Tables.decisions)
  for start in stride(from: 0, to: decisions.count, by: 65_536) {
    var rows = DecisionRows()
    for decision in decisions[start..<min(decisions.count, start + 65_536)] { rows.append(decision, names: names) }
    try writer.append(rows.columns)
  }
  try writer.close()
}

private func writeTimings(_ timings: [RunManifest.Timing], to file: URL) throws {
  let writer = try TableWriter(parquet: file.path, schema: Tables.timings)
  try writer.append([
    .text(timings.map(\.stage)), .doubles(timings.map(\.seconds)), .doubles(timings.map(\.cpuSeconds)),
  ])
  try writer.close()
}

extension RunManifest {
  fileprivate init(_ decided: DecidedRun, published: Published, settings: RunSettings, workspace: Workspace) {
    let fleet = decided.fleet
    var bySeverity: [String: Int] = [:]
    for row in published.risks { bySeverity[row.severity.description, default: 0] += 1 }
    var notes = fleet.manifest.notes
    if decided.survey.withoutCeiling > 0 {
      notes.append(
        "No ceiling is known for \(decided.survey.withoutCeiling) series, so they have forecasts but no risk rows: give a capacity column or --unit."
      )
    }
    if decided.survey.endedCount > 0 {
      notes.append(
        "\(decided.survey.endedCount) series ended before the as-of; they are forecast from their own last reading and are never a risk."
      )
    }
    var covariates = fleet.covariates
    let days = { (index: Int) in CivilDate.daysSinceEpoch(ofMicroseconds: fleet.step.microseconds(of: index)) }
    covariates.compare(
      with: decided.decisions.series.map(\.name), firstDay: days(fleet.manifest.firstIndex),
      lastDay: days(fleet.asOf + decided.horizon))
    notes += covariates.notes + decided.contestants.notes
    self.init(
      asOf: ISOTime.string(fleet.asOfTime, full: fleet.step.seconds < 86_400), step: fleet.step.name,
      horizon: decided.horizon, settings: settings,
      inputs: fleet.manifest.inputs.map { Item(name: $0.path, bytes: Int($0.bytes), sha256: $0.sha256) }, outputs: [],
      counts: Counts(
        servers: decided.survey.servers, series: decided.survey.seriesCount, live: decided.survey.liveCount,
        ended: decided.survey.endedCount, contested: decided.decisions.series.count { $0.isContested },
        standIns: published.standIns, withoutCeiling: decided.survey.withoutCeiling,
        readings: decided.survey.readings, forecastRows: published.forecastRows, riskRows: published.risks.count,
        bySeverity: bySeverity),
      contest: RunManifest.standings(decided.decisions, contestants: decided.contestants.contest),
      championLossRatio: decided.decisions.summary.championRatio,
      units: Dictionary(uniqueKeysWithValues: fleet.manifest.resources.map { ($0.name, $0.decision) }), notes: notes)
    if !covariates.inputs.isEmpty {
      self.covariates = covariates.inputs.map { Item(name: $0.path, bytes: $0.bytes, sha256: $0.sha256) }
    }
  }

  fileprivate static func standings(_ decisions: Decisions, contestants: [Contestant]) -> [Standing] {
    contestants.indices.map {
      Standing(
        model: contestants[$0].card.name, champions: decisions.summary.wins[$0],
        lossRatio: decisions.summary.ratio(model: $0))
    }
  }

  /// Takes the outputs' digests and writes `run.json` last, which makes the folder a run.
  mutating func seal(_ folder: URL) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    outputs = try names.map { name in
      let file = folder.appending(path: name)
      let bytes = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int ?? 0
      return Item(name: name, bytes: bytes, sha256: try sha256(ofFile: file.path))
    }
    var dated = self
    dated.timings = []
    dated.threads = 0
    // That nothing was compared stands in `compared`.
    dated.settings.fresh = nil
    dated.inputs = inputs.map { Item(name: "", bytes: $0.bytes, sha256: $0.sha256) }
    dated.covariates = covariates?.map { Item(name: "", bytes: $0.bytes, sha256: $0.sha256) }
    dated.settings.holidays = nil
    dated.settings.regressors = nil
    dated.outputs = outputs.filter { $0.name != "timings.parquet" }
    digest = sha256(of: try JSONEncoder.pretty.encode(dated))
    try atomicWrite(try JSONEncoder.pretty.encode(self), to: folder.appending(path: "run.json").path)
  }
}
