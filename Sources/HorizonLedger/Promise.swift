package import HorizonCore

/// What one run published for one series, as it is held against the readings that came.
package struct Promise: Sendable {
  package var name: SeriesName
  package var model: String
  /// Step index that the leads count from.
  package var cutoff: Int
  /// By lead, from 1 on.
  package var tiers: [TrustTier]
  /// The mean forecast by lead, then the quantile of each level by lead.
  package var values: [Float]
  package var breach: BreachPromise?

  package init(
    name: SeriesName, model: String, cutoff: Int, tiers: [TrustTier], values: [Float], breach: BreachPromise? = nil
  ) {
    precondition(values.count == tiers.count * (Levels.count + 1), "a mean and seven quantiles for each lead")
    self.name = name
    self.model = model
    self.cutoff = cutoff
    self.tiers = tiers
    self.values = values
    self.breach = breach
  }
}

/// What a run said of the lowest threshold of a series that had not crossed it.
package struct BreachPromise: Sendable, Hashable {
  /// Percent of capacity.
  package var threshold: Double
  /// That the first breach comes by the end of each lead bucket; nil where the horizon ends before.
  package var probabilities: [Float?]

  package init(threshold: Double, probabilities: [Float?]) {
    precondition(probabilities.count == LeadBucket.allCases.count, "a probability for each bucket")
    self.threshold = threshold
    self.probabilities = probabilities
  }
}

/// What happened to one series since a run was made.
package struct Outcome: Sendable {
  /// Readings, oldest first, NaN where missing; the last one is the newest that is known.
  package var readings: ArraySlice<Float>
  /// Step index of the first of them.
  package var firstIndex: Int
  /// Of MASE, as it was known to the run; nil where the series had none.
  package var scale: Double?
  /// Step index of the first breach after the as-of; nil while there is none.
  package var breach: Int?
  /// Steps without a reading after which nobody can say that there was none.
  package var staleAfter: Int

  package init(readings: ArraySlice<Float>, firstIndex: Int, scale: Double?, breach: Int?, staleAfter: Int) {
    self.readings = readings
    self.firstIndex = firstIndex
    self.scale = scale
    self.breach = breach
    self.staleAfter = staleAfter
  }

  private var knownUntil: Int { firstIndex + readings.count - 1 }

  fileprivate func reading(_ index: Int) -> Float {
    index < firstIndex || index > knownUntil ? .nan : readings[readings.startIndex + index - firstIndex]
  }

  /// Whether a breach came by the end of a bucket; nil while it may still come, and where the readings stopped.
  ///
  /// - Parameter end: Step index of the last lead that the bucket holds.
  fileprivate func breached(by end: Int) -> Bool? {
    if let breach, breach <= end { return true }
    guard end <= knownUntil else { return nil }
    return (0...staleAfter).contains { !reading(end - $0).isNaN } ? false : nil
  }
}

extension Promise {
  /// The rows of this promise: those of buckets in which a reading came or a breach is decided.
  ///
  /// - Parameter asOf: Step index of the run's as-of; only readings after it count.
  package func rows(
    against outcome: Outcome, asOf: Int, step: Step, origin: LedgerOrigin
  ) -> [LedgerRow] {
    var rows: [LedgerRow] = []
    let madeAt = step.microseconds(of: asOf)
    let count = tiers.count
    let levels = Levels.all
    let known = outcome.firstIndex + outcome.readings.count - 1
    values.withUnsafeBufferPointer { values in
      var lead = 1
      while lead <= count, cutoff + lead <= known {
        let days = Double(lead) * step.days
        guard days <= Double(LeadBucket.days91on.lastDay) else { break }
        let bucket = LeadBucket(days: days)
        let tier = tiers[lead - 1]
        var row = LedgerRow(name: name, madeAt: madeAt, origin: origin, bucket: bucket, model: model, tier: tier)
        if rows.last?.bucket != bucket, let breach, let probability = breach.probabilities[bucket.rawValue] {
          row.breachCalled = probability >= 0.5
          row.breachHappened = outcome.breached(
            by: asOf + Int((Double(bucket.lastDay) / step.days + 1e-9).rounded(.down)))
        }
        while lead <= count, cutoff + lead <= known, tiers[lead - 1] == tier,
          Double(lead) * step.days <= Double(bucket.lastDay)
        {
          defer { lead += 1 }
          guard cutoff + lead > asOf else { continue }
          let actual = outcome.reading(cutoff + lead)
          if actual.isNaN { continue }
          row.add(actual, lead: lead, values: values, count: count, levels: levels, scale: outcome.scale)
        }
        if row.n > 0 || row.breachHappened != nil { rows.append(row) }
      }
    }
    return rows
  }
}

extension LedgerRow {
  /// - Parameters:
  ///   - values: As in a promise of `count` leads.
  @inline(__always)
  fileprivate mutating func add(
    _ actual: Float, lead: Int, values: UnsafeBufferPointer<Float>, count: Int, levels: [Float], scale: Double?
  ) {
    func quantile(_ level: Int) -> Float { values[(level + 1) * count + lead - 1] }
    func isInside(_ level: Int) -> Bool {
      actual >= quantile(level) && actual <= quantile(Levels.count - 1 - level)
    }
    n += 1
    inside90 += isInside(0) ? 1 : 0
    inside80 += isInside(Levels.lower80) ? 1 : 0
    inside50 += isInside(2) ? 1 : 0
    var pinball: Float = 0
    for level in 0..<Levels.count {
      pinball += Metrics.pinball(actual: actual, forecast: quantile(level), level: levels[level])
    }
    sumPinball += Double(pinball)
    sumAbsoluteError += Double(abs(actual - values[lead - 1]))
    sumScale += scale ?? 0
  }
}
