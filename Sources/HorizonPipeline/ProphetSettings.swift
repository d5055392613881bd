import Foundation
import HorizonCore
import HorizonModels

/// What is wrong in the `prophet:` block, before it is known on which line it stands.
struct ProphetSettingError: Error {
  /// Nil for the block itself.
  let key: String?
  let message: String
  let remedy: String
}

extension ProphetOptions {
  private static let keys = [
    "growth", "cap", "floor", "changepoints", "n_changepoints", "changepoint_range", "changepoint_prior_scale",
    "yearly_seasonality", "weekly_seasonality", "daily_seasonality", "seasonalities", "seasonality_mode",
    "seasonality_prior_scale", "holidays_mode", "holidays_prior_scale", "regressors", "scaling",
  ]

  /// Reads the `prophet:` block of the settings file; its names are those of the `prophet` package.
  ///
  /// - Parameter block: As YAML gives it.
  init(settings block: Any) throws(ProphetSettingError) {
    self.init()
    let table = try ProphetBlock(block, place: nil, keys: ProphetOptions.keys)
    growth = try table.choice("growth", growth)
    cap = try table.number("cap")
    floor = try table.number("floor")
    if growth != .logistic, let idle = ["cap", "floor"].first(where: table.has) {
      throw ProphetSettingError(
        key: idle, message: "a \(idle) acts on logistic growth only.",
        remedy: "Write growth: logistic, or leave it out.")
    }
    if let cap, let floor, cap <= floor {
      throw ProphetSettingError(key: "cap", message: "the cap does not lie above the floor.", remedy: "Raise the cap.")
    }
    changepoints = try table.list("changepoints")?.map { value throws(ProphetSettingError) in
      // YAML takes a date that stands without quotes for a moment of its own.
      if let date = value as? Date { return Int64((date.timeIntervalSince1970 * 1e6).rounded()) }
      guard let time = ISOTime.parse("\(value)") else {
        throw ProphetSettingError(
          key: "changepoints", message: "'\(value)' is no date.", remedy: "Write ['2024-03-01', '2025-01-15'].")
      }
      return time.microseconds
    }
    changepointCount = try table.whole("n_changepoints", 0...500) ?? changepointCount
    changepointRange = try table.number("changepoint_range", from: 0, to: 1) ?? changepointRange
    changepointPriorScale = try table.scale("changepoint_prior_scale") ?? changepointPriorScale
    yearly = try table.order("yearly_seasonality", usual: 10)
    weekly = try table.order("weekly_seasonality", usual: 3)
    daily = try table.order("daily_seasonality", usual: 4)
    seasonalityMode = try table.choice("seasonality_mode", seasonalityMode)
    seasonalityPriorScale = try table.scale("seasonality_prior_scale") ?? seasonalityPriorScale
    holidaysMode = table.has("holidays_mode") ? try table.choice("holidays_mode", Mode.additive) : nil
    holidaysPriorScale = try table.scale("holidays_prior_scale") ?? holidaysPriorScale
    scaling = try table.choice("scaling", scaling)
    for entry in try table.list("seasonalities") ?? [] {
      let one = try ProphetOptions.seasonality(entry)
      guard !seasonalities.contains(where: { $0.name == one.name }) else {
        throw ProphetSettingError(
          key: "seasonalities", message: "there are two named '\(one.name)'.", remedy: "Give one another name.")
      }
      seasonalities.append(one)
    }
    if let entries = try table.block("regressors") {
      for (name, value) in entries.sorted(by: { $0.key < $1.key }) {
        let own = try ProphetBlock(value, place: "regressors", keys: ["prior_scale", "mode", "standardize"])
        regressors[name] = RegressorOptions(
          priorScale: try own.scale("prior_scale"), mode: own.has("mode") ? try own.choice("mode", Mode.additive) : nil,
          standardize: try own.flag("standardize"))
      }
    }
  }

