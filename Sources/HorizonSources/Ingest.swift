import Foundation
import HorizonCore
import HorizonStore
import Synchronization

/// Reads metrics into the workspace's master: `master/`, `inventory.parquet`, `quality.json`.
///
/// Memory does not grow with rows: readings are spilled by a hash of their series, grouped and brought to steps bucket by bucket,
/// then written in order. An earlier master stays whole until the new one takes its place, or gets them as parts beside its own.
///
/// - Throws: `Failure` with what to tell the user.
package func ingest(_ options: IngestOptions) throws -> IngestResult {
  do { return try Ingest(options).run() } catch let error as StoreError { throw error.failure }
}

private struct Ingest {
  let options: IngestOptions
  /// The master that is appended to.
  private let base: MasterBase?
  private let storedQuality: StoredQuality
  private let map: [ColumnRole: String]
  private let clock: LocalClock

  init(_ asked: IngestOptions) throws(Failure) {
    base = try asked.appends ? MasterBase(asked) : nil
    options = try base?.fixing(asked) ?? asked
    storedQuality = StoredQuality(workspace: asked.workspace)
    map = try Ingest.roles(options.map)
    clock = try options.timezone == "UTC" ? .utc : LocalClock(timezone: options.timezone)
  }

  private static func roles(_ map: [String: String]) throws(Failure) -> [ColumnRole: String] {
    var roles: [ColumnRole: String] = [:]
    for (name, column) in map.sorted(by: { $0.key < $1.key }) {
      guard let role = ColumnRole(rawValue: name.lowercased()) else {
        throw Failure(
          .badUsage, "--map \(name)=\(column): there is no '\(name)'.",
          remedy: "Use \(ColumnRole.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
      if let other = roles.first(where: { $0.value == column }) {
        throw Failure(
          .badUsage, "--map gives the column '\(column)' to both \(other.key.rawValue) and \(role.rawValue).",
          remedy: "Name each column once.")
      }
      roles[role] = column
    }
    return roles
  }

  func run() throws -> IngestResult {
    let files = FileManager.default
    let madeScratch = !files.fileExists(atPath: options.scratch)
    let temporary = "\(options.workspace)/.master-\(getpid())"
    do {
      try files.createDirectory(atPath: options.scratch, withIntermediateDirectories: true)
      try files.createDirectory(atPath: options.workspace, withIntermediateDirectories: true)
    } catch {
      throw Failure(
        .cannotCreate, "A folder cannot be created: \(error.localizedDescription).",
        remedy: "Check permissions, or choose another workspace with --workspace.")
    }
    defer {
      try? files.removeItem(atPath: madeScratch ? options.scratch : "\(options.scratch)/stdin-\(getpid())")
      try? files.removeItem(atPath: StagedInputs.folder(in: options.scratch))
      try? files.removeItem(atPath: temporary)
      unlink(temporary + ".inventory")
    }
    var input = try InputSet(options, map: map)
    let states = try input.read.map { try FileState(of: $0) }
    let digests = DigestThread(input.read.map { ($0.path, $0.shown) })
    defer { digests.wait() }
    if let base, try base.holds(input.read, digests: digests.value) {
      options.say?("Nothing to append: the master holds \(input.read.map(\.shown).joined(separator: ", ")) already.")
      return IngestResult(manifest: base.manifest, quality: try storedQuality.read(for: base.manifest))
    }

    let registry = SeriesRegistry()
    let log = RejectionLog()
    let extras = ExtraColumns()
    let renames = Renames()
    for table in input.renames { try renames.add(table, clock: clock) }
    let spill = try ReadingSpill(hasCapacity: input.hasCapacity, hasExtras: input.hasExtras, scratch: options.scratch)
    try read(input, registry, extras, renames, spill, log)
    if log.rowsRead > 0, Double(log.rowsRejected) > options.maxBadRows * Double(log.rowsRead) {
      throw log.failure(
        "\(grouped(log.rowsRejected)) of \(grouped(log.rowsRead)) rows cannot be used, more than --max-bad-rows "
          + "\(options.maxBadRows) allows.")
    }
    if spill.minimumTime > spill.maximumTime {
      throw log.failure(
        log.rowsRead == 0
          ? "There is not one row in \(input.metrics.map(\.file.shown).joined(separator: ", "))."
          : "No series is left: there is not one usable reading in \(grouped(log.rowsRead)) rows.")
    }
    let plan = try StepPlan(
      spill: spill, registry: registry, extras: extras, asked: options.step, base: base?.manifest, clock: clock,
      threads: options.threads)
    let table = try CapacityTable(
      input.capacities, registry: registry, renames: renames, clock: clock,
      units: { units(of: Int($0), registry) })
    let rules = try resourceRules(spill, registry, plan)
    try report(0.65)
    let file = try ScratchFile(in: options.scratch)
    let entries = try steps(spill, registry, plan, rules, table.isEmpty ? nil : table, file)
    try report(0.75)

    input.notes += plan.notes + renames.summary + table.notes
    if let inventory = input.inventory {
      input.notes += try InventoryFile.copy(
        inventory.file, inventory.summary, server: inventory.server, to: temporary + ".inventory")
    }
    let stored = entries.contains { $0.steps.count == 0 } ? entries.filter { $0.steps.count > 0 } : entries
    guard !stored.isEmpty else {
      throw Failure(
        .unusableData, "No series is left: there is not one difference between readings of a counter.",
        remedy: "Give counters at least two readings each, or take --unit NAME=counter away.")
    }
    let nameColumns = plan.nameExtension.columns.map { extras.names[$0] }
    var manifest = MasterManifest(
      step: plan.clock.step, timezone: options.timezone, resources: try resources(stored, registry, rules),
      seriesCount: stored.count, readingCount: stored.reduce(0) { $0 + $1.steps.count },
      firstIndex: stored.map(\.steps.firstIndex).min()!, lastIndex: stored.map(\.steps.lastIndex).max()!,
      inputs: try digests.value(), notes: input.notes, nameColumns: nameColumns.isEmpty ? nil : nameColumns)
    for state in states { try state.check() }
    let build = MasterBuild(step: plan.clock.step, file: file, entries: stored)
    let append = try base.map { try MasterAppend(to: $0, build, manifest) }
    try files.createDirectory(atPath: temporary, withIntermediateDirectories: true)
    let written = Mutex(0.0)
    let progress = { @Sendable (share: Double) throws in
      try written.withLock {
        $0 = max($0, share)
        try report(0.75 + 0.24 * $0)
      }
    }
    if let append {
      manifest = try append.write(into: temporary, threads: options.threads, progress: progress)
    } else {
      try build.write(into: temporary, threads: options.threads, progress: progress)
    }
    var ceilings: [String: Ceiling] = [:]
    for resource in manifest.resources { ceilings[resource.name] = resource.ceiling }
    countConflicts(log, entries, input, registry, spill)
    var quality = qualityReport(log, entries, ceilings, plan.clock, append, notes: input.notes)
    if let append {
      quality = try storedQuality.read(for: append.base.manifest).continued(by: quality, knows: append.knows)
    }
    try report(1)
    try publish(quality, manifest, temporary, hasInventory: input.inventory != nil, append)
    return IngestResult(manifest: manifest, quality: quality)
  }

  private func report(_ share: Double) throws { try options.progress?(share) }

  // MARK: The stages

  /// Pass one: all rows into the spill.
  private func read(
    _ input: InputSet, _ registry: SeriesRegistry, _ extras: ExtraColumns, _ renames: Renames, _ spill: ReadingSpill,
    _ log: RejectionLog
  ) throws {
    // Columns first: a combination is a list of all of them.
    for metrics in input.metrics { for name in metrics.shape.extras { _ = extras.column(name) } }
    let total = Double(max(1, input.metrics.reduce(0) { $0 + $1.bytes }))
    var done = 0
    for metrics in input.metrics {
      do {
        spill.beginFile()
        let reading = try MetricsReading(
          file: metrics.file, shape: metrics.shape, registry: registry, extras: extras, spill: spill, log: log,
          clock: clock, renames: renames, threads: options.threads)
        try reading.read { rows in
          let share = min(1, Double(rows) / Double(metrics.rowsExpected))
          try report(0.6 * (Double(done) + share * Double(metrics.bytes)) / total)
        }
      } catch let error as StoreError {
        throw Failure(error.exitCode, "\(metrics.file.shown): \(error.message).", remedy: error.remedy)
      }
      done += metrics.bytes
    }
    try spill.finish()
  }

  /// Asked for with `--unit`, else named by the data.
  private func units(of resource: Int, _ registry: SeriesRegistry) -> [String] {
    let name = registry.resources[resource]
    if let asked = options.units[name] ?? options.units["*"], !UnitDecision.isCounter(asked) { return [asked] }
    return registry.units[resource]
  }

  /// What is known of each resource before its readings are mended, by code.
  private func resourceRules(
    _ spill: ReadingSpill, _ registry: SeriesRegistry, _ plan: StepPlan
  ) throws -> [ResourceRules] {
    let asked = registry.resources.map { options.units[$0] ?? options.units["*"] }
    for (name, units) in zip(registry.resources, registry.units) { try base?.check(name, units: units) }
    let hinted = registry.resources.indices.map {
      asked[$0] == nil && base?.resource(registry.resources[$0]) == nil
        && CounterSurvey.isHinted(resource: registry.resources[$0], units: registry.units[$0])
    }
    let found = try CounterSurvey.decide(
      spill, registry, plan.nameExtension, hinted: hinted, threads: options.threads)
    return registry.resources.indices.map { resource in
      ResourceRules(
        resource: registry.resources[resource], units: units(of: resource, registry),
        aggregation: options.aggregation(of: registry.resources[resource]),
        isCounter: found[resource] || asked[resource].map(UnitDecision.isCounter) == true)
    }
  }

  /// Pass two: readings to steps, bucket by bucket; then the order of the master.
  private func steps(
    _ spill: ReadingSpill, _ registry: SeriesRegistry, _ plan: StepPlan, _ rules: [ResourceRules],
    _ table: CapacityTable?, _ file: ScratchFile
  ) throws -> [MasterBuild.Entry] {
    let buckets = Mutex([[StepSeries]](repeating: [], count: SeriesRegistry.bucketCount))
    let workers = (0..<options.threads).map { _ in
      Worker(
        groups: SeriesGroups(spill: spill, registry: registry, nameExtension: plan.nameExtension),
        builder: StepSeriesBuilder(
          clock: plan.clock, file: file, registry: registry, rules: rules, table: table,
          hasCapacity: spill.hasCapacity))
    }
    try inParallel(threads: options.threads, count: SeriesRegistry.bucketCount) { worker, bucket in
      let (groups, builder) = (workers[worker].groups, workers[worker].builder)
      try groups.load(bucket)
      groups.removeDuplicates()
      let series = try builder.build(groups)
      buckets.withLock { $0[bucket] = series }
    }
    return try named(buckets.withLock { $0.flatMap { $0 } }, registry, plan.nameExtension)
  }

  /// Buffers of one thread.
  private final class Worker: @unchecked Sendable {
    let groups: SeriesGroups
    let builder: StepSeriesBuilder

    init(groups: SeriesGroups, builder: StepSeriesBuilder) {
      self.groups = groups
      self.builder = builder
    }
  }

  private func named(
    _ series: [StepSeries], _ registry: SeriesRegistry, _ nameExtension: NameExtension
  ) throws(Failure) -> [MasterBuild.Entry] {
    var entries = series.map { steps in
      let server = registry.servers[Int(registry.server[steps.series])]
      let prefix = nameExtension.columns.isEmpty ? "" : nameExtension.prefixes[Int(steps.prefix)]
      return MasterBuild.Entry(
        name: SeriesName(
          server: prefix + server, resource: registry.resources[Int(registry.resource[steps.series])]), steps: steps)
    }
    entries.sort { $0.name < $1.name }
    for (a, b) in zip(entries, entries.dropFirst()) where a.name == b.name {
      throw Failure(
        .unusableData, "Two different series would both be called \(a.name).",
        remedy: "Say which column names the server with --map server=COLUMN.")
    }
    return entries
  }

  // MARK: What is said about it

  private func resources(
    _ stored: [MasterBuild.Entry], _ registry: SeriesRegistry, _ rules: [ResourceRules]
  ) throws(Failure) -> [MasterManifest.Resource] {
    let codes = Dictionary(uniqueKeysWithValues: registry.resources.enumerated().map { ($1, $0) })
    return try MasterBuild.ranges(stored).map { range throws(Failure) in
      let series = stored[range]
      let name = series.first!.name.resource
      let code = codes[name]!
      try base?.check(name, hasCapacity: series.contains(where: \.steps.hasOwnCapacity))
      let decision = UnitDecision(
        .init(
          resource: name, asked: options.units[name] ?? options.units["*"], units: registry.units[code],
          column: registry.unitColumns[code], series: series.count,
          seriesWithCapacity: series.count { $0.steps.hasOwnCapacity },
          seriesInTable: series.count { !$0.steps.hasOwnCapacity && $0.steps.capacityForm != .none },
          isCounter: rules[code].isCounter,
          minimum: series.map(\.steps.rawMinimum).min()!, maximum: series.map(\.steps.rawMaximum).max()!))
      return MasterManifest.Resource(
        name: name, kind: ResourceKind(resource: name), folder: MasterLayout.folder(resource: name),
        unit: decision.unit,
        ceiling: decision.ceiling, aggregation: options.aggregation(of: name), decision: decision.sentence,
        seriesCount: series.count, readingCount: series.reduce(0) { $0 + $1.steps.count },
        minimum: series.map(\.steps.minimum).min()!, maximum: series.map(\.steps.maximum).max()!,
        isCounter: rules[code].isCounter ? true : nil)
    }
  }

  /// Readings of one time that differ, with what the files say of the first.
  private func countConflicts(
    _ log: RejectionLog, _ entries: [MasterBuild.Entry], _ input: InputSet, _ registry: SeriesRegistry,
    _ spill: ReadingSpill
  ) {
    for entry in entries {
      guard let findings = entry.steps.findings?.value, let conflict = findings.firstConflict else { continue }
      log.count(.conflictingValues, findings.conflicts)
      guard log.wantsExample(of: .conflictingValues) else { continue }
      let files = filesOf(conflict, series: entry.steps.series, input, registry, spill)
      let time = ISOTime.string(conflict.time)
      let (earlier, later) = (rounded(conflict.earlier), rounded(conflict.later))
      log.example(
        of: .conflictingValues,
        "\(entry.name) at \(time): \(earlier)\(files.map { " in \($0.0)" } ?? ""), then \(later)\(files.map { " in \($0.1)" } ?? "")"
      )
    }
  }

  /// The files that hold the two values, found by their place in the order of arrival; nil when that was not kept.
  private func filesOf(
    _ conflict: SeriesFindings.Conflict, series: Int, _ input: InputSet, _ registry: SeriesRegistry,
    _ spill: ReadingSpill
  ) -> (String, String)? {
    let bucket = Int(registry.bucket[series])
    let place = registry.place[series]
    let buffer = spill.makeBuffer()
    defer { buffer.deallocate() }
    var first: Int?
    var last: Int?
    var row = 0
    try? spill.forEachBlock(of: bucket, buffer: buffer) { block, rows in
      for k in 0..<rows where block.places[k] == place && block.times[k] == conflict.time {
        if first == nil, block.values[k] == conflict.earlier { first = row + k }
        if block.values[k] == conflict.later { last = row + k }
      }
      row += rows
    }
    guard let first, let last, let a = spill.file(ofRow: first, in: bucket), let b = spill.file(ofRow: last, in: bucket)
    else { return nil }
    return (input.metrics[a].file.shown, input.metrics[b].file.shown)
  }

  private func qualityReport(
    _ log: RejectionLog, _ entries: [MasterBuild.Entry], _ ceilings: [String: Ceiling], _ clock: StepClock,
    _ append: MasterAppend?, notes: [String]
  ) -> QualityReport {
    var report = QualityReport()
    var verdicts = QualityReport.Verdicts()
    var listed: [(entry: Int, isGood: Bool)] = []
    func assessed(_ entry: MasterBuild.Entry) -> SeriesAssessment {
      SeriesAssessment(
        entry.name, entry.steps, decided: ceilings[entry.name.resource] ?? .none, clock: clock,
        isContinued: append?.knows(entry.name) == true)
    }
    for (k, entry) in entries.enumerated() {
      let steps = entry.steps
      log.count(.duplicateTime, steps.duplicates)
      log.count(.outOfOrder, steps.outOfOrder)
      log.count(.gap, steps.gapSteps)
      log.count(.aggregated, steps.aggregated)
      let isKnown = append?.knows(entry.name) == true
      if steps.count == 0 {
        log.count(.noReadings)
        if !isKnown { report.seriesWithoutReadings += 1 }
      }
      let assessment = assessed(entry)
      if let findings = steps.findings?.value { count(findings, assessment, entry.name, log) }
      let verdict = assessment.verdict
      if !isKnown { verdicts.count(verdict) }
      guard steps.hasIssues || verdict != .good else { continue }
      report.seriesWithIssues += 1
      listed.append((k, verdict == .good))
    }
    // Good series make room for others.
    var room = max(0, QualityReport.seriesLimit - listed.count { !$0.isGood })
    var left = QualityReport.seriesLimit
    for (k, isGood) in listed where left > 0 {
      if isGood && room == 0 { continue }
      if isGood { room -= 1 }
      left -= 1
      let entry = entries[k]
      report.series.append(assessed(entry).issues)
    }
    report.rowsRead = log.rowsRead
    report.rowsRejected = log.rowsRejected
    report.reasons = log.reasons
    report.seriesFound = entries.count
    report.seriesStored = entries.count - report.seriesWithoutReadings
    report.verdicts = verdicts
    report.notes = notes
    return report
  }

  /// Adds what was found in a series to the fleet's counts.
  private func count(
    _ findings: SeriesFindings, _ assessment: SeriesAssessment, _ name: SeriesName, _ log: RejectionLog
  ) {
    log.count(.counter, findings.counter?.rates ?? 0)
    log.count(.unitJump, findings.unitReadings)
    log.count(.flatLine, findings.flatReadings)
    log.count(.standingStill, findings.flatStretches.reduce(0) { $0 + ($1.isRepaired ? 0 : $1.readings) })
    if findings.doubtfulJump != nil { log.count(.doubtfulJump) }
    if findings.mixedSteps != nil { log.count(.mixedSteps) }
    if assessment.isCensored { log.count(.atCeiling, assessment.ceiling.at) }
    log.count(.aboveCeiling, assessment.ceiling.above)
    if findings.reuse != nil { log.count(.reusedName) }
    for (reason, text) in assessment.sentences {
      if let reason, reason != .noReadings, log.wantsExample(of: reason) { log.example(of: reason, "\(name): \(text)") }
    }
  }

  /// Everything into its place, the master last.
  private func publish(
    _ quality: QualityReport, _ manifest: MasterManifest, _ temporary: String, hasInventory: Bool,
    _ append: MasterAppend?
  ) throws {
    let inventory = "\(options.workspace)/inventory.parquet"
    if hasInventory {
      _ = rename(temporary + ".inventory", inventory)
    } else if append == nil {
      unlink(inventory)
    }
    if append == nil { try storedQuality.write(quality) } else { try storedQuality.prepare(quality, for: manifest) }
    if let append, append.isBeside {
      try append.place(temporary, manifest: manifest)
    } else {
      try manifest.write(into: temporary)
      try replaceFolder("\(options.workspace)/master", with: temporary)
    }
    if append != nil { try storedQuality.write(quality) }
  }
}
