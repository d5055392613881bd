package import HorizonCore
package import HorizonModels

/// What the point forecast of one series is made of, in the unit of its readings: parts that add up to it.
package struct Composition: Sendable {
  /// Whose parts they are.
  package let model: String
  /// Models whose forecasts are combined, where the one that publishes is a combination; else empty.
  package let members: [String]
  /// How.
  let blend: Blend
  /// Those of the members that have parts, `model` the first of them.
  package let membersWithParts: [String]
  let step: Step
  /// Step index of the first value of the past.
  let firstIndex: Int
  /// The step after which leads count.
  let cutoff: Int
  /// The trend first.
  package let parts: [Part]
  let holidays: Holidays
  /// Who adds the part `learned`: the subject of a sentence; nil where there is no such part.
  let teacher: String?

  package struct Part: Sendable, Hashable {
    package enum Kind: String, Sendable { case trend, cycle, holidays, regressor, memory, learned }

    let name: String
    let kind: Kind
    /// Fitted as a share of the trend.
    let isMultiplicative: Bool
    let past: [Double]
    let ahead: [Double]

    package init(name: String, kind: Kind, isMultiplicative: Bool, past: [Double], ahead: [Double]) {
      self.name = name
      self.kind = kind
      self.isMultiplicative = isMultiplicative
      self.past = past
      self.ahead = ahead
    }
  }

  /// - Parameters:
  ///   - parts: The trend first, all of the same length.
  ///   - holidays: Those that the model knew.
  package init(
    model: String, members: [String] = [], blend: Blend? = nil, membersWithParts: [String], step: Step, firstIndex: Int,
    cutoff: Int, parts: [Part], holidays: Holidays = Holidays(), teacher: String? = nil
  ) {
    self.model = model
    self.members = members
    self.blend = blend ?? .equal(max(1, members.count))
    self.membersWithParts = membersWithParts
    self.step = step
    self.firstIndex = firstIndex
    self.cutoff = cutoff
    self.parts = parts
    self.holidays = holidays
    self.teacher = teacher
  }

  var horizon: Int { parts[0].ahead.count }

  /// Value of a part at a step of the history or a lead; nil outside.
  package func value(of part: Part, at index: Int) -> Double? {
    if index > cutoff { return index - cutoff <= part.ahead.count ? part.ahead[index - cutoff - 1] : nil }
    return index >= firstIndex ? part.past[index - firstIndex] : nil
  }

  /// The forecast, or what the model makes of the past, at a step.
  package func total(at index: Int) -> Double? {
    var sum = 0.0
    for part in parts {
      guard let value = value(of: part, at: index) else { return nil }
      sum += value
    }
    return sum
  }
}

/// Who publishes a series, as `forecasts.parquet` and `decisions.parquet` have it.
package struct Publisher: Sendable, Hashable {
  /// A model or a combination of the catalog.
  let name: String
  /// The models that are combined where `name` is a combination; else empty.
  let members: [String]
  let blend: Blend

  /// - Parameters:
  ///   - members: Of the champion; a stand-in has none.
  ///   - blend: How they are combined; an average of equal weights by default.
  package init(publishedBy name: String, champion: String, members: [String], blend: Blend? = nil) {
    self.name = name
    let isCombined = name == champion && !members.isEmpty
    self.members = isCombined ? members : []
    self.blend = isCombined ? blend ?? .equal(members.count) : .equal(1)
  }

  /// The models that are fitted.
  var models: [String] { members.isEmpty ? [name] : members }
}

