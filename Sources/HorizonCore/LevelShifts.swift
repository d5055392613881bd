import Foundation

extension History {
  /// Lasting jumps of the level that are no growth: migrations, moved loads, resizes that nobody has told of; oldest first.
  ///
  /// Readings are taken together in blocks of one season (a week of days, a day of shorter steps), whose medians know neither
  /// season nor bursts. A jump stands out from what neighbouring blocks differ by, happens within one season and lasts: every
  /// block around it lies on its own side. Ramps, bursts and clean-up cycles do not. Judged on logarithms, so a series whose
  /// blocks touch zero has none. Works on what the history holds alone, with a season and a half after a jump at the least.
  ///
  /// - Complexity: O(*n*), about 20 µs for 1,000 readings without a jump.
  package func levelShifts() -> [LevelChange] {
    var found: [LevelChange] = []
    var scan = ShiftScan(self)
    while found.count < ShiftScan.most, let change = scan.next() {
      found.append(LevelChange(kind: .shift, index: firstIndex + change.place, factor: change.factor))
      scan.rebase(before: change.place, by: change.factor)
    }
    return found.sorted { $0.index < $1.index }
  }
}

/// The search for the clearest jump of a history, again after each one found is taken out.
private struct ShiftScan {
  /// A series that jumps more often jumps by habit.
  static let most = 4

  /// How far a jump must stand out, in deviations of the differences between neighbouring blocks; more where one side is short.
  private static let clear = 4.5
  private static let clearAtEdge = 5.5
  /// Least size as a logarithm: 16 %.
  private static let least = 0.15
  /// Share of the jump that one season must bring.
  private static let abrupt = 0.7

  private var values: [Double]
  /// Readings of a block, blocks on either side that are looked at.
  private let block: Int
  private let reach: Int
  /// Logarithms of the blocks' medians and the place of each block's first reading; blocks with too few readings are left out.
  private var logs: [Double] = []
  private var places: [Int] = []

  init(_ history: History) {
    let season = history.step.nominalSeason
    block = season
    reach = history.step.seconds >= 86_400 ? 4 : 7
    values = history.values.map(Double.init)
    // Blocks are counted back from the newest reading, whatever the history holds behind it.
    while values.last?.isNaN == true { values.removeLast() }
    let count = values.count / block
    logs.reserveCapacity(count)
    for b in 0..<count {
      let start = values.count - (count - b) * block
      guard let median = median(start, start + block, atLeast: (block + 1) / 2) else { continue }
      guard median > 0 else {
        logs = []
        return
      }
      logs.append(log(median))
      places.append(start)
    }
  }

  /// The clearest jump: place of the first reading on the new level, and new level over old one.
  func next() -> (place: Int, factor: Double)? {
    guard logs.count >= 6 else { return nil }
    var differences = (1..<logs.count).map { logs[$0] - logs[$0 - 1] }
    let drift = middle(&differences)
    for k in differences.indices { differences[k] = abs(differences[k] - drift) }
    let deviation = max(1.4826 * middle(&differences), 0.004)
    var candidates: [(block: Int, size: Double)] = []
    for b in 2..<(logs.count - 1) {
      let before = max(0, b - reach)..<b
      let after = b..<min(logs.count, b + reach)
      let isAtEdge = before.count < reach || after.count < reach
      let needed = max((isAtEdge ? ShiftScan.clearAtEdge : ShiftScan.clear) * deviation, ShiftScan.least)
      let size = middle(of: after) - middle(of: before)
      if abs(size) >= needed { candidates.append((b, size)) }
    }
    candidates.sort { (abs($0.size), $0.block) > (abs($1.size), $1.block) }
    for candidate in candidates.prefix(6) {
      if let jump = sharpened(candidate.block, size: candidate.size) { return jump }
    }
    return nil
  }

  /// Takes a jump out: what lies before it moves to the level after it.
  mutating func rebase(before place: Int, by factor: Double) {
    for t in 0..<place { values[t] *= factor }
    for b in logs.indices {
      let end = places[b] + block
      if end <= place {
        logs[b] += log(factor)
      } else if places[b] < place, let median = median(places[b], end, atLeast: 1) {
        logs[b] = log(median)
      }
    }
  }

