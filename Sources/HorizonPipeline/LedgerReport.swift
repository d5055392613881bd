import HorizonCore
import HorizonLedger
import HorizonReport

extension ReportData.Record {
  /// By tier and lead bucket, as the page shows it.
  ///
  /// - Parameter firstDue: When the first lead bucket of the run is complete, microseconds since the epoch.
  init(_ record: TrackRecord, firstDue: Int64) {
    self.init(origins: record.origins.map { ISOTime.string($0) }, firstDue: ISOTime.string(firstDue))
    for tier in TrustTier.allCases.reversed() {
      for bucket in LeadBucket.allCases {
        let counts = record.counts(tier: tier, bucket: bucket)
        if counts.series == 0 && counts.verdicts == 0 { continue }
        lines.append(
          Line(
            tier: tier.rawValue, bucket: bucket.label, forecasts: counts.series, readings: counts.n,
            inside50: counts.inside50, inside80: counts.inside80, inside90: counts.inside90, called: counts.called,
            came: counts.happened, hits: counts.hits))
      }
    }
  }
}
