package import HorizonCore

/// The list of all models, cheap ones first; a new model is one file and one line here.
package enum Catalog {
  package static let all = contestants(ModelOptions())

  package static func contestants(_ options: ModelOptions) -> [Contestant] {
    [
      .model(SeasonalNaive()),
      .model(Naive()),
      .model(Drift()),
      .model(Line30()),
      .model(Line90()),
      .model(Theta()),
      .model(ETS()),
      .model(Harmonic()),
      .model(HarmonicAR()),
      .model(Sawtooth()),
      .model(Prophet(options.prophet)),
      .model(ProphetShift(options.prophet)),
      .learner(XGBoost()),
      .learner(LSTM(weights: options.lstmWeights)),
      .model(LSTMZeroShot(weights: options.lstmWeights)),
      .combination(Ensemble()),
      .combination(EnsembleMean()),
      .combination(EnsembleMedian()),
      .combination(EnsembleWeighted()),
      .combination(EnsembleStacked()),
    ]
  }

  /// The baseline that every skill refers to and that stands in for a champion that fails.
  package static let baseline = SeasonalNaive.card.name

  /// - Throws: The first name that is not in the catalog.
  package static func named(_ names: [String], options: ModelOptions = ModelOptions()) throws(Failure) -> [Contestant] {
    let known = Set(all.map(\.card.name))
    if let unknown = names.first(where: { !known.contains($0) }) {
      throw Failure(
        .badUsage, "There is no model '\(unknown)'.",
        remedy: "Choose from: \(all.map(\.card.name).joined(separator: ", ")).")
    }
    let wanted = Set(names + [baseline])
    return contestants(options).filter { wanted.contains($0.card.name) }
  }
}

/// A model or a combination of models, behind the one door that checks what it returns.
package enum Contestant: Sendable {
  case model(any ForecastModel)
  case combination(any ForecastCombination)
  /// Takes no part before it is trained, which makes a `model` of it.
  case learner(any FleetModel)

  package var card: ModelCard {
    switch self {
    case .model(let m): type(of: m).card
    case .combination(let c): type(of: c).card
    case .learner(let l): type(of: l).card
    }
  }

  /// Whether it must learn from the fleet before it can take part.
  package var isLearner: Bool { if case .learner = self { true } else { false } }
}

extension ForecastModel {
  /// Fits and forecasts with the guarantees that callers rely on: finite values, quantiles in ascending order, a reason for
  /// every series without a forecast.
  package func checkedForecast(of panel: Panel, horizon: Int) -> ForecastBlock {
    var block = fitted(to: panel).forecast(horizon: horizon)
    for s in 0..<panel.count where block.refusals[s] == nil { block.check(series: s) }
    return block
  }
}

extension ForecastBlock {
  fileprivate mutating func check(series s: Int) {
    let levels = Levels.count
    let rows = (s * horizon)..<((s + 1) * horizon)
    let finite =
      mean[rows].allSatisfy(\.isFinite)
      && quantiles[(rows.lowerBound * levels)..<(rows.upperBound * levels)].allSatisfy(\.isFinite)
    guard finite else {
      refusals[s] = .notFinite
      return
    }
    quantiles.withUnsafeMutableBufferPointer { q in
      for row in rows {
        for k in 1..<levels {
          // Insertion sort: seven values that nearly always are in order.
          var j = row * levels + k
          while j > row * levels && q[j] < q[j - 1] {
            q.swapAt(j, j - 1)
            j -= 1
          }
        }
      }
    }
  }

  /// One series as a block of its own.
  package func row(_ s: Int) -> ForecastBlock {
    var block = ForecastBlock(count: 1, horizon: horizon)
    let width = horizon * Levels.count
    block.mean = Array(mean[(s * horizon)..<((s + 1) * horizon)])
    block.quantiles = Array(quantiles[(s * width)..<((s + 1) * width)])
    block.refusals = [refusals[s]]
    return block
  }
}
