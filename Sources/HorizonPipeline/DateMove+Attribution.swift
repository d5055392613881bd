import HorizonContest
import HorizonCore
import HorizonModels
import HorizonRisk
import HorizonStore

extension DateMove {
  /// Changes one thing after the other from what an earlier run knew to what a later one did, and publishes the series each time.
  ///
  /// The order is fixed: readings, level shifts, capacity, champion, what models learnt, calibration, settings. A part is what its
  /// change does after those before it, so the parts add up to the whole.
  ///
  /// - Parameter threshold: One that both runs have a row of.
  /// - Throws: What cannot be read, or `Untold` where a mixture of both runs has nothing to tell.
  /// - Complexity: One fit of the series and one assessment of its risk for each change.
  init(from earlier: SeriesRecord, to later: SeriesRecord, threshold: Double) throws {
    var walk = try Walk(earlier, later, threshold: threshold)
    try walk.takeReadings()
    try walk.takeCapacity()
    try walk.takeDecision()
    try walk.takeSettings()
    walk.end()
    self.init(
      run: earlier.run, threshold: threshold, step: later.step, before: walk.published.before, parts: walk.parts,
      notes: walk.notes)
  }

  /// Why a move cannot be taken apart, a sentence.
  struct Untold: Error {
    let message: String
  }
}

/// The way from one run to the next.
private struct Walk {
  let earlier: SeriesRecord
  let later: SeriesRecord
  let threshold: Double
  let published: (before: DateMove.Outlook, now: DateMove.Outlook)
  private let learnt: Learnt
  private let calibration: (before: KeptCalibration, now: KeptCalibration)
  private var state: Counterfactual
  private var outlook: DateMove.Outlook
  private(set) var parts: [DateMove.Part] = []
  private(set) var notes: [String] = []

  init(_ earlier: SeriesRecord, _ later: SeriesRecord, threshold: Double) throws {
    self.earlier = earlier
    self.later = later
    self.threshold = threshold
    func published(_ record: SeriesRecord) throws -> DateMove.Outlook {
      guard let row = record.risks.first(where: { $0.threshold == threshold }) else {
        throw DateMove.Untold(message: "Run \(record.run) has no row of this threshold.")
      }
      return DateMove.Outlook(row, asOf: record.asOf, step: record.step)
    }
    self.published = (try published(earlier), try published(later))
    func kept(_ record: SeriesRecord) throws -> KeptCalibration {
      do { return try KeptCalibration(readingFrom: record.folder) } catch {
        throw DateMove.Untold(
          message: "Run \(record.run) has no \(KeptCalibration.fileName) that can be read, so it cannot be repeated.")
      }
    }
    calibration = (try kept(earlier), try kept(later))
    learnt = try Learnt(earlier, later)
    var covariates = earlier.covariates
    if covariates.groups.isEmpty { covariates.groups = later.covariates.groups }
    let settings = earlier.manifest.settings
    state = Counterfactual(
      name: later.name, step: later.step, resource: later.resource, history: later.history, asOf: earlier.asOf,
      ceiling: earlier.capacity, decision: earlier.decision, calibration: calibration.before,
      otherCalibration: calibration.now, contestants: learnt.before, settings: settings, covariates: covariates,
      bank: RankPathBank(seed: settings.seed, horizon: earlier.manifest.horizon, step: later.step))
    outlook = self.published.before
    notes = learnt.notes
    // What the program makes of the earlier run today.
    try take(.restated)
  }

  private mutating func take(_ cause: DateMove.Cause) throws {
    guard let row = try state.risks().first(where: { $0.threshold == threshold }) else {
      throw DateMove.Untold(message: "A mixture of both runs has no risk to tell.")
    }
    add(cause, DateMove.Outlook(row, asOf: state.asOf, step: state.step))
  }

  private mutating func add(_ cause: DateMove.Cause, _ next: DateMove.Outlook) {
    parts.append(DateMove.Part(cause: cause, before: outlook, after: next))
    outlook = next
  }

  mutating func takeReadings() throws {
    guard later.asOf > earlier.asOf else { return }
    let step = later.step
    let shifts = (later.modelView?.changes ?? []).filter { $0.kind == .shift }
    // A jump is told from growth days after it: one that lies before the earlier run may be news all the same.
    let known = (earlier.modelView?.changes ?? []).filter { $0.kind == .shift }
    let told = shifts.filter { shift in
      shift.index <= earlier.asOf && shift.index > earlier.asOf - 4 * step.nominalSeason
        && !known.contains { abs($0.index - shift.index) <= step.nominalSeason }
    }
    let new = shifts.filter { $0.index > earlier.asOf }
    state.asOf = later.asOf
    state.unseen = told.map(\.index)
    state.undone = new + resizesOfShares
    let groups = state.covariates.groups
    state.covariates = later.covariates
    if state.covariates.groups.isEmpty { state.covariates.groups = groups }
    try take(
      .readings(
        count: later.history.times.count {
          let index = step.index(ofMicroseconds: $0)
          return index > earlier.asOf && index <= later.asOf
        }))
    for shift in told {
      state.unseen.removeAll { $0 == shift.index }
      try take(.recognised(shift))
    }
    for shift in new {
      state.undone.removeAll { $0 == shift }
      try take(.shift(shift))
    }
  }

