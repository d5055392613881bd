import HorizonCore

/// What can be given back, each series counted once: all of a server that idles, or what a series keeps too much of.
struct ReclaimableTable: Sendable {
  enum Kind: UInt8, Sendable, CaseIterable {
    case idle, oversized

    var name: String { self == .idle ? "idle" : "oversized" }
  }

  struct Row: Sendable {
    var series: Int32
    /// Row of the risk table, at the lowest threshold.
    var risk: Int32
    var kind: Kind
    var capacity: Double
    var reclaimable: Double

    var share: Double { reclaimable / capacity }
  }

  /// The greatest share first, then the ranked order of the series' names.
  let rows: [Row]
  /// By server.
  let isIdle: [Bool]

  /// An idle server's 95 % quantile stays under this share of capacity for the whole horizon.
  private static let idleShare = 0.1
  /// Less is not worth a line.
  private static let leastShare = 0.05

  init(_ risks: RiskTable, series: SeriesTable, servers: Int, resources: NameTable) {
    let lowest = risks.thresholds[0].percent / 100
    let isCPU = resources.names.map { ResourceKind(resource: $0) == .cpu }
    // The most that q95 reaches follows from what can be given back while it stays under the lowest threshold.
    func reach(_ row: Int, _ capacity: Double) -> Double { (1 - risks.reclaimable[row] / capacity) * lowest }
    var hasCPU = [Bool](repeating: false, count: servers)
    var isBusy = [Bool](repeating: false, count: servers)
    var isBusyCPU = isBusy
    var isKnown = isBusy
    var rooms: [(row: Int, capacity: Double)] = []
    for row in 0..<risks.count where risks.threshold[row] == 0 {
      let capacity = series.ceiling[Int(risks.series[row])]
      guard capacity > 0 else { continue }
      rooms.append((row, capacity))
      let server = Int(risks.server[row])
      isKnown[server] = true
      let isBusyHere = reach(row, capacity) > ReclaimableTable.idleShare
      if isBusyHere { isBusy[server] = true }
      if isCPU[Int(risks.resource[row])] {
        hasCPU[server] = true
        if isBusyHere { isBusyCPU[server] = true }
      }
    }
    var atRisk = [Bool](repeating: false, count: series.count)
    var isStrained = [Bool](repeating: false, count: servers)
    for row in 0..<risks.count where risks.isWorst[row] && risks.severity[row] != risks.none {
      atRisk[Int(risks.series[row])] = true
      isStrained[Int(risks.server[row])] = true
    }
    let idle = (0..<servers).map {
      isKnown[$0] && !isStrained[$0] && !(hasCPU[$0] ? isBusyCPU[$0] : isBusy[$0])
    }
    isIdle = idle
    rows = rooms.compactMap { row, capacity -> Row? in
      let isIdle = idle[Int(risks.server[row])]
      let kind: Kind = isIdle ? .idle : .oversized
      let amount = isIdle ? capacity : risks.reclaimable[row]
      guard isIdle || (!atRisk[Int(risks.series[row])] && amount / capacity >= ReclaimableTable.leastShare) else {
        return nil
      }
      return Row(series: risks.series[row], risk: Int32(row), kind: kind, capacity: capacity, reclaimable: amount)
    }.sorted { a, b in a.share == b.share ? a.series < b.series : a.share > b.share }
  }
}
