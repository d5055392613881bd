package import Foundation
import HorizonCore
import HorizonLedger
import HorizonStore

/// A ledger on the disk: `made_at=<as-of>/part-00000.parquet`, the rows of one run each.
package struct LedgerFolder: Sendable {
  package let url: URL

  package init(_ url: URL) { self.url = url }

  private static let prefix = "made_at="
  private static let stampKey = "horizonscale.ledger"

  /// Names of the as-ofs that have rows, ascending.
  func origins() -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.filter { $0.hasPrefix(LedgerFolder.prefix) }.map { String($0.dropFirst(LedgerFolder.prefix.count)) }
      .sorted()
  }

  func folder(of origin: String) -> URL {
    url.appending(path: LedgerFolder.prefix + origin, directoryHint: .isDirectory)
  }

  /// Files with the rows of an as-of, in order.
  func parts(of origin: String) -> [String] {
    let folder = folder(of: origin).path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix("part-") && $0.hasSuffix(".parquet") }.sorted().map { "\(folder)/\($0)" }
  }

  /// What a part says of itself; nil where it says nothing.
  static func stamp(of part: String) throws(StoreError) -> LedgerStamp? {
    guard let text = try TableReader.metadata(parquet: part, key: stampKey) else { return nil }
    return try? JSONDecoder().decode(LedgerStamp.self, from: Data(text.utf8))
  }

  /// Visits the rows of a part in the order of the file.
  static func read(_ part: String, _ body: (LedgerRow) -> Void) throws(StoreError) {
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
}
