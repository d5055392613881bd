package import HorizonCore

/// What the rows of one made_at were made from, and how far: stands in the footer of their file.
package struct LedgerStamp: Sendable, Hashable, Codable {
  /// Name of the run's folder, and the digest of its `run.json`.
  package var run: String
  package var runDigest: String
  /// Name of the step: a row counts readings, which are more by the hour than by the day.
  package var step: String
  /// Of the readings that the rows were scored with.
  package var readingsDigest: String
  /// Readings up to this time were known, microseconds since the epoch.
  package var knownUntil: Int64
  /// Time of the run's last lead.
  package var lastLead: Int64

  package init(run: String, runDigest: String, step: String, readingsDigest: String, knownUntil: Int64, lastLead: Int64)
  {
    self.run = run
    self.runDigest = runDigest
    self.step = step
    self.readingsDigest = readingsDigest
    self.knownUntil = knownUntil
    self.lastLead = lastLead
  }

  /// When the last reading of a bucket was due.
  package func end(of bucket: LeadBucket, madeAt: Int64) -> Int64 {
    min(madeAt + Int64(bucket.lastDay) * 86_400_000_000, lastLead)
  }

  /// Whether all readings of a bucket were due at `asOf` and had been looked for.
  package func isComplete(_ bucket: LeadBucket, madeAt: Int64, at asOf: Int64) -> Bool {
    end(of: bucket, madeAt: madeAt) <= min(asOf, knownUntil)
  }
}
