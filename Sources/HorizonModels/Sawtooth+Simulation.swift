import Foundation
import HorizonCore
import HorizonNumerics

extension SawtoothFit {
  /// Simulated futures a series.
  private static let paths = 512
  /// Normal draws to take noise from: looked up, not computed.
  private static let normals: [Float] = (0..<1_024).map { Float(normalQuantile((Double($0) + 0.5) / 1_024)) }

  /// One possible future, from the running cycle on.
  private struct Path {
    /// Time of the next clean-up, where the phase puts it, and the running cycle's peak minus the ceiling's trend.
    var next = 0.0
    var place = 0.0
    var peak = 0.0
    /// What is not known of trends and mean length.
    var length = 0.0
    var levelError = 0.0
    var slopeError = 0.0
    var floorError = 0.0
    /// How well it explains the newest readings.
    var weight = 0.0
    /// What it leaves unexplained of the newest reading.
    var rest = 0.0
  }

  func forecast(series: Int, into block: inout ForecastBlock) {
    var random = SplitMix64(seed: stableHash("sawtooth", seed: seed))
    let candidates = (0..<(2 * Self.paths)).map { _ in candidate(&random) }
    let chosen = resampled(candidates, &random)
    let horizon = block.horizon
    // [lead][path]
    var values = [Float](repeating: 0, count: horizon * Self.paths)
    for (p, path) in chosen.enumerated() { run(path, horizon: horizon, into: &values, at: p, &random) }
    var counts = [Int32](repeating: 0, count: Self.paths)
    values.withUnsafeBufferPointer { values in
      for lead in 0..<horizon {
        let column = UnsafeBufferPointer(rebasing: values[(lead * Self.paths)..<((lead + 1) * Self.paths)])
        let at = series * horizon + lead
        block.mean[at] = column.reduce(0, +) / Float(Self.paths)
        Self.quantiles(column, counts: &counts) { k, value in block.quantiles[at * Levels.count + k] = value }
      }
    }
  }

  // MARK: The running cycle

  private func candidate(_ random: inout SplitMix64) -> Path {
    var path = Path()
    let cycle = cycles[Int(random.uniform() * Double(cycles.count))]
    path.length = max(0.5 * timing.mean, timing.mean + timing.meanError * random.normal())
    path.levelError = ceiling.levelError * random.normal()
    path.slopeError = ceiling.slopeError * random.normal()
    path.floorError = floor.levelError * random.normal()
    path.peak = cycle.peak
    let begun = timing.newest + timing.newestError * random.normal()
    path.place = begun + drawnLength(path, cycle)
    path.next = path.place + timing.jitter * random.normal()
    if path.next <= 0 {
      // Overdue: it comes soon.
      path.next = random.uniform() * 0.1 * timing.mean
      path.place = path.next
      path.weight = 1e-6
    } else {
      path.weight = 1
    }
    explain(&path)
    return path
  }

  private func drawnLength(_ path: Path, _ cycle: Cycle) -> Double {
    max(1, path.length + timing.walk * cycle.length)
  }

  /// Weighs a path by how near its running fill comes to the last three readings.
  private func explain(_ path: inout Path) {
    let last = max(1, path.next.rounded(.up) - Double(fall))
    let peak = peakLevel(path, residual: path.peak, at: last)
    let low = Double(fill[0])
    let span = Double(fill.count - 1) + last
    var off = 0.0
    var readings = 0.0
    for t in max(1, fill.count - 3)..<max(1, fill.count) where !fill[t].isNaN {
      let expected = low + (peak - low) * shape.height(span > 0 ? Double(t) / span : 1)
      path.rest = Double(fill[t]) - expected
      off += path.rest
      readings += 1
    }
    guard readings > 0 else { return }
    let depth = max(1e-12, abs(ceiling.value(at: 0) - floor.value(at: 0)))
    let z = off / readings / (depth * max(0.015, 1.5 * shape.noise))
    path.weight *= exp(-0.5 * min(z * z, 200)) + 1e-9
  }

