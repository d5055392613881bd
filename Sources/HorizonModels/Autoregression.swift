import Foundation
import HorizonNumerics

/// A stationary autoregressive process of mean zero.
package struct Autoregression: Sendable {
  /// Weight of the value one step ago, two steps ago, ...; empty for white noise.
  package let coefficients: [Double]
  /// Variance of the innovations.
  package let variance: Double

  package var order: Int { coefficients.count }
  /// What the process' filter leaves of a constant: 1 minus the sum of the coefficients, above 0.
  package var gain: Double { coefficients.reduce(1, -) }

  package init(coefficients: [Double], variance: Double) {
    self.coefficients = coefficients
    self.variance = variance
  }

  /// Fits orders 0...`most` by Burg's recursion over the windows without a gap and keeps the one of least AICc.
  ///
  /// - Parameters:
  ///   - values: Oldest first, 0 at gaps.
  ///   - runs: How many values in a row are present up to each one.
  /// - Complexity: O(*n* `most`).
  package static func burg(_ values: [Double], runs: Runs, most: Int) -> Autoregression {
    let n = values.count
    var forward = values
    // The backward error of the step before, so that both errors of a window stand at the same place.
    var backward = [0] + values.dropLast()
    var nextBackward = backward
    let power = values.withUnsafeBufferPointer { dot($0.baseAddress!, $0.baseAddress!, count: n) }
    var search = OrderSearch(power: power / Double(runs.present), readings: runs.present)
    guard power > 0, most > 0 else { return search.best }
    for m in 1...min(most, max(1, n - 1)) {
      guard runs.windows(longerThan: m) >= 3 * (m + 2) else { break }
      if runs.hasGaps {
        for t in m..<n where runs.lengths[t] <= m {
          forward[t] = 0
          backward[t] = 0
        }
      }
      let reflection = forward.withUnsafeMutableBufferPointer { f in
        backward.withUnsafeMutableBufferPointer { b in
          nextBackward.withUnsafeMutableBufferPointer { next in
            let fm = f.baseAddress! + m
            let bm = b.baseAddress! + m
            let squares = dot(fm, fm, count: n - m) + dot(bm, bm, count: n - m)
            guard squares > 0 else { return 0.0 }
            let k = OrderSearch.bounded(2 * dot(fm, bm, count: n - m) / squares)
            for t in m..<n - 1 { next[t + 1] = b[t] - k * f[t] }
            for t in m..<n { f[t] -= k * b[t] }
            return k
          }
        }
      }
      swap(&backward, &nextBackward)
      search.extend(by: reflection)
    }
    return search.best
  }

  /// The same from the autocovariances (Yule and Walker), a tenth of the cost; near a unit root it remembers too little.
  package static func yuleWalker(_ values: [Double], runs: Runs, most: Int) -> Autoregression {
    let n = values.count
    let covariances = values.withUnsafeBufferPointer { v in
      (0...min(most, n / 3)).map { lag in
        // Sums over the pairs that are present by one count: the sequence stays positive definite without gaps.
        dot(v.baseAddress!, v.baseAddress! + lag, count: n - lag) / Double(runs.present)
      }
    }
    var search = OrderSearch(power: covariances[0], readings: runs.present)
    guard covariances[0] > 0 else { return search.best }
    for m in 1..<max(1, covariances.count) {
      var rest = covariances[m]
      for (i, c) in search.current.enumerated() { rest -= c * covariances[m - 1 - i] }
      search.extend(by: OrderSearch.bounded(rest / search.power))
    }
    return search.best
  }

  /// Expected values at leads 1...`horizon`.
  ///
  /// - Parameter newest: The last `order` values, newest first.
  package func continuation(of newest: [Double], horizon: Int) -> [Double] {
    guard order > 0 else { return [Double](repeating: 0, count: horizon) }
    let p = order
    let oldestFirst = Array(coefficients.reversed())
    var path = Array(newest.reversed()) + [Double](repeating: 0, count: horizon)
    path.withUnsafeMutableBufferPointer { path in
      oldestFirst.withUnsafeBufferPointer { c in
        for t in p..<(p + horizon) { path[t] = dot(c.baseAddress!, path.baseAddress! + t - p, count: p) }
      }
    }
    return Array(path.dropFirst(p))
  }

  /// What a unit innovation adds 0, 1, ... steps later: the weights of the infinite moving average.
  package func impulse(count: Int) -> [Double] {
    guard order > 0 else { return [1] + [Double](repeating: 0, count: count - 1) }
    return [1] + continuation(of: [1] + [Double](repeating: 0, count: order - 1), horizon: count - 1)
  }

  /// Innovations of `values`; a value that is missing is replaced by what the process expects and its innovation is 0.
  package func innovations(of values: inout [Double], runs: Runs) -> [Double] {
    let n = values.count
    var result = values
    guard order > 0 || runs.hasGaps else { return result }
    let oldestFirst = Array(coefficients.reversed())
    values.withUnsafeMutableBufferPointer { v in
      oldestFirst.withUnsafeBufferPointer { c in
        for t in 0..<n {
          let known = min(order, t)
          let expected =
            known > 0 ? dot(c.baseAddress! + order - known, v.baseAddress! + t - known, count: known) : 0
          if runs.lengths[t] == 0 {
            v[t] = expected
            result[t] = 0
          } else {
            result[t] = v[t] - expected
          }
        }
      }
    }
    return result
  }
}

/// Which values of a history are there.
package struct Runs: Sendable {
  /// How many values in a row are present up to each one; 0 at a gap.
  package let lengths: [Int32]
  package let present: Int

  package var hasGaps: Bool { present < lengths.count }

  package init(present: (Int) -> Bool, count: Int) {
    var run: Int32 = 0
    var total = 0
    lengths = (0..<count).map { t in
      run = present(t) ? run + 1 : 0
      if run > 0 { total += 1 }
      return run
    }
    self.present = total
  }

  /// Number of windows of `length` + 1 values without a gap.
  package func windows(longerThan length: Int) -> Int {
    hasGaps ? lengths.count { $0 > length } : lengths.count - length
  }
}

/// Orders tried one after another by Levinson's recursion; the one of least AICc is kept.
private struct OrderSearch {
  let readings: Double
  var current: [Double] = []
  var power: Double
  var best: Autoregression
  private var least: Double

  init(power: Double, readings: Int) {
    self.readings = Double(readings)
    self.power = power
    best = Autoregression(coefficients: [], variance: power)
    least = 0
    least = criterion(power, order: 0)
  }

  /// Keeps a reflection coefficient inside the bounds of stationarity, with a margin for the errors of a forecast.
  static func bounded(_ reflection: Double) -> Double { max(-0.995, min(0.995, reflection)) }

  mutating func extend(by reflection: Double) {
    let m = current.count
    var next = current
    for i in 0..<m { next[i] -= reflection * current[m - 1 - i] }
    next.append(reflection)
    current = next
    power *= 1 - reflection * reflection
    let value = criterion(power, order: m + 1)
    if value < least {
      least = value
      best = Autoregression(coefficients: current, variance: power)
    }
  }

  /// AICc with the variance as one more parameter.
  private func criterion(_ variance: Double, order: Int) -> Double {
    let k = Double(order + 1)
    return readings * log(variance) + 2 * k * readings / max(1, readings - k - 1)
  }
}
