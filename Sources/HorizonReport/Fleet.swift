extension ReportData {
  /// The fleet in a dozen numbers, each the length of a list that the page can show.
  package struct Fleet: Codable, Sendable, Equatable {
    /// Rows of `risks.parquet`; more than `risks` holds when the page shows the first ones only.
    package var riskRows: Int
    /// Series with a ceiling.
    package var series: Int
    /// Series by severity, each at its most severe row; every threshold's name, then `watch` and `none`.
    package var severities: [Count]
    /// Series at risk (severity other than `none`) by tier of that row: high, medium, low.
    package var tiers: [Count]
    /// Series that are over a threshold now, then those more likely than not to be within 30, 60, 90 and 180 days;
    /// where the horizon ends before 180 days, within the horizon as well.
    package var windows: [Window]

    package init(riskRows: Int, series: Int, severities: [Count], tiers: [Count], windows: [Window]) {
      self.riskRows = riskRows
      self.series = series
      self.severities = severities
      self.tiers = tiers
      self.windows = windows
    }

    package struct Count: Codable, Sendable, Equatable {
      package var name: String
      package var count: Int

      package init(name: String, count: Int) {
        self.name = name
        self.count = count
      }
    }

    /// Breaches within so many days; 0 days are those crossed already, nil is the whole horizon.
    package struct Window: Codable, Sendable, Equatable {
      package var days: Int?
      /// Series over any threshold; nil when the horizon ends before.
      package var count: Int?
      /// By threshold's name, and by resource.
      package var thresholds: [Count]
      package var resources: [Count]

      package init(days: Int?, count: Int?, thresholds: [Count], resources: [Count]) {
        self.days = days
        self.count = count
        self.thresholds = thresholds
        self.resources = resources
      }
    }
  }
}

extension ReportData.Fleet {
  /// Counts the whole ranked list of a run.
  ///
  /// - Parameters:
  ///   - risks: All rows, also those that will not be shown.
  ///   - thresholds: Those of the settings; the highest is the most severe.
  package init(counting risks: [ReportData.Risk], thresholds: [ReportData.Threshold]) {
    let names = thresholds.sorted { $0.value > $1.value }.map(\.name)
    let order = names + ["watch", "none"]
    let rank = Dictionary(order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var worst: [Series: (severity: Int, tier: String)] = [:]
    for risk in risks {
      let severity = rank[risk.severity] ?? order.count - 1
      let series = Series(server: risk.server, resource: risk.resource)
      if let seen = worst[series], seen.severity <= severity { continue }
      worst[series] = (severity, risk.tier)
    }

    var bySeverity = [Int](repeating: 0, count: order.count)
    var byTier: [String: Int] = [:]
    for (severity, tier) in worst.values {
      bySeverity[severity] += 1
      if severity < order.count - 1 { byTier[tier, default: 0] += 1 }
    }
    self.init(
      riskRows: risks.count, series: worst.count,
      severities: zip(order, bySeverity).map { Count(name: $0, count: $1) },
      tiers: ["high", "medium", "low"].map { Count(name: $0, count: byTier[$0] ?? 0) },
      windows: Self.windows(of: risks, thresholds: names))
  }

  private static func windows(of risks: [ReportData.Risk], thresholds: [String]) -> [Window] {
    let resources = Set(risks.map(\.resource)).sorted()
    var windows: [(days: Int?, probability: (ReportData.Risk) -> Double?)] = [
      (0, { $0.isOver ? 1 : 0 }), (30, \.within30), (60, \.within60), (90, \.within90), (180, \.within180),
    ]
    if !risks.isEmpty, risks.allSatisfy({ $0.isOver || $0.within180 == nil }) {
      windows.append((nil, { $0.daysP50 == nil ? 0 : 1 }))
    }
    return windows.map { days, probability in
      var series: Set<Series> = []
      var byThreshold: [String: Int] = [:]
      var byResource: [String: Int] = [:]
      var known = days == 0 || days == nil
      for risk in risks {
        guard let p = probability(risk) else { continue }
        // A crossed series has probability 1 at every window, also beyond the horizon: it proves no window.
        known = known || !risk.isOver
        guard p >= 0.5 else { continue }
        byThreshold[risk.threshold, default: 0] += 1
        if series.insert(Series(server: risk.server, resource: risk.resource)).inserted {
          byResource[risk.resource, default: 0] += 1
        }
      }
      return Window(
        days: days, count: known || risks.isEmpty ? series.count : nil,
        thresholds: thresholds.map { Count(name: $0, count: byThreshold[$0] ?? 0) },
        resources: resources.map { Count(name: $0, count: byResource[$0] ?? 0) })
    }
  }

  private struct Series: Hashable {
    let server: String
    let resource: String
  }
}

extension ReportData.Risk {
  /// Crossed already at the as-of.
  var isOver: Bool { daysP50.map { $0 <= 0 } ?? false }
}
