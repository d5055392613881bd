import Foundation
import HorizonReport

/// A seeded fleet that looks like a real one: four resources a server, two thresholds a series, `charts` charts.
func sampleReport(servers: Int = 2_000, charts: Int = 200, seed: UInt64 = 7) -> ReportData {
  var random = SplitMix(state: seed)
  var series: [SampleSeries] = []
  for index in 0..<servers {
    for resource in ["cpu", "memory", "disk", "network"] {
      series.append(SampleSeries(server: index, resource: resource, random: &random))
    }
  }
  series.sort { $0.rank < $1.rank }
  let thresholds = [
    ReportData.Threshold(name: "warning", value: 80), ReportData.Threshold(name: "critical", value: 90),
  ]
  var risks: [ReportData.Risk] = []
  var drawn: [ReportData.Chart] = []
  for one in series {
    var chart: Int?
    if drawn.count < charts {
      chart = drawn.count
      drawn.append(one.chart(thresholds: thresholds, random: &random))
    }
    risks += thresholds.reversed().map { one.risk(over: $0, chart: chart) }
  }
  let order = ["critical": 0, "warning": 1, "watch": 2, "none": 3]
  var ranked = risks.enumerated().sorted { a, b in
    let (x, y) = (order[a.element.severity] ?? 4, order[b.element.severity] ?? 4)
    return (x, a.element.daysP50 ?? 1e9, a.offset) < (y, b.element.daysP50 ?? 1e9, b.offset)
  }.map(\.element)
  for i in ranked.indices { ranked[i].words = RiskWords(ranked[i], growth: 1.2, in: sampleContext) }
  return ReportData(
    title: "demo-fleet", asOf: "2025-12-31", version: "0.1.0",
    inputs: .init(
      files: ["metrics.parquet", "late/metrics-2025-12.csv.gz"], rowsRead: 8_760_412, rowsRejected: 1_204,
      servers: servers,
      series: .init(
        total: servers * 4 + 61, live: servers * 4 + 22, ended: 31, refused: 8, withStandIn: 17, withoutCeiling: 22)),
    settings: .init(
      step: "day", horizon: 180, folds: 6, withinDays: 90, procurementDays: 30, thresholds: thresholds,
      breachRule: "4 of 7 readings; 1 of 1 for disk", seed: seed),
    fleet: .init(counting: ranked, thresholds: thresholds),
    headroom: .init(counting: ranked, shown: 16_000, inventory: sampleInventory(ranked)), changes: sampleChanges,
    contest: sampleContest, record: sampleRecord, risks: ranked, charts: drawn,
    quality: sampleQuality,
    notes: [
      "No ceiling is known for 22 series, so they have no risk rows: give a capacity column or --unit.",
      "31 series ended before 2025-12-17. They are forecast from their own last reading and are never a risk.",
    ])
}

/// A normal shape: level, trend, weekly wave, noise; risk from the trend and the noise at the lead.
private struct SampleSeries {
  let server: String
  let resource: String
  let capacity: Double
  let unit: String
  let level: Double
  let trend: Double
  let weekly: Double
  let noise: Double
  let tier: String

  init(server index: Int, resource: String, random: inout SplitMix) {
    let kinds = ["web", "db", "cache", "batch", "mail", "build"]
    server =
      "\(kinds[index % kinds.count])-\(String(1_000 + index).dropFirst())\(index % 9 == 0 ? ".eu-west.example" : "")"
    self.resource = resource
    let sizes: [String: ([Double], String)] = [
      "cpu": ([8, 16, 32, 64], "cores"), "memory": ([64, 128, 256], "GB"), "disk": ([500, 2_000, 4_000], "GB"),
      "network": ([1_000, 10_000], "Mbps"),
    ]
    let (choices, unit) = sizes[resource] ?? ([100], "%")
    capacity = choices[Int(random.next() % UInt64(choices.count))]
    self.unit = unit
    level = 12 + 70 * pow(random.unit(), 1.7)
    trend = random.unit() < 0.3 ? 0.02 + 0.12 * random.unit() : 0.01 * (random.unit() - 0.5)
    weekly = resource == "disk" ? 0.3 : 1 + 5 * random.unit()
    noise = resource == "disk" ? 0.6 : 1 + 3 * random.unit()
    tier = ["high", "high", "medium", "low"][Int(random.next() % 4)]
  }

  var rank: Double { -(level + 90 * trend) }

  private func deviation(_ lead: Double) -> Double { noise * (1 + 0.02 * lead) }

  private func probability(_ threshold: Double, within days: Double) -> Double {
    let z = (threshold - level - trend * days - weekly * 0.4) / (deviation(days) * 1.1)
    return level >= threshold ? 1 : 0.5 * erfc(z / 2.0.squareRoot())
  }

  private func day(_ threshold: Double, at p: Double) -> Double? {
    if level >= threshold { return -((level - threshold) / max(trend, 0.05)).rounded() }
    return (1...180).first { probability(threshold, within: Double($0)) >= p }.map(Double.init)
  }

