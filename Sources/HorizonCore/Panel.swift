/// Many histories on one calendar in one contiguous matrix, gaps marked.
///
/// Row *s* holds series *s*, column *t* the reading at step index `firstIndex + t`; a missing reading is NaN. All histories
/// end at `cutoff`; `start(of:)` is the column of a series' first reading. A panel can be cut at an earlier cutoff without copying,
/// and nothing after its cutoff is reachable.
package struct Panel: Sendable {
  package let step: Step
  /// Step index of column 0.
  package let firstIndex: Int
  /// Number of columns up to and including the cutoff.
  package let length: Int
  package let count: Int
  private let stride: Int
  private let storage: [Float]
  private let starts: [Int]
  /// Per series what the name's hash and the run's seed give: for anything random in a fit.
  package let seeds: [UInt64]
  /// Per series the resizes that its readings, shares of the capacity of their time, went through: a factor is the old capacity over
  /// the new one. Empty where readings are the demand itself.
  package let capacityChanges: [[LevelChange]]
  /// What 100 % is for each series in the unit of its readings; NaN where there is none.
  package let ceilings: [Double]
  package let covariates: Covariates
  package let notes = PanelNotes()
  /// What `rebased` takes out.
  let rebasing: Rebasing

  /// - Parameters:
  ///   - values: `count * length` readings, a row per series, NaN where missing; infinities are not allowed.
  ///   - seeds: One per series.
  ///   - capacityChanges: One list per series, or nil where there are none.
  ///   - ceilings: One per series, or nil where none has one.
  ///   - rebasing: What `rebased` takes out of the readings.
  package init(
    step: Step, firstIndex: Int, length: Int, values: [Float], seeds: [UInt64], capacityChanges: [[LevelChange]]? = nil,
    ceilings: [Double]? = nil, covariates: Covariates = .none, rebasing: Rebasing = .all
  ) {
    precondition(values.count == seeds.count * length, "a panel is a full matrix")
    precondition(capacityChanges.map { $0.count == seeds.count } ?? true, "a list of changes for each series")
    precondition(ceilings.map { $0.count == seeds.count } ?? true, "a ceiling for each series")
    self.rebasing = rebasing
    self.ceilings = ceilings ?? Array(repeating: .nan, count: seeds.count)
    self.covariates = covariates
    self.capacityChanges = capacityChanges ?? Array(repeating: [], count: seeds.count)
    self.step = step
    self.firstIndex = firstIndex
    self.length = length
    self.count = seeds.count
    self.stride = length
    self.storage = values
    self.seeds = seeds
    self.starts = (0..<seeds.count).map { s in
      (0..<length).first { !values[s * length + $0].isNaN } ?? length
    }
  }

  private init(cutting panel: Panel, length: Int) {
    step = panel.step
    firstIndex = panel.firstIndex
    self.length = length
    count = panel.count
    stride = panel.stride
    storage = panel.storage
    starts = panel.starts
    seeds = panel.seeds
    capacityChanges = panel.capacityChanges
    ceilings = panel.ceilings
    covariates = panel.covariates
    rebasing = panel.rebasing
  }

  /// Step index of the last column.
  package var cutoff: Int { firstIndex + length - 1 }

  /// The same panel as it was known at an earlier step.
  package func cut(at cutoff: Int) -> Panel {
    precondition(cutoff <= self.cutoff, "a panel is cut in its past")
    return Panel(cutting: self, length: max(0, cutoff - firstIndex + 1))
  }

  /// Some of the series as a panel of their own that ends at `cutoff`.
  package func selecting(_ series: [Int], cutoff: Int) -> Panel {
    let length = max(0, cutoff - firstIndex + 1)
    var values: [Float] = []
    values.reserveCapacity(series.count * length)
    for s in series { values += storage[(s * stride)..<(s * stride + length)] }
    return Panel(
      step: step, firstIndex: firstIndex, length: length, values: values, seeds: series.map { seeds[$0] },
      capacityChanges: series.map { capacityChanges[$0] }, ceilings: series.map { ceilings[$0] },
      covariates: covariates.selecting(series), rebasing: rebasing)
  }

  /// All readings up to the cutoff, `[series][length]`.
  func matrix() -> [Float] {
    if stride == length { return storage }
    var values: [Float] = []
    values.reserveCapacity(count * length)
    for s in 0..<count { values += storage[(s * stride)..<(s * stride + length)] }
    return values
  }

  /// All columns of one series up to the cutoff, NaN where missing.
  func row(_ series: Int) -> ArraySlice<Float> { storage[(series * stride)..<(series * stride + length)] }

  /// Readings of one series from its first reading to the cutoff, NaN where missing; empty when it begins later.
  package func history(_ series: Int) -> History {
    let start = min(starts[series], length)
    let row = series * stride
    return History(
      values: storage[(row + start)..<(row + length)], firstIndex: firstIndex + start, step: step,
      seed: seeds[series])
  }

  /// The cutoff while a series is live by the step's own measure, else the step index of its newest reading; nil without any.
  package func end(of series: Int) -> Int? {
    let history = history(series)
    guard let last = history.values.lastIndex(where: { !$0.isNaN }) else { return nil }
    let newest = history.firstIndex + last - history.values.startIndex
    return cutoff - newest <= step.staleAfter ? cutoff : newest
  }

  /// The reading of one series at a step index, NaN when missing or outside the panel.
  package func actual(_ series: Int, at index: Int) -> Float {
    let column = index - firstIndex
    return column >= 0 && column < length ? storage[series * stride + column] : .nan
  }
}

/// The readings of one series up to a cutoff, oldest first, NaN where missing; the first reading is present.
package struct History: Sendable {
  package let values: ArraySlice<Float>
  /// Step index of the first reading.
  package let firstIndex: Int
  package let step: Step
  package let seed: UInt64

  package init(values: ArraySlice<Float>, firstIndex: Int, step: Step, seed: UInt64) {
    self.values = values
    self.firstIndex = firstIndex
    self.step = step
    self.seed = seed
  }

  package var count: Int { values.count }
  /// Step index of the last column, with or without a reading.
  package var cutoff: Int { firstIndex + values.count - 1 }

  /// Number of readings that are present.
  package var readings: Int {
    var n = 0
    for v in values where !v.isNaN { n += 1 }
    return n
  }

  /// The history with gaps filled for recursions that need every step: by the reading one season before where there is one,
  /// else by the last reading. Filled values carry no weight in any score.
  package func filled(season: Int) -> [Float] {
    var out = Array(values)
    for t in out.indices where out[t].isNaN {
      out[t] = t >= season ? out[t - season] : out[t - 1]
    }
    return out
  }
}