/// Series fitted again as the publish pass fits them: all readings up to the as-of, each by the models that published it.
package struct Refit {
  private let panel: Panel
  private let readings: PublishedReadings
  private let cutoffs: [Int]
  private let contestants: [Contestant]
  private let horizon: Int

  /// - Parameters:
  ///   - panel: Readings up to the as-of.
  ///   - cutoffs: By series, the step after which leads count.
  package init(_ panel: Panel, cutoffs: [Int], contestants: [Contestant], horizon: Int) {
    self.panel = panel
    readings = PublishedReadings(panel)
    self.cutoffs = cutoffs
    self.contestants = contestants
    self.horizon = horizon
  }

  private func model(_ name: String) -> (any ForecastModel)? {
    guard case .model(let method)? = contestants.first(where: { $0.card.name == name }) else { return nil }
    return method
  }

  private func view(_ method: any ForecastModel, _ rows: [Int], isRaw: Bool) -> Panel {
    readings.panel(raw: isRaw).selecting(rows, cutoff: cutoffs[rows[0]])
  }

  private func isRaw(_ method: any ForecastModel, series: Int) -> Bool {
    readings.areRaw(for: type(of: method).card, series: series)
  }

  /// What each forecast is made of, by the first of its models that can tell; nil where none can.
  ///
  /// - Parameter publishers: One for each series of the panel.
  package func compositions(_ publishers: [Publisher]) -> [Composition?] {
    var telling: [String: any ForecastModel] = [:]
    for name in Set(publishers.flatMap(\.models)) {
      if let method = model(name), method.hasComponents(at: panel.step) { telling[name] = method }
    }
    struct Group: Hashable {
      package let model: String
      let cutoff: Int
      let isRaw: Bool
    }
    var result = [Composition?](repeating: nil, count: publishers.count)
    // A model that refuses a series leaves it to the next one.
    var candidates = publishers.map { $0.models.filter { telling[$0] != nil }[...] }
    while true {
      var groups: [Group: [Int]] = [:]
      for (s, names) in candidates.enumerated() where result[s] == nil {
        guard let name = names.first else { continue }
        let group = Group(model: name, cutoff: cutoffs[s], isRaw: isRaw(telling[name]!, series: s))
        groups[group, default: []].append(s)
        candidates[s].removeFirst()
      }
      guard !groups.isEmpty else { return result }
      for (group, rows) in groups {
        let view = view(telling[group.model]!, rows, isRaw: group.isRaw)
        guard let fitted = telling[group.model]!.fitted(to: view) as? any ComponentModel else { continue }
        let all = fitted.components(of: rows.indices, horizon: horizon)
        for (row, s) in rows.enumerated() {
          let components = all[row]
          guard let trend = components.first else { continue }
          let first = view.history(row).firstIndex
          precondition(
            trend.past.count == group.cutoff - first + 1 && trend.ahead.count == horizon,
            "a component has a value at each step of the history and each lead")
          result[s] = Composition(
            model: group.model, members: publishers[s].members, blend: publishers[s].blend,
            membersWithParts: publishers[s].models.filter { telling[$0] != nil }, step: panel.step,
            firstIndex: first, cutoff: group.cutoff,
            parts: Composition.parts(components, regressors: Set(view.covariates.regressors(of: row).map(\.name))),
            holidays: view.covariates.holidays, teacher: (fitted as? any LearnedModel)?.teacher)
        }
      }
    }
  }

  /// What those models of one series that have learnt from many add to `harmonic-ar` at one lead; those that refuse are left out.
  package func lessons(_ publisher: Publisher, series s: Int, lead: Int) -> [Lesson] {
    publisher.models.compactMap { name in
      guard let method = model(name),
        let fitted = method.fitted(to: view(method, [s], isRaw: isRaw(method, series: s))) as? any LearnedModel
      else { return nil }
      let amounts = fitted.components(series: 0, horizon: horizon).map { Double($0.ahead[lead - 1]) }
      guard let added = amounts.last else { return nil }
      return Lesson(
        model: name, teacher: fitted.teacher, alone: amounts.dropLast().reduce(0, +), added: added,
        contributions: fitted.contributions(series: 0, lead: lead, horizon: horizon))
    }
  }

  /// The point forecast of one series; nil when a model is not known or all refuse.
  package func mean(_ publisher: Publisher, series s: Int) -> [Float]? {
    var blocks: [ForecastBlock] = []
    var fitted: [Int] = []
    for (member, name) in publisher.models.enumerated() {
      guard let method = model(name) else { return nil }
      let block = method.checkedForecast(
        of: view(method, [s], isRaw: isRaw(method, series: s)), horizon: horizon)
      guard block.refusals[0] == nil else { continue }
      blocks.append(block)
      fitted.append(member)
    }
    guard !blocks.isEmpty else { return nil }
    var combined = ForecastBlock(count: 1, horizon: horizon)
    combined.combine(series: 0, publisher.blend.keeping(fitted), of: blocks)
    return combined.mean
  }
}

extension ForecastModel {
  /// Whether its fits can say what they are made of.
  fileprivate func hasComponents(at step: Step) -> Bool {
    fitted(to: Panel(step: step, firstIndex: 0, length: 1, values: [], seeds: [])) is any ComponentModel
  }
}

extension Composition {
  /// Shares of the trend become amounts.
  fileprivate static func parts(_ components: [ForecastComponent], regressors: Set<String>) -> [Part] {
    let trend = components[0]
    return components.enumerated().map { position, component in
      let kind: Part.Kind =
        switch component.name {
        case _ where position == 0: .trend
        case "holidays": .holidays
        case "memory": .memory
        case "learned": .learned
        case let name where regressors.contains(name): .regressor
        default: .cycle
        }
      func amounts(_ values: [Float], _ levels: [Float]) -> [Double] {
        guard component.isMultiplicative, position > 0 else { return values.map(Double.init) }
        return zip(values, levels).map { Double($0) * Double($1) }
      }
      return Part(
        name: component.name, kind: kind, isMultiplicative: position > 0 && component.isMultiplicative,
        past: amounts(component.past, trend.past), ahead: amounts(component.ahead, trend.ahead))
    }
  }
}

extension Composition {
  /// One cycle of a part in `places`, each the mean over the newest cycle of the history; nil where a place has no value.
  ///
  /// - Parameters:
  ///   - days: Length of the cycle.
  ///   - place: Of a civil day and the second of that day.
  func cycle(of part: Part, days: Double, places: Int, place: (Int, Int) -> Int) -> [Double]? {
    var sums = [Double](repeating: 0, count: places)
    var counts = [Int](repeating: 0, count: places)
    let length = Int((days / step.days).rounded())
    for index in (cutoff - length + 1)...cutoff {
      guard let value = value(of: part, at: index) else { return nil }
      let time = step.microseconds(of: index)
      let day = CivilDate.daysSinceEpoch(ofMicroseconds: time)
      let at = place(day, Int(time / 1_000_000) - day * 86_400)
      sums[at] += value
      counts[at] += 1
    }
    return counts.contains(0) ? nil : zip(sums, counts).map { $0 / Double($1) }
  }
}
