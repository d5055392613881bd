import HorizonCore

/// A day that much work keeps, by the calendar of western Europe; some dates move with Easter or with the weekday.
package enum Holiday: Sendable, Hashable {
  /// A public holiday, or a day of the week from Christmas Eve to New Year.
  case rest
  /// Shopping days: the Friday after the fourth Thursday of November to the Monday after it, and 18 to 23 December.
  case rush

  /// Nil on an ordinary day.
  package init?(daysSinceEpoch day: Int) {
    let date = CivilDate(daysSinceEpoch: day)
    let first = CivilDate.daysSinceEpoch(year: date.year, month: 11, day: 1) ?? day
    // 1970-01-01 was a Thursday, so the weekday of a day counted from Thursday is the day modulo 7.
    let blackFriday = first + (7 - first % 7) % 7 + 22
    switch (date.month, date.day) {
    case (1, 1), (5, 1), (12, 24...31): self = .rest
    case (12, 18...23): self = .rush
    case (11, _) where (blackFriday...(blackFriday + 3)).contains(day), (12, _) where day <= blackFriday + 3:
      self = .rush
    default:
      // Good Friday, Easter Monday, Ascension, Whit Monday.
      guard [-2, 1, 39, 50].contains(day - Holiday.easter(date.year)) else { return nil }
      self = .rest
    }
  }

  /// Easter Sunday in days since 1970-01-01.
  ///
  /// Source: the Gregorian computus in Meeus, "Astronomical Algorithms", chapter 8.
  package static func easter(_ year: Int) -> Int {
    let (century, ofCentury) = (year / 100, year % 100)
    let golden = year % 19
    let correction = (century - (century + 8) / 25 + 1) / 3
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30
    let weekday = (32 + 2 * (century % 4) + 2 * (ofCentury / 4) - epact - ofCentury % 4) % 7
    let late = (golden + 11 * epact + 22 * weekday) / 451
    let sum = epact + weekday - 7 * late + 114
    return CivilDate.daysSinceEpoch(year: year, month: sum / 31, day: sum % 31 + 1) ?? 0
  }
}
