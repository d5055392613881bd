package import Foundation
import HorizonCore
package import HorizonRisk
import HorizonStore

/// The ranked risks as files: all rows in Parquet, what is at risk in CSV and JSON.
package struct RiskFiles {
  let rows: [RiskRow]

  func write(to folder: URL) throws {
    let writer = try TableWriter(parquet: folder.appending(path: "risks.parquet").path, schema: Tables.risks)
    for start in stride(from: 0, to: rows.count, by: 65_536) {
      let part = rows[start..<min(rows.count, start + 65_536)]
      var (server, resource) = (KeyColumn(), KeyColumn())
      for row in part {
        server.append(row.series.server)
        resource.append(row.series.resource)
      }
      try writer.append([server.values, resource.values] + RiskFiles.measures(of: part))
    }
    try writer.close()
    let listed = rows.filter { $0.severity != .none }
    try atomicWrite(RiskFiles.csv(listed), to: folder.appending(path: "risks.csv").path)
    try atomicWrite(try RiskFiles.json(listed), to: folder.appending(path: "risks.json").path)
  }

  /// The columns of `Tables.risks` but for the names.
  static let measures = Array(Tables.risks.columns.dropFirst(2))

  /// Values of `measures`.
  static func measures(of rows: ArraySlice<RiskRow>) -> [ColumnValues] {
    func keys(_ value: (RiskRow) -> String) -> ColumnValues {
      var column = KeyColumn()
      for row in rows { column.append(value(row)) }
      return column.values
    }
    func floats(_ value: (RiskRow) -> Float?) -> ColumnValues { .floats(rows.map { value($0) ?? .nan }) }
    func doubles(_ value: (RiskRow) -> Double?) -> ColumnValues { .doubles(rows.map { value($0) ?? .nan }) }
    return [
      doubles(\.threshold), keys(\.severity.description), keys(\.tier.rawValue), doubles(\.current),
      doubles(\.headroom), floats(\.pBreach30), floats(\.pBreach60),
      floats(\.pBreach90), floats(\.pBreach180), doubles { $0.daysToBreachP10.map(Double.init) },
      doubles { $0.daysToBreachP50.map(Double.init) }, doubles { $0.daysToBreachP90.map(Double.init) },
      .dates(rows.map { $0.orderBy.map(Int32.init) ?? Int32.min }), doubles(\.recommendedCapacity),
      doubles(\.reclaimable), .text(rows.map(\.reason)),
    ]
  }

  /// Reads the rows of a finished run, in their ranked order.
  package static func read(from folder: URL) throws -> [RiskRow] {
    do { return try rows(in: folder) } catch let error as StoreError {
      throw error.failure(remedy: "Make a new run with 'horizonscale forecast'.")
    }
  }

  private static func rows(in folder: URL) throws -> [RiskRow] {
    let reader = try TableReader(
      parquet: folder.appending(path: "risks.parquet").path, columns: Tables.risks.columns)
    var rows: [RiskRow] = []
    while let batch = try reader.next() { rows += self.rows(of: batch, 0..<batch.rowCount, reader) }
    return rows
  }

  /// The rows of some series, in their ranked order.
  static func read(from folder: URL, of names: Set<SeriesName>) throws -> [RiskRow] {
    let reader = try TableReader(
      parquet: folder.appending(path: "risks.parquet").path, columns: Tables.risks.columns)
    var rows: [RiskRow] = []
    while let batch = try reader.next() {
      let (servers, resources) = (reader.keyNames(0), reader.keyNames(1))
      var first = 0
      // Neighbouring rows that are wanted are read together.
      for i in 0...batch.rowCount {
        let isWanted =
          i < batch.rowCount
          && names.contains(
            SeriesName(server: servers[Int(batch.codes(0)[i])], resource: resources[Int(batch.codes(1)[i])]))
        if isWanted { continue }
        if first < i { rows += self.rows(of: batch, first..<i, reader) }
        first = i + 1
      }
    }
    return rows
  }

  /// The series that a finished run lists as at risk.
  static func seriesAtRisk(in folder: URL) throws -> Set<SeriesName> {
    let reader = try TableReader(
      parquet: folder.appending(path: "risks.parquet").path,
      columns: [Column("server", .key), Column("resource", .key), Column("severity", .key)])
    var names: Set<SeriesName> = []
    while let batch = try reader.next() {
      let (servers, resources) = (reader.keyNames(0), reader.keyNames(1))
      let none = reader.keyNames(2).firstIndex(of: Severity.none.description).map(Int32.init) ?? -1
      for i in 0..<batch.rowCount where batch.codes(2)[i] != none {
        names.insert(SeriesName(server: servers[Int(batch.codes(0)[i])], resource: resources[Int(batch.codes(1)[i])]))
      }
    }
    return names
  }

  /// The rows of one series, the lowest threshold first.
  static func read(_ series: SeriesName, from folder: URL) throws -> [RiskRow] {
    var rows: [RiskRow] = []
    try TableReader.rows(
      parquet: folder.appending(path: "risks.parquet").path, of: series, columns: Tables.risks.columns
    ) { reader, batch, range in
      rows += self.rows(of: batch, range, reader)
    }
    return rows.sorted { $0.threshold < $1.threshold }
  }

  /// - Parameter batch: Begins with the columns of `Tables.risks`.
  private static func rows(of batch: TableBatch, _ range: Range<Int>, _ reader: TableReader) -> [RiskRow] {
    let (servers, resources) = (reader.keyNames(0), reader.keyNames(1))
    return rows(of: batch, range, reader, measuresFrom: 2) { i in
      SeriesName(server: servers[Int(batch.codes(0)[i])], resource: resources[Int(batch.codes(1)[i])])
    }
  }

  /// - Parameters:
  ///   - first: Column of the first of `measures`.
  ///   - series: Whose a row is.
  static func rows(
    of batch: TableBatch, _ range: Range<Int>, _ reader: TableReader, measuresFrom first: Int,
    series: (Int) -> SeriesName
  ) -> [RiskRow] {
    func column(_ name: String) -> Int { first + measures.firstIndex { $0.name == name }! }
    func texts(_ name: String) -> (Int) -> String {
      let codes = batch.codes(column(name))
      let names = reader.keyNames(column(name))
      return { names[Int(codes[$0])] }
    }
    func floats(_ name: String) -> (Int) -> Float? {
      let values = batch.floats(column(name))
      return { values[$0].isNaN ? nil : values[$0] }
    }
    func doubles(_ name: String) -> (Int) -> Double? {
      let values = batch.doubles(column(name))
      return { values[$0].isNaN ? nil : values[$0] }
    }
    let (severity, tier) = (texts("severity"), texts("tier"))
    let (threshold, current, headroom) = (doubles("threshold"), doubles("current"), doubles("headroom"))
    let (p30, p60) = (floats("p_breach_30d"), floats("p_breach_60d"))
    let (p90, p180) = (floats("p_breach_90d"), floats("p_breach_180d"))
    let (d10, d50) = (doubles("days_to_breach_p10"), doubles("days_to_breach_p50"))
    let (d90, recommended) = (doubles("days_to_breach_p90"), doubles("recommended_capacity"))
    let (reclaimable, order) = (doubles("reclaimable"), batch.int32s(column("order_by")))
    let reasons = batch.strings(column("reason"))
    return range.map { i in
      RiskRow(
        series: series(i), threshold: threshold(i) ?? .nan,
        severity: Severity(severity(i)), tier: TrustTier(rawValue: tier(i)) ?? .low, current: current(i) ?? .nan,
        headroom: headroom(i) ?? .nan, pBreach30: p30(i), pBreach60: p60(i), pBreach90: p90(i), pBreach180: p180(i),
        daysToBreachP10: d10(i).map { Float($0) }, daysToBreachP50: d50(i).map { Float($0) },
        daysToBreachP90: d90(i).map { Float($0) }, orderBy: order[i] == Int32.min ? nil : Int(order[i]),
        recommendedCapacity: recommended(i) ?? .nan, reclaimable: reclaimable(i) ?? 0, reason: reasons[i] ?? "")
    }
  }

  private static let headings = Tables.risks.columns.map(\.name)

  private static func fields(_ row: RiskRow) -> [String] {
    func number(_ value: Double?, _ digits: Int = 3) -> String {
      guard let value, value.isFinite else { return "" }
      return String(format: "%.\(digits)f", value)
    }
    func float(_ value: Float?) -> String { number(value.map(Double.init)) }
    return [
      row.series.server, row.series.resource, number(row.threshold, 1), row.severity.description, row.tier.rawValue,
      number(row.current), number(row.headroom), float(row.pBreach30), float(row.pBreach60), float(row.pBreach90),
      float(row.pBreach180), float(row.daysToBreachP10), float(row.daysToBreachP50), float(row.daysToBreachP90),
      row.orderBy.map { CivilDate(daysSinceEpoch: $0).description } ?? "", number(row.recommendedCapacity),
      number(row.reclaimable), row.reason,
    ]
  }

  static func csv(_ rows: [RiskRow]) -> String {
    ([headings] + rows.map(fields)).map { $0.map(csvField).joined(separator: ",") + "\n" }.joined()
  }

  static func json(_ rows: [RiskRow]) throws -> String {
    return String(decoding: try JSONEncoder.pretty.encode(rows.map(RiskJSON.init)), as: UTF8.self) + "\n"
  }
}

