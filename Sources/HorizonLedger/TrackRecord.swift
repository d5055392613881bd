package import HorizonCore

/// What past forecasts promised and what happened, as it was known at one as-of: only lead buckets that had ended by then count.
package struct TrackRecord: Sendable, Hashable, Codable {
  /// Forecasts of one resource, tier, lead bucket and origin.
  package struct Entry: Sendable, Hashable, Codable {
    package let resource: String
    package let tier: TrustTier
    package let bucket: LeadBucket
    /// As-of of the run, microseconds since the epoch.
    package let madeAt: Int64
    package fileprivate(set) var counts: Counts
  }

  /// By resource, tier (low first), bucket, made_at.
  package private(set) var entries: [Entry] = []

  package init() {}

  /// Sums rows up.
  ///
  /// - Parameter rows: Of complete buckets, each series, origin, bucket and tier once; any order.
  package init(_ rows: some Sequence<LedgerRow>) {
    var sums = Sums()
    for row in rows { sums.add(row) }
    self = sums.record
  }

  package var isEmpty: Bool { entries.isEmpty }

  /// As-ofs of the runs that count, ascending.
  package var origins: [Int64] { Set(entries.lazy.map(\.madeAt)).sorted() }

  /// The newest of some origins and those before it that lie 28 days or more apart, newest first: runs of neighbouring days are one
  /// witness.
  package static func aMonthApart(_ origins: [Int64]) -> [Int64] {
    var apart: [Int64] = []
    for origin in origins.sorted(by: >) where apart.last.map({ $0 - origin >= 28 * 86_400_000_000 }) ?? true {
      apart.append(origin)
    }
    return apart
  }

  /// The sum over all entries that are asked for; nil asks for all.
  package func counts(
    tier: TrustTier? = nil, bucket: LeadBucket? = nil, resource: String? = nil, madeAt: Int64? = nil
  ) -> Counts {
    var sum = Counts()
    for entry in entries
    where (tier ?? entry.tier) == entry.tier && (bucket ?? entry.bucket) == entry.bucket
      && (resource ?? entry.resource) == entry.resource && (madeAt ?? entry.madeAt) == entry.madeAt
    {
      sum += entry.counts
    }
    return sum
  }

  /// Share of readings inside the 80 % interval; nil without a reading.
  package func coverage80(tier: TrustTier? = nil, bucket: LeadBucket? = nil, resource: String? = nil) -> Double? {
    counts(tier: tier, bucket: bucket, resource: resource).coverage80
  }
}

extension TrackRecord {
  package struct Counts: Sendable, Hashable, Codable {
    /// Series with at least one reading, counted once for each run.
    package var series = 0
    /// As in a row of the ledger.
    package var n = 0
    package var inside50 = 0
    package var inside80 = 0
    package var inside90 = 0
    package var sumPinball = 0.0
    package var sumAbsoluteError = 0.0
    package var sumScale = 0.0
    /// Absolute errors, each divided by its series' scale, and how many: series in different units can be summed.
    package var sumScaledError = 0.0
    package var scaled = 0
    /// Forecasts of a breach that came or did not; of those the ones that called one, in which one happened, and both.
    package var verdicts = 0
    package var called = 0
    package var happened = 0
    package var hits = 0

    package init() {}

    package var coverage50: Double? { share(inside50) }
    package var coverage80: Double? { share(inside80) }
    package var coverage90: Double? { share(inside90) }
    /// Mean of the absolute errors, each divided by the scale of its series.
    package var mase: Double? { scaled > 0 ? sumScaledError / Double(scaled) : nil }
    /// Share of called breaches that happened, and of those that happened that were called.
    package var precision: Double? { called > 0 ? Double(hits) / Double(called) : nil }
    package var recall: Double? { happened > 0 ? Double(hits) / Double(happened) : nil }

    private func share(_ inside: Int) -> Double? { n > 0 ? Double(inside) / Double(n) : nil }

    mutating func add(_ row: LedgerRow) {
      if row.n > 0 { series += 1 }
      n += row.n
      inside50 += row.inside50
      inside80 += row.inside80
      inside90 += row.inside90
      sumPinball += row.sumPinball
      sumAbsoluteError += row.sumAbsoluteError
      sumScale += row.sumScale
      if row.sumScale > 0 {
        sumScaledError += row.sumAbsoluteError / row.sumScale * Double(row.n)
        scaled += row.n
      }
      guard let call = row.breachCalled, let outcome = row.breachHappened else { return }
      verdicts += 1
      called += call ? 1 : 0
      happened += outcome ? 1 : 0
      hits += call && outcome ? 1 : 0
    }

    package static func += (a: inout Counts, b: Counts) {
      a.series += b.series
      a.n += b.n
      a.inside50 += b.inside50
      a.inside80 += b.inside80
      a.inside90 += b.inside90
      a.sumPinball += b.sumPinball
      a.sumAbsoluteError += b.sumAbsoluteError
      a.sumScale += b.sumScale
      a.sumScaledError += b.sumScaledError
      a.scaled += b.scaled
      a.verdicts += b.verdicts
      a.called += b.called
      a.happened += b.happened
      a.hits += b.hits
    }
  }

  /// A record under construction, row by row.
  package struct Sums: Sendable {
    private struct Key: Hashable, Comparable {
      let resource: String
      let tier: TrustTier
      let bucket: LeadBucket
      let madeAt: Int64

      static func < (a: Key, b: Key) -> Bool {
        (a.resource, a.tier, a.bucket.rawValue, a.madeAt) < (b.resource, b.tier, b.bucket.rawValue, b.madeAt)
      }
    }

    private var counts: [Key: Counts] = [:]
    package private(set) var rows = 0

    package init() {}

    package mutating func add(_ row: LedgerRow) {
      rows += 1
      let key = Key(resource: row.name.resource, tier: row.tier, bucket: row.bucket, madeAt: row.madeAt)
      counts[key, default: Counts()].add(row)
    }

    package var record: TrackRecord {
      var record = TrackRecord()
      record.entries = counts.sorted { $0.key < $1.key }.map {
        Entry(
          resource: $0.key.resource, tier: $0.key.tier, bucket: $0.key.bucket, madeAt: $0.key.madeAt, counts: $0.value)
      }
      return record
    }
  }
}
