import Foundation
import HorizonCore
import HorizonNumerics

/// Simulated fill-and-clean paths for what fills up and is cleaned again and again; every other series is refused.
///
/// A cycle of the future takes the length, the peak and the low of a past one, all relative to their trends, so clean-ups at a
/// level, on a schedule, at random and partial ones need no case of their own. The running cycle prefers those pasts that
/// would have led to the level that is there now.
struct Sawtooth: SeriesModel {
  static let card = ModelCard(
    name: "sawtooth",
    summary: "Fills and clean-ups of past cycles, replayed; refuses series without such cycles.",
    minimumHistory: 24, cost: .cheap,
    reference: "Davison & Hinkley, \"Bootstrap Methods and their Application\", 1997, 8.2 (resampled cycles)",
    tail: .bounded)

  func fitted(to history: History) throws(ModelError) -> SawtoothFit {
    guard let cycles = CleanUpCycles(history.values), let fit = SawtoothFit(history, cycles: cycles) else {
      throw .noCycle
    }
    return fit
  }
}

/// What a series' past cycles say of its next ones. Times are steps relative to the cutoff.
struct SawtoothFit: SeriesFit {
  /// A past cycle, relative to the trends.
  struct Cycle: Sendable {
    /// Length minus the mean length, in standard deviations of the lengths.
    let length: Double
    let low: Double
    let peak: Double
  }
  let ceiling: RobustLine
  let floor: RobustLine
  let cycles: [Cycle]
  let timing: CycleTiming
  let shape: FillShape
  /// Steps that a clean-up takes from the peak to the low.
  let fall: Int
  /// Readings of the running fill, the first at `-(fill.count - 1)`; NaN where missing.
  let fill: [Float]
  let seed: UInt64

  /// - Returns: nil when fewer than three cycles are known from end to end.
  init?(_ history: History, cycles found: CleanUpCycles) {
    let values = history.values
    let end = values.count - 1
    let v = { (t: Int) in Double(values[values.startIndex + t]) }
    // Growth may bend: what is a year old counts half, but a dozen cycles are always heard.
    let halfLife = max(365 / history.step.days, 12 * found.length)
    func line(_ at: [Int]) -> RobustLine {
      RobustLine(
        x: at.map { Double($0 - end) }, y: at.map(v), weights: at.map { exp2(Double($0 - end) / halfLife) })
    }
    let ceiling = line(found.peaks)
    let floor = line(found.lows)
    let whole = (0..<(found.lows.count - 1)).filter { i in
      // Where a gap hides the clean-up, neither peak nor length is known.
      found.isWhole(i) && found.lows[i + 1] - found.peaks[i + 1] <= 2 && found.peaks[i + 1] > found.lows[i]
    }
    guard whole.count >= 3 else { return nil }
    let timing = CycleTiming(found, whole: whole, end: end)
    cycles = whole.map { i in
      Cycle(
        length: timing.standardised(Double(found.lows[i + 1] - found.lows[i])),
        low: v(found.lows[i]) - floor.value(at: Double(found.lows[i] - end)),
        peak: v(found.peaks[i + 1]) - ceiling.value(at: Double(found.peaks[i + 1] - end)))
    }
    shape = FillShape(values, from: whole.suffix(60).map { (found.lows[$0], found.peaks[$0 + 1]) })
    fall = zip(found.lows, found.peaks).map { $0 - $1 }.sorted()[found.lows.count / 2]
    fill = Array(values.suffix(end - found.lows.last! + 1))
    self.ceiling = ceiling
    self.floor = floor
    self.timing = timing
    seed = history.seed
  }
}

/// How long cycles last and when the newest one began.
///
/// What moves the phase for good (a walk) is told from what moves one clean-up alone (jitter, and that readings see it up to a
/// step late): over several cycles only the first adds up. A clean-up by schedule has no walk, so its phase is never lost.
struct CycleTiming: Sendable {
  let mean: Double
  /// Standard deviation of a cycle's length that stays in the phase, and of one clean-up around its place.
  let walk: Double
  let jitter: Double
  /// Standard error of the mean length.
  let meanError: Double
  /// Where the newest clean-up lay, in steps relative to the cutoff, and how sure that is.
  let newest: Double
  let newestError: Double
  private let deviation: Double

