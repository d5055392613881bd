import Foundation
import HorizonCore
import HorizonModels
import HorizonRisk
import HorizonSources
import HorizonStore

/// One series in one of two runs, as far as the move of its date depends on it.
struct MovingSeries: Sendable {
  let name: SeriesName
  /// Name of the run's folder.
  let run: String
  let manifest: RunManifest
  let step: Step
  /// Step index.
  let asOf: Int
  let resource: MasterManifest.Resource?
  let decision: SeriesRecord.DecisionRecord
  let risks: [RiskRow]
  /// Up to the as-of of the later run.
  let history: MasterSeries
  let covariates: CovariateFiles

  init(_ record: SeriesRecord) {
    name = record.name
    run = record.run
    manifest = record.manifest
    step = record.step
    asOf = record.asOf
    resource = record.resource
    decision = record.decision
    risks = record.risks
    history = record.history
    covariates = record.covariates
  }

  /// - Parameters:
  ///   - folder: Of the run.
  ///   - groups: The inventory in numbers, asked for where a model learns from it.
  /// - Returns: Nil for a series that the run does not have.
  init?(
    _ name: SeriesName, in folder: URL, manifest: RunManifest, master: MasterManifest, risks: [RiskRow],
    history: MasterSeries, groups: () -> [String: [Int]]
  ) throws {
    guard let decision = try SeriesRecord.decision(name, folder), let time = ISOTime.parse(manifest.asOf) else {
      return nil
    }
    self.name = name
    run = folder.lastPathComponent
    self.manifest = manifest
    step = master.step
    asOf = step.index(ofMicroseconds: time.microseconds)
    resource = master.resources.first { $0.name == name.resource }
    self.decision = decision
    self.risks = risks
    self.history = history
    var covariates = manifest.covariates(of: name, master: master, asOf: asOf)
    let learners = Catalog.all.filter(\.isLearner).map(\.card.name)
    if learners.contains(where: (decision.members + [decision.champion]).contains) { covariates.groups = groups() }
    self.covariates = covariates
  }

  /// Level shifts that re-basing finds in the readings up to the as-of, oldest first.
  var shifts: [LevelChange] {
    let panel = history.panel(
      of: name, resource: resource, ceiling: capacity, step: step, until: asOf, settings: manifest.settings,
      covariates: .none)
    return panel?.rebased().changes[0].filter { $0.kind == .shift } ?? []
  }

  /// What 100 % was at the as-of; the master knows it with more digits than the decision.
  var capacity: Double? {
    guard let ceiling = decision.ceiling, case .capacity? = resource?.ceiling else { return decision.ceiling }
    return history.capacity.last { $0.isFinite && Float($0) == Float(ceiling) } ?? ceiling
  }

  /// Nil where readings are shares of a capacity whose unit nobody has told.
  var unitOfCapacity: String? { resource?.readingsAreShares == true ? nil : resource?.unit }

  /// Names of the models that may publish it.
  var models: [String] { [decision.champion] + decision.members }
}
