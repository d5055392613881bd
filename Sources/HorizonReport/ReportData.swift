/// Everything the page `report.html` shows, as plain values; what is drawn is decided by the page, never here.
///
/// Encoded, risks become columns, times become small differences and numbers lose digits that nobody can see,
/// so that 16,000 rows and 200 charts stay below 4 MB. Decoding gives the rounded values back.
package struct ReportData: Sendable, Equatable {
  /// Heading of the page, such as the workspace's or the input's name.
  package var title: String
  /// ISO 8601 date, or date and time, of the last reading the run knows.
  package var asOf: String
  /// HorizonScale's version.
  package var version: String
  package var inputs: Inputs
  package var settings: Settings
  package var fleet: Fleet
  package var headroom: Headroom
  package var changes: Changes
  package var contest: Contest
  package var record: Record
  /// Ranked, the most pressing first; one row per series and threshold, as in `risks.parquet`.
  package var risks: [Risk]
  /// Drawn on the page; `Risk.chart` points in here.
  package var charts: [Chart]
  package var quality: Quality
  /// Plain sentences that a reader should know before trusting the page, such as series without a ceiling.
  package var notes: [String]

  package init(
    title: String, asOf: String, version: String, inputs: Inputs, settings: Settings, fleet: Fleet,
    headroom: Headroom, changes: Changes, contest: Contest, record: Record, risks: [Risk], charts: [Chart],
    quality: Quality, notes: [String] = []
  ) {
    self.title = title
    self.asOf = asOf
    self.version = version
    self.inputs = inputs
    self.settings = settings
    self.fleet = fleet
    self.headroom = headroom
    self.changes = changes
    self.contest = contest
    self.record = record
    self.risks = risks
    self.charts = charts
    self.quality = quality
    self.notes = notes
  }
}

extension ReportData {
  /// What was read, and what became of every series.
  package struct Inputs: Codable, Sendable, Equatable {
    package var files: [String]
    package var rowsRead: Int
    package var rowsRejected: Int
    package var servers: Int
    package var series: SeriesCounts

    package init(files: [String], rowsRead: Int, rowsRejected: Int, servers: Int, series: SeriesCounts) {
      self.files = files
      self.rowsRead = rowsRead
      self.rowsRejected = rowsRejected
      self.servers = servers
      self.series = series
    }
  }

  /// `total` is `live` + `ended` + `refused`; a stand-in is live or ended, and one without a ceiling is live.
  package struct SeriesCounts: Codable, Sendable, Equatable {
    package var total: Int
    package var live: Int
    package var ended: Int
    package var refused: Int
    package var withStandIn: Int
    package var withoutCeiling: Int

    package init(total: Int, live: Int, ended: Int, refused: Int, withStandIn: Int, withoutCeiling: Int) {
      self.total = total
      self.live = live
      self.ended = ended
      self.refused = refused
      self.withStandIn = withStandIn
      self.withoutCeiling = withoutCeiling
    }
  }

  /// The settings in force that change what the numbers mean.
  package struct Settings: Codable, Sendable, Equatable {
    /// `day`, `hour`, `15min`, ...
    package var step: String
    /// In steps.
    package var horizon: Int
    package var folds: Int
    package var withinDays: Int
    package var procurementDays: Int
    package var thresholds: [Threshold]
    /// The breach rule in words, such as "4 of 7 readings; 1 of 1 for disk".
    package var breachRule: String
    package var seed: UInt64

    package init(
      step: String, horizon: Int, folds: Int, withinDays: Int, procurementDays: Int, thresholds: [Threshold],
      breachRule: String, seed: UInt64
    ) {
      self.step = step
      self.horizon = horizon
      self.folds = folds
      self.withinDays = withinDays
      self.procurementDays = procurementDays
      self.thresholds = thresholds
      self.breachRule = breachRule
      self.seed = seed
    }
  }

  /// A utilization, in percent of capacity, that is not to be exceeded.
  package struct Threshold: Codable, Sendable, Equatable {
    package var name: String
    package var value: Double

    package init(name: String, value: Double) {
      self.name = name
      self.value = value
    }
  }

