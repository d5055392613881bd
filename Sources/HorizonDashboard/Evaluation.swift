import Dispatch
import HorizonCore
import HorizonPipeline
import HorizonRisk

/// What a scenario makes of the list of risks.
struct Evaluation: Sendable {
  enum Change: String, Sendable, CaseIterable { case new, gone, sooner, later, same, other }

  /// A series before and after, at its most severe row each.
  struct Row: Sendable {
    let series: Int
    let before: RiskRow
    let after: RiskRow
    let change: Change
    let movedDays: Double?
    /// What 100 % is before and after.
    let capacity: (before: Double, after: Double)
    /// Names of the two rows' thresholds.
    let threshold: (before: String, after: String)
  }

  struct Tally: Sendable {
    var atRisk = 0
    /// In the order of the run's severities.
    var severities: [Int]
    /// Over the lowest threshold within 0, 30, 60, 90, 180 days; nil where the horizon ends before.
    var windows: [Int?]
  }

  /// Live series with a ceiling.
  let series: Int
  let touched: Int
  let before: Tally
  let after: Tally
  /// Those at risk before or after; those that differ first, in the ranked order after.
  let rows: [Row]
  /// What a reader should know.
  let notes: [String]
  let seconds: Double
}

/// What one combination of changes does to a series.
private struct Effect: Sendable {
  var settings: RiskSettings
  var capacity: [@Sendable (Double) -> Double] = []
  /// From a lead on, times a factor.
  var loads: [(from: Int, factor: Float)] = []

  func capacity(from today: Double) -> Double { capacity.reduce(today) { $1($0) } }

  func applied(to input: RiskInput) -> RiskInput {
    var input = input
    input.capacity = capacity(from: input.capacity)
    if !loads.isEmpty {
      let levels = Levels.count
      var quantiles = Array(input.quantiles)
      for (from, factor) in loads {
        for i in max(0, (from - 1) * levels)..<max(0, (from - 1) * levels, quantiles.count) { quantiles[i] *= factor }
      }
      input.quantiles = quantiles[...]
    }
    return input
  }
}

extension Evaluation {
  /// Series up to which all that scenarios need is kept in memory, and that one scenario may touch in a larger fleet.
  static let most = 60_000