  func risk(over threshold: ReportData.Threshold, chart: Int?) -> ReportData.Risk {
    let p = [30.0, 60, 90, 180].map { probability(threshold.value, within: $0) }
    let severity = p[2] >= 0.5 ? threshold.name : p[2] >= 0.2 ? "watch" : "none"
    let (early, middle, late) = (
      day(threshold.value, at: 0.1), day(threshold.value, at: 0.5), day(threshold.value, at: 0.9)
    )
    let asOf = 1_767_139_200.0
    let orderBy = early.map {
      String(Date(timeIntervalSince1970: asOf + ($0 - 30) * 86_400).ISO8601Format().prefix(10))
    }
    let needed = (level + trend * 180 + 1.3 * deviation(180)) / threshold.value * capacity
    let reasons = [
      "high": "passes every test up to 90 days", "medium": "80 % band held 71 % of readings in its cohort",
      "low": "band is \(Int(noise * 14)) % of the headroom wide at 90 days",
    ]
    return ReportData.Risk(
      server: server, resource: resource, threshold: threshold.name, thresholdValue: threshold.value,
      severity: severity,
      tier: tier, current: level, headroom: threshold.value - level, within30: p[0], within60: p[1], within90: p[2],
      within180: p[3], daysP10: early, daysP50: middle, daysP90: late, orderBy: orderBy,
      recommendedCapacity: max(needed, capacity), capacity: capacity,
      reclaimable: level < 30 ? capacity * 0.4 : 0, unit: unit, reason: reasons[tier] ?? "", chart: chart)
  }

  func chart(thresholds: [ReportData.Threshold], random: inout SplitMix) -> ReportData.Chart {
    let asOf: Int64 = 1_767_139_200
    let scale = capacity / 100
    let times = stride(from: Int64(-1_094), through: 0, by: 3).map { asOf + $0 * 86_400 }
    let gap = random.unit() < 0.2 ? Int(random.next() % 250) : -100
    let values: [Double?] = times.enumerated().map { index, time in
      if (gap..<gap + 12).contains(index) { return nil }
      let days = Double(time - asOf) / 86_400
      let wave = weekly * sin(days * 2 * .pi / 7) + weekly * 0.8 * cos(days * 2 * .pi / 365.25)
      return max(0, level + trend * max(days, -600) * 0.8 + wave + noise * random.normal()) * scale
    }
    let leads = Array(stride(from: 2, through: 180, by: 2))
    func quantile(_ z: Double) -> [Double] {
      leads.map { lead in
        let days = Double(lead)
        let wave = weekly * 0.5 * sin(days * 2 * .pi / 7) + weekly * 0.8 * (cos(days * 2 * .pi / 365.25) - 1)
        return max(0, level + trend * days + wave + z * deviation(days)) * scale
      }
    }
    func epoch(_ days: Double?) -> Int64? { days.map { asOf + Int64($0 * 86_400) } }
    let tiers: [ReportData.Chart.TierRange] =
      tier == "high"
      ? [.init(from: 1, to: 90, tier: "high"), .init(from: 91, to: 180, tier: "medium")]
      : tier == "medium"
        ? [.init(from: 1, to: 120, tier: "medium"), .init(from: 121, to: 180, tier: "low")]
        : [.init(from: 1, to: 180, tier: "low")]
    return ReportData.Chart(
      server: server, resource: resource, unit: unit, capacity: capacity, model: trend > 0.02 ? "theta" : "harmonic",
      start: asOf, stepSeconds: 86_400, historyTimes: times, historyValues: values, leads: leads,
      quantiles: .init(
        q05: quantile(-1.645), q10: quantile(-1.282), q25: quantile(-0.674), q50: quantile(0), q75: quantile(0.674),
        q90: quantile(1.282), q95: quantile(1.645)),
      tiers: tiers,
      thresholds: thresholds.map {
        .init(
          name: $0.name, value: $0.value * scale, breachP10: epoch(day($0.value, at: 0.1)),
          breachP50: epoch(day($0.value, at: 0.5)), breachP90: epoch(day($0.value, at: 0.9)))
      }, makeup: trend > 0.02 ? nil : makeup)
  }
}

extension SampleSeries {
  /// A trend with bends, a week and a year, as a model with changepoints has them.
  fileprivate var makeup: ReportData.Chart.Makeup {
    let bends = Array(stride(from: -1_094, through: 180, by: 49))
    let year = (0..<36).map { weekly * 0.8 * cos(Double($0) / 36 * 2 * .pi) }
    return ReportData.Chart.Makeup(
      model: "harmonic",
      parts: [
        .init(
          name: "trend", shape: .line, steps: bends,
          values: bends.map { level + trend * Double($0) + sin(Double($0)) },
          words:
            "rises by 1.1 points a month at the as-of: 73.1 % then, 79.2 % on 2026-06-29. It has been straight all along."
        ),
        .init(
          name: "week", shape: .week, values: (0..<7).map { weekly * sin(Double($0) / 7 * 2 * .pi) },
          words: "most on Tuesdays (2.1 points above the trend), least on Fridays (2.1 points below)."),
        .init(
          name: "year", shape: .year, values: year,
          words: "most in January (0.8 points above the trend), least in July (0.8 points below)."),
        .init(name: "holidays", shape: .bars, steps: [-6, 2, 91], values: [-8, -8.5, -3], words: "next new-year."),
      ], words: ["Of 81.0 % forecast for 2026-05-03, the end of the horizon, 74.0 are trend, +4.0 week, +3.0 year."])
  }
}

