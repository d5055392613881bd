import HorizonCore

/// All readings in arrival order, in one scratch file, bucket by bucket: the bound on memory while rows come in any order.
///
/// Each bucket fills a block of columns (times, values, capacities, places, extras) that is appended to the file when full.
/// Written by one thread; after `finish`, buckets may be read by many.
final class ReadingSpill: @unchecked Sendable {
  static let blockRows = 1_024

  let hasCapacity: Bool
  let hasExtras: Bool
  private let file: ScratchFile
  private let blockBytes: Int
  private let blocks: UnsafeMutableRawPointer
  private let filled: UnsafeMutablePointer<Int>
  /// Per bucket where its blocks begin, and the rows in each.
  private(set) var extents = [[(start: Int, rows: Int)]](repeating: [], count: SeriesRegistry.bucketCount)
  private(set) var failure: Failure?
  private(set) var minimumTime = Int64.max
  private(set) var maximumTime = Int64.min
  /// Every time so far is midnight UTC.
  private(set) var holdsDatesOnly = true
  /// Set when times were read off a clock that shows an hour twice a year.
  var repeatingClock: LocalClock?
  /// Per file, in the order of reading, the rows that each bucket held before it; kept for so many files.
  private var rowsBefore: [[Int32]] = []
  private static let filesKept = 4_096

  init(hasCapacity: Bool, hasExtras: Bool, scratch: String) throws(Failure) {
    self.hasCapacity = hasCapacity
    self.hasExtras = hasExtras
    file = try ScratchFile(in: scratch)
    blockBytes = ReadingSpill.blockRows * (16 + (hasCapacity ? 8 : 0) + 4 + (hasExtras ? 4 : 0))
    blocks = .allocate(byteCount: blockBytes * SeriesRegistry.bucketCount, alignment: 64)
    filled = .allocate(capacity: SeriesRegistry.bucketCount)
    filled.initialize(repeating: 0, count: SeriesRegistry.bucketCount)
  }

  deinit {
    blocks.deallocate()
    filled.deallocate()
  }

  struct Block {
    let times: UnsafeMutablePointer<Int64>
    let values: UnsafeMutablePointer<Double>
    /// Meaningless without capacities, as are extras without extras.
    let capacity: UnsafeMutablePointer<Double>
    let places: UnsafeMutablePointer<Int32>
    let extras: UnsafeMutablePointer<Int32>

    init(_ base: UnsafeMutableRawPointer, hasCapacity: Bool) {
      let n = ReadingSpill.blockRows
      times = base.assumingMemoryBound(to: Int64.self)
      values = (base + n * 8).assumingMemoryBound(to: Double.self)
      capacity = (base + n * 16).assumingMemoryBound(to: Double.self)
      places = (base + n * (hasCapacity ? 24 : 16)).assumingMemoryBound(to: Int32.self)
      extras = places + n
    }
  }

  /// Rows from here on are of the next file.
  func beginFile() {
    guard rowsBefore.count < ReadingSpill.filesKept else { return }
    rowsBefore.append(
      (0..<SeriesRegistry.bucketCount).map { bucket in
        Int32(clamping: extents[bucket].reduce(filled[bucket]) { $0 + $1.rows })
      })
  }

  /// The number of the file that a row of a bucket came from, by the row's place in the order of arrival; nil with too many files.
  func file(ofRow row: Int, in bucket: Int) -> Int? {
    guard rowsBefore.count < ReadingSpill.filesKept, row < Int(Int32.max) else { return nil }
    return rowsBefore.lastIndex { Int($0[bucket]) <= row }
  }

  /// A failure to write is kept in `failure`: look at it once a batch.
  @inline(__always)
  func append(bucket: Int, place: Int32, time: Int64, value: Double, capacity: Double, extra: Int32) {
    let block = Block(blocks + bucket &* blockBytes, hasCapacity: hasCapacity)
    let at = filled[bucket]
    block.times[at] = time
    block.values[at] = value
    if hasCapacity { block.capacity[at] = capacity }
    block.places[at] = place
    if hasExtras { block.extras[at] = extra }
    filled[bucket] = at &+ 1
    if at &+ 1 == ReadingSpill.blockRows { flush(bucket) }
  }

  private func flush(_ bucket: Int) {
    guard filled[bucket] > 0 else { return }
    let block = Block(blocks + bucket * blockBytes, hasCapacity: hasCapacity)
    for k in 0..<filled[bucket] {
      minimumTime = min(minimumTime, block.times[k])
      maximumTime = max(maximumTime, block.times[k])
    }
    if holdsDatesOnly {
      holdsDatesOnly = (0..<filled[bucket]).allSatisfy { block.times[$0] % 86_400_000_000 == 0 }
    }
    do {
      let start = try file.append(UnsafeRawBufferPointer(start: blocks + bucket * blockBytes, count: blockBytes))
      extents[bucket].append((start, filled[bucket]))
    } catch { failure = failure ?? error }
    filled[bucket] = 0
  }

  func finish() throws(Failure) {
    for bucket in 0..<SeriesRegistry.bucketCount { flush(bucket) }
    if let failure { throw failure }
  }

  /// Hands a bucket's blocks over in arrival order; `buffer` has room for one.
  func forEachBlock(of bucket: Int, buffer: UnsafeMutableRawPointer, _ body: (Block, _ rows: Int) -> Void)
    throws(Failure)
  {
    for extent in extents[bucket] {
      try file.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: blockBytes), at: extent.start)
      body(Block(buffer, hasCapacity: hasCapacity), extent.rows)
    }
  }

  func makeBuffer() -> UnsafeMutableRawPointer { .allocate(byteCount: blockBytes, alignment: 64) }
}
