import HorizonCore
import HorizonLedger
import Testing

@Suite struct TrackRecordTests {
  private func row(
    _ server: String, tier: TrustTier = .high, bucket: LeadBucket = .days1to30, madeAt: Int64 = 0, inside80: Int = 24,
    change: (inout LedgerRow) -> Void = { _ in }
  ) -> LedgerRow {
    var row = LedgerRow(
      name: SeriesName(server: server, resource: "cpu"), madeAt: madeAt, origin: .run, bucket: bucket, model: "naive",
      tier: tier)
    row.n = 30
    row.inside80 = inside80
    row.sumAbsoluteError = 60
    row.sumScale = 30
    change(&row)
    return row
  }

  @Test func coverageIsTheShareOfReadingsInside() {
    let record = TrackRecord([row("a"), row("b", inside80: 30), row("c", tier: .low, inside80: 0)])
    #expect(record.coverage80(tier: .high) == 0.9)
    #expect(record.coverage80(tier: .low) == 0)
    #expect(record.coverage80(tier: .medium) == nil && record.coverage80(bucket: .days31to60) == nil)
    #expect(record.counts().series == 3 && record.counts().mase == 2)
  }

  @Test func aVerdictNeedsBothCallAndOutcome() {
    func judged(_ called: Bool?, _ happened: Bool?) -> LedgerRow {
      row("a") { ($0.breachCalled, $0.breachHappened) = (called, happened) }
    }
    let counts = TrackRecord([
      judged(true, true), judged(true, false), judged(false, true), judged(true, nil), judged(nil, nil),
    ]).counts()
    #expect(counts.verdicts == 3 && counts.called == 2 && counts.happened == 2 && counts.hits == 1)
    #expect(counts.precision == 0.5 && counts.recall == 0.5)
  }

  @Test func theOrderOfRowsDoesNotMatter() {
    let rows = [
      row("a"), row("b", madeAt: 5), row("c", tier: .low, bucket: .days91on), row("d", tier: .low, madeAt: 5),
    ]
    #expect(TrackRecord(rows) == TrackRecord(rows.reversed()))
    #expect(TrackRecord(rows).origins == [0, 5])
  }

  @Test func aBucketIsCompleteWhenItsLastReadingWasDueAndLookedFor() {
    let day: Int64 = 86_400_000_000
    let stamp = LedgerStamp(
      run: "r", runDigest: "", step: "day", readingsDigest: "", knownUntil: 65 * day, lastLead: 45 * day)
    #expect(!stamp.isComplete(.days1to30, madeAt: 0, at: 29 * day))
    #expect(stamp.isComplete(.days1to30, madeAt: 0, at: 30 * day))
    // The horizon ends inside the bucket.
    #expect(stamp.isComplete(.days31to60, madeAt: 0, at: 45 * day))
    var early = stamp
    early.knownUntil = 40 * day
    #expect(!early.isComplete(.days31to60, madeAt: 0, at: 60 * day))
  }
}
