import HorizonCore
import HorizonNumerics

/// The regression behind `prophet` for one history: trend, hinges at the changepoints, features and regressors.
///
/// Coefficients stand in the order offset, rate, features, rate changes. All that concerns hinges, the columns max(0, t - s), follows from
/// sums over the segments between changepoints, so their inner products cost no pass of their own.
struct ProphetDesign: Sendable {
  let timeline: ProphetTimeline
  let columns: [ProphetFeatures.Column]
  let isFlat: Bool
  /// Scale of the Laplace prior of a rate change.
  let changepointScale: Double
  /// Prior precisions of the free coefficients.
  let precisions: [Double]
  let features: ProphetFeatures
  private let offset: Int
  private let regressors: [[Double]]
  /// Inner products of features and regressors over the readings.
  private var featureGram: [Double] = []
  /// Normal matrix of a linear trend with additive features only; empty for all others.
  private(set) var linearGram: [Double] = []

  /// Coefficients without a Laplace prior.
  var free: Int { trend + columns.count }
  var sparse: Int { timeline.changepoints.count }
  var size: Int { free + sparse }
  private var trend: Int { isFlat ? 1 : 2 }
  let isMultiplicative: Bool

  /// - Parameters:
  ///   - features: Over steps that hold the history.
  ///   - wholeGram: Inner products of the features over all steps of the timeline, gaps counted in.
  init(
    timeline: ProphetTimeline, options: ProphetOptions, features: ProphetFeatures, wholeGram: [Double],
    regressors: [ProphetRegressor]
  ) {
    self.timeline = timeline
    self.features = features
    isFlat = options.growth == .flat
    changepointScale = options.changepointPriorScale
    offset = timeline.firstIndex - features.firstIndex
    self.regressors = regressors.map { r in (0..<timeline.count).map { r.value(at: timeline.firstIndex + $0) } }
    columns = features.columns + regressors.map(\.column)
    isMultiplicative = columns.contains(where: \.isMultiplicative)
    precisions =
      [Double](repeating: 1.0 / 25, count: isFlat ? 1 : 2) + columns.map { 1 / ($0.priorScale * $0.priorScale) }
    featureGram = withRegressors(timeline.hasGaps ? withoutGaps(wholeGram) : wholeGram)
    if options.growth != .logistic && !isMultiplicative {
      linearGram = normalMatrix(trendWeights: timeline.mask, scaled: nil)
    }
  }

  /// The trend alone.
  func withoutFeatures() -> ProphetDesign {
    ProphetDesign(trendOf: self)
  }

  private init(trendOf design: ProphetDesign) {
    timeline = design.timeline
    features = ProphetFeatures(
      columns: [], step: design.features.step, firstIndex: design.features.firstIndex, count: 0)
    isFlat = design.isFlat
    changepointScale = design.changepointScale
    offset = 0
    regressors = []
    columns = []
    isMultiplicative = false
    precisions = Array(design.precisions.prefix(design.trend))
    linearGram = normalMatrix(trendWeights: timeline.mask, scaled: nil)
  }

