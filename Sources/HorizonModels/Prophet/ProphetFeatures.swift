import Foundation
import HorizonCore
import HorizonNumerics

/// The columns of the design that depend on the calendar alone: seasonal waves and holidays, over a stretch of steps.
struct ProphetFeatures: Sendable {
  struct Column: Sendable {
    /// As the package names it: `weekly_delim_1`, `new_year_delim_+0`.
    let name: String
    /// What it is part of: `weekly`, `new_year`.
    let component: String
    let isHoliday: Bool
    let isMultiplicative: Bool
    let priorScale: Double
    /// Turns per day of a wave, and its place among the waves of its season, from 1; nil and 0 for other columns.
    var turns: Double? {
      switch shape {
      case .sine(let turns), .cosine(let turns): turns
      case .days: nil
      }
    }
    let harmonic: Int
    fileprivate let shape: Shape
  }

  fileprivate enum Shape: Sendable {
    /// Turns per day.
    case sine(Double)
    case cosine(Double)
    /// 1 on these days since the epoch.
    case days(Set<Int>)
  }

  let columns: [Column]
  let step: Step
  let firstIndex: Int
  let count: Int
  /// `[column][step]`.
  let values: [Double]

  init(columns: [Column], step: Step, firstIndex: Int, count: Int) {
    self.columns = columns
    self.step = step
    self.firstIndex = firstIndex
    self.count = count
    var values = [Double](repeating: 0, count: columns.count * count)
    let times = (0..<count).map { Double(step.microseconds(of: firstIndex + $0)) / 86_400_000_000 }
    for (c, column) in columns.enumerated() {
      for t in 0..<count {
        values[c * count + t] =
          switch column.shape {
          case .sine(let pace): sin(2 * Double.pi * wholeTurnsTaken(pace * times[t]))
          case .cosine(let pace): cos(2 * Double.pi * wholeTurnsTaken(pace * times[t]))
          case .days(let days): days.contains(Int(times[t].rounded(.down))) ? 1 : 0
          }
      }
    }
    self.values = values
  }

  /// The columns for a history of this span, in the package's order.
  static func columns(options: ProphetOptions, holidays: Holidays, step: Step, span: Int) -> [Column] {
    var columns: [Column] = []
    func wave(_ name: String, period: Double, order: Int, scale: Double, mode: ProphetOptions.Mode) {
      for k in 0..<order {
        let pace = Double(k + 1) / period
        for (place, shape) in [Shape.sine(pace), .cosine(pace)].enumerated() {
          columns.append(
            Column(
              name: "\(name)_delim_\(2 * k + place + 1)", component: name, isHoliday: false,
              isMultiplicative: mode == .multiplicative, priorScale: scale, harmonic: k + 1, shape: shape))
        }
      }
    }
    let orders = ["yearly": options.yearly, "weekly": options.weekly, "daily": options.daily]
    // A built-in one asked for by number replaces a custom one of its name, as in the package.
    for s in options.seasonalities where orders[s.name] ?? .automatic == .automatic || orders[s.name] == .waves(0) {
      wave(
        s.name, period: s.period, order: s.order, scale: s.priorScale ?? options.seasonalityPriorScale,
        mode: s.mode ?? options.seasonalityMode)
    }
    let days = Double(span) * step.days
    let builtIn: [(String, Double, ProphetOptions.Order, Bool, Int)] = [
      ("yearly", 365.25, options.yearly, days >= 730, 10),
      ("weekly", 7, options.weekly, days >= 14 && step.days < 7, 3),
      ("daily", 1, options.daily, days >= 2 && step.days < 1, 4),
    ]
    for (name, period, order, isFitting, waves) in builtIn {
      let isGiven = options.seasonalities.contains { $0.name == name }
      let waves =
        switch order {
        case .automatic: isFitting && !isGiven ? waves : 0
        case .waves(let given): given
        }
      wave(name, period: period, order: waves, scale: options.seasonalityPriorScale, mode: options.seasonalityMode)
    }
    return columns + holidayColumns(options: options, holidays: holidays)
  }

  private static func holidayColumns(options: ProphetOptions, holidays: Holidays) -> [Column] {
    var days: [String: Set<Int>] = [:]
    var owner: [String: Holidays.Entry] = [:]
    for entry in holidays.entries {
      for offset in entry.lowerWindow...entry.upperWindow {
        let key = "\(entry.name)_delim_\(offset >= 0 ? "+" : "-")\(abs(offset))"
        days[key, default: []].insert(entry.day + offset)
        owner[key] = entry
      }
    }
    return days.keys.sorted().map { key in
      Column(
        name: key, component: owner[key]!.name, isHoliday: true,
        isMultiplicative: (options.holidaysMode ?? options.seasonalityMode) == .multiplicative,
        priorScale: owner[key]!.priorScale ?? options.holidaysPriorScale, harmonic: 0, shape: .days(days[key]!))
    }
  }

  /// The same columns over other steps.
  func over(firstIndex: Int, count: Int) -> ProphetFeatures {
    ProphetFeatures(columns: columns, step: step, firstIndex: firstIndex, count: count)
  }
}

/// The angle without whole turns, so that far from the epoch sine and cosine keep their digits.
private func wholeTurnsTaken(_ turns: Double) -> Double { turns - turns.rounded(.down) }

extension ProphetFeatures.Column {
  /// A regressor's column; its values are the series' own.
  init(regressor name: String, priorScale: Double, isMultiplicative: Bool) {
    self.init(
      name: name, component: name, isHoliday: false, isMultiplicative: isMultiplicative, priorScale: priorScale,
      harmonic: 0, shape: .days([]))
  }
}
