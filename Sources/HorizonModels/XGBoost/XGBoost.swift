import Foundation
import HorizonCore
import HorizonLearning
import HorizonNumerics

/// Gradient-boosted trees that learn from the whole fleet what `harmonic-ar` gets wrong, at about twenty leads, all levels at once.
///
/// Direct forecasts: the lead is a feature. The labels are scores (see `Reference`), so what one series teaches holds for others and
/// a trend goes on. Between the leads that are asked for, scores are interpolated.
struct XGBoost: FleetModel {
  static let card = ModelCard(
    name: "xgboost",
    summary: "Boosted trees that learn from the whole fleet how harmonic-ar errs, for all quantiles at once.",
    minimumHistory: HarmonicAR.card.minimumHistory, cost: .dear,
    reference: "Chen & Guestrin, \"XGBoost\", KDD 2016; Januschowski et al., \"Forecasting with trees\", IJF 2022")
  static let fileName = "xgboost.trees"
  static let trainingSeconds = 4.0

  /// Rows of features, those held out included, whatever the fleet's size.
  private static let mostRows = 40_000

  func trained(on sample: Panel, horizon: Int, seed: UInt64) throws(TrainingError) -> any TrainedModel {
    let grid = XGBoost.grid(horizon)
    // Origins near the cutoff have not seen their long leads yet, so more than the share of the grid is drawn.
    let wanted = XGBoost.mostRows * 3 / 2 / grid.count
    let plan = LearningPlan(sample, horizon: horizon)
    let examples = try plan.examples(from: sample, horizon: horizon, count: wanted, seed: seed)
    var learnt = Rows()
    var held = Rows()
    for example in examples {
      let features = XGBoostFeatures(example.view, mostLead: horizon)
      let leads = example.view.reference.leads
      var typical = 0.0
      for lead in grid { typical += leads[lead - 1].deviation / Double(grid.count) }
      var random = SplitMix64(seed: stableHash("\(example.view.cutoff)/\(sample.seeds[example.series])", seed: seed))
      var before = 0
      for end in grid {
        let lead = Int.random(in: (before + 1)...end, using: &random)
        before = end
        let index = example.view.cutoff + lead
        guard index <= sample.cutoff else { break }
        let score = example.score(sample, lead: lead)
        guard !score.isNaN else { continue }
        let weight = Float(min(10, max(0.1, leads[lead - 1].deviation / typical)))
        if index > plan.heldAfter {
          held.append(score, weight) { features.write(lead: lead, into: &$0) }
        } else {
          learnt.append(score, weight) { features.write(lead: lead, into: &$0) }
        }
      }
    }
    do throws(LearningError) {
      guard learnt.labels.count >= LearningPlan.leastExamples else {
        throw .failed("only \(learnt.labels.count) readings came after the examples")
      }
      var parameters = BoosterParameters(levels: Levels.all)
      // A tree for each level learns more from a row than one for all; half of the rows for each, and it costs no more.
      parameters.trees = .onePerLevel
      parameters.rounds = 40
      parameters.patience = 5
      parameters.depth = 5
      parameters.learningRate = 0.2
      parameters.rowShare = 0.5
      parameters.bins = 64
      parameters.seed = seed
      let validation = held.labels.count >= LearningPlan.leastExamples ? try held.rows() : nil
      if validation == nil { parameters.rounds = 20 }
      let booster = try Booster.trained(on: learnt.rows(), validation: validation, parameters: parameters)
      return try TrainedXGBoost(
        booster, mostLead: horizon, examples: examples.count,
        story: "\(booster.rounds) rounds of trees from \(learnt.labels.count) rows of \(examples.count) examples")
    } catch { throw TrainingError(error) }
  }

  func loaded(from bytes: [UInt8]) throws(TrainingError) -> any TrainedModel {
    do throws(LearningError) { return try TrainedXGBoost(saved: bytes) } catch { throw TrainingError(error) }
  }

