import HorizonCore

/// Stretches that an exporter wrote in another unit: percent as fractions, GB as MB.
///
/// A jump counts when two successive readings differ at least 30-fold, every reading around it lies clearly on its side, and the
/// ratio of the medians is within 2 % of a factor between units. When one jump of a series does not fit, nothing is repaired.
enum UnitJumps {
  /// What the readings are.
  enum Scale: Sendable { case percent, fraction, absolute }

  struct Outcome: Equatable {
    /// Half-open ranges of readings with what brings them to scale.
    var stretches: [(range: Range<Int>, factor: Double)] = []
    /// The first reading of a jump that is near a factor between units, not near enough.
    var doubtful: (at: Int, before: Double, after: Double)?

    static func == (a: Outcome, b: Outcome) -> Bool {
      a.stretches.elementsEqual(b.stretches, by: ==) && a.doubtful?.at == b.doubtful?.at
    }
  }

  /// Successive readings that differ less are no jump of units.
  static let abrupt = 30.0
  static let tolerance = 0.02
  /// Outside the tolerance but this near a factor, a jump is remarked on.
  static let doubt = 0.2
  /// Readings looked at on each side of a jump.
  static let window = 90
  /// Shorter stretches between others are bursts; shorter ones at an end say too little.
  static let minimumInside = 3
  static let minimumAtEnds = 7
  /// More jumps are a way of working.
  static let maximumJumps = 16

  private static func factors(_ scale: Scale) -> [Double] {
    scale == .absolute ? [1_000, 1_024, 1_000_000, 1_048_576] : [100]
  }

  /// - Parameter capacity: Per reading, NaN where unknown; a capacity that jumps alike was written in the other unit too.
  static func find(
    _ values: UnsafeBufferPointer<Double>, capacity: UnsafePointer<Double>?, scale: Scale
  ) -> Outcome {
    var outcome = Outcome()
    let jumps = levelJumps(values)
    guard !jumps.isEmpty, jumps.count <= maximumJumps else { return outcome }
    let edges = [0] + jumps + [values.count]
    /// What brings the readings before a jump to the scale of those after it.
    var steps: [Double] = []
    for (k, jump) in jumps.enumerated() {
      let left = sorted(values, max(edges[k], jump - window)..<jump)
      let right = sorted(values, jump..<min(edges[k + 2], jump + window))
      let ratio = median(right) / median(left)
      let size = max(ratio, 1 / ratio)
      guard let factor = factors(scale).min(by: { abs($0 / size - 1) < abs($1 / size - 1) }) else { return outcome }
      let capacityJumps = capacity.map { jumpsAlike($0[jump - 1], $0[jump], ratio) } ?? false
      let (low, high) = ratio > 1 ? (left, right) : (right, left)
      let isApart = quantile(low, 0.9) * 3 < quantile(high, 0.1)
      if !capacityJumps, isApart, abs(size / factor - 1) <= tolerance {
        steps.append(ratio > 1 ? factor : 1 / factor)
      } else {
        if !capacityJumps, isApart, abs(size / factor - 1) <= doubt {
          outcome.doubtful = (jump, median(left), median(right))
        }
        return outcome
      }
    }
    var scales = [Double](repeating: 1, count: steps.count + 1)
    for k in steps.indices.reversed() { scales[k] = scales[k + 1] * steps[k] }
    guard let reference = reference(values, edges, scales, scale) else { return outcome }
    for (k, own) in scales.enumerated() where own != reference {
      outcome.stretches.append((edges[k]..<edges[k + 1], own / reference))
    }
    return outcome
  }

  /// The scale to which all others are brought: percent or fraction where that is what the readings are, else the newest.
  private static func reference(
    _ values: UnsafeBufferPointer<Double>, _ edges: [Int], _ scales: [Double], _ scale: Scale
  ) -> Double? {
    if scale == .absolute { return 1 }
    // The smaller the readings, the larger what brings them to scale.
    guard let low = scales.max(), let high = scales.min(), Set(scales).count == 2 else { return nil }
    var most = 0.0
    for k in scales.indices where scales[k] == low { most = max(most, values[edges[k]..<edges[k + 1]].max()!) }
    switch scale {
    case .fraction: return most <= 1.5 ? low : nil
    default: return most <= 1.5 ? high : most <= 150 ? low : nil
    }
  }

  /// The first readings of new levels, bursts left out.
  private static func levelJumps(_ values: UnsafeBufferPointer<Double>) -> [Int] {
    var jumps: [Int] = []
    for k in stride(from: 1, to: values.count, by: 1) {
      let (a, b) = (values[k - 1], values[k])
      guard a > abrupt * b || b > abrupt * a, a > 0, b > 0 else { continue }
      jumps.append(k)
      // Bursts come in pairs; a series of bursts ends the search.
      if jumps.count > 4 * maximumJumps { return [] }
    }
    guard !jumps.isEmpty else { return [] }
    while let short = jumps.indices.dropFirst().first(where: { jumps[$0] - jumps[$0 - 1] < minimumInside }) {
      jumps.removeSubrange((short - 1)...short)
    }
    while let first = jumps.first, first < minimumAtEnds { jumps.removeFirst() }
    while let last = jumps.last, values.count - last < minimumAtEnds { jumps.removeLast() }
    return jumps
  }

  private static func jumpsAlike(_ before: Double, _ after: Double, _ ratio: Double) -> Bool {
    let own = after / before
    return own.isFinite && own / ratio > 0.5 && own / ratio < 2
  }

  private static func sorted(_ values: UnsafeBufferPointer<Double>, _ range: Range<Int>) -> [Double] {
    values[range].sorted()
  }

  private static func median(_ sorted: [Double]) -> Double { quantile(sorted, 0.5) }

  private static func quantile(_ sorted: [Double], _ level: Double) -> Double {
    let place = level * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }
}