  /// One row of `risks.parquet`. Percent of capacity unless said otherwise; probabilities in 0...1; days after the as-of.
  package struct Risk: Sendable, Equatable {
    package var server: String
    package var resource: String
    /// Name and value of the threshold.
    package var threshold: String
    package var thresholdValue: Double
    /// A threshold's name, `watch` or `none`.
    package var severity: String
    /// `high`, `medium` or `low`.
    package var tier: String
    package var current: Double?
    package var headroom: Double?
    /// P(breach within 30, 60, 90, 180 days); nil where the horizon ends before.
    package var within30: Double?
    package var within60: Double?
    package var within90: Double?
    package var within180: Double?
    /// Quantiles of the day of first breach; nil is "not within the horizon", negative is "crossed so many days ago".
    package var daysP10: Double?
    package var daysP50: Double?
    package var daysP90: Double?
    /// ISO date.
    package var orderBy: String?
    /// In `unit`.
    package var recommendedCapacity: Double?
    package var capacity: Double?
    package var reclaimable: Double?
    package var unit: String
    package var reason: String
    /// What keeps the tier from being higher, or that nothing does.
    package var trustReason: String
    package var words: RiskWords
    /// Index into `ReportData.charts`.
    package var chart: Int?

    package init(
      server: String, resource: String, threshold: String, thresholdValue: Double, severity: String, tier: String,
      current: Double?, headroom: Double?, within30: Double?, within60: Double?, within90: Double?, within180: Double?,
      daysP10: Double?, daysP50: Double?, daysP90: Double?, orderBy: String?, recommendedCapacity: Double?,
      capacity: Double?, reclaimable: Double? = nil, unit: String, reason: String, trustReason: String = "",
      words: RiskWords = RiskWords(), chart: Int? = nil
    ) {
      self.server = server
      self.resource = resource
      self.threshold = threshold
      self.thresholdValue = thresholdValue
      self.severity = severity
      self.tier = tier
      self.current = current
      self.headroom = headroom
      self.within30 = within30
      self.within60 = within60
      self.within90 = within90
      self.within180 = within180
      self.daysP10 = daysP10
      self.daysP50 = daysP50
      self.daysP90 = daysP90
      self.orderBy = orderBy
      self.recommendedCapacity = recommendedCapacity
      self.capacity = capacity
      self.reclaimable = reclaimable
      self.unit = unit
      self.reason = reason
      self.trustReason = trustReason
      self.words = words
      self.chart = chart
    }
  }

  /// How the contest went, over the whole fleet.
  package struct Contest: Codable, Sendable, Equatable {
    /// In the order to be shown.
    package var models: [Model]
    /// Series that were scored on at least one fold.
    package var seriesScored: Int
    /// The champions' scaled loss as a ratio to seasonal naive's and to that of the straight line; below 1 is better.
    package var championToSeasonalNaive: Double?
    package var championToLine30: Double?

    package init(
      models: [Model], seriesScored: Int, championToSeasonalNaive: Double?, championToLine30: Double?
    ) {
      self.models = models
      self.seriesScored = seriesScored
      self.championToSeasonalNaive = championToSeasonalNaive
      self.championToLine30 = championToLine30
    }
  }

  package struct Model: Codable, Sendable, Equatable {
    package var name: String
    package var summary: String
    /// Series whose champion it is.
    package var wins: Int
    /// Geometric mean over series of its scaled loss to seasonal naive's; nil when it was never scored.
    package var lossToSeasonalNaive: Double?
    /// CPU seconds; nil when not measured, so that the page can be the same bytes on every machine.
    package var seconds: Double?

    package init(name: String, summary: String, wins: Int, lossToSeasonalNaive: Double?, seconds: Double?) {
      self.name = name
      self.summary = summary
      self.wins = wins
      self.lossToSeasonalNaive = lossToSeasonalNaive
      self.seconds = seconds
    }
  }

  /// What was wrong with the input, and where.
  package struct Quality: Codable, Sendable, Equatable {
    /// Rows rejected or repaired, by reason.
    package var rows: [Finding]
    /// Series with a remark, by reason.
    package var series: [Finding]

    package init(rows: [Finding], series: [Finding]) {
      self.rows = rows
      self.series = series
    }
  }

  package struct Finding: Codable, Sendable, Equatable {
    package var reason: String
    package var count: Int
    /// What was done about it: `rejected`, `repaired`, `kept`, ...; empty when there is nothing to say.
    package var action: String
    package var example: Example?

    package init(reason: String, count: Int, action: String = "", example: Example? = nil) {
      self.reason = reason
      self.count = count
      self.action = action
      self.example = example
    }
  }

  /// One place where a finding can be seen; for a series, `text` names it and the rest is nil.
  package struct Example: Codable, Sendable, Equatable {
    package var file: String?
    package var line: Int?
    package var column: String?
    package var text: String

    package init(file: String? = nil, line: Int? = nil, column: String? = nil, text: String) {
      self.file = file
      self.line = line
      self.column = column
      self.text = text
    }
  }
}