  private static func seasonality(_ entry: Any) throws(ProphetSettingError) -> Seasonality {
    let own = try ProphetBlock(
      entry, place: "seasonalities", keys: ["name", "period", "fourier_order", "prior_scale", "mode"])
    guard let name = own.text("name"), let period = try own.number("period", from: 1e-3, to: 1e5),
      let order = try own.whole("fourier_order", 1...100)
    else {
      throw ProphetSettingError(
        key: "seasonalities", message: "a seasonality needs name, period (in days) and fourier_order.",
        remedy: "Write [{name: monthly, period: 30.5, fourier_order: 5}].")
    }
    let reserved = ["trend", "holidays", "memory", "zeros", "yhat", "ds", "y", "cap", "floor"]
    guard !name.contains("_delim_"), !reserved.contains(name) else {
      throw ProphetSettingError(
        key: "seasonalities", message: "the name '\(name)' means something else.", remedy: "Give it another name.")
    }
    return Seasonality(
      name: name, period: period, order: order, priorScale: try own.scale("prior_scale"),
      mode: own.has("mode") ? try own.choice("mode", Mode.additive) : nil)
  }
}

/// A table of the settings file whose keys are known.
private struct ProphetBlock {
  private let values: [String: Any]
  private let place: String?

  init(_ value: Any, place: String?, keys: [String]) throws(ProphetSettingError) {
    self.place = place
    guard let values = value as? [String: Any] else {
      throw ProphetSettingError(
        key: place, message: "'\(value)' is not a list of 'name: value' lines.",
        remedy: "Write prophet: {growth: logistic} or one indented line for each.")
    }
    self.values = values
    if let unknown = values.keys.sorted().first(where: { !keys.contains($0) }) {
      throw ProphetSettingError(
        key: unknown, message: "there is no '\(unknown)' here; there are \(keys.joined(separator: ", ")).",
        remedy: "Mend the name, or leave it out.")
    }
  }

  func has(_ key: String) -> Bool { values[key] != nil }
  func text(_ key: String) -> String? { values[key].map { "\($0)" } }

  private func failure(_ key: String, _ what: String) -> ProphetSettingError {
    ProphetSettingError(key: place ?? key, message: "'\(values[key]!)' is no \(key).", remedy: what)
  }

  func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ usual: Choice
  ) throws(ProphetSettingError) -> Choice where Choice.RawValue == String {
    guard let text = text(key) else { return usual }
    guard let choice = Choice(rawValue: text) else {
      throw failure(key, "Choose from \(Choice.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    return choice
  }

  func number(_ key: String, from least: Double = -1e300, to most: Double = 1e300) throws(ProphetSettingError)
    -> Double?
  {
    guard let text = text(key) else { return nil }
    guard let value = Double(text), value >= least, value <= most else {
      throw failure(key, least < -1e299 ? "Write a number." : "Write a number from \(least) to \(most).")
    }
    return value
  }

  /// The scale of a prior.
  func scale(_ key: String) throws(ProphetSettingError) -> Double? {
    guard let value = try number(key) else { return nil }
    guard value > 0 else { throw failure(key, "A prior's scale lies above 0.") }
    return value
  }

  func whole(_ key: String, _ range: ClosedRange<Int>) throws(ProphetSettingError) -> Int? {
    guard let text = text(key) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw failure(key, "Write a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return value
  }

  func flag(_ key: String) throws(ProphetSettingError) -> Bool? {
    guard let text = text(key), text != "auto" else { return nil }
    guard let value = Bool(text) else { throw failure(key, "Write auto, true or false.") }
    return value
  }

  func order(_ key: String, usual: Int) throws(ProphetSettingError) -> ProphetOptions.Order {
    switch text(key) {
    case nil, "auto": return .automatic
    case "true": return .waves(usual)
    case "false": return .waves(0)
    case let text?:
      guard let waves = Int(text), (0...100).contains(waves) else {
        throw failure(key, "Write auto, true, false or a number of waves up to 100.")
      }
      return .waves(waves)
    }
  }

  func list(_ key: String) throws(ProphetSettingError) -> [Any]? {
    guard let value = values[key] else { return nil }
    guard let list = value as? [Any] else { throw failure(key, "Write a list: [one, another].") }
    return list
  }

  func block(_ key: String) throws(ProphetSettingError) -> [String: Any]? {
    guard let value = values[key] else { return nil }
    guard let block = value as? [String: Any] else { throw failure(key, "Write {orders: {prior_scale: 5}}.") }
    return block
  }
}
