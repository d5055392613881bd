import Foundation
import HorizonCore
import HorizonRisk
import HorizonStore

/// The risks of a run as columns, in their ranked order: a row a series and threshold.
package struct RiskTable: Sendable {
  /// Position in the series table, and the numbers of its server and resource.
  private(set) var series: [Int32] = []
  private(set) var server: [Int32] = []
  private(set) var resource: [Int32] = []
  /// Position in the run's thresholds, ascending.
  private(set) var threshold: [UInt8] = []
  /// Position in `severities`: the highest threshold first, then `watch`, `none`.
  private(set) var severity: [UInt8] = []
  /// 0 high, 1 medium, 2 low.
  private(set) var tier: [UInt8] = []
  /// Severity, tier and threshold in one number.
  private(set) var kind: [UInt16] = []
  private(set) var current: [Double] = []
  private(set) var headroom: [Double] = []
  /// Within 30, 60, 90, 180 days; NaN where the horizon ends before.
  private(set) var chances: [[Float]] = []
  /// Days to the breach: 10, 50 and 90 %; NaN where it lies beyond the horizon.
  private(set) var days: [[Float]] = []
  /// Days since 1970-01-01; `Int32.min` for none.
  private(set) var orderBy: [Int32] = []
  private(set) var recommended: [Double] = []
  private(set) var reclaimable: [Double] = []
  private(set) var reason: [Int32] = []
  private(set) var reasons = NameTable()
  /// Whether no row of the same series stands before it.
  private(set) var isWorst: [Bool] = []
  let thresholds: [RiskThreshold]
  package let severities: [String]
  static let tiers = ["high", "medium", "low"]

  /// Rows of a series: those from `first[series]` to `first[series + 1]` in `bySeries`.
  private var first: [Int32] = []
  private var bySeries: [Int32] = []

  package var count: Int { series.count }
  /// Position of `none` in `severities`.
  var none: UInt8 { UInt8(severities.count - 1) }

  /// - Parameter table: Of the same run, with the same names.
  init(
    of run: URL, thresholds: [RiskThreshold], table: SeriesTable, servers: inout NameTable, resources: inout NameTable
  ) throws {
    self.thresholds = thresholds
    severities = thresholds.reversed().map(\.name) + ["watch", "none"]
    let columns = Tables.risks.columns.map {
      // Sentences repeat: thousands of series are said to be safe in the same words.
      $0.name == "reason" ? Column("reason", .key) : $0
    }
    func column(_ name: String) -> Int { columns.firstIndex { $0.name == name }! }
    let reader = try TableReader(parquet: run.appending(path: "risks.parquet").path, columns: columns)
    let floats = ["p_breach_30d", "p_breach_60d", "p_breach_90d", "p_breach_180d"].map(column)
    let distances = ["days_to_breach_p10", "days_to_breach_p50", "days_to_breach_p90"].map(column)
    chances = floats.map { _ in [] }
    days = distances.map { _ in [] }
    var (serverCodes, resourceCodes, reasonCodes) = (CodeTranslation(), CodeTranslation(), CodeTranslation())
    while let batch = try reader.next() {
      let serverPlaces = serverCodes.translate(reader, column: column("server"), into: &servers)
      let resourcePlaces = resourceCodes.translate(reader, column: column("resource"), into: &resources)
      let reasonPlaces = reasonCodes.translate(reader, column: column("reason"), into: &reasons)
      let named = reader.keyNames(column("severity")).map {
        UInt8(severities.firstIndex(of: $0) ?? severities.count - 1)
      }
      let trusted = reader.keyNames(column("tier")).map { UInt8(RiskTable.tiers.firstIndex(of: $0) ?? 2) }
      server.append(contentsOf: batch.codes(column("server")).lazy.map { serverPlaces[Int($0)] })
      resource.append(contentsOf: batch.codes(column("resource")).lazy.map { resourcePlaces[Int($0)] })
      reason.append(contentsOf: batch.codes(column("reason")).lazy.map { reasonPlaces[Int($0)] })
      severity.append(contentsOf: batch.codes(column("severity")).lazy.map { named[Int($0)] })
      tier.append(contentsOf: batch.codes(column("tier")).lazy.map { trusted[Int($0)] })
      threshold.append(
        contentsOf: batch.doubles(column("threshold")).lazy.map { percent in
          UInt8(thresholds.firstIndex { $0.percent == percent } ?? 0)
        })
      current.append(contentsOf: batch.doubles(column("current")))
      headroom.append(contentsOf: batch.doubles(column("headroom")))
      for (i, c) in floats.enumerated() { chances[i].append(contentsOf: batch.floats(c)) }
      for (i, c) in distances.enumerated() { days[i].append(contentsOf: batch.doubles(c).lazy.map { Float($0) }) }
      orderBy.append(contentsOf: batch.int32s(column("order_by")))
      recommended.append(contentsOf: batch.doubles(column("recommended_capacity")))
      reclaimable.append(contentsOf: batch.doubles(column("reclaimable")))
    }
    series = try zip(server, resource).map { server, resource in
      guard let place = table.find(server: server, resource: resource) else {
        throw Failure(
          .unusableData, "risks.parquet of \(run.lastPathComponent) has a series that decisions.parquet has not.",
          remedy: "Make a new run with 'horizonscale forecast'.")
      }
      return Int32(place)
    }
    (first, bySeries) = SeriesTable.grouped(series, count: table.count)
    kind = severity.indices.map {
      kind(severity: Int(severity[$0]), tier: Int(tier[$0]), threshold: Int(threshold[$0]))
    }
    isWorst = [Bool](repeating: false, count: count)
    for s in 0..<table.count where first[s] < first[s + 1] { isWorst[Int(bySeries[Int(first[s])])] = true }
  }

  private func kind(severity: Int, tier: Int, threshold: Int) -> UInt16 {
    UInt16((severity * RiskTable.tiers.count + tier) * thresholds.count + threshold)
  }

  /// By kind, whether it has a severity, a tier and a threshold that are asked for: a bit each.
  func kinds(severities: UInt64, tiers: UInt64, thresholds: UInt64) -> [Bool] {
    var pass = [Bool](
      repeating: false, count: self.severities.count * RiskTable.tiers.count * max(1, self.thresholds.count))
    for s in self.severities.indices where severities >> UInt64(s) & 1 == 1 {
      for t in RiskTable.tiers.indices where tiers >> UInt64(t) & 1 == 1 {
        for h in self.thresholds.indices where thresholds >> UInt64(h) & 1 == 1 {
          pass[Int(kind(severity: s, tier: t, threshold: h))] = true
        }
      }
    }
    return pass
  }

  /// Rows of a series, in their ranked order; none for one that is never at risk.
  func rows(ofSeries series: Int) -> ArraySlice<Int32> { bySeries[Int(first[series])..<Int(first[series + 1])] }

  /// Whether the threshold is breached at the as-of.
  func isCrossed(_ row: Int) -> Bool { days[1][row] <= 0 }

  /// The row as other modules know it.
  func row(_ i: Int, name: SeriesName) -> RiskRow {
    func known(_ value: Float) -> Float? { value.isNaN ? nil : value }
    return RiskRow(
      series: name, threshold: thresholds[Int(threshold[i])].percent, severity: Severity(severities[Int(severity[i])]),
      tier: TrustTier(rawValue: RiskTable.tiers[Int(tier[i])]) ?? .low, current: current[i], headroom: headroom[i],
      pBreach30: known(chances[0][i]), pBreach60: known(chances[1][i]), pBreach90: known(chances[2][i]),
      pBreach180: known(chances[3][i]), daysToBreachP10: known(days[0][i]), daysToBreachP50: known(days[1][i]),
      daysToBreachP90: known(days[2][i]), orderBy: orderBy[i] == Int32.min ? nil : Int(orderBy[i]),
      recommendedCapacity: recommended[i], reclaimable: reclaimable[i], reason: reasons[reason[i]])
  }
}