  /// The reading at which the mean of one season jumps most, if that is most of the jump and lasts on both sides.
  private func sharpened(_ b: Int, size: Double) -> (place: Int, factor: Double)? {
    let sign: Double = size < 0 ? -1 : 1
    let first = max(block, places[b] - block)
    let last = min(values.count - block, places[b] + block)
    guard first <= last else { return nil }
    var best = -Double.infinity
    var place = first
    for t in first...last where !values[t].isNaN {
      guard let after = mean(t, t + block), let before = mean(t - block, t), after > 0, before > 0 else { continue }
      let contrast = sign * log(after / before)
      if contrast > best { (best, place) = (contrast, t) }
    }
    guard best >= ShiftScan.abrupt * abs(size) else { return nil }
    let blocksAfter = min((values.count - place) / block, reach)
    let blocksBefore = min(place / block, reach)
    guard values.count - place >= block + block / 2, blocksAfter >= 1, blocksBefore >= 2 else { return nil }
    guard let high = median(place, place + blocksAfter * block, atLeast: block),
      let low = median(place - blocksBefore * block, place, atLeast: block), high > 0, low > 0
    else { return nil }
    guard lasts(place, centre: (log(high) + log(low)) / 2, sign: sign), !isHabit(b, size: size) else { return nil }
    if blocksAfter < reach, isBurst(place, level: high, sign: sign) { return nil }
    // What the load grew by between the middles of the two windows is growth.
    let apart = Double(blocksAfter + blocksBefore) / 2
    return (place, exp(log(high / low) - growth(around: place) * apart))
  }

  /// Growth a block, as a logarithm, on the two sides of a jump: the median slope between blocks of one side, up to a quarter of
  /// weeks each (Theil 1950, Sen 1968); 0 where there are too few.
  private func growth(around place: Int) -> Double {
    var slopes: [Double] = []
    func add(_ starts: [Int]) {
      let levels = starts.map { median($0, $0 + block, atLeast: 1).map { $0 > 0 ? log($0) : .nan } ?? .nan }
      for i in levels.indices {
        for j in levels.indices.dropFirst(i + 1) where !levels[i].isNaN && !levels[j].isNaN {
          slopes.append((levels[j] - levels[i]) / Double(j - i))
        }
      }
    }
    let most = 13
    add((0..<min(most, place / block)).reversed().map { place - ($0 + 1) * block })
    add((0..<min(most, (values.count - place) / block)).map { place + $0 * block })
    return slopes.count >= 15 ? middle(&slopes) : 0
  }

  /// Whether the blocks next to the jump, and seven in eight of the wider neighbourhood, lie on their own side of its middle.
  private func lasts(_ place: Int, centre: Double, sign: Double) -> Bool {
    func holds(_ starts: [Int], _ side: Double) -> Bool {
      var strays = 0
      for (k, from) in starts.enumerated() {
        guard let median = median(from, from + block, atLeast: 1) else { continue }
        if median > 0 && (log(median) - centre) * side > 0 { continue }
        if k < reach { return false }
        strays += 1
      }
      return strays * 8 <= starts.count
    }
    let after = min((values.count - place) / block, 2 * reach)
    let before = min(place / block, 2 * reach)
    return holds((0..<after).map { place + $0 * block }, sign) && holds((1...before).map { place - $0 * block }, -sign)
  }

  /// Whether neighbouring blocks jump like that again and again: clean-up cycles do.
  private func isHabit(_ b: Int, size: Double) -> Bool {
    var others = 0
    for k in 1..<logs.count where abs(k - b) > 1 && (logs[k] - logs[k - 1]) / size > 0.5 { others += 1 }
    return others >= 3
  }

  /// Whether single readings came as far before: then a short stay at the new level may be one more burst.
  private func isBurst(_ place: Int, level: Double, sign: Double) -> Bool {
    var reached = 0
    for t in 0..<place where (values[t] - level) * sign >= 0 { reached += 1 }
    return reached * 200 >= place
  }

  private func mean(_ from: Int, _ to: Int) -> Double? {
    var sum = 0.0
    var count = 0
    for t in from..<to where !values[t].isNaN {
      sum += values[t]
      count += 1
    }
    return 2 * count >= to - from ? sum / Double(count) : nil
  }

  /// Of readings that are there.
  private func median(_ from: Int, _ to: Int, atLeast: Int) -> Double? {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: to - from) { buffer -> Double? in
      var count = 0
      for t in from..<to where !values[t].isNaN {
        // Insertion sort: seven to a few dozen values.
        var k = count
        while k > 0, buffer[k - 1] > values[t] {
          buffer[k] = buffer[k - 1]
          k -= 1
        }
        buffer[k] = values[t]
        count += 1
      }
      guard count >= max(1, atLeast) else { return nil }
      return (buffer[(count - 1) / 2] + buffer[count / 2]) / 2
    }
  }

  /// Median of a few neighbouring blocks.
  private func middle(of range: Range<Int>) -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: range.count) { buffer in
      var count = 0
      for b in range {
        var k = count
        while k > 0, buffer[k - 1] > logs[b] {
          buffer[k] = buffer[k - 1]
          k -= 1
        }
        buffer[k] = logs[b]
        count += 1
      }
      return (buffer[(count - 1) / 2] + buffer[count / 2]) / 2
    }
  }

  private func middle(_ values: inout [Double]) -> Double {
    values.sort()
    return (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
  }
}