  /// Calls `body` with the values of a column over the timeline; they are not 0 at gaps.
  func withColumn<R>(_ c: Int, _ body: (UnsafePointer<Double>) -> R) -> R {
    if c < features.columns.count {
      return features.values.withUnsafeBufferPointer { body($0.baseAddress! + c * features.count + offset) }
    }
    return regressors[c - features.columns.count].withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  /// Takes the steps without a reading out of the inner products of the features.
  private func withoutGaps(_ whole: [Double]) -> [Double] {
    let p = features.columns.count
    let n = timeline.count
    guard p > 0 else { return [] }
    guard 4 * (n - timeline.readings) < n else {
      var masked = [Double](repeating: 0, count: p * n)
      for c in 0..<p {
        withColumn(c) { column in for t in 0..<n { masked[c * n + t] = column[t] * timeline.mask[t] } }
      }
      return gramMatrix(masked, count: n, columns: p, stride: n)
    }
    var gram = whole
    var row = [Double](repeating: 0, count: p)
    for t in 0..<n where timeline.mask[t] == 0 {
      for c in 0..<p { row[c] = features.values[c * features.count + offset + t] }
      gram.withUnsafeMutableBufferPointer { g in
        for i in 0..<p where row[i] != 0 {
          let value = row[i]
          for j in 0..<p { g[i * p + j] -= value * row[j] }
        }
      }
    }
    return gram
  }

  private func withRegressors(_ gram: [Double]) -> [Double] {
    guard !regressors.isEmpty else { return gram }
    let p = features.columns.count
    let size = p + regressors.count
    var result = [Double](repeating: 0, count: size * size)
    for i in 0..<p { for j in 0..<p { result[i * size + j] = gram[i * p + j] } }
    for i in p..<size {
      var masked = regressors[i - p]
      for t in masked.indices { masked[t] *= timeline.mask[t] }
      for j in 0...i {
        let value = withColumn(j) { column in dot(masked, column, count: timeline.count) }
        result[i * size + j] = value
        result[j * size + i] = value
      }
    }
    return result
  }

  /// Sums of a column and of it times t over each segment.
  private func segmentSums(_ column: UnsafePointer<Double>, _ weighted: [Double], _ timed: [Double])
    -> (level: [Double], slope: [Double])
  {
    let edges = timeline.edges
    return weighted.withUnsafeBufferPointer { w in
      timed.withUnsafeBufferPointer { v in
        var level = [Double](repeating: 0, count: edges.count - 1)
        var slope = level
        for q in level.indices {
          let from = edges[q]
          level[q] = dot(column + from, w.baseAddress! + from, count: edges[q + 1] - from)
          slope[q] = dot(column + from, v.baseAddress! + from, count: edges[q + 1] - from)
        }
        return (level, slope)
      }
    }
  }

  /// Inner products of the trend's columns with a column: offset, rate, then each hinge.
  private func trendProducts(_ sums: (level: [Double], slope: [Double])) -> [Double] {
    var products = [Double](repeating: 0, count: 2 + sparse)
    var level = 0.0
    var slope = 0.0
    for q in stride(from: sums.level.count - 1, through: 0, by: -1) {
      level += sums.level[q]
      slope += sums.slope[q]
      if q > 0 { products[1 + q] = slope - timeline.changepoints[q - 1] * level }
    }
    products[0] = level
    products[1] = slope
    return products
  }

  private func times(_ values: [Double]) -> [Double] {
    var timed = values
    for t in timed.indices { timed[t] *= Double(t) * timeline.pace }
    return timed
  }

  /// The normal matrix of columns [u, u t, features, u * hinges].
  ///
  /// - Parameters:
  ///   - trendWeights: u, 0 at gaps.
  ///   - scaled: The features as the model multiplies them, `[column][step]`, 0 at gaps; nil for the features as they are.
  func normalMatrix(trendWeights u: [Double], scaled: [Double]?) -> [Double] {
    let n = timeline.count
    let p = size
    let k = columns.count
    let s = sparse
    var gram = [Double](repeating: 0, count: p * p)
    func set(_ i: Int, _ j: Int, _ value: Double) {
      gram[i * p + j] = value
      gram[j * p + i] = value
    }
    let block = scaled.map { gramMatrix($0, count: n, columns: k, stride: n) } ?? featureGram
    for i in 0..<k { for j in 0...i { set(trend + i, trend + j, block[i * k + j]) } }

    let timed = times(u)
    for c in 0..<k {
      let sums =
        scaled.map { $0.withUnsafeBufferPointer { segmentSums($0.baseAddress! + c * n, u, timed) } }
        ?? withColumn(c) { segmentSums($0, u, timed) }
      let products = trendProducts(sums)
      for i in 0..<trend { set(i, trend + c, products[i]) }
      for j in 0..<s { set(trend + k + j, trend + c, products[2 + j]) }
    }

    // Sums of u^2, u^2 t and u^2 t^2 from each changepoint on.
    let edges = timeline.edges
    var tail = (0.0, 0.0, 0.0)
    var tails = [(Double, Double, Double)](repeating: tail, count: s + 1)
    for q in stride(from: s, through: 0, by: -1) {
      for t in edges[q]..<edges[q + 1] {
        tail.0 += u[t] * u[t]
        tail.1 += u[t] * timed[t]
        tail.2 += timed[t] * timed[t]
      }
      tails[q] = tail
    }
    set(0, 0, tail.0)
    if !isFlat {
      set(1, 0, tail.1)
      set(1, 1, tail.2)
    }
    for j in 0..<s {
      let (a, b, c) = tails[j + 1]
      let at = timeline.changepoints[j]
      set(trend + k + j, 0, b - at * a)
      set(trend + k + j, 1, c - at * b)
      for i in 0...j {
        let other = timeline.changepoints[i]
        set(trend + k + j, trend + k + i, c - (at + other) * b + at * other * a)
      }
    }
    return gram
  }

  /// Inner products of the same columns with values that are 0 at gaps.
  func products(_ values: [Double], trendWeights u: [Double]? = nil, scaled: [Double]? = nil) -> [Double] {
    let n = timeline.count
    let k = columns.count
    var result = [Double](repeating: 0, count: size)
    values.withUnsafeBufferPointer { v in
      for c in 0..<k {
        result[trend + c] =
          scaled.map { $0.withUnsafeBufferPointer { dot($0.baseAddress! + c * n, v.baseAddress!, count: n) } }
          ?? withColumn(c) { dot($0, v.baseAddress!, count: n) }
      }
    }
    var weighted = values
    if let u { for t in 0..<n { weighted[t] *= u[t] } }
    let edges = timeline.edges
    var sums = (
      level: [Double](repeating: 0, count: edges.count - 1), slope: [Double](repeating: 0, count: edges.count - 1)
    )
    for q in 0..<(edges.count - 1) {
      var level = 0.0
      var slope = 0.0
      for t in edges[q]..<edges[q + 1] {
        level += weighted[t]
        slope += weighted[t] * Double(t)
      }
      sums.level[q] = level
      sums.slope[q] = slope * timeline.pace
    }
    let products = trendProducts(sums)
    for i in 0..<trend { result[i] = products[i] }
    for j in 0..<sparse { result[free + j] = products[2 + j] }
    return result
  }

  /// Columns by what they are part of, in their order; all holidays are one part.
  var componentGroups: [(name: String, members: [Int])] {
    var groups: [(name: String, members: [Int])] = []
    for (c, column) in columns.enumerated() {
      let name = column.isHoliday ? "holidays" : column.component
      if let at = groups.firstIndex(where: { $0.name == name }) {
        groups[at].members.append(c)
      } else {
        groups.append((name, [c]))
      }
    }
    return groups
  }

  /// The linear trend m + k t + sum of hinges at every step; under logistic growth the argument without its offset.
  func line(offset m: Double, rate k: Double, changes: [Double]) -> [Double] {
    var line = [Double](repeating: 0, count: timeline.count)
    var value = m
    var rate = k
    for q in 0..<(timeline.edges.count - 1) {
      if q > 0, !changes.isEmpty {
        value -= changes[q - 1] * timeline.changepoints[q - 1]
        rate += changes[q - 1]
      }
      for t in timeline.edges[q]..<timeline.edges[q + 1] { line[t] = value + rate * Double(t) * timeline.pace }
    }
    return line
  }

  /// The line of the trend after its last changepoint: its level at time 0 and its rate.
  func lastLine(offset: Double, rate: Double, changes: some Sequence<Double>) -> (level: Double, rate: Double) {
    var line = (level: offset, rate: rate)
    for (change, at) in zip(changes, timeline.changepoints) {
      line.rate += change
      line.level -= change * at
    }
    return line
  }

  /// Adds columns times their coefficients over steps of the calendar that may lie ahead.
  func addEffects(
    _ beta: [Double], of members: [Int], regressors: [ProphetRegressor], over features: ProphetFeatures,
    to values: inout [Double]
  ) {
    let known = features.columns.count
    for c in members where beta[c] != 0 {
      if c < known {
        for t in values.indices { values[t] += beta[c] * features.values[c * features.count + t] }
      } else {
        for t in values.indices { values[t] += beta[c] * regressors[c - known].value(at: features.firstIndex + t) }
      }
    }
  }

  /// Adds the features of one mode, weighted.
  func addFeatures(_ beta: [Double], multiplicative: Bool, to values: inout [Double]) {
    values.withUnsafeMutableBufferPointer { values in
      for (c, column) in columns.enumerated() where column.isMultiplicative == multiplicative && beta[c] != 0 {
        let b = beta[c]
        withColumn(c) { x in for t in 0..<values.count { values[t] += b * x[t] } }
      }
    }
  }
}
