import Foundation
import HorizonCore

/// Offsets of a time zone from UTC as a table of changes from 1970 to 2100, so that hot loops need no calendar.
struct LocalClock: Sendable {
  /// Seconds since the epoch from which an offset holds, ascending.
  private let starts: [Int64]
  private let offsets: [Int64]

  static let utc = LocalClock(starts: [.min], offsets: [0])
  private static let zoneEnd: Int64 = 4_102_444_800

  private init(starts: [Int64], offsets: [Int64]) {
    self.starts = starts
    self.offsets = offsets
  }

  init(timezone identifier: String) throws(Failure) {
    guard let zone = TimeZone(identifier: identifier) else {
      throw Failure(
        .badSetting, "There is no time zone '\(identifier)'.", remedy: "Use a name such as UTC or Europe/Berlin.")
    }
    func offset(_ second: Int64) -> Int64 {
      Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))))
    }
    // Looked at every five days and narrowed down to the second where two looks differ.
    let stride: Int64 = 5 * 86_400
    var starts: [Int64] = [.min]
    var second: Int64 = 0
    var offsets = [offset(second)]
    while second < LocalClock.zoneEnd {
      let next = second + stride
      if offset(next) != offsets.last! {
        var (low, high) = (second, next)
        while high - low > 1 {
          let middle = (low + high) / 2
          if offset(middle) == offsets.last! { low = middle } else { high = middle }
        }
        starts.append(high)
        offsets.append(offset(high))
        second = high
      } else {
        second = next
      }
    }
    self.init(starts: starts, offsets: offsets)
  }

  var isUTC: Bool { offsets == [0] }

  /// Microseconds to add to UTC; `hint` remembers the place in the table between calls.
  @inline(__always)
  func offset(atUTC microseconds: Int64, hint: inout Int) -> Int64 {
    if starts.count == 1 { return offsets[0] &* 1_000_000 }
    return found(microseconds, &hint)
  }

  private func found(_ microseconds: Int64, _ hint: inout Int) -> Int64 {
    let second = microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000
    while hint + 1 < starts.count && starts[hint + 1] <= second { hint += 1 }
    while starts[hint] > second { hint -= 1 }
    return offsets[hint] * 1_000_000
  }

  /// How much later, in microseconds, the wall clock shows the same time again when clocks go back; 0 for all instants but
  /// those that are shown first of two.
  func repetition(atUTC microseconds: Int64, hint: inout Int) -> Int64 {
    let own = offset(atUTC: microseconds, hint: &hint)
    guard hint + 1 < starts.count else { return 0 }
    let back = own - offsets[hint + 1] * 1_000_000
    return back > 0 && microseconds >= starts[hint + 1] * 1_000_000 - back ? back : 0
  }

  /// Whether a wall clock never shows a time, because clocks go forward over it.
  func skips(local microseconds: Int64) -> Bool {
    var hint = 0
    let instant = utc(fromLocal: microseconds)
    return instant + offset(atUTC: instant, hint: &hint) != microseconds
  }

  /// The instant at which a wall clock shows a time; in the hour that is skipped, the hour after; in the one that comes twice,
  /// the first.
  func utc(fromLocal microseconds: Int64) -> Int64 {
    var hint = 0
    let first = offset(atUTC: microseconds, hint: &hint)
    let candidates = [Int64(-1), 0, 1].map { k in
      var hint = 0
      return offset(atUTC: microseconds - first + k * 86_400_000_000, hint: &hint)
    }
    for candidate in candidates {
      var hint = 0
      if offset(atUTC: microseconds - candidate, hint: &hint) == candidate { return microseconds - candidate }
    }
    return microseconds - candidates[0]
  }
}