  /// As many paths as are simulated, each as often as its weight deserves, in the order drawn.
  private func resampled(_ candidates: [Path], _ random: inout SplitMix64) -> [Path] {
    let total = candidates.reduce(0) { $0 + $1.weight }
    let step = total / Double(Self.paths)
    var wanted = step * random.uniform()
    var passed = 0.0
    var chosen: [Path] = []
    chosen.reserveCapacity(Self.paths)
    for candidate in candidates {
      passed += candidate.weight
      while wanted < passed && chosen.count < Self.paths {
        chosen.append(candidate)
        wanted += step
      }
    }
    while chosen.count < Self.paths { chosen.append(candidates[candidates.count - 1]) }
    return chosen
  }

  // MARK: The cycles to come

  private func peakLevel(_ path: Path, residual: Double, at time: Double) -> Double {
    ceiling.value(at: time) + path.levelError + path.slopeError * (time - ceiling.centre) + residual
  }

  private func run(
    _ path: Path, horizon: Int, into values: inout [Float], at column: Int, _ random: inout SplitMix64
  ) {
    var begin = 1 - fill.count
    var low = Double(fill[0])
    var next = path.next
    // From where schedules count on: jitter moves one clean-up alone.
    var place = path.place
    var peakResidual = path.peak
    var rest = path.rest
    var time = 1
    var first = true
    while time <= horizon {
      let cleaned = max(begin + 1, Int(next.rounded(.up)))
      let end = max(begin, cleaned - fall)
      let peak = max(peakLevel(path, residual: peakResidual, at: Double(end)), low)
      let span = Double(max(1, end - begin))
      let noise = shape.noise * (peak - low)
      while time <= min(end, horizon) {
        let height = shape.height(Double(time - begin) / span)
        var value = low + (peak - low) * height
        if first {
          rest *= 0.8
          value += rest
        }
        if time < end && time > begin {
          value += noise * Double(Self.normals[Int(truncatingIfNeeded: random.next() >> 54)])
        }
        values[(time - 1) * Self.paths + column] = Float(value)
        time += 1
      }
      begin = cleaned
      let cycle = cycles[Int(random.uniform() * Double(cycles.count))]
      low = floor.value(at: Double(begin)) + path.floorError + cycle.low
      while time < min(begin, horizon + 1) {
        let left = Double(begin - time) / Double(begin - end)
        values[(time - 1) * Self.paths + column] = Float(low + (peak - low) * left)
        time += 1
      }
      peakResidual = cycle.peak
      place += drawnLength(path, cycle)
      next = max(place + timing.jitter * Double(Self.normals[Int(random.next() >> 54)]), Double(begin) + 0.5)
      first = false
    }
  }

  // MARK: Quantiles

  /// The stored levels' quantiles of one column from a histogram over its range, linear inside a bin.
  private static func quantiles(
    _ column: UnsafeBufferPointer<Float>, counts: inout [Int32], _ write: (Int, Float) -> Void
  ) {
    var least = column[0]
    var most = column[0]
    for value in column {
      least = min(least, value)
      most = max(most, value)
    }
    guard most > least, (most - least).isFinite else {
      for k in 0..<Levels.count { write(k, (least + most) / 2) }
      return
    }
    for bin in counts.indices { counts[bin] = 0 }
    let scale = Float(counts.count) / (most - least)
    for value in column { counts[min(counts.count - 1, Int((value - least) * scale))] += 1 }
    var bin = 0
    var below: Float = 0
    for k in 0..<Levels.count {
      let wanted = Levels.all[k] * Float(column.count)
      while bin < counts.count - 1 && below + Float(counts[bin]) < wanted {
        below += Float(counts[bin])
        bin += 1
      }
      let share = counts[bin] > 0 ? (wanted - below) / Float(counts[bin]) : 0
      write(k, least + (Float(bin) + min(1, max(0, share))) / scale)
    }
  }
}
