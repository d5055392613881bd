import Foundation
import HorizonCore

/// What depends on the calendar alone, computed once per fleet: waves over the year, weekdays, waves over the day.
struct SeasonTable: Sendable {
  /// One entry a day from the first reading to the end of the truth.
  let yearCosine: [Double]
  let yearSine: [Double]
  /// Two waves a year and a peak in December, mean about 0.
  let yearEnd: [Double]
  /// 0 is Monday.
  let weekday: [Int]
  /// How much of a peak at the end of the month, or of the quarter, a day has: 1 on the last day.
  let monthEnd: [Double]
  let quarterEnd: [Double]
  let holiday: [Holiday?]
  /// One entry a step of the day; empty when the step is a day.
  let dayCosine: [Double]
  let daySine: [Double]

  /// Deviation from the mean by weekday, Monday first; adds to 0.
  static let week: [Double] = [0.28, 0.34, 0.35, 0.32, 0.21, -0.75, -0.75]

  init(plan: FleetPlan) {
    let days = ((plan.lastDay - plan.days + 1)...(plan.lastDay + FleetPlan.continuation))
    let angles = days.map { day -> Double in
      let date = CivilDate(daysSinceEpoch: day)
      let newYear = CivilDate.daysSinceEpoch(year: date.year, month: 1, day: 1) ?? day
      return 2 * Double.pi * Double(day - newYear) / 365.25
    }
    yearCosine = angles.map { cos($0) }
    yearSine = angles.map { sin($0) }
    yearEnd = angles.map { angle in
      let fromPeak = (angle / (2 * Double.pi) - 0.945) * 365.25
      return 0.45 * cos(2 * (angle - 1.2)) + 1.3 * exp(-(fromPeak / 18) * (fromPeak / 18)) - 0.11
    }
    weekday = days.map { (($0 + 3) % 7 + 7) % 7 }
    let beforeEnd = days.map { day in
      let date = CivilDate(daysSinceEpoch: day)
      let (year, month) = date.month == 12 ? (date.year + 1, 1) : (date.year, date.month + 1)
      let next = CivilDate.daysSinceEpoch(year: year, month: month, day: 1) ?? day
      return (days: next - 1 - day, isQuarter: date.month % 3 == 0, isFirst: date.day == 1)
    }
    monthEnd = beforeEnd.map { $0.isFirst ? 0.5 : $0.days < 3 ? [1, 0.7, 0.4][$0.days] : 0 }
    quarterEnd = beforeEnd.map { $0.isQuarter && $0.days < 7 ? 1 - Double($0.days) / 7 : 0 }
    holiday = days.map { Holiday(daysSinceEpoch: $0) }
    let count = plan.stepsPerDay
    let clock = count > 1 ? (0..<count).map { 2 * Double.pi * Double($0) / Double(count) } : []
    dayCosine = clock.map { cos($0) }
    daySine = clock.map { sin($0) }
  }
}