/// A field as CSV writes it; what a spreadsheet would take for a formula is preceded by an apostrophe.
func csvField(_ field: String) -> String {
  let safe = field.first.map { "=+-@\t".contains($0) && Double(field) == nil } == true ? "'" + field : field
  return safe.contains { ",\"\n\r".contains($0) }
    ? "\"" + safe.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : safe
}

/// A risk as programs read it: the columns of `risks.parquet`, null where there is none.
struct RiskJSON: Encodable {
  let row: RiskRow

  init(_ row: RiskRow) { self.row = row }

  private enum Key: String, CodingKey {
    case server, resource, threshold, severity, tier, current, headroom, reclaimable, reason
    case pBreach30 = "p_breach_30d"
    case pBreach60 = "p_breach_60d"
    case pBreach90 = "p_breach_90d"
    case pBreach180 = "p_breach_180d"
    case p10 = "days_to_breach_p10"
    case p50 = "days_to_breach_p50"
    case p90 = "days_to_breach_p90"
    case orderBy = "order_by"
    case recommended = "recommended_capacity"
  }

  func encode(to encoder: any Encoder) throws {
    var box = encoder.container(keyedBy: Key.self)
    func rounded(_ x: Double) -> Double { (x * 1_000).rounded() / 1_000 }
    func number(_ x: Float?) -> Double? { x.map { rounded(Double($0)) } }
    try box.encode(row.series.server, forKey: .server)
    try box.encode(row.series.resource, forKey: .resource)
    try box.encode(row.threshold, forKey: .threshold)
    try box.encode(row.severity.description, forKey: .severity)
    try box.encode(row.tier.rawValue, forKey: .tier)
    try box.encode(rounded(row.current), forKey: .current)
    try box.encode(rounded(row.headroom), forKey: .headroom)
    try box.encode(number(row.pBreach30), forKey: .pBreach30)
    try box.encode(number(row.pBreach60), forKey: .pBreach60)
    try box.encode(number(row.pBreach90), forKey: .pBreach90)
    try box.encode(number(row.pBreach180), forKey: .pBreach180)
    try box.encode(number(row.daysToBreachP10), forKey: .p10)
    try box.encode(number(row.daysToBreachP50), forKey: .p50)
    try box.encode(number(row.daysToBreachP90), forKey: .p90)
    try box.encode(row.orderBy.map { CivilDate(daysSinceEpoch: $0).description }, forKey: .orderBy)
    try box.encode(rounded(row.recommendedCapacity), forKey: .recommended)
    try box.encode(rounded(row.reclaimable), forKey: .reclaimable)
    try box.encode(row.reason, forKey: .reason)
  }
}
