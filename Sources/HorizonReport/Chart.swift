extension ReportData {
  /// One series with its forecast, in the unit of `value`.
  package struct Chart: Sendable, Equatable {
    package var server: String
    package var resource: String
    package var unit: String
    package var capacity: Double?
    /// The champion, or the stand-in.
    package var model: String
    /// The as-of, or the series' own last reading, in seconds since 1970-01-01T00:00Z; lead 1 is one step later.
    package var start: Int64
    package var stepSeconds: Int64
    /// At most 400 points, oldest first; nil marks a gap.
    package var historyTimes: [Int64]
    package var historyValues: [Double?]
    /// At most 90 leads, ascending, the last one included.
    package var leads: [Int]
    package var quantiles: Quantiles
    package var tiers: [TierRange]
    package var thresholds: [Line]
    /// Lasting changes of level or capacity, oldest first.
    package var marks: [LevelMark]
    /// What the forecast is made of; nil where the model cannot tell.
    package var makeup: Makeup?

    package init(
      server: String, resource: String, unit: String, capacity: Double?, model: String, start: Int64,
      stepSeconds: Int64, historyTimes: [Int64], historyValues: [Double?], leads: [Int], quantiles: Quantiles,
      tiers: [TierRange], thresholds: [Line], marks: [LevelMark] = [], makeup: Makeup? = nil
    ) {
      self.server = server
      self.resource = resource
      self.unit = unit
      self.capacity = capacity
      self.model = model
      self.start = start
      self.stepSeconds = stepSeconds
      self.historyTimes = historyTimes
      self.historyValues = historyValues
      self.leads = leads
      self.quantiles = quantiles
      self.tiers = tiers
      self.thresholds = thresholds
      self.marks = marks
      self.makeup = makeup
    }

    /// One value per entry of `leads` each.
    package struct Quantiles: Sendable, Equatable {
      package var q05, q10, q25, q50, q75, q90, q95: [Double]

      package init(
        q05: [Double], q10: [Double], q25: [Double], q50: [Double], q75: [Double], q90: [Double], q95: [Double]
      ) {
        self.q05 = q05
        self.q10 = q10
        self.q25 = q25
        self.q50 = q50
        self.q75 = q75
        self.q90 = q90
        self.q95 = q95
      }
    }

    /// Leads `from` to `to`, both included, share a trust tier.
    package struct TierRange: Codable, Sendable, Equatable {
      package var from: Int
      package var to: Int
      package var tier: String

      package init(from: Int, to: Int, tier: String) {
        self.from = from
        self.to = to
        self.tier = tier
      }
    }

    /// A threshold in the unit of `value`, and when it breaks: quantiles of the first breach in epoch seconds, nil beyond the horizon.
    package struct Line: Codable, Sendable, Equatable {
      package var name: String
      package var value: Double
      package var breachP10: Int64?
      package var breachP50: Int64?
      package var breachP90: Int64?

      package init(name: String, value: Double, breachP10: Int64?, breachP50: Int64?, breachP90: Int64?) {
        self.name = name
        self.value = value
        self.breachP10 = breachP10
        self.breachP50 = breachP50
        self.breachP90 = breachP90
      }
    }
  }
}

extension ReportData {
  /// A lasting change of a series that is no growth.
  package struct LevelMark: Codable, Sendable, Equatable {
    /// Of the first reading after it, in epoch seconds.
    package var time: Int64
    /// A resize rather than a move of the readings.
    package var isCapacity: Bool
    /// New level or capacity over the old one.
    package var factor: Double

    package init(time: Int64, isCapacity: Bool, factor: Double) {
      self.time = time
      self.isCapacity = isCapacity
      self.factor = factor
    }
  }
}

extension ReportData.Chart: Codable {
  private enum Key: String, CodingKey {
    case server, resource, unit, capacity, model, start, stepSeconds, leads, quantiles, tiers, thresholds, marks, makeup
    /// Times are the first one, then differences counted in a common divisor.
    case timeFirst, timeUnit, timeDifferences, values
  }

  package func encode(to encoder: any Encoder) throws {
    var box = encoder.container(keyedBy: Key.self)
    try box.encode(server, forKey: .server)
    try box.encode(resource, forKey: .resource)
    try box.encode(unit, forKey: .unit)
    try box.encodeIfPresent(capacity, forKey: .capacity)
    try box.encode(model, forKey: .model)
    try box.encode(start, forKey: .start)
    try box.encode(stepSeconds, forKey: .stepSeconds)
    try box.encode(leads, forKey: .leads)
    try box.encode(tiers, forKey: .tiers)
    try box.encode(thresholds, forKey: .thresholds)
    try box.encode(marks, forKey: .marks)
    try box.encodeIfPresent(makeup, forKey: .makeup)

    let q = quantiles
    let levels = [q.q05, q.q10, q.q25, q.q50, q.q75, q.q90, q.q95]
    try box.encode(levels.map { $0.map { significant($0, digits: 4) } }, forKey: .quantiles)

    let differences = zip(historyTimes.dropFirst(), historyTimes).map { $0 - $1 }
    let divisor = max(1, differences.reduce(0, greatestCommonDivisor))
    try box.encode(historyTimes.first ?? start, forKey: .timeFirst)
    try box.encode(divisor, forKey: .timeUnit)
    try box.encode(differences.map { $0 / divisor }, forKey: .timeDifferences)
    try box.encode(historyValues.map { $0.flatMap { significant($0, digits: 4) } }, forKey: .values)
  }

  package init(from decoder: any Decoder) throws {
    let box = try decoder.container(keyedBy: Key.self)
    let levels = try box.decode([[Double?]].self, forKey: .quantiles).map { $0.map { $0 ?? .nan } }
    guard levels.count == 7 else {
      throw DecodingError.dataCorruptedError(forKey: .quantiles, in: box, debugDescription: "seven levels expected")
    }
    let divisor = try box.decode(Int64.self, forKey: .timeUnit)
    let values = try box.decode([Double?].self, forKey: .values)
    var times = values.isEmpty ? [] : [try box.decode(Int64.self, forKey: .timeFirst)]
    for difference in try box.decode([Int64].self, forKey: .timeDifferences) {
      times.append(times[times.count - 1] + difference * divisor)
    }
    self.init(
      server: try box.decode(String.self, forKey: .server), resource: try box.decode(String.self, forKey: .resource),
      unit: try box.decode(String.self, forKey: .unit),
      capacity: try box.decodeIfPresent(Double.self, forKey: .capacity),
      model: try box.decode(String.self, forKey: .model), start: try box.decode(Int64.self, forKey: .start),
      stepSeconds: try box.decode(Int64.self, forKey: .stepSeconds), historyTimes: times, historyValues: values,
      leads: try box.decode([Int].self, forKey: .leads),
      quantiles: Quantiles(
        q05: levels[0], q10: levels[1], q25: levels[2], q50: levels[3], q75: levels[4], q90: levels[5], q95: levels[6]),
      tiers: try box.decode([TierRange].self, forKey: .tiers),
      thresholds: try box.decode([Line].self, forKey: .thresholds),
      marks: try box.decode([ReportData.LevelMark].self, forKey: .marks),
      makeup: try box.decodeIfPresent(Makeup.self, forKey: .makeup))
  }
}