  /// About twenty leads, dense where forecasts change fast: the first is 1, the last the horizon.
  static func grid(_ horizon: Int) -> [Int] {
    let shape = [1, 2, 3, 4, 5, 7, 9, 12, 16, 21, 28, 36, 46, 58, 72, 88, 108, 130, 155, 180]
    let stretch = Double(horizon) / 180
    var leads: [Int] = []
    for base in shape {
      let lead = base == 1 ? 1 : stretch > 1 ? Int((Double(base) * stretch).rounded()) : min(base, horizon)
      if lead > leads.last ?? 0 { leads.append(lead) }
    }
    return leads
  }
}

extension TrainingError {
  init(_ error: LearningError) {
    switch error {
    case .libraryMissing: self.init(.noLibrary, error.description)
    case .failed, .badWeights: self.init(.trainingFailed, error.description)
    }
  }
}

private struct Rows {
  private var features: [Float] = []
  private(set) var labels: [Float] = []
  private var weights: [Float] = []

  mutating func append(_ label: Float, _ weight: Float, _ write: (inout [Float]) -> Void) {
    write(&features)
    labels.append(label)
    weights.append(weight)
  }

  func rows() throws(LearningError) -> TrainingRows {
    try TrainingRows(names: XGBoostFeatures.names, features: features, labels: labels, weights: weights)
  }
}

/// Trees with what else a forecast needs to know.
struct TrainedXGBoost: TrainedModel {
  static var card: ModelCard { XGBoost.card }
  let booster: Booster
  /// Longest lead that the trees have learnt from.
  let mostLead: Int
  /// Moments of the past that they have learnt from.
  private let examples: Int
  let story: String
  let saved: [UInt8]

  /// Examples at which trees weigh as much as what a series' own errors say of its quantiles.
  private static let priorExamples: Float = 300

  /// Weight of the trees beside the quantiles of `harmonic-ar`: what few examples teach is mostly luck.
  var weight: Float { Float(examples) / (Float(examples) + TrainedXGBoost.priorExamples) }

  fileprivate init(_ booster: Booster, mostLead: Int, examples: Int, story: String) throws(LearningError) {
    self.booster = booster
    self.mostLead = mostLead
    self.examples = examples
    self.story = story
    saved =
      [mostLead, examples].flatMap { n in (0..<4).map { UInt8(truncatingIfNeeded: n >> (8 * $0)) } }
      + (try booster.bytes())
  }

  fileprivate init(saved: [UInt8]) throws(LearningError) {
    guard saved.count > 8 else { throw .badWeights("the file holds \(saved.count) bytes, no trees") }
    mostLead = (0..<4).reduce(0) { $0 | Int(saved[$1]) << (8 * $1) }
    examples = (0..<4).reduce(0) { $0 | Int(saved[4 + $1]) << (8 * $1) }
    booster = try Booster(bytes: Array(saved[8...]))
    guard mostLead > 0, booster.features == XGBoostFeatures.names, booster.levels == Levels.all else {
      throw .badWeights("the trees were grown by another version of HorizonScale")
    }
    story = "\(booster.rounds) rounds of trees from an earlier run"
    self.saved = saved
  }

  func fitted(to panel: Panel) -> any FittedModel {
    FittedXGBoost(model: self, panel: panel)
  }
}

private struct FittedXGBoost: CorrectedFits {
  let model: TrainedXGBoost
  var panel: Panel
  let teacher = "what other series of the fleet teach"

  func forecast(horizon: Int) -> ForecastBlock {
    // What has no errors to learn from is what the reference makes of it.
    var block = reference.forecast(horizon: horizon)
    let views = SeriesView.of(panel, horizon: horizon)
    let known = views.indices.filter { views[$0] != nil }
    let grid = XGBoost.grid(horizon)
    var rows: [Float] = []
    rows.reserveCapacity(known.count * grid.count * XGBoostFeatures.names.count)
    for s in known {
      let features = XGBoostFeatures(views[s]!, mostLead: model.mostLead)
      for lead in grid { features.write(lead: lead, into: &rows) }
    }
    guard let scores = try? model.booster.predict(rows: rows, count: known.count * grid.count) else {
      for s in known { block.refusals[s] = .trainingFailed }
      return block
    }
    for (place, s) in known.enumerated() {
      let own = scores[(place * grid.count * Levels.count)..<((place + 1) * grid.count * Levels.count)]
      block.write(Array(own), at: grid, series: s, weight: model.weight, reference: views[s]!.reference)
    }
    return block
  }
}

