import HorizonContest
import HorizonCore
import HorizonModels
import HorizonRisk
import HorizonSources
import HorizonStore

/// One series published by the code of pass (d) from parts of two runs.
struct Counterfactual {
  let name: SeriesName
  let step: Step
  let resource: MasterManifest.Resource?
  /// All readings up to the later as-of.
  let history: MasterSeries
  var asOf: Int
  /// What happened to the readings and is taken as if it had not.
  var undone: [LevelChange] = []
  /// Step indices of level shifts that are in the readings and pass for growth.
  var unseen: [Int] = []
  var ceiling: Double?
  var decision: SeriesRecord.DecisionRecord
  /// Of the run whose calibration counts; the other one's is for models that took no part in it.
  var calibration: KeptCalibration
  var otherCalibration: KeptCalibration
  var contestants: [Contestant]
  var settings: RunSettings
  var covariates: CovariateFiles
  /// Its horizon is that of the forecast.
  var bank: RankPathBank

  /// What is at stake, the lowest threshold first; empty where nothing can be told.
  func risks() throws -> [RiskRow] {
    let names = contestants.map(\.card.name)
    let readings = history.without(undone, step: step)
    guard let champion = names.firstIndex(of: decision.champion),
      let panel = readings.panel(
        of: name, resource: resource, ceiling: ceiling, step: step, until: asOf, settings: settings,
        covariates: covariates, unseen: unseen),
      let last = readings.times.last(where: { step.index(ofMicroseconds: $0) <= asOf })
    else { return [] }
    let members = decision.members.map { names.firstIndex(of: $0) }
    let known = members.indices.filter { members[$0] != nil }
    let decided = Decision(
      name: name, champion: champion,
      recipe: known.isEmpty
        ? nil : Recipe(members: known.map { members[$0]! }, blend: decision.blend.keeping(known)),
      isContested: decision.isContested, ceiling: ceiling ?? .nan, spreadFactor: decision.spreadFactor,
      group: decision.group, persistence: decision.persistence, testedLead: decision.testedLead, tail: decision.tail)
    let tile = ContestTile(
      names: [name], panel: panel, lastReading: [step.index(ofMicroseconds: last)],
      staleAfter: settings.staleAfter ?? step.staleAfter)
    let published = publication(
      of: tile, decisions: [decided], contestants: contestants,
      table: NamedCalibration(names: names, kept: calibration, other: otherCalibration), horizon: bank.horizon)
    return try published.risks(
      of: 0, in: tile, decision: decided, tiers: [TrustTier](repeating: .low, count: bank.horizon),
      resource: name.resource, settings: try settings.risk(), bank: bank)
  }
}

extension MasterSeries {
  /// The readings as if these changes had not happened.
  fileprivate func without(_ changes: [LevelChange], step: Step) -> MasterSeries {
    var series = self
    for change in changes {
      let first = times.firstIndex { step.index(ofMicroseconds: $0) >= change.index } ?? times.count
      for i in first..<times.count {
        series.values[i] /= change.factor
        // A capacity that is not told is the one before it.
        if change.kind == .capacity { series.capacity[i] = .nan }
      }
    }
    return series
  }
}
