package import HorizonCore
import HorizonNumerics

/// Prophet as published, with the defaults of the package: a trend that may bend at changepoints, seasonal waves, holidays and
/// regressors, all at the most probable parameters.
///
/// What depends on the calendar is computed once for all series of a panel that share it; a gap takes its rows out again.
package struct Prophet: ForecastModel {
  package static let card = ModelCard(
    name: "prophet",
    summary:
      "Prophet as published: a trend with changepoints, yearly, weekly and daily waves, holidays and regressors.",
    minimumHistory: 2, cost: .cheap,
    reference:
      "Taylor & Letham, Forecasting at scale, The American Statistician 2018; the package's defaults, version 1",
    seesRawReadings: true)

  package let options: ProphetOptions

  package init() { self.init(ProphetOptions()) }
  package init(_ options: ProphetOptions) { self.options = options }

  package func fitted(to panel: Panel) -> any FittedModel {
    var workshop = ProphetWorkshop(panel: panel, options: options)
    return FittedProphet(
      fits: fits(to: panel) { s, history, _ throws(ModelError) in
        let scale = try ProphetScale(history, options: options, ceiling: panel.ceilings[s])
        let (design, regressors) = workshop.design(for: history, regressors: panel.covariates.regressors(of: s))
        return ProphetFit(history, design: design, scale: scale, regressors: regressors)
      })
  }
}

/// Designs of one panel: what series share is made once.
struct ProphetWorkshop {
  let panel: Panel
  let options: ProphetOptions
  /// By the number of columns, which follows from the span, through the panel's calendar.
  private var features: [Int: ProphetFeatures] = [:]
  private var grams: [Span: [Double]] = [:]
  private var designs: [Span: ProphetDesign] = [:]

  private struct Span: Hashable {
    let first: Int
    let count: Int
  }

  init(panel: Panel, options: ProphetOptions) {
    self.panel = panel
    self.options = options
  }

  mutating func design(
    for history: History, regressors: [Regressor]
  ) -> (ProphetDesign, [ProphetRegressor]) {
    let timeline = ProphetTimeline(history, options: options)
    let span = Span(first: timeline.firstIndex, count: timeline.count)
    let isShared = !timeline.hasGaps && regressors.isEmpty
    if isShared, let design = designs[span] { return (design, []) }
    let columns = ProphetFeatures.columns(
      options: options, holidays: panel.covariates.holidays, step: panel.step, span: timeline.count - 1)
    let calendar =
      features[columns.count]
      ?? ProphetFeatures(columns: columns, step: panel.step, firstIndex: panel.firstIndex, count: panel.length)
    features[columns.count] = calendar
    let gram =
      grams[span]
      ?? calendar.values.withUnsafeBufferPointer { values in
        columns.isEmpty
          ? []
          : gramMatrix(
            values.baseAddress! + span.first - panel.firstIndex, count: span.count, columns: columns.count,
            stride: panel.length)
      }
    grams[span] = gram
    let used = regressors.compactMap { ProphetRegressor($0, options: options, timeline: timeline) }
    let design = ProphetDesign(
      timeline: timeline, options: options, features: calendar, wholeGram: gram, regressors: used)
    if isShared { designs[span] = design }
    return (design, used)
  }
}

/// `prophet` fitted to the series of a panel.
package struct FittedProphet: ComponentModel {
  package let fits: [Result<ProphetFit, ModelError>]

  package init(fits: [Result<ProphetFit, ModelError>]) { self.fits = fits }

  package func forecast(horizon: Int) -> ForecastBlock {
    var futures = ProphetFutures(horizon: horizon)
    return ForecastBlock(of: fits, horizon: horizon) { fit, s, block in
      ProphetForecast(fit, future: futures.features(of: fit)).write(series: s, into: &block)
    }
  }

  package func components(series: Int, horizon: Int) -> [ForecastComponent] {
    guard case .success(let fit) = fits[series] else { return [] }
    var futures = ProphetFutures(horizon: horizon)
    return ProphetForecast(fit, future: futures.features(of: fit)).components()
  }
}

/// Features of the leads, made once for all series that share them.
struct ProphetFutures {
  let horizon: Int
  private var made: [Place: ProphetFeatures] = [:]

  private struct Place: Hashable {
    let cutoff: Int
    let columns: Int
  }

  init(horizon: Int) { self.horizon = horizon }

  mutating func features(of fit: ProphetFit) -> ProphetFeatures {
    features(of: fit.design, regressors: fit.regressors.count, cutoff: fit.cutoff)
  }

  mutating func features(of design: ProphetDesign, regressors: Int, cutoff: Int) -> ProphetFeatures {
    let place = Place(cutoff: cutoff, columns: design.columns.count - regressors)
    if let features = made[place] { return features }
    let features = design.features.over(firstIndex: cutoff + 1, count: horizon)
    made[place] = features
    return features
  }
}