extension FittedXGBoost {
  /// SHAP values of the trees for the median, features of one family together.
  ///
  /// They are those of the lead itself. What the forecast differs from that, because scores are interpolated between the leads of the
  /// grid, is the family `interpolation`; `fleet` is the mean over all rows that the trees have learnt from, `own` what the series' own
  /// errors keep beside them.
  func contributions(series: Int, lead: Int, horizon: Int) -> [Contribution] {
    let own = only(series..<(series + 1))
    guard let view = SeriesView.of(own.panel, horizon: horizon)[0],
      let whole = own.components(series: 0, horizon: horizon).last?.ahead[lead - 1]
    else { return [] }
    var row: [Float] = []
    XGBoostFeatures(view, mostLead: model.mostLead).write(lead: lead, into: &row)
    guard let values = try? model.booster.contributions(rows: row, count: 1) else { return [] }
    let scores = values.dropFirst(Levels.median * (row.count + 1)).prefix(row.count + 1)
    let at = view.reference.leads[lead - 1]
    let weight = Double(model.weight)
    func part(_ scores: some Sequence<Float>) -> ForecastPart {
      ForecastPart(name: "", past: [], ahead: [scores.reduce(0) { $0 + Double($1) } * weight * at.deviation])
    }
    var rest = scores
    var parts = [ForecastPart(name: "harmonic-ar", past: [], ahead: [at.mean])]
    for family in XGBoostFeatures.Family.allCases {
      parts.append(part(rest.prefix(family.count)))
      rest = rest.dropFirst(family.count)
    }
    parts.append(part(rest))
    parts.append(
      ForecastPart(name: "", past: [], ahead: [(1 - weight) * at.shape[Levels.median] * at.deviation]))
    let fit = view.reference.fit
    let amounts = parts.components { fit.transform.inverse($0, most: fit.most) }.dropFirst().map { Double($0.ahead[0]) }
    var found = zip(XGBoostFeatures.Family.allCases, amounts).map {
      Contribution(family: $0.rawValue, words: $0.words, amount: $1)
    }
    found.append(Contribution(family: "fleet", words: "what is usual in the fleet", amount: amounts[amounts.count - 2]))
    found.append(Contribution(family: "own", words: "the median of its own errors", amount: amounts.last!))
    found.append(
      Contribution(family: "interpolation", words: nil, amount: Double(whole) - amounts.reduce(0, +)))
    return found.enumerated().sorted { (abs($1.element.amount), $0.offset) < (abs($0.element.amount), $1.offset) }
      .map(\.element)
  }
}

extension ForecastBlock {
  /// Writes one series from scores at some leads, the first of them 1 and the last the horizon; between them scores are
  /// interpolated along the logarithm of the lead.
  fileprivate mutating func write(
    _ scores: [Float], at grid: [Int], series: Int, weight: Float, reference: Reference
  ) {
    var right = 0
    for lead in 1...horizon {
      while grid[right] < lead { right += 1 }
      let left = grid[right] == lead ? right : right - 1
      let share =
        left == right
        ? 0 : Float(log(Double(lead) / Double(grid[left])) / log(Double(grid[right]) / Double(grid[left])))
      let at = series * horizon + lead - 1
      for q in 0..<Levels.count {
        let learnt = (1 - share) * scores[left * Levels.count + q] + share * scores[right * Levels.count + q]
        let own = Float(reference.leads[lead - 1].shape[q])
        quantiles[at * Levels.count + q] = reference.reading(weight * learnt + (1 - weight) * own, lead: lead)
      }
      mean[at] = quantiles[at * Levels.count + Levels.median]
    }
  }
}
