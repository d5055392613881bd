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
  init(from earlier: MovingSeries, to later: MovingSeries, threshold: Double, runs: RunPair) throws {
    var walk = try Walk(earlier, later, threshold: threshold, runs: runs)
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
  let earlier: MovingSeries
  let later: MovingSeries
  let threshold: Double
  let published: (before: DateMove.Outlook, now: DateMove.Outlook)
  private let runs: RunPair
  private var state: Counterfactual
  private var outlook: DateMove.Outlook
  private(set) var parts: [DateMove.Part] = []
  private(set) var notes: [String] = []

  init(_ earlier: MovingSeries, _ later: MovingSeries, threshold: Double, runs: RunPair) throws {
    self.earlier = earlier
    self.later = later
    self.threshold = threshold
    self.runs = runs
    if let unread = runs.unread.first(where: { later.models.contains($0.model) }) {
      throw DateMove.Untold(message: unread.sentence)
    }
    func published(_ series: MovingSeries) throws -> DateMove.Outlook {
      guard let row = series.risks.first(where: { $0.threshold == threshold }) else {
        throw DateMove.Untold(message: "Run \(series.run) has no row of this threshold.")
      }
      return DateMove.Outlook(row, asOf: series.asOf, step: series.step)
    }
    self.published = (try published(earlier), try published(later))
    var covariates = earlier.covariates
    if covariates.groups.isEmpty { covariates.groups = later.covariates.groups }
    state = Counterfactual(
      name: later.name, step: later.step, resource: later.resource, history: later.history, asOf: earlier.asOf,
      ceiling: earlier.capacity, decision: earlier.decision, calibration: runs.calibration.before,
      otherCalibration: runs.calibration.now, contestants: runs.contestants.before,
      settings: earlier.manifest.settings, covariates: covariates, bank: runs.banks.before)
    outlook = self.published.before
    notes = runs.lost.sorted().filter((earlier.models + later.models).contains).map {
      "What \($0) had learnt in run \(earlier.run) cannot be read, so what it has learnt since counts from the start."
    }
    // What the program makes of the earlier run today: the same, as a rule.
    try take(.restated)
    if parts[0].before == parts[0].after { parts = [] }
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
    let shifts = later.shifts
    // A jump is told from growth days after it: one that lies before the earlier run may be news all the same.
    let known = earlier.shifts
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
    later.resource?.readingsAreShares == true ? resizes.map(\.change) : []
  }

  private var resizes: [MasterSeries.Resize] {
    later.history.resizes(step: later.step).filter { $0.index > earlier.asOf && $0.index <= later.asOf }
  }

  mutating func takeCapacity() throws {
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
    state.contestants = runs.contestants.retrained
    let relearnt = later.models.filter(runs.relearnt.contains)
    if !relearnt.isEmpty { try take(.training(relearnt)) }
    state.decision = now
    state.calibration = runs.calibration.now
    state.otherCalibration = runs.calibration.before
    try take(.calibration)
  }

  mutating func takeSettings() throws {
    let changed = changedSettings
    guard !changed.isEmpty else { return }
    state.contestants = runs.contestants.now
    state.settings = later.manifest.settings
    state.covariates = later.covariates
    state.bank = runs.banks.now
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