  /// - Throws: `Problem` for a scenario that does not fit the run.
  init(_ scenario: Scenario, of run: Snapshot, threads: Int) throws {
    let clock = ContinuousClock.now
    let risks = run.risks
    let masks = Evaluation.masks(scenario, run)
    let isRisky = (0..<run.series.count).map { !risks.rows(ofSeries: $0).isEmpty }
    let touched = masks.indices.filter { masks[$0] != 0 && isRisky[$0] }
    guard touched.count <= Evaluation.most else {
      throw Problem(
        .tooManyRows, "The scenario touches \(touched.count) series, more than \(Evaluation.most).",
        remedy: "Narrow its scope.")
    }
    var notes: [String] = []
    for (i, change) in scenario.changes.enumerated() {
      if !masks.indices.contains(where: { masks[$0] >> UInt64(i) & 1 == 1 && isRisky[$0] }) {
        notes.append("Change \(i + 1) matches no live series that has a capacity.")
      }
      for name in (change.thresholds ?? [:]).keys.sorted()
      where !run.settings.thresholds.contains(where: { $0.name == name }) {
        notes.append(
          "Change \(i + 1): this run has no threshold '\(name)', only \(listed(run.settings.thresholds.map(\.name))).")
      }
      if change.capacityPercent ?? 0 > 0 || change.capacityAdd ?? 0 > 0, !notes.contains(Evaluation.hidden) {
        notes.append(Evaluation.hidden)
      }
    }
    var effects: [UInt64: Effect] = [:]
    for mask in Set(touched.map { masks[$0] }) { effects[mask] = try Evaluation.effect(scenario, mask, run) }

    let stored =
      run.series.count <= Evaluation.most
      ? try run.stored.value : try StoredRisks(touched, of: run)
    let wanted: [(place: Int, input: RiskInput)] = stored.inputs.compactMap { input in
      guard let place = run.find(server: input.series.server, resource: input.series.resource), masks[place] != 0,
        isRisky[place]
      else { return nil }
      return (place, input)
    }
    let emptied = wanted.count { effects[masks[$0.place]]!.capacity(from: $0.input.capacity) <= 0 }
    guard emptied == 0 else {
      throw Problem(
        .conflict, "The changes would leave \(emptied) series without any capacity.",
        remedy: "Take away less, or narrow the scope.")
    }
    let made = Evaluation.assessed(wanted, masks: masks, effects: effects, bank: stored.bank, threads: threads)

    let horizon = Double(run.manifest.horizon) * run.step.days
    var before = Tally(severities: Array(repeating: 0, count: risks.severities.count), windows: [])
    before.windows = RiskFilter.windows.map { Double($0) <= horizon + 1e-9 ? 0 : nil }
    var after = before
    var renewed: [Int: (rows: [RiskRow], capacity: Double)] = [:]
    for (place, rows, capacity) in made { renewed[place] = (rows, capacity) }
    var candidates: [(place: Int, before: RiskRow, after: RiskRow, earlier: RiskRow)] = []
    for place in 0..<run.series.count where isRisky[place] {
      let name = run.name(ofSeries: place)
      let old = risks.rows(ofSeries: place).map { risks.row(Int($0), name: name) }
      before.count(old, in: risks)
      guard let new = renewed[place]?.rows else {
        after.count(old, in: risks)
        if old[0].severity != .none { candidates.append((place, old[0], old[0], old[0])) }
        continue
      }
      let ranked = rank(new)
      after.count(ranked, in: risks)
      if old[0].severity != .none || ranked[0].severity != .none {
        // Dates are compared at one and the same threshold, that of the row after, wherever it lies now.
        let level = new.firstIndex { $0.threshold == ranked[0].threshold } ?? 0
        let earlier = old.sorted { $0.threshold < $1.threshold }[level]
        candidates.append((place, old[0], ranked[0], earlier))
      }
    }
    let order = Dictionary(
      uniqueKeysWithValues: rank(candidates.map(\.after)).enumerated().map { ($1.series, $0) })
    let all = candidates.map { place, old, new, earlier -> Row in
      let (change, moved) = Evaluation.change(from: old, to: new, at: earlier)
      let capacity = run.series.ceiling[place]
      return Row(
        series: place, before: old, after: new, change: change, movedDays: moved,
        capacity: (capacity, renewed[place]?.capacity ?? capacity),
        threshold: (
          run.settings.name(ofThreshold: old.threshold),
          (effects[masks[place]]?.settings ?? run.settings).name(ofThreshold: new.threshold)
        ))
    }
    rows = all.sorted { a, b in
      (a.change == .same ? 1 : 0, order[a.after.series]!) < (b.change == .same ? 1 : 0, order[b.after.series]!)
    }
    series = isRisky.count { $0 }
    self.touched = touched.count
    self.before = before
    self.after = after
    self.notes = notes
    let took = (ContinuousClock.now - clock).components
    seconds = Double(took.seconds) + Double(took.attoseconds) * 1e-18
  }

  private static let hidden =
    "Where usage stood at its capacity, demand beyond it was never measured: more capacity may fill up sooner than this says."

  /// A bit for each change that holds for a series.
  private static func masks(_ scenario: Scenario, _ run: Snapshot) -> [UInt64] {
    var masks = [UInt64](repeating: 0, count: run.series.count)
    for (i, change) in scenario.changes.enumerated() {
      var filter = RiskFilter()
      if let names = change.scope.server { filter.servers = Set(names.compactMap(run.servers.find)) }
      for (column, values) in change.scope.group ?? [:] {
        // A column that is not there holds nobody, which a note says.
        guard let place = run.inventory.column(column) else {
          filter.servers = []
          continue
        }
        filter.groups[place] = Set(values.compactMap { $0.isEmpty ? -1 : run.inventory.columns[place].values.find($0) })
      }
      let servers = run.servers(passing: filter)
      let resources = change.scope.resource.map { Set($0.compactMap(run.resources.find)) }
      for s in masks.indices where servers?[Int(run.series.server[s])] ?? true {
        if resources?.contains(run.series.resource[s]) ?? true { masks[s] |= 1 << UInt64(i) }
      }
    }
    return masks
  }

