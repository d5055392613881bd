import Foundation
import HorizonCore

/// What trees are told of a series, a cutoff and a lead: numbers without a unit.
///
/// Errors are those around the regression of `harmonic-ar`, in their own deviations; scores those ahead, in the forecast's.
package struct XGBoostFeatures {
  package static let names: [String] = Family.allCases.flatMap { family in
    family.count == 1 ? [family.rawValue] : (1...family.count).map { "\(family.rawValue)-\($0)" }
  }

  /// What a feature is about; `explain` speaks of families, not of single features.
  enum Family: String, CaseIterable {
    case lead
    case calendar
    case resource
    case inventory
    case history
    case memory
    case trend
    case season
    case spread
    case headroom
    case recent
    case volatility
    case week
    case month
    case year

    var count: Int {
      switch self {
      case .lead: 2
      case .calendar: 5
      case .resource, .trend, .season: 1
      case .inventory: XGBoostFeatures.inventoryColumns
      case .history, .memory: 3
      case .spread: 4
      case .headroom: 2
      case .recent: 8
      case .volatility: 5
      case .week: 2
      case .month: 2
      case .year: 3
      }
    }

    /// As people call it.
    var words: String {
      switch self {
      case .lead: "how far ahead it is"
      case .calendar: "the calendar"
      case .resource: "the kind of resource"
      case .inventory: "its groups in the inventory"
      case .history: "how much of its past is known"
      case .memory: "how long its errors last"
      case .trend: "its trend"
      case .season: "its place in the seasons"
      case .spread: "how sure harmonic-ar is"
      case .headroom: "headroom"
      case .recent: "recent errors"
      case .volatility: "how its errors swing"
      case .week: "the same place in recent weeks"
      case .month: "the same day of recent months"
      case .year: "the same time last year"
      }
    }
  }

  static let inventoryColumns = 4

  private let view: SeriesView
  private let sums: ErrorSums
  /// Longest lead that trees have learnt from.
  private let mostLead: Int
  private let ofSeries: [Float]
  private let recent: [Float]
  private let volatility: [Float]
  private let seasonNow: Double
  private let week: Int
  private let year: Int
  private let month: Double

  package init(_ view: SeriesView, mostLead: Int) {
    self.view = view
    self.mostLead = mostLead
    let reference = view.reference
    let errors = reference.errors
    let n = errors.count
    let sums = ErrorSums(errors)
    self.sums = sums
    let season = view.step.nominalSeason
    week = view.step.seconds <= 86_400 ? max(1, Int((7 / view.step.days).rounded())) : season
    year = Int((364 / view.step.days).rounded())
    month = 30.44 / view.step.days
    let all = sums.deviation(0..<n)
    // Windows in seasons, so that an hourly day counts as a daily week does.
    let windows = [1, 3, season, 2 * season, 4 * season, 13 * season, 26 * season]
    recent = windows.map { sums.mean(max(0, n - $0)..<n) } + [sums.slope(max(0, n - 4 * season)..<n)]
    let near = max(0, n - 4 * season)..<n
    volatility = [
      sums.deviation(max(0, n - max(3, season))..<n) / all, sums.deviation(near) / all,
      sums.deviation(max(0, n - 13 * season)..<n) / all, sums.most(near), sums.least(near),
    ]
    let fit = reference.fit
    var groups = [Float](repeating: .nan, count: XGBoostFeatures.inventoryColumns)
    for (at, group) in view.attributes.groups.prefix(groups.count).enumerated() where group >= 0 {
      groups[at] = Float(group)
    }
    let first = reference.leads[0]
    seasonNow = first.mean
    let slope = fit.coefficients[1] * fit.design.yearsPerStep / first.deviation
    ofSeries =
      [Float(ResourceKind.allCases.firstIndex(of: view.attributes.kind)!)] + groups
      + [
        Float(log(Double(view.readings) / Double(season))), Float(view.readings) / Float(max(1, n)),
        fit.transform == .plain ? 0 : 1,
        Float(fit.memory.process.order), Float(fit.memory.process.gain),
        Float(slope),
      ]
  }

  /// Writes the features of one lead.
  package func write(lead: Int, into row: inout [Float]) {
    let reference = view.reference
    let at = reference.leads[lead - 1]
    let first = reference.leads[0]
    let n = reference.errors.count
    let known = min(lead, mostLead)
    row.append(Float(known))
    row.append(Float(known) / Float(view.readings))
    writeCalendar(view.cutoff + lead, into: &row)
    // Resource, inventory, history.
    row += ofSeries[0..<(1 + XGBoostFeatures.inventoryColumns + 3)]
    // Memory: order, gain, and what it says of this lead.
    row += ofSeries[(ofSeries.count - 3)..<(ofSeries.count - 1)]
    row.append(Float(at.memory / at.deviation))
    row.append(ofSeries[ofSeries.count - 1])
    row.append(Float((at.mean - at.memory - seasonNow) / at.deviation))
    row.append(Float(log(at.deviation / first.deviation)))
    row.append(Float(log(at.deviation / reference.deviation)))
    row.append(Float(at.shape[Levels.lower80]))
    row.append(Float(at.shape[Levels.upper80]))
    row.append(distance(from: at.mean, to: view.ceiling, at.deviation))
    row.append(distance(from: view.floor, to: at.mean, at.deviation))
    row += recent
    row += volatility
    // The newest four cycles at the lead's place in the week; the same day of the newest months; the same time of last year.
    let phase = n - 1 + lead - (lead + week - 1) / week * week
    row.append(sums.place(phase, every: week, times: 4))
    row.append(sums.place(phase, every: week, times: 1))
    let months = max(1, (Double(lead) / month).rounded(.up))
    for back in [months, months + 1] {
      let centre = n - 1 + lead - Int((back * month).rounded())
      row.append(sums.mean(max(0, centre - 1)..<min(n, max(0, centre + 2))))
    }
    let years = (lead + year - 1) / year * year
    let centre = n - 1 + lead - years
    row.append(sums.mean(max(0, centre - week / 2)..<min(n, max(0, centre + week / 2 + 1))))
    row.append(centre >= 0 && centre < n ? reference.errors[centre] : .nan)
    let then = n - years
    row.append(sums.mean(max(0, then - 4 * week)..<max(0, then)))
  }

  /// In deviations, within what still makes a difference; NaN where an end is not known.
  private func distance(from low: Double, to high: Double, _ deviation: Double) -> Float {
    let distance = (high - low) / deviation
    return distance.isNaN ? .nan : Float(max(-99, min(99, distance)))
  }

  private func writeCalendar(_ index: Int, into row: inout [Float]) {
    let time = view.step.microseconds(of: index)
    let day = CivilDate.daysSinceEpoch(ofMicroseconds: time)
    let date = CivilDate(daysSinceEpoch: day)
    row.append(view.step.seconds < 86_400 ? Float((time / 1_000_000) - Int64(day) * 86_400) / 3_600 : .nan)
    row.append(view.step.seconds <= 86_400 ? Float(((day + 3) % 7 + 7) % 7) : .nan)
    row.append(Float(date.day))
    let next = CivilDate.daysSinceEpoch(
      year: date.month == 12 ? date.year + 1 : date.year, month: date.month % 12 + 1, day: 1)!
    row.append(Float(next - day))
    row.append(Float(date.month))
  }
}

