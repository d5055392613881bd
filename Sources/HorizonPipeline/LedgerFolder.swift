package import Foundation
import HorizonCore
package import HorizonLedger
package import HorizonStore

/// A ledger on the disk: `made_at=<as-of>/part-00000.parquet`, the rows of one run each.
package struct LedgerFolder: Sendable {
  package let url: URL

  package init(_ url: URL) { self.url = url }

  private static let prefix = "made_at="
  private static let stampKey = "horizonscale.ledger"

  /// Names of the as-ofs that have rows, ascending.
  package func origins() -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.filter { $0.hasPrefix(LedgerFolder.prefix) }.map { String($0.dropFirst(LedgerFolder.prefix.count)) }
      .sorted()
  }

  func folder(of origin: String) -> URL {
    url.appending(path: LedgerFolder.prefix + origin, directoryHint: .isDirectory)
  }

  /// Files with the rows of an as-of, in order.
  package func parts(of origin: String) -> [String] {
    let folder = folder(of: origin).path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix("part-") && $0.hasSuffix(".parquet") }.sorted().map { "\(folder)/\($0)" }
  }

  /// What a part says of itself; nil where it says nothing.
  package static func stamp(of part: String) throws(StoreError) -> LedgerStamp? {
    guard let text = try ParquetFile(part).metadata(key: stampKey) else { return nil }
    return try? JSONDecoder().decode(LedgerStamp.self, from: Data(text.utf8))
  }

  /// Puts a finished folder in the place of an as-of's rows; a reader sees the old ones or the new ones, whole.
  func replace(_ origin: String, with finished: URL) throws(Failure) {
    try replaceFolder(folder(of: origin).path, with: finished.path)
  }

  /// Visits the rows of a part in the order of the file.
  package static func read(_ part: String, _ body: (LedgerRow) -> Void) throws(StoreError) {
    let columns = Tables.ledger.columns
    let reader = try TableReader(parquet: part, columns: columns)
    func position(_ name: String) -> Int { columns.firstIndex { $0.name == name }! }
    func names(_ name: String) -> [String] { reader.keyNames(position(name)) }
    while let batch = try reader.next() {
      func codes(_ name: String) -> UnsafeBufferPointer<Int32> { batch.codes(position(name)) }
      func counts(_ name: String) -> UnsafeBufferPointer<Int32> { batch.int32s(position(name)) }
      func sums(_ name: String) -> UnsafeBufferPointer<Double> { batch.doubles(position(name)) }
      func verdict(_ value: UInt8) -> Bool? { value > 1 ? nil : value == 1 }
      let (servers, server) = (names("server"), codes("server"))
      let (resources, resource) = (names("resource"), codes("resource"))
      let (models, model) = (names("model"), codes("model"))
      let (origins, origin) = (names("origin").map(LedgerOrigin.init(rawValue:)), codes("origin"))
      let (buckets, bucket) = (names("bucket").map(LeadBucket.init(label:)), codes("bucket"))
      let (tiers, tier) = (names("tier").map(TrustTier.init(rawValue:)), codes("tier"))
      let madeAt = batch.times(position("made_at"))
      let (n, inside50, inside80, inside90) = (
        counts("n"), counts("inside50"), counts("inside80"), counts("inside90")
      )
      let (pinball, error, scale) = (sums("sum_pinball"), sums("sum_abs_error"), sums("sum_scale"))
      let called = batch.bools(position("breach_called"))
      let happened = batch.bools(position("breach_happened"))
      for i in 0..<batch.rowCount {
        guard server[i] >= 0, resource[i] >= 0, origin[i] >= 0, bucket[i] >= 0, tier[i] >= 0, n[i] >= 0,
          let origin = origins[Int(origin[i])], let bucket = buckets[Int(bucket[i])], let tier = tiers[Int(tier[i])]
        else { throw StoreError(.foreign, path: part, message: "row \(i + 1) of a batch is no row of a ledger") }
        var row = LedgerRow(
          name: SeriesName(server: servers[Int(server[i])], resource: resources[Int(resource[i])]), madeAt: madeAt[i],
          origin: origin, bucket: bucket, model: model[i] < 0 ? "" : models[Int(model[i])], tier: tier)
        row.n = Int(n[i])
        (row.inside50, row.inside80, row.inside90) = (Int(inside50[i]), Int(inside80[i]), Int(inside90[i]))
        (row.sumPinball, row.sumAbsoluteError, row.sumScale) = (pinball[i], error[i], scale[i])
        (row.breachCalled, row.breachHappened) = (verdict(called[i]), verdict(happened[i]))
        body(row)
      }
    }
  }

  /// A writer of a part that says what it was made from.
  static func writer(of part: String, stamp: LedgerStamp) throws -> TableWriter {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try TableWriter(
      parquet: part, schema: Tables.ledger,
      metadata: [stampKey: String(decoding: try encoder.encode(stamp), as: UTF8.self)])
  }
}

/// Rows of a ledger on their way to the disk.
struct LedgerColumns {
  private var server = KeyColumn()
  private var resource = KeyColumn()
  private var madeAt: [Int64] = []
  private var origin = KeyColumn()
  private var bucket = KeyColumn()
  private var model = KeyColumn()
  private var tier = KeyColumn()
  /// n and what was inside.
  private var counts = [[Int32]](repeating: [], count: 4)
  private var sums = [[Double]](repeating: [], count: 3)
  private var verdicts = [[UInt8]](repeating: [], count: 2)

  var count: Int { madeAt.count }

  mutating func append(_ row: LedgerRow) {
    server.append(row.name.server)
    resource.append(row.name.resource)
    madeAt.append(row.madeAt)
    origin.append(row.origin.rawValue)
    bucket.append(row.bucket.label)
    model.append(row.model)
    tier.append(row.tier.rawValue)
    for (c, count) in [row.n, row.inside50, row.inside80, row.inside90].enumerated() { counts[c].append(Int32(count)) }
    for (c, sum) in [row.sumPinball, row.sumAbsoluteError, row.sumScale].enumerated() { sums[c].append(sum) }
    for (c, verdict) in [row.breachCalled, row.breachHappened].enumerated() {
      verdicts[c].append(verdict.map { $0 ? 1 : 0 } ?? 2)
    }
  }

  var columns: [ColumnValues] {
    [server.values, resource.values, .times(madeAt), origin.values, bucket.values, model.values, tier.values]
      + counts.map { .int32s($0) } + sums.map { .doubles($0) } + verdicts.map { .flags($0) }
  }
}