  private static func effect(_ scenario: Scenario, _ mask: UInt64, _ run: Snapshot) throws -> Effect {
    var effect = Effect(settings: run.settings)
    var thresholds = run.settings.thresholds
    for (i, change) in scenario.changes.enumerated() where mask >> UInt64(i) & 1 == 1 {
      if let percent = change.capacityPercent { effect.capacity.append { $0 * (1 + percent / 100) } }
      if let add = change.capacityAdd { effect.capacity.append { $0 + add } }
      if let percent = change.loadPercent {
        var from = 1
        if let date = change.loadFrom, let time = ISOTime.parse(date) {
          let index = run.step.index(ofMicroseconds: time.microseconds)
          from = max(1, index - run.fleet.asOf)
        }
        effect.loads.append((from, Float(1 + percent / 100)))
      }
      for (name, percent) in change.thresholds ?? [:] {
        guard let place = thresholds.firstIndex(where: { $0.name == name }) else { continue }
        thresholds[place] = RiskThreshold(name: name, percent: percent)
      }
    }
    guard zip(thresholds, thresholds.dropFirst()).allSatisfy({ $0.percent < $1.percent }) else {
      throw Problem(.conflict, "After the changes the thresholds do not ascend.")
    }
    effect.settings = try RiskSettings(
      thresholds: thresholds, within: run.settings.within, procurementDays: run.settings.procurementDays,
      rules: run.settings.rules, everyRule: run.settings.everyRule)
    return effect
  }

  /// Assesses series anew, on all threads; the order is that of the series.
  private static func assessed(
    _ wanted: [(place: Int, input: RiskInput)], masks: [UInt64], effects: [UInt64: Effect], bank: RankPathBank,
    threads: Int
  ) -> [(place: Int, rows: [RiskRow], capacity: Double)] {
    // Small parts, so that one with many risks does not leave the other threads idle.
    let size = 64
    let parts = (wanted.count + size - 1) / size
    nonisolated(unsafe) let results = UnsafeMutablePointer<[(place: Int, rows: [RiskRow], capacity: Double)]>.allocate(
      capacity: max(1, parts))
    results.initialize(repeating: [], count: max(1, parts))
    defer {
      results.deinitialize(count: max(1, parts))
      results.deallocate()
    }
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      results[part] = wanted[(part * size)..<min(wanted.count, (part + 1) * size)].compactMap { place, input in
        let effect = effects[masks[place]]!
        let changed = effect.applied(to: input)
        guard
          let rows = try? assessRisk(changed, settings: effect.settings, bank: bank, sizing: .whenAtRisk)
        else { return nil }
        return (place, rows, changed.capacity)
      }
    }
    return (0..<parts).flatMap { results[$0] }
  }

  /// - Parameter earlier: The row before at the threshold of the row after.
  private static func change(
    from old: RiskRow, to new: RiskRow, at earlier: RiskRow
  ) -> (Change, Double?) {
    if old == new { return (.same, nil) }
    if old.severity == .none { return (.new, nil) }
    if new.severity == .none { return (.gone, nil) }
    switch (earlier.daysToBreachP50, new.daysToBreachP50) {
    case (let then?, let now?) where then != now: return (now < then ? .sooner : .later, Double(now - then))
    case (nil, .some): return (.sooner, nil)
    case (.some, nil): return (.later, nil)
    default:
      let isSame =
        old.severity == new.severity && old.threshold == new.threshold && old.pBreach90 == new.pBreach90
        && old.pBreach180 == new.pBreach180
      return (isSame ? .same : .other, nil)
    }
  }
}

extension RiskSettings {
  fileprivate func name(ofThreshold percent: Double) -> String {
    thresholds.first { $0.percent == percent }?.name ?? ""
  }
}

extension Evaluation.Tally {
  /// - Parameter rows: Of one series, the most severe first.
  fileprivate mutating func count(_ rows: [RiskRow], in risks: RiskTable) {
    let worst = rows[0].severity
    if worst != .none { atRisk += 1 }
    severities[risks.severities.firstIndex(of: worst.description) ?? severities.count - 1] += 1
    guard let lowest = rows.min(by: { $0.threshold < $1.threshold }) else { return }
    let chances = [lowest.isCrossed ? 1 : 0, lowest.pBreach30, lowest.pBreach60, lowest.pBreach90, lowest.pBreach180]
    for (i, chance) in chances.enumerated() where windows[i] != nil && chance ?? 0 >= 0.5 { windows[i]! += 1 }
  }
}

extension StoredRisks {
  /// Of some series only: for a fleet that is too large to keep.
  fileprivate init(_ series: [Int], of run: Snapshot) throws {
    var shapes: [SeriesName: StoredShape] = [:]
    for place in series { shapes[run.name(ofSeries: place)] = run.series.shape(place) }
    try self.init(of: run.folder, manifest: run.manifest, in: run.workspace, shapes: shapes)
  }
}
