import Foundation
package import HorizonCore
import HorizonPretraining
import HorizonStore

/// Series of the pretraining family as a file that every command reads: one resource a server, no truth, no inventory.
package struct PretrainFiles: Sendable {
  private let family: PretrainFamily
  private let servers: Int
  private let days: Int
  private let step: Step

  /// - Parameters:
  ///   - servers: Number of series.
  ///   - days: Of the longest series; most are shorter, all end on the same day.
  /// - Throws: `Failure` for a number that cannot be made.
  package init(seed: UInt64, servers: Int, days: Int, step: Step) throws(Failure) {
    guard (1...999_999).contains(servers) else {
      throw Failure(.badUsage, "\(servers) is not a number of servers.", remedy: "Ask for 1 to 999,999.")
    }
    guard (2...36_500).contains(days) else {
      throw Failure(
        .badUsage, "A history of \(days) days cannot be made.", remedy: "Ask for 2 to 36,500 days.")
    }
    family = PretrainFamily(seed: seed)
    self.servers = servers
    self.days = days
    self.step = step
  }

  private static let schema = TableSchema([
    Column("server", .key), Column("resource", .key), Column("time", .time), Column("value", .double),
    Column("capacity", .double, nullable: true), Column("unit", .key),
  ])

  /// Writes `metrics.parquet`, sorted by server and time, and nothing else.
  ///
  /// - Parameters:
  ///   - folder: Made when it is not there.
  ///   - progress: Told the number of series in the file so far; what it throws ends the work.
  /// - Throws: `Failure` or `StoreError` when the file cannot be written.
  package func write(to folder: String, progress: (Int) throws -> Void = { _ in }) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw Failure(.cannotCreate, "The folder '\(folder)' cannot be made.", remedy: "Choose another with --out.")
    }
    let writer = try TableWriter(parquet: folder + "/metrics.parquet", schema: PretrainFiles.schema)
    let block = 256
    for start in stride(from: 0, to: servers, by: block) {
      let end = min(servers, start + block)
      try writer.append(columns(start..<end))
      try progress(end)
    }
    try writer.close()
  }

  private func columns(_ range: Range<Int>) -> [ColumnValues] {
    let kinds = ResourceKind.allCases
    let readingsADay = Int(86_400 / step.seconds)
    let lastIndex = (FleetPlan.defaultLastDay + 1) * readingsADay - 1
    var (servers, resources, units) = ([Int32](), [Int32](), [Int32]())
    var times: [Int64] = []
    var (values, capacities) = ([Double](), [Double]())
    for index in range {
      let length = family.length(index, longest: days * readingsADay)
      let series = family.series(index, step: step, length: length)
      let kind = Int32(kinds.firstIndex(of: series.kind)!)
      let unit: Int32 = series.ceiling == 100 ? 0 : series.ceiling == 1 ? 1 : 2
      for (t, value) in series.values.enumerated() where !value.isNaN {
        servers.append(Int32(index - range.lowerBound))
        resources.append(kind)
        units.append(unit)
        times.append(step.microseconds(of: lastIndex - length + 1 + t))
        values.append(Double(value))
        capacities.append(series.ceiling ?? .nan)
      }
    }
    let names = range.map { index in
      let number = String(index + 1)
      return "p-" + String(repeating: "0", count: 6 - number.count) + number
    }
    return [
      .keys(codes: servers, names: names), .keys(codes: resources, names: kinds.map(\.rawValue)), .times(times),
      .doubles(values), .doubles(capacities), .keys(codes: units, names: ["percent", "fraction", "units"]),
    ]
  }
}
