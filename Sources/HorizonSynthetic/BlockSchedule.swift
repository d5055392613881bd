/// Which job comes next when blocks are made in parallel and appended to two files, each in order.
///
/// A pure value: it is told what ended and says what may begin. At most `limit` blocks are under way.
package struct BlockSchedule: Sendable {
  package enum Job: Sendable, Hashable {
    case make(Int)
    case appendTruth(Int)
    case appendMetrics(Int)
  }

  private let blocks: Int
  private let limit: Int
  private var begun = 0
  private var made: Set<Int> = []
  private var truth = 0
  private var metrics = 0
  private var truthBusy = false
  private var metricsBusy = false

  package init(blocks: Int, limit: Int) {
    self.blocks = blocks
    self.limit = max(1, limit)
  }

  /// Blocks that stand in both files.
  package var finished: Int { min(truth, metrics) }

  /// The next job that may begin, the longest kind first; nil while all wait for running ones, and at the end.
  package mutating func next() -> Job? {
    if !truthBusy, made.contains(truth) {
      truthBusy = true
      return .appendTruth(truth)
    }
    if !metricsBusy, made.contains(metrics) {
      metricsBusy = true
      return .appendMetrics(metrics)
    }
    guard begun < blocks, begun - finished < limit else { return nil }
    begun += 1
    return .make(begun - 1)
  }

  /// - Returns: The block that is in both files now and can be forgotten.
  package mutating func end(_ job: Job) -> Int? {
    let before = finished
    switch job {
    case .make(let block): made.insert(block)
    case .appendTruth:
      truth += 1
      truthBusy = false
    case .appendMetrics:
      metrics += 1
      metricsBusy = false
    }
    guard finished > before else { return nil }
    made.remove(before)
    return before
  }
}
