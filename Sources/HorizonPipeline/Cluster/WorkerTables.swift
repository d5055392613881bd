import HorizonContest
import HorizonCore
import HorizonModels
import HorizonRisk
package import HorizonStore

/// The Arrow streams between a distributed engine and `horizonscale worker`; `docs/worker.md` describes them.
package enum WorkerTables {
  /// Of the plan, the decisions and the streams together.
  static let version = 1

  /// Rows of a series stand together, ascending in time, on the grid of the step.
  package static let readings = [
    Column("server", .key), Column("resource", .key), Column("time", .time), Column("value", .double, nullable: true),
    Column("capacity", .double, nullable: true),
  ]

  package static let contested = TableSchema([
    Column("server", .text), Column("resource", .text), Column("status", .text),
    Column("reason", .text, nullable: true), Column("digest", .binary, nullable: true),
  ])

  /// One row a series; forecasts are lists by lead from 1 on, risks lists by threshold.
  package static let published = TableSchema(
    [
      Column("server", .text), Column("resource", .text), Column("status", .text),
      Column("reason", .text, nullable: true), Column("model", .text, nullable: true),
      Column("cutoff", .time, nullable: true), Column("mean", .float, isList: true),
    ] + Levels.names.map { Column($0, .float, isList: true) } + [Column("tier", .key, isList: true)]
      + RiskFiles.measures.map { Column("risk_" + $0.name, $0.type, nullable: $0.nullable, isList: true) })

  /// Column of the first risk measure in `published`.
  static let firstRisk = published.columns.count - RiskFiles.measures.count
}

/// What became of a series in a worker; in the streams by its raw value.
enum WorkerStatus: String {
  case contested, published
  case standIn = "stand-in"
  /// There is nothing to say of it, such as without a reading up to the as-of.
  case skipped
  case failed
}

/// A series that costs a row, not the job.
struct LeftOut: Sendable {
  let name: SeriesName
  let status: WorkerStatus
  let reason: String
}

/// What a worker has to say of a series.
enum Answer<Result: Sendable>: Sendable {
  case result(Result)
  case left(LeftOut)
}

/// Rows of `WorkerTables.contested`.
func contestedColumns(_ answers: [Answer<SeriesDigest>]) -> [ColumnValues] {
  var names: [SeriesName] = []
  var status: [String] = []
  var reasons: [String?] = []
  var digests: [[UInt8]] = []
  for answer in answers {
    switch answer {
    case .result(let digest):
      names.append(digest.name)
      status.append(WorkerStatus.contested.rawValue)
      reasons.append(nil)
      let words = [digest].words
      digests.append((words + checksum(words)).withUnsafeBytes { Array($0) })
    case .left(let left):
      names.append(left.name)
      status.append(left.status.rawValue)
      reasons.append(left.reason)
      digests.append([])
    }
  }
  return [.text(names.map(\.server)), .text(names.map(\.resource)), .text(status), .text(reasons), .binary(digests)]
}

/// Rows of `WorkerTables.published`.
func publishedColumns(_ answers: [Answer<PublishedSeries>], step: Step) -> [ColumnValues] {
  var rows = PublishedListRows()
  for answer in answers {
    switch answer {
    case .result(let one): rows.append(one, step: step)
    case .left(let left): rows.append(left)
    }
  }
  return rows.columns
}

private struct PublishedListRows: Sendable {
  private var names: [SeriesName] = []
  private var status: [String] = []
  private var reasons: [String?] = []
  private var models: [String?] = []
  private var cutoffs: [Int64] = []
  private var leads: [Int32] = [0]
  private var mean: [Float] = []
  private var quantiles = [[Float]](repeating: [], count: Levels.count)
  private var tiers = KeyColumn()
  private var risks: [RiskRow] = []
  private var thresholds: [Int32] = [0]

  mutating func append(_ one: PublishedSeries, step: Step) {
    names.append(one.name)
    status.append((one.isStandIn ? WorkerStatus.standIn : .published).rawValue)
    reasons.append(nil)
    models.append(one.model)
    cutoffs.append(step.microseconds(of: one.cutoff))
    mean += one.mean
    for l in one.mean.indices {
      for q in 0..<Levels.count { quantiles[q].append(one.quantiles[l * Levels.count + q]) }
      tiers.append(one.tiers[l].rawValue)
    }
    risks += one.risks
    closeRow()
  }

  mutating func append(_ left: LeftOut) {
    names.append(left.name)
    status.append(left.status.rawValue)
    reasons.append(left.reason)
    models.append(nil)
    cutoffs.append(.min)
    closeRow()
  }

  private mutating func closeRow() {
    leads.append(Int32(mean.count))
    thresholds.append(Int32(risks.count))
  }

  var columns: [ColumnValues] {
    [
      .text(names.map(\.server)), .text(names.map(\.resource)), .text(status), .text(reasons), .text(models),
      .times(cutoffs), .lists(offsets: leads, .floats(mean)),
    ] + quantiles.map { .lists(offsets: leads, .floats($0)) } + [.lists(offsets: leads, tiers.values)]
      + RiskFiles.measures(of: risks[...]).map { .lists(offsets: thresholds, $0) }
  }
}