  /// Resizes since the earlier run of a series whose readings are shares of the capacity.
  private var resizesOfShares: [LevelChange] {
    guard later.resource?.readingsAreShares == true else { return [] }
    return later.resizes.filter { $0.index > earlier.asOf && $0.index <= later.asOf }.map(\.change)
  }

  mutating func takeCapacity() throws {
    let resizes = later.resizes.filter { $0.index > earlier.asOf && $0.index <= later.asOf }
    state.undone = []
    state.ceiling = later.capacity
    if let first = resizes.first, let last = resizes.last, later.resource?.readingsAreShares == true {
      try take(.capacity(from: first.from, to: last.to))
    } else if let from = earlier.capacity, let to = later.capacity, from != to {
      try take(.capacity(from: from, to: to))
    }
  }

  mutating func takeDecision() throws {
    let before = earlier.decision
    let now = later.decision
    if before.champion != now.champion || before.members != now.members || before.blend != now.blend {
      // A champion brings the measures of its own errors along; those of another model say nothing of it.
      state.decision = now
      state.decision.testedLead = before.testedLead
      state.decision.isContested = before.isContested
      try take(
        before.champion == now.champion
          ? .members(of: now.champion) : .champion(from: before.champion, to: now.champion))
    }
    state.contestants = learnt.retrained
    let retrained = learnt.changed(among: now.members.isEmpty ? [now.champion] : now.members)
    if !retrained.isEmpty { try take(.training(retrained)) }
    state.decision = now
    state.calibration = calibration.now
    state.otherCalibration = calibration.before
    try take(.calibration)
  }

  mutating func takeSettings() throws {
    let changed = changedSettings
    guard !changed.isEmpty else { return }
    let settings = later.manifest.settings
    state.contestants = learnt.now
    state.settings = settings
    state.covariates = later.covariates
    state.bank = RankPathBank(seed: settings.seed, horizon: later.manifest.horizon, step: later.step)
    try take(.settings(changed))
  }

  private var changedSettings: [String] {
    let (a, b) = (earlier.manifest, later.manifest)
    func rule(_ settings: RunSettings) -> BreachRule? { try? settings.risk().rule(for: later.name.resource) }
    let differences: [(String, Bool)] = [
      ("horizon", a.horizon != b.horizon), ("breach rule", rule(a.settings) != rule(b.settings)),
      ("seed", a.settings.seed != b.settings.seed),
      ("holidays and regressors", a.covariates?.map(\.sha256) != b.covariates?.map(\.sha256)),
      ("re-basing", a.settings.rebase ?? true != b.settings.rebase ?? true),
      ("Prophet's options", a.settings.prophet != b.settings.prophet),
      ("network weights", a.settings.lstmWeights != b.settings.lstmWeights),
      ("steps after which a series has ended", a.settings.staleAfter != b.settings.staleAfter),
    ]
    return differences.filter(\.1).map(\.0)
  }

  /// What none of the changes explains.
  mutating func end() {
    if outlook != published.now { add(.rest, published.now) }
  }
}

/// The contestants of two runs with what each has learnt from the fleet.
private struct Learnt {
  /// All of the earlier run; its settings with what the later one learnt; all of the later run.
  let before: [Contestant]
  let retrained: [Contestant]
  let now: [Contestant]
  private(set) var notes: [String] = []
  /// Models whose files differ.
  private let changed: Set<String>

  init(_ earlier: SeriesRecord, _ later: SeriesRecord) throws {
    let wanted = Set([earlier, later].flatMap { $0.decision.members + [$0.decision.champion] })
    let options = (try earlier.manifest.settings.modelOptions(), try later.manifest.settings.modelOptions())
    let (old, oldUnread) = Catalog.contestants(options.0).loaded(from: earlier.folder, wanted: wanted)
    let (new, newUnread) = Catalog.contestants(options.1).loaded(from: later.folder, wanted: wanted)
    let needed = Set(later.decision.members + [later.decision.champion])
    if let unread = newUnread.first(where: { needed.contains($0.model) }) {
      throw DateMove.Untold(message: unread.sentence)
    }
    let lost = Set(oldUnread.map(\.model))
    now = new
    retrained = old.indices.map { Catalog.all[$0].isLearner ? new[$0] : old[$0] }
    before = old.indices.map { lost.contains(old[$0].card.name) ? new[$0] : old[$0] }
    changed = Set(
      Catalog.all.compactMap { contestant in
        guard case .learner(let learner) = contestant, wanted.contains(contestant.card.name),
          !lost.contains(contestant.card.name)
        else { return nil }
        let file = type(of: learner).fileName
        func digest(_ record: SeriesRecord) -> String? {
          record.manifest.outputs.first { $0.name == file }?.sha256
        }
        return digest(earlier) == digest(later) ? nil : contestant.card.name
      })
    notes = lost.sorted().filter { needed.contains($0) || earlier.publishes($0) }.map {
      "What \($0) had learnt in run \(earlier.run) cannot be read, so what it has learnt since counts from the start."
    }
  }

  func changed(among models: [String]) -> [String] { models.filter(changed.contains) }
}

extension SeriesRecord {
  fileprivate func publishes(_ model: String) -> Bool {
    decision.champion == model || decision.members.contains(model)
  }

  /// What 100 % was at the as-of; the master knows it with more digits than the decision.
  fileprivate var capacity: Double? {
    guard let ceiling = decision.ceiling, case .capacity? = resource?.ceiling else { return decision.ceiling }
    return history.capacity.last { $0.isFinite && Float($0) == Float(ceiling) } ?? ceiling
  }
}
