extension ReportData {
  /// What past forecasts promised and what happened.
  package struct Record: Codable, Sendable, Equatable {
    /// ISO dates of the runs that count, ascending; none while no forecast is old enough.
    package var origins: [String]
    /// Trust tiers from high to low, each with its lead buckets.
    package var lines: [Line]
    /// ISO date on which the first forecasts of this run are due.
    package var firstDue: String

    package init(origins: [String] = [], lines: [Line] = [], firstDue: String) {
      self.origins = origins
      self.lines = lines
      self.firstDue = firstDue
    }

    package struct Line: Codable, Sendable, Equatable {
      /// `high`, `medium` or `low`.
      package var tier: String
      /// Days ahead, such as `31-60`.
      package var bucket: String
      /// Series, each counted once a run, and readings that they were held against.
      package var forecasts: Int
      package var readings: Int
      /// How many readings lay inside the 50, 80 and 90 % intervals.
      package var inside50: Int
      package var inside80: Int
      package var inside90: Int
      /// Breaches of the lowest threshold that were called, that came, and both.
      package var called: Int
      package var came: Int
      package var hits: Int

      package init(
        tier: String, bucket: String, forecasts: Int, readings: Int, inside50: Int, inside80: Int, inside90: Int,
        called: Int, came: Int, hits: Int
      ) {
        self.tier = tier
        self.bucket = bucket
        self.forecasts = forecasts
        self.readings = readings
        self.inside50 = inside50
        self.inside80 = inside80
        self.inside90 = inside90
        self.called = called
        self.came = came
        self.hits = hits
      }
    }
  }
}
