import Foundation
import HorizonCore
import HorizonModels

/// What our `prophet` makes of a case.
package struct ProphetOutcome: Sendable, Encodable, CustomStringConvertible {
  package struct Component: Sendable, Encodable {
    package let name: String
    package let multiplicative: Bool
    package let past: [Float]
    package let ahead: [Float]
  }

  package struct Parameters: Sendable, Encodable {
    package let k: Double
    package let m: Double
    package let delta: [Double]
    package let sigma: Double
    package let beta: [Double]
    package let columns: [String]
    package let changepoints: [Double]
    package let yScale: Double
    package let logPosterior: Double
  }

  package let name: String
  package let kind: String
  package private(set) var refused: String?
  package private(set) var parameters: Parameters?
  package private(set) var mean: [Float] = []
  /// By level, then lead.
  package private(set) var quantiles: [[Float]] = []
  package private(set) var components: [Component] = []
  package private(set) var against: ProphetAgreement?

  package var description: String { "\(name): \(refused ?? "log posterior \(parameters?.logPosterior ?? .nan)")" }

  /// Fits one case alone; with a reference, compares.
  package init(of case: ProphetCase, reference: ProphetReference? = nil) {
    name = `case`.name
    kind = `case`.kind
    let panel = `case`.panel
    guard let fitted = Prophet(`case`.options).fitted(to: panel) as? FittedProphet else {
      preconditionFailure("a fitted Prophet is a FittedProphet")
    }
    let block = fitted.forecast(horizon: `case`.horizon)
    let fit: ProphetFit
    switch fitted.fits[0] {
    case .failure(let error):
      refused = "\(error)"
      return
    case .success(let success): fit = success
    }
    let p = fit.parameters
    parameters = Parameters(
      k: p.k, m: p.m, delta: p.delta, sigma: p.sigma, beta: p.beta, columns: fit.columns,
      changepoints: fit.changepoints,
      yScale: fit.yScale, logPosterior: fit.logPosterior(p))
    mean = block.mean
    quantiles = (0..<Levels.count).map { level in
      (0..<`case`.horizon).map { block.quantiles[$0 * Levels.count + level] }
    }
    components = fitted.components(series: 0, horizon: `case`.horizon).map {
      Component(name: $0.name, multiplicative: $0.isMultiplicative, past: $0.past, ahead: $0.ahead)
    }
    if let reference, reference.refused == nil {
      against = ProphetAgreement(of: self, fit: fit, case: `case`, reference: reference)
    }
  }
}

