package import HorizonCore
import HorizonNumerics

/// Prophet's parts where users suffer: on a scale that keeps percentages in range without flattening growth, level shifts taken out as
/// steps, changepoints until close to the end, bursts bounded, and errors that remember, so that a forecast starts from the
/// newest readings.
package struct ProphetShift: ForecastModel {
  package static let card = ModelCard(
    name: "prophet-shift",
    summary:
      "Prophet on a bounded scale: level shifts are steps, bursts are bounded, and it starts from the newest readings.",
    minimumHistory: 12, cost: .cheap,
    reference: "Taylor & Letham 2018; Huber 1981, 7.8; Burg 1975; decision 0017")

  private let options: ProphetOptions

  package init() { self.init(ProphetOptions()) }

  package init(_ options: ProphetOptions) {
    var own = options
    // The scale does what logistic growth and products are for, and keeps the equations linear.
    if own.growth == .logistic { own.growth = .linear }
    own.seasonalityMode = .additive
    own.holidaysMode = .additive
    for i in own.seasonalities.indices { own.seasonalities[i].mode = .additive }
    own.regressors = own.regressors.mapValues {
      ProphetOptions.RegressorOptions(priorScale: $0.priorScale, mode: .additive, standardize: $0.standardize)
    }
    own.changepointRange = 0.95
    self.options = own
  }

  package func fitted(to panel: Panel) -> any FittedModel {
    var workshop = ProphetWorkshop(panel: panel, options: options)
    // By the steps of a history without gaps: such histories share their design.
    var firsts: [Int: LaplaceRegression] = [:]
    return FittedProphetShift(
      fits: fits(to: panel) { s, history, readings throws(ModelError) in
        let (design, regressors) = workshop.design(for: history, regressors: panel.covariates.regressors(of: s))
        let isShared = readings == history.count && regressors.isEmpty
        let known = isShared ? firsts[history.count] : nil
        let regression = known ?? ProphetShiftFit.firstRegression(design)
        if isShared { firsts[history.count] = regression }
        guard let regression,
          let fit = ProphetShiftFit(
            history, design: design, regression: regression, regressors: regressors, ceiling: panel.ceilings[s])
        else { throw .singular }
        return fit
      })
  }
}

struct FittedProphetShift: ComponentModel {
  let fits: [Result<ProphetShiftFit, ModelError>]

  func forecast(horizon: Int) -> ForecastBlock {
    var futures = ProphetFutures(horizon: horizon)
    return ForecastBlock(of: fits, horizon: horizon) { fit, s, block in
      let future = futures.features(of: fit.design, regressors: fit.regressors.count, cutoff: fit.cutoff)
      fit.write(series: s, future: future, into: &block)
    }
  }

  func components(series: Int, horizon: Int) -> [ForecastComponent] {
    guard case .success(let fit) = fits[series] else { return [] }
    var futures = ProphetFutures(horizon: horizon)
    return fit.components(
      future: futures.features(of: fit.design, regressors: fit.regressors.count, cutoff: fit.cutoff))
  }
}
