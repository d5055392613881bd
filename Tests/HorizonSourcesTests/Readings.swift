import Foundation
import HorizonCore
import HorizonSources

/// Seeded readings as a machine makes them: a level, a week, noise.
struct Readings {
  private var state: UInt64
  var values: [Double]

  init(level: Double, noise: Double = 0.1, count: Int, seed: UInt64 = 7) {
    state = seed
    values = []
    for k in 0..<count {
      let week = 1 + 0.1 * Double([0, 1, 2, 1, 0, -2, -2][k % 7])
      values.append(level * week * (1 + noise * (uniform() - 0.5)))
    }
  }

  /// In 0..<1.
  mutating func uniform() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double((state ^ (state >> 31)) >> 11) / Double(UInt64(1) << 53)
  }
}

extension Sandbox {
  /// A file of one series, a reading every `minutes` from 2023-01-01; NaN is a missing row.
  func series(
    _ values: [Double], resource: String = "cpu", server: String = "a", unit: String? = nil, capacity: [Double]? = nil,
    minutes: Int = 1_440, name: String = "m.csv"
  ) -> String {
    let header = "server,resource,time,value" + (unit == nil ? "" : ",unit") + (capacity == nil ? "" : ",capacity")
    let lines = values.indices.filter { !values[$0].isNaN }.map { k in
      let time = ISOTime.string(1_672_531_200_000_000 + Int64(k * minutes) * 60_000_000, full: minutes < 1_440)
      return "\(server),\(resource),\(time),\(values[k])" + (unit.map { ",\($0)" } ?? "")
        + (capacity.map { ",\($0[k])" } ?? "")
    }
    return file(name, ([header] + lines).joined(separator: "\n") + "\n")
  }
}

extension IngestResult {
  /// What is said of a series, all remarks in one text; empty when it is not listed.
  func remarks(_ server: String = "a", _ resource: String = "cpu") -> String {
    quality.series.first { $0.server == server && $0.resource == resource }?.remarks?.joined(separator: "\n") ?? ""
  }

  func verdict(_ server: String = "a", _ resource: String = "cpu") -> SeriesVerdict {
    quality.series.first { $0.server == server && $0.resource == resource }?.verdict ?? .good
  }
}