  init(_ found: CleanUpCycles, whole: [Int], end: Int) {
    let lengths = whole.map { Double(found.lows[$0 + 1] - found.lows[$0]) }
    let mean = lengths.reduce(0, +) / Double(lengths.count)
    let single = lengths.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(lengths.count - 1)
    // Spans of four cycles in a row.
    let isWhole = Set(whole)
    let starts = whole.filter { i in (0..<4).allSatisfy { isWhole.contains(i + $0) } }
    // Being seen at whole steps adds 1/12 at either end.
    var walked = max(0, single - 1.0 / 6)
    if starts.count >= 8 {
      let spans = starts.map { Double(found.lows[$0 + 4] - found.lows[$0]) - 4 * mean }
      let four = spans.reduce(0) { $0 + $1 * $1 } / Double(spans.count)
      walked = min(walked, max(0, (four - single) / 3))
    }
    let seen = max(0, (single - walked) / 2)
    walk = walked.squareRoot()
    jitter = max(0, seen - 1.0 / 12).squareRoot()
    deviation = max(single.squareRoot(), 1e-6)
    self.mean = mean
    meanError = (walked / Double(lengths.count)).squareRoot()
    // A Kalman filter over the clean-ups: each was seen about half a step after it was.
    var place = Double(found.lows[0]) - 0.5
    let noise = max(seen, 1.0 / 12)
    var variance = noise
    for low in found.lows.dropFirst() {
      let passed = max(1, ((Double(low) - place) / mean).rounded())
      place += passed * mean
      variance += passed * walked
      let gain = variance / (variance + noise)
      place += gain * (Double(low) - 0.5 - place)
      variance *= 1 - gain
    }
    newest = place - Double(end)
    newestError = variance.squareRoot()
  }

  func standardised(_ length: Double) -> Double { (length - mean) / deviation }
}

/// How a fill runs from its low (0) to its peak (1), and how far readings lie off that.
struct FillShape: Sendable {
  private let knots: [Double]
  /// Standard deviation of a reading, as a share of low to peak.
  let noise: Double

  private static let bins = 16

  init(_ values: ArraySlice<Float>, from fills: [(low: Int, peak: Int)]) {
    var sums = (0...FillShape.bins).map { Double($0) / Double(FillShape.bins) }
    var counts = [Double](repeating: 1, count: FillShape.bins + 1)
    func each(_ body: (_ place: Double, _ height: Double) -> Void) {
      for (low, peak) in fills where peak > low + 1 {
        let bottom = Double(values[values.startIndex + low])
        let rise = Double(values[values.startIndex + peak]) - bottom
        guard rise > 0 else { continue }
        for t in (low + 1)..<peak {
          let value = values[values.startIndex + t]
          if value.isNaN { continue }
          body(Double(t - low) / Double(peak - low), min(1.5, max(-0.5, (Double(value) - bottom) / rise)))
        }
      }
    }
    each { place, height in
      // The reading counts for the knots on both sides, the nearer one more; relative to a straight fill.
      let at = place * Double(FillShape.bins)
      let left = min(FillShape.bins - 1, Int(at))
      for (knot, weight) in [(left, 1 - (at - Double(left))), (left + 1, at - Double(left))] {
        sums[knot] += weight * (height - place + Double(knot) / Double(FillShape.bins))
        counts[knot] += weight
      }
    }
    var knots = zip(sums, counts).map { $0 / $1 }
    knots[0] = 0
    knots[FillShape.bins] = 1
    self.knots = knots
    var off = 0.0
    var readings = 0.0
    each { place, height in
      off += abs(height - FillShape.height(knots, place))
      readings += 1
    }
    noise = readings > 0 ? min(0.5, 1.2533 * off / readings) : 0
  }

  func height(_ place: Double) -> Double { FillShape.height(knots, place) }

  @inline(__always)
  private static func height(_ knots: [Double], _ place: Double) -> Double {
    let at = min(max(place, 0), 1) * Double(bins)
    let left = min(bins - 1, Int(at))
    return knots[left] + (at - Double(left)) * (knots[left + 1] - knots[left])
  }
}
