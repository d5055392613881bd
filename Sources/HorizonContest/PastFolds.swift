package import HorizonCore
package import HorizonModels

/// What is remembered of the folds of some series that have been played: enough to weigh models as of any later moment.
///
/// Losses and errors are kept at a few leads only, so what is known at a moment is known up to the last of them before it.
package struct PastFolds {
  private let cards: [ModelCard]
  private let count: Int
  /// Place of each model among those whose errors are kept; nil for combinations, and for baselines beside others.
  private let places: [Int?]
  /// Leads up to which sums are kept, ascending.
  private let stops: [Int]
  /// Leads at which errors are kept: every second of those, the last one among them.
  private let samples: [Int]
  private var folds: [Fold] = []

  private struct Fold {
    let cutoff: Int
    /// Those that were played.
    let stops: [Int]
    let samples: [Int]
    /// By `[series][model]`.
    let refused: [Bool]
    /// Losses over the leads up to each stop, by `[series][model][stop]`.
    var losses: [Float]
    /// Readings up to each stop, by `[series][stop]`.
    var readings: [Float]
    /// Quantiles minus the reading at each sample, in scales, by `[series][place][sample][level]`; 0 without a reading.
    var errors: [Float]

    /// How many of some leads, ascending, had come true at a step.
    func seen(_ leads: [Int], at step: Int) -> Int { leads.firstIndex { $0 > step - cutoff } ?? leads.count }
  }

  /// A fold as far as it is of one series: slices of `Fold`.
  struct OfSeries: Sendable {
    let cutoff: Int
    let stops: [Int]
    let samples: [Int]
    let refused: [Bool]
    let losses: [Float]
    let readings: [Float]
    let errors: [Float]
  }

  /// The folds so far of one series.
  func ofSeries(_ s: Int) -> [OfSeries] {
    folds.map { fold in
      func slice<Value>(_ values: [Value]) -> [Value] {
        let width = values.count / count
        return Array(values[(s * width)..<((s + 1) * width)])
      }
      return OfSeries(
        cutoff: fold.cutoff, stops: fold.stops, samples: fold.samples, refused: slice(fold.refused),
        losses: slice(fold.losses), readings: slice(fold.readings), errors: slice(fold.errors))
    }
  }

  /// Takes in what `ofSeries` gave, of all series in their order, before any fold is appended.
  mutating func restore(_ series: [[OfSeries]]) {
    folds = series[0].indices.map { at in
      let parts = series.map { $0[at] }
      return Fold(
        cutoff: parts[0].cutoff, stops: parts[0].stops, samples: parts[0].samples,
        refused: parts.flatMap(\.refused), losses: parts.flatMap(\.losses), readings: parts.flatMap(\.readings),
        errors: parts.flatMap(\.errors))
    }
  }

  /// Each older fold weighs this much of the next.
  private static let fading = 0.8

  /// - Parameter horizon: Leads of a fold that has come true as a whole.
  package init(count: Int, cards: [ModelCard], leads: DigestLeads, horizon: Int) {
    self.count = count
    self.cards = cards
    let within = leads.leads.filter { $0 < horizon }
    let stops = within + [horizon]
    self.stops = stops
    samples = stops.indices.filter { (stops.count - $0) % 2 == 1 }.map { stops[$0] }
    let models = cards.indices.filter { cards[$0].cost != .combined }
    let contenders = models.filter { !cards[$0].isBaseline }
    let kept = contenders.isEmpty ? models : contenders
    places = cards.indices.map { kept.firstIndex(of: $0) }
  }

  /// Remembers a fold, later than all before.
  ///
  /// - Parameters:
  ///   - blocks: By model, bounded.
  ///   - curves: Loss over the seven levels in scales, by `[model][series][lead]`; NaN without a reading.
  ///   - units: What losses of each series are divided by.
  ///   - panel: With the readings that the fold is scored on.
  package mutating func append(cutoff: Int, blocks: [ForecastBlock], curves: [[Float]], units: [Float], panel: Panel) {
    let horizon = blocks[0].horizon
    let stops = self.stops.filter { $0 <= horizon }
    let samples = self.samples.filter { $0 <= horizon }
    let models = cards.count
    let kept = places.compactMap { $0 }.count
    var fold = Fold(
      cutoff: cutoff, stops: stops, samples: samples,
      refused: (0..<count * models).map { blocks[$0 % models].refusals[$0 / models] != nil },
      losses: [Float](repeating: 0, count: count * models * stops.count),
      readings: [Float](repeating: 0, count: count * stops.count),
      errors: [Float](repeating: 0, count: count * kept * samples.count * Levels.count))
    for s in 0..<count {
      var readings: Float = 0
      var lead = 1
      for (k, stop) in stops.enumerated() {
        while lead <= stop {
          if !panel.actual(s, at: cutoff + lead).isNaN { readings += 1 }
          lead += 1
        }
        fold.readings[s * stops.count + k] = readings
      }
      for model in 0..<models where cards[model].cost != .combined && !fold.refused[s * models + model] {
        var sum = 0.0
        var lead = 1
        for (k, stop) in stops.enumerated() {
          while lead <= stop {
            let loss = curves[model][s * horizon + lead - 1]
            if !loss.isNaN { sum += Double(loss) }
            lead += 1
          }
          fold.losses[(s * models + model) * stops.count + k] = Float(sum)
        }
        guard let place = places[model] else { continue }
        for (k, sample) in samples.enumerated() {
          let reading = panel.actual(s, at: cutoff + sample)
          guard !reading.isNaN else { continue }
          let from = (s * horizon + sample - 1) * Levels.count
          let to = ((s * kept + place) * samples.count + k) * Levels.count
          for level in 0..<Levels.count {
            fold.errors[to + level] = (blocks[model].quantiles[from + level] - reading) / units[s]
          }
        }
      }
    }
    folds.append(fold)
  }

  /// The models that forecast a series on the newest fold before a step, no combination among them; empty without a fold.
  package func players(series s: Int, at step: Int) -> [Int] {
    guard let newest = folds.last(where: { $0.cutoff < step }) else { return [] }
    return cards.indices.filter { cards[$0].cost != .combined && !newest.refused[s * cards.count + $0] }
  }

  /// What a combination is made of that forecasts from `step`: only readings up to it count.
  ///
  /// - Parameter models: Positions of the models that forecast the series, ascending, at least one.
  package func recipe(_ combination: any ForecastCombination, series s: Int, at step: Int, of models: [Int]) -> Recipe {
    let record = PastLosses(cards: models.map { cards[$0] }, losses: losses(series: s, at: step, of: models))
    var recipe = combination.recipe(record) { errors(series: s, at: step, of: $0.map { models[$0] }) }
    recipe.members = recipe.members.map { models[$0] }
    return recipe
  }

  /// Mean loss of each model; on a fold that it refused, that of the worst of the others.
  private func losses(series s: Int, at step: Int, of models: [Int]) -> [Double?] {
    var sums = [Double](repeating: 0, count: models.count)
    var hasPlayed = [Bool](repeating: false, count: models.count)
    var total = 0.0
    for fold in folds where fold.cutoff < step {
      let seen = fold.seen(fold.stops, at: step)
      guard seen > 0, fold.readings[s * fold.stops.count + seen - 1] > 0 else { continue }
      let own: [Double?] = models.map { model in
        let row = s * cards.count + model
        return fold.refused[row] ? nil : Double(fold.losses[row * fold.stops.count + seen - 1])
      }
      guard let worst = own.compactMap({ $0 }).max() else { continue }
      for m in models.indices {
        sums[m] = sums[m] * Self.fading + (own[m] ?? worst)
        if own[m] != nil { hasPlayed[m] = true }
      }
      total = total * Self.fading + Double(fold.readings[s * fold.stops.count + seen - 1])
    }
    return models.indices.map { hasPlayed[$0] ? sums[$0] / total : nil }
  }

  /// Errors on the folds that all given models played, each standing for the leads since the sample before.
  private func errors(series s: Int, at step: Int, of models: [Int]) -> PastErrors? {
    let places = models.compactMap { self.places[$0] }
    guard places.count == models.count else { return nil }
    let kept = self.places.compactMap { $0 }.count
    var past = PastErrors(errors: models.map { _ in [] }, above: [], below: [])
    var weight: Float = 1
    for fold in folds.reversed() where fold.cutoff < step {
      let seen = fold.seen(fold.samples, at: step)
      guard seen > 0, models.allSatisfy({ !fold.refused[s * cards.count + $0] }) else { continue }
      for (m, place) in places.enumerated() {
        let from = (s * kept + place) * fold.samples.count * Levels.count
        past.errors[m] += fold.errors[from..<(from + seen * Levels.count)]
      }
      for k in 0..<seen {
        let share = weight * Float(fold.samples[k] - (k > 0 ? fold.samples[k - 1] : 0))
        for level in Levels.all {
          past.above.append(share * (1 - level))
          past.below.append(share * level)
        }
      }
      weight *= Float(Self.fading)
    }
    return past.above.isEmpty ? nil : past
  }
}

extension PastFolds.OfSeries {
  func write(to out: inout WordWriter) {
    out.add(cutoff)
    for numbers in [stops, samples, refused.map { $0 ? 1 : 0 }] {
      out.add(numbers.count)
      for number in numbers { out.add(number) }
    }
    for floats in [losses, readings, errors] { out.add(floats) }
  }

  init(reading reader: inout WordReader) {
    func numbers() -> [Int] { (0..<reader.int()).map { _ in reader.int() } }
    cutoff = reader.int()
    stops = numbers()
    samples = numbers()
    refused = numbers().map { $0 == 1 }
    losses = reader.floats() ?? []
    readings = reader.floats() ?? []
    errors = reader.floats() ?? []
  }
}
