import HorizonCore

/// What wins for series like one: mean standings of the contestants over the fleet, a resource, and a cohort of it, each leaning
/// on the wider one.
///
/// Sums are integers, so the order of series does not matter.
struct CohortPriors {
  private struct Sum {
    var losses: [Int64]
    var counts: [Int64]
  }
  private var fleet: Sum
  private var resources: [String: Sum] = [:]
  private var cohorts: [Cohort: Sum] = [:]
  private let contestants: Int

  /// Series that the wider mean weighs beside a cohort's own.
  private static let prior = 20.0
  private static let unit = 4_294_967_296.0

  init(contestants: Int) {
    self.contestants = contestants
    fleet = Sum(losses: [Int64](repeating: 0, count: contestants), counts: [Int64](repeating: 0, count: contestants))
  }

  /// What one series adds.
  struct Share: Sendable {
    fileprivate let cohort: Cohort
    /// Contestants and their standings in units of the sums.
    fileprivate let losses: [(model: Int, loss: Int64)]

    /// - Returns: nil where no contestant was scored on every fold that has readings.
    init?(_ digest: SeriesDigest, contestants: Int) {
      guard let record = FoldRecord(digest, contestants: contestants), let standing = record.standing() else {
        return nil
      }
      cohort = Cohort(digest)
      losses = zip(record.entered, standing.losses).map { model, loss in
        // One series that is far off does not speak for its cohort.
        (model, Int64((min(3, max(-3, loss)) * CohortPriors.unit).rounded()))
      }
    }
  }

  mutating func add(_ share: Share) {
    let empty = Sum(
      losses: [Int64](repeating: 0, count: contestants), counts: [Int64](repeating: 0, count: contestants))
    func add(to sum: inout Sum) {
      for (model, loss) in share.losses {
        sum.losses[model] += loss
        sum.counts[model] += 1
      }
    }
    add(to: &fleet)
    add(to: &resources[share.cohort.resource, default: empty])
    add(to: &cohorts[share.cohort, default: empty])
  }

  /// What is expected of a series of which nothing but its cohort is known.
  struct Expectations {
    /// Standing of each contestant.
    let losses: [Double]
    /// Folds of the series itself that this weighs.
    let folds: Double
  }

  func expectations(for digest: SeriesDigest) -> Expectations {
    let cohort = Cohort(digest)
    let levels = [resources[digest.name.resource], cohorts[cohort]]
    let losses = (0..<contestants).map { model in
      var expected = CohortPriors.mean(fleet, model, wider: 0, prior: 1)
      for case let level? in levels {
        expected = CohortPriors.mean(level, model, wider: expected, prior: CohortPriors.prior)
      }
      return expected
    }
    // On the folds of a short history models knew much less than they do today.
    return Expectations(losses: losses, folds: cohort.length == 0 ? 16 : 8)
  }

  private static func mean(_ sum: Sum, _ model: Int, wider: Double, prior: Double) -> Double {
    (Double(sum.losses[model]) / unit + prior * wider) / (Double(sum.counts[model]) + prior)
  }
}

/// Series that are alike: of one resource, that move alike within a season, with about as long a history.
struct Cohort: Hashable, Sendable {
  let resource: String
  /// As in `ErrorGroup`.
  let volatility: Int
  /// Below half a year, below a year, longer; counted in readings of the fold horizon where that is shorter.
  let length: Int

  init(_ digest: SeriesDigest) {
    resource = digest.name.resource
    volatility = ErrorGroup.volatility(digest)
    let horizons = Double(digest.readings) / Double(max(1, digest.foldHorizon))
    length = horizons < 3.5 ? 0 : horizons < 5 ? 1 : 2
  }
}