/// How near our `prophet` and the package are on one case; differences are medians over leads.
package struct ProphetAgreement: Sendable, Encodable {
  /// Our formula at the package's parameters against its own value there, as a share of it; nil when columns or changepoints differ.
  package let formulaError: Double?
  /// Largest difference of a changepoint's scaled time; nil when their number differs.
  package let changepointError: Double?
  package let columnsAgree: Bool
  /// Our log posterior less the package's: above 0 where ours is the better optimum.
  package let gain: Double
  /// The package fits every reading: its noise level is next to nothing, and the posterior has no largest value.
  package let isUnbounded: Bool
  /// Of the point forecasts, as a share of the scale of the readings (the package's: the largest of them, or their range).
  package let meanDifference: Double
  /// The same as a share of the mean seasonal difference (the scale of MASE), which is stricter; nil for a series without one.
  package let meanDifferenceOfSeason: Double?
  /// Of the fitted values in the history, as a share of the scale of the readings.
  package let fittedDifference: Double
  /// Our forecast at the package's parameters against its own, as a share of the scale: the largest over leads; nil where the
  /// parameters cannot be compared.
  package let forecastError: Double?
  /// The same of the components, the largest over components and steps, past and ahead.
  package let componentError: Double?
  /// Our quantiles at the package's parameters against its samples, as a share of its 80 % interval: the largest over levels; nil where
  /// the parameters cannot be compared.
  package let spreadError: Double?
  /// Of the quantiles, their own point forecasts taken off, as a share of the package's 80 % interval: the largest over levels.
  package let spreadDifference: Double
  /// Our 80 % interval's width over the package's.
  package let widthRatio: Double
  /// What the components leave unexplained of our point forecast, as a share of the scale.
  package let componentsLeave: Double
  /// Leads with a later reading, and how many of them each interval holds.
  package let scored: Int
  package let inside80: Int
  package let inside90: Int
  package let packageInside80: Int
  package let packageInside90: Int

  init(of ours: ProphetOutcome, fit: ProphetFit, case: ProphetCase, reference: ProphetReference) {
    let growth = `case`.options.growth
    guard let theirs = reference.parameters(of: growth), let said = reference.logPosterior, let yhat = reference.yhat,
      let scale = reference.yScale, let times = growth == .flat ? [] : reference.changepoints
    else { preconditionFailure("a reference without a refusal is whole") }
    columnsAgree = fit.columns == (reference.columns == ["zeros"] ? [] : reference.columns)
    changepointError =
      times.count == fit.changepoints.count
      ? zip(times, fit.changepoints).map { abs($0 - $1) }.max() ?? 0 : nil
    let comparable =
      columnsAgree && theirs.delta.count == ours.parameters?.delta.count
    formulaError = comparable ? abs(fit.logPosterior(theirs) - said) / max(1, abs(said)) : nil
    gain = (ours.parameters?.logPosterior ?? -.infinity) - said
    isUnbounded = theirs.sigma < 1e-6

    let leads = `case`.horizon
    let differences = (0..<leads).map { abs(Double(ours.mean[$0]) - yhat[$0]) }
    meanDifference = median(differences) / scale
    meanDifferenceOfSeason = Metrics.scale(of: `case`.panel.history(0)).map { median(differences) / $0 }
    let fitted = combined(ours.components.map { ($0.multiplicative, $0.past) })
    // Our history begins with its first reading.
    let past = zip(fitted, (reference.fitted ?? []).suffix(fitted.count)).map { abs($0 - $1) }
    fittedDifference = median(past) / scale

    let width = (0..<leads).map {
      reference.quantiles[Levels.upper80][$0] - reference.quantiles[Levels.lower80][$0]
    }
    let ownWidth = (0..<leads).map {
      Double(ours.quantiles[Levels.upper80][$0] - ours.quantiles[Levels.lower80][$0])
    }
    func spread(_ quantile: (Int, Int) -> Double, around mean: (Int) -> Double) -> Double {
      let byLevel = (0..<Levels.count).map { level in
        let distances = (0..<leads).map { lead -> Double in
          let own = quantile(level, lead) - mean(lead)
          let packages = reference.quantiles[level][lead] - yhat[lead]
          return abs(own - packages) / max(width[lead], 1e-6 * scale)
        }
        return median(distances)
      }
      return byLevel.max() ?? 0
    }
    spreadDifference = spread({ Double(ours.quantiles[$0][$1]) }, around: { Double(ours.mean[$0]) })
    if comparable {
      let there = FittedProphet(fits: [.success(fit.with(theirs))])
      let block = there.forecast(horizon: leads)
      forecastError = (0..<leads).map { abs(Double(block.mean[$0]) - yhat[$0]) / scale }.max() ?? 0
      spreadError = spread(
        { Double(block.quantiles[$1 * Levels.count + $0]) }, around: { Double(block.mean[$0]) })
      let parts = there.components(series: 0, horizon: leads)
      componentError = parts.map { part in
        guard let other = reference.components?.first(where: { $0.name == part.name }),
          other.multiplicative == part.isMultiplicative
        else { return .infinity }
        let unit = part.isMultiplicative ? 1 : scale
        let ahead = zip(part.ahead, other.ahead).map { abs(Double($0) - $1) / unit }
        let past = zip(part.past, other.past.suffix(part.past.count)).map { abs(Double($0) - $1) / unit }
        return max(ahead.max() ?? 0, past.max() ?? 0)
      }.max()
    } else {
      (forecastError, spreadError, componentError) = (nil, nil, nil)
    }
    widthRatio = median(zip(ownWidth, width).map { $0 / max($1, 1e-6 * scale) })
    let whole = combined(ours.components.map { ($0.multiplicative, $0.ahead) })
    componentsLeave = (zip(whole, ours.mean).map { abs($0 - Double($1)) }.max() ?? 0) / scale

    let actual = `case`.actual.enumerated().filter { !$0.element.isNaN && $0.offset < leads }
    func inside(_ low: Int, _ high: Int, _ quantile: (Int, Int) -> Double) -> Int {
      actual.count {
        Double($0.element) >= quantile(low, $0.offset) && Double($0.element) <= quantile(high, $0.offset)
      }
    }
    let our = { (level: Int, lead: Int) in Double(ours.quantiles[level][lead]) }
    let their = { (level: Int, lead: Int) in reference.quantiles[level][lead] }
    scored = actual.count
    inside80 = inside(Levels.lower80, Levels.upper80, our)
    inside90 = inside(0, Levels.count - 1, our)
    packageInside80 = inside(Levels.lower80, Levels.upper80, their)
    packageInside90 = inside(0, Levels.count - 1, their)
  }
}

/// trend * (1 + multiplicative parts) + additive parts, the trend first.
private func combined(_ parts: [(isMultiplicative: Bool, values: [Float])]) -> [Double] {
  guard let trend = parts.first?.values else { return [] }
  return trend.indices.map { t in
    var factor = 1.0
    var sum = 0.0
    for part in parts.dropFirst() {
      if part.isMultiplicative { factor += Double(part.values[t]) } else { sum += Double(part.values[t]) }
    }
    return Double(trend[t]) * factor + sum
  }
}

private func median(_ values: [Double]) -> Double {
  guard !values.isEmpty else { return 0 }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