/// Means and deviations of stretches of errors in constant time each.
package struct ErrorSums {
  private let errors: [Float]
  private var sums: [Double] = [0]
  private var squares: [Double] = [0]
  private var counts: [Int32] = [0]

  package init(_ errors: [Float]) {
    self.errors = errors
    sums.reserveCapacity(errors.count + 1)
    squares.reserveCapacity(errors.count + 1)
    counts.reserveCapacity(errors.count + 1)
    var (sum, square, count) = (0.0, 0.0, Int32(0))
    for e in errors {
      if !e.isNaN {
        sum += Double(e)
        square += Double(e) * Double(e)
        count += 1
      }
      sums.append(sum)
      squares.append(square)
      counts.append(count)
    }
  }

  /// NaN where no error is.
  package func mean(_ range: Range<Int>) -> Float {
    let count = counts[range.upperBound] - counts[range.lowerBound]
    return count > 0 ? Float((sums[range.upperBound] - sums[range.lowerBound]) / Double(count)) : .nan
  }

  /// NaN for fewer than two errors.
  package func deviation(_ range: Range<Int>) -> Float {
    let count = Double(counts[range.upperBound] - counts[range.lowerBound])
    guard count >= 2 else { return .nan }
    let mean = (sums[range.upperBound] - sums[range.lowerBound]) / count
    let square = (squares[range.upperBound] - squares[range.lowerBound]) / count
    return Float(max(0, square - mean * mean).squareRoot())
  }

  /// Mean of the newer half minus that of the older.
  package func slope(_ range: Range<Int>) -> Float {
    let middle = (range.lowerBound + range.upperBound) / 2
    return mean(middle..<range.upperBound) - mean(range.lowerBound..<middle)
  }

  /// The largest error; NaN where there is none.
  package func most(_ range: Range<Int>) -> Float { errors[range].reduce(.nan) { $0 >= $1 || $1.isNaN ? $0 : $1 } }
  /// The smallest error; NaN where there is none.
  package func least(_ range: Range<Int>) -> Float { errors[range].reduce(.nan) { $0 <= $1 || $1.isNaN ? $0 : $1 } }

  /// Mean of the errors at a place and whole cycles before it; NaN where there are none.
  package func place(_ index: Int, every cycle: Int, times: Int) -> Float {
    var (sum, count): (Float, Float) = (0, 0)
    for k in 0..<times {
      let t = index - k * cycle
      guard t >= 0, t < errors.count, !errors[t].isNaN else { continue }
      sum += errors[t]
      count += 1
    }
    return count > 0 ? sum / count : .nan
  }
}