let sampleContext = WordingContext(
  asOf: 1_767_139_200, stepSeconds: 86_400, horizonDays: 180, withinDays: 90, procurementDays: 30)

private func sampleInventory(_ risks: [ReportData.Risk]) -> [ServerGroups] {
  let regions = ["eu-west", "eu-north", "us-east", "ap-south"]
  var group: [String: String] = [:]
  for (index, server) in Set(risks.map(\.server)).sorted().enumerated() where index % 11 != 0 {
    group[server] = regions[index % regions.count]
  }
  return [ServerGroups(name: "region", group: group)]
}

private let sampleChanges = ReportData.Changes(
  run: "2025-11-30",
  appeared: .init(
    count: 31,
    first: [
      .init(
        server: "db-017", resource: "memory", threshold: "critical", before: nil,
        now: .init(severity: "critical", date: "2026-02-11", isCrossed: false), movedDays: nil)
    ]), gone: .init(),
  moved: .init(
    count: 1,
    first: [
      .init(
        server: "web-042", resource: "cpu", threshold: "warning",
        before: .init(severity: "watch", date: nil, isCrossed: false),
        now: .init(severity: "warning", date: "2026-03-01", isCrossed: false), movedDays: -88)
    ]))

private let sampleContest = ReportData.Contest(
  models: [
    .init(
      name: "harmonic", summary: "Trend plus yearly and weekly waves, ridge regression on a shared design.",
      wins: 2_914, lossToSeasonalNaive: 0.742, seconds: 1.9),
    .init(
      name: "theta", summary: "Optimised theta: a line and exponential smoothing, averaged.", wins: 2_377,
      lossToSeasonalNaive: 0.771, seconds: 6.4),
    .init(
      name: "ensemble", summary: "Equal weight of the best few models of the series.", wins: 1_803,
      lossToSeasonalNaive: 0.728, seconds: 0.8),
    .init(
      name: "seasonal-naive", summary: "The reading one season ago.", wins: 412, lossToSeasonalNaive: 1, seconds: 0.2),
    .init(
      name: "line-90", summary: "A straight line through the last 90 days.", wins: 268, lossToSeasonalNaive: 0.943,
      seconds: 0.2),
    .init(name: "naive", summary: "The last reading.", wins: 121, lossToSeasonalNaive: 1.062, seconds: 0.1),
    .init(
      name: "drift", summary: "Last reading plus the average change per step.", wins: 88, lossToSeasonalNaive: 1.091,
      seconds: 0.1),
    .init(
      name: "line-30", summary: "A straight line through the last 30 days, what most alerts draw today.", wins: 39,
      lossToSeasonalNaive: 1.304, seconds: 0.2),
  ], seriesScored: 8_022, championToSeasonalNaive: 0.706, championToLine30: 0.541)

private let sampleQuality = ReportData.Quality(
  rows: [
    .init(
      reason: "not a number", count: 812, action: "rejected",
      example: .init(file: "late/metrics-2025-12.csv.gz", line: 4_812, column: "value", text: "twelve")),
    .init(
      reason: "time cannot be read", count: 392, action: "rejected",
      example: .init(file: "late/metrics-2025-12.csv.gz", line: 90_114, column: "time", text: "31/31/2025")),
    .init(
      reason: "same server, resource and time", count: 2_206, action: "the last one kept",
      example: .init(file: "metrics.parquet", line: nil, column: nil, text: "db-017 disk 2025-03-02")),
  ],
  series: [
    .init(
      reason: "gap longer than 14 steps", count: 211, action: "marked, weight 0", example: .init(text: "web-042 cpu")),
    .init(reason: "reading above the ceiling", count: 19, action: "kept", example: .init(text: "cache-312 memory")),
    .init(
      reason: "too little history for a contest", count: 12, action: "seasonal naive, trust low",
      example: .init(text: "build-998 disk")),
  ])

/// SplitMix64, so that the sample is the same everywhere.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

  mutating func normal() -> Double {
    (-2 * log(max(unit(), 1e-300))).squareRoot() * cos(2 * .pi * unit())
  }
}

private let sampleRecord = ReportData.Record(
  origins: (1...6).map { "2025-0\($0)-28" },
  lines: ["high", "medium", "low"].enumerated().flatMap { t, tier in
    ["1-30", "31-60", "61-90"].enumerated().map { b, bucket in
      ReportData.Record.Line(
        tier: tier, bucket: bucket, forecasts: 9_000 - 2_000 * b, readings: 270_000 - 60_000 * b,
        inside50: 133_000 - 30_000 * b - 9_000 * t, inside80: 214_000 - 49_000 * b - 8_000 * t,
        inside90: 242_000 - 55_000 * b - 7_000 * t, called: 120 + 60 * b, came: 131 + 70 * b, hits: 104 + 44 * b - 9 * t
      )
    }
  }, firstDue: "2026-01-30")
