import HorizonCore

/// Scaled time of one history with its gaps and changepoints.
struct ProphetTimeline: Sendable {
  /// Step index of the first reading, time 0.
  let firstIndex: Int
  /// Steps from the first to the newest reading, time 1.
  let count: Int
  /// Steps with a reading.
  let readings: Int
  /// 1 at a reading, 0 at a gap.
  let mask: [Double]
  /// Scaled length of a step.
  let pace: Double
  /// Scaled times of the changepoints, ascending.
  let changepoints: [Double]
  /// First step of each of the segments that the changepoints bound, and `count`.
  let edges: [Int]

  var hasGaps: Bool { readings < count }

  /// - Parameter history: Not empty.
  init(_ history: History, options: ProphetOptions) {
    let values = history.values
    let start = values.startIndex
    let n = values.lastIndex { !$0.isNaN }! - start + 1
    var mask = [Double](repeating: 1, count: n)
    var places: [Int] = []
    places.reserveCapacity(n)
    for t in 0..<n {
      if values[start + t].isNaN { mask[t] = 0 } else { places.append(t) }
    }
    firstIndex = history.firstIndex
    count = n
    readings = places.count
    self.mask = mask
    let pace = 1 / Double(max(1, n - 1))
    self.pace = pace
    let steps =
      options.growth == .flat ? [] : ProphetTimeline.changepoints(options, places: places, history: history, count: n)
    changepoints = steps.map { $0 * pace }
    edges = [0] + steps.map { Int($0.rounded(.up)) } + [n]
  }

  /// Steps of the changepoints, counted from the first reading; given ones may lie between two steps.
  private static func changepoints(
    _ options: ProphetOptions, places: [Int], history: History, count: Int
  ) -> [Double] {
    if let given = options.changepoints {
      let first = history.step.microseconds(of: history.firstIndex)
      let length = Double(history.step.seconds) * 1e6
      return Set(given).map { Double($0 - first) / length }.filter { $0 >= 0 && $0 <= Double(count - 1) }.sorted()
    }
    let reach = Int((Double(places.count) * options.changepointRange).rounded(.down))
    let number = min(options.changepointCount, reach - 1)
    guard number > 0 else { return [] }
    // Evenly over the readings, not over time, halves to the even place: as the package does.
    return (1...number).map {
      Double(places[Int((Double(reach - 1) * Double($0) / Double(number)).rounded(.toNearestOrEven))])
    }
  }
}
