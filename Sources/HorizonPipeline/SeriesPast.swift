import HorizonCore
import HorizonReport
import HorizonStore

/// What the readings of one series tell a reader, besides their picture.
struct SeriesPast {
  /// Level shifts and resizes, oldest first.
  let marks: [ReportData.LevelMark]
  private let history: History

  /// - Precondition: The series has a reading at or before the as-of.
  init(_ series: MasterSeries, step: Step, asOf: Int) {
    let first = series.times.first.map { step.index(ofMicroseconds: $0) } ?? asOf
    var values = [Float](repeating: .nan, count: asOf - first + 1)
    for (time, value) in zip(series.times, series.values) {
      let index = step.index(ofMicroseconds: time)
      guard index <= asOf else { break }
      values[index - first] = Float(value)
    }
    history = History(values: values[...], firstIndex: first, step: step, seed: 0)
    func mark(_ index: Int, isCapacity: Bool, factor: Double) -> ReportData.LevelMark {
      ReportData.LevelMark(
        time: step.microseconds(of: index) / 1_000_000, isCapacity: isCapacity, factor: factor)
    }
    let resizes = series.resizes(step: step).filter { $0.index <= asOf }
      .map { mark($0.index, isCapacity: true, factor: $0.to / $0.from) }
    let shifts = history.levelShifts().map { mark($0.index, isCapacity: false, factor: $0.factor) }
    marks = (resizes + shifts).sorted { ($0.time, $0.isCapacity ? 0 : 1) < ($1.time, $1.isCapacity ? 0 : 1) }
  }

  /// Days that lie between the two months which growth compares.
  private static let apart = 60.0

  /// Points of utilization gained a month: the newest 30 days against the 30 days that ended 60 days earlier.
  ///
  /// Nil where either has fewer than half of its readings, or where a level changed in between, which is no growth.
  func growth(capacity: Double) -> Double? {
    let month = Int((30 / history.step.days).rounded())
    let gap = Int((SeriesPast.apart / history.step.days).rounded())
    guard month >= 1, capacity > 0, jump(within: SeriesPast.apart + 30) == nil else { return nil }
    func mean(endingBefore end: Int) -> Double? {
      guard end - month >= 0 else { return nil }
      let known = history.values[history.values.startIndex..<history.values.endIndex].dropFirst(end - month)
        .prefix(month).filter { !$0.isNaN }
      return known.count * 2 < month ? nil : known.reduce(0) { $0 + Double($1) } / Double(known.count)
    }
    guard let now = mean(endingBefore: history.count), let then = mean(endingBefore: history.count - gap) else {
      return nil
    }
    return (now - then) / capacity * 100 / (SeriesPast.apart / 30.4375)
  }

  /// The newest change of the last half year.
  var recentJump: ReportData.LevelMark? { jump(within: 183) }

  private func jump(within days: Double) -> ReportData.LevelMark? {
    let end = history.step.microseconds(of: history.cutoff) / 1_000_000
    return marks.last.flatMap { Double(end - $0.time) <= days * 86_400 ? $0 : nil }
  }
}
