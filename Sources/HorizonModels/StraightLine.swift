import HorizonCore

/// Least squares line through the readings of the last 30 days: what most capacity reports draw today.
struct Line30: SeriesModel {
  static let card = ModelCard(
    name: "line-30", summary: "Straight line through the readings of the last 30 days.", minimumHistory: 1,
    cost: .instant, reference: "Hyndman & Athanasopoulos, FPP3, 7.1", isBaseline: true)

  func fitted(to history: History) throws(ModelError) -> StraightLine { StraightLine(history, days: 30) }
}

/// Least squares line through the readings of the last 90 days.
struct Line90: SeriesModel {
  static let card = ModelCard(
    name: "line-90", summary: "Straight line through the readings of the last 90 days.", minimumHistory: 1,
    cost: .instant, reference: "Hyndman & Athanasopoulos, FPP3, 7.1", isBaseline: true)

  func fitted(to history: History) throws(ModelError) -> StraightLine { StraightLine(history, days: 90) }
}

/// An ordinary least squares line over a fixed window with its classical prediction interval.
///
/// The window is fixed on purpose: it is never chosen by goodness of fit.
struct StraightLine: SeriesFit {
  private let intercept: Double
  private let slope: Double
  private let deviation: Double
  private let count: Double
  private let meanAge: Double
  private let spread: Double

  /// - Parameter days: Window length; at least eight steps are used whatever the step.
  init(_ history: History, days: Double) {
    let window = max(8, Int(days / history.step.days))
    var n = 0.0
    var sx = 0.0
    var sy = 0.0
    var sxx = 0.0
    var sxy = 0.0
    var syy = 0.0
    let recent = history.values.suffix(window)
    // Differences to one reading, so that large levels with small changes keep their digits.
    let base = Double(history.lastReading)
    // Ages are counted back from the cutoff, so x = 0 is the cutoff and x = lead the future.
    for (t, value) in zip(recent.indices, recent) where !value.isNaN {
      let x = Double(t - recent.endIndex + 1)
      let y = Double(value) - base
      n += 1
      sx += x
      sy += y
      sxx += x * x
      sxy += x * y
      syy += y * y
    }
    n = max(n, 1)
    meanAge = sx / n
    spread = sxx - sx * sx / n
    let covariance = sxy - sx * sy / n
    slope = n >= 3 && spread > 0 ? covariance / spread : 0
    intercept = base + sy / n - slope * meanAge
    let residual = max(0, syy - sy * sy / n - slope * covariance)
    deviation = n > 2 ? (residual / (n - 2)).squareRoot() : 0
    count = n
  }

  func forecast(series: Int, into block: inout ForecastBlock) {
    for lead in 1...block.horizon {
      let x = Double(lead)
      let distance = x - meanAge
      let leverage = 1 / count + (spread > 0 ? distance * distance / spread : 0)
      block.setNormal(
        series: series, lead: lead, mean: Float(intercept + slope * x),
        deviation: Float(deviation * (1 + leverage).squareRoot()))
    }
  }
}
