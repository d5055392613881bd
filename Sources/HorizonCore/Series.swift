/// One machine's use of one thing that it can run out of.
package struct SeriesName: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  package let server: String
  package let resource: String

  package init(server: String, resource: String) {
    self.server = server
    self.resource = resource
  }

  package static func < (a: SeriesName, b: SeriesName) -> Bool {
    (a.resource, a.server) < (b.resource, b.server)
  }

  package var description: String { "\(server)/\(resource)" }
}

/// The four things that most fleets watch, recognised by name; everything else is `other`.
package enum ResourceKind: String, Sendable, Codable, CaseIterable {
  case cpu, memory, disk, network, other

  package init(resource: String) {
    switch resource.lowercased() {
    case "cpu": self = .cpu
    case "memory", "mem", "ram": self = .memory
    case "disk", "storage": self = .disk
    case "network", "net": self = .network
    default: self = .other
    }
  }

  /// How several readings within one step become one.
  package var defaultAggregation: Aggregation {
    switch self {
    case .cpu, .network: .p95
    case .disk, .memory: .max
    case .other: .mean
    }
  }

  package var defaultBreachRule: BreachRule {
    self == .disk ? BreachRule(count: 1, of: 1) : BreachRule(count: 4, of: 7)
  }
}

/// How several readings within one step become one.
package enum Aggregation: String, Sendable, Codable, CaseIterable {
  case mean, median, p95, max, min, sum, last
}

/// At least `count` of the last `of` readings at or above the threshold.
package struct BreachRule: Sendable, Hashable, Codable, CustomStringConvertible {
  package let count: Int
  package let of: Int

  package init(count: Int, of: Int) {
    precondition(count >= 1 && count <= of && of <= 64, "a breach rule is k/m with 1 <= k <= m <= 64")
    self.count = count
    self.of = of
  }

  /// Reads `4/7`; nil unless 1 <= k <= m <= 64.
  package init?(parsing text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let k = parts[0], let m = parts[1], k >= 1, k <= m, m <= 64 else { return nil }
    self.init(count: k, of: m)
  }

  package var description: String { "\(count)/\(of)" }
}

/// What 100 % is for a series.
package enum Ceiling: Sendable, Hashable, Codable {
  /// The newest known value of the capacity column, in the unit of the readings.
  case capacity
  /// A constant in the unit of the readings: 100 for percentages, 1 for fractions.
  case constant(Double)
  /// A plain quantity: no ceiling, so no risk.
  case none
}

/// How far a forecast at a lead is to be trusted; earned, not declared.
package enum TrustTier: String, Sendable, Codable, CaseIterable, Comparable {
  case low, medium, high

  private var rank: Int { TrustTier.allCases.firstIndex(of: self)! }
  package static func < (a: TrustTier, b: TrustTier) -> Bool { a.rank < b.rank }
}
