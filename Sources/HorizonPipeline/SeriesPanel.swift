import HorizonCore
import HorizonSources
import HorizonStore

extension MasterSeries {
  /// Series read by name as one panel, as the passes see them in their tiles.
  ///
  /// - Parameters:
  ///   - series: With what 100 % is, in the unit of the readings, and the resource that each belongs to.
  ///   - cutoff: Step index of the last column.
  ///   - unseen: Step indices of level shifts that are to pass for growth.
  /// - Returns: Nil when none of them has a reading up to the cutoff.
  static func panel(
    of series: [(name: SeriesName, series: MasterSeries, resource: MasterManifest.Resource?, ceiling: Double?)],
    step: Step, until cutoff: Int, settings: RunSettings, covariates: CovariateFiles,
    unseen: [Int] = []
  ) -> Panel? {
    let indices = series.map { $0.series.times.map { step.index(ofMicroseconds: $0) } }
    guard let first = indices.compactMap(\.first).min(), first <= cutoff else { return nil }
    let length = cutoff - first + 1
    var values = [Float](repeating: .nan, count: series.count * length)
    for (s, indices) in indices.enumerated() {
      for (index, value) in zip(indices, series[s].series.values) where index <= cutoff {
        values[s * length + index - first] = Float(value)
      }
    }
    return Panel(
      step: step, firstIndex: first, length: length, values: values,
      seeds: series.map { stableHash($0.name.description, seed: settings.seed) },
      capacityChanges: series.map {
        $0.resource?.readingsAreShares == true ? $0.series.resizes(step: step).map(\.change) : []
      },
      ceilings: series.map { $0.ceiling ?? .nan }, covariates: covariates.covariates(of: series.map(\.name)),
      rebasing: settings.rebase == false ? .nothing : unseen.isEmpty ? .all : .allBut(shifts: unseen))
  }

  func panel(
    of name: SeriesName, resource: MasterManifest.Resource?, ceiling: Double?, step: Step, until cutoff: Int,
    settings: RunSettings, covariates: CovariateFiles, unseen: [Int] = []
  ) -> Panel? {
    MasterSeries.panel(
      of: [(name, self, resource, ceiling)], step: step, until: cutoff, settings: settings, covariates: covariates,
      unseen: unseen)
  }
}

extension RunManifest {
  /// The holidays and regressors of a finished run as it saw them; none when their files are gone or are others now.
  func covariates(of series: SeriesName, master: MasterManifest, asOf: Int) -> CovariateFiles {
    guard
      let wanted = covariates,
      var files = try? CovariateFiles(
        holidays: settings.holidays, regressors: settings.regressors, master: master, only: series),
      files.inputs.map(\.sha256) == wanted.map(\.sha256)
    else { return .none }
    files.judge(asOf: asOf, lastIndex: asOf + horizon)
    return files
  }
}
