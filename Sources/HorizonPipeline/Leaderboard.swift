import Foundation
import HorizonContest
import HorizonCore
import HorizonModels
import HorizonStore

/// Writes `leaderboard.parquet` from the digests that were decided on.
func writeLeaderboard(_ spill: DigestSpill, decisions: Decisions, settings: DecisionSettings, to file: URL)
  async throws
{
  let writer = try TableWriter(parquet: file.path, schema: Tables.leaderboard)
  var rows = LeaderboardRows()
  try await spill.stream { at, digest in
    (digest.name, LeaderboardRow.all(of: digest, decision: decisions.series[at], settings: settings))
  } to: { name, own in
    rows.append(own, of: name, settings: settings)
    if rows.count >= 100_000 {
      try writer.append(rows.columns)
      rows = LeaderboardRows()
    }
  }
  if rows.count > 0 { try writer.append(rows.columns) }
  try writer.close()
}

/// The reason of a fold after which no reading has come yet.
let nothingToScore = "no reading to score after this cutoff"

/// One model on one fold of one series.
private struct LeaderboardRow: Sendable {
  let model: Int
  let cutoff: Int
  let champion: Bool
  let outcome: FoldScore.Outcome
  /// What selection uses; NaN where there is none.
  let selection: (loss: Double, steadyLoss: Double, steadyShare: Double, expectedRatio: Double)
  /// NaN where nothing was scored. Bias is forecast minus actual: positive means forecasts are too high.
  var scores: (mase: Float, wql: Float, rmse: Float, bias: Float, coverage: Float) = (.nan, .nan, .nan, .nan, .nan)

  /// By model, then fold.
  static func all(of digest: SeriesDigest, decision: Decision, settings: DecisionSettings) -> [LeaderboardRow] {
    settings.cards.indices.flatMap { model in
      digest.foldCutoffs.indices.map { fold in
        LeaderboardRow(digest, model: model, fold: fold, decision: decision)
      }
    }
  }

  private init(_ digest: SeriesDigest, model: Int, fold: Int, decision: Decision) {
    let score = digest.score(model: model, fold: fold)
    self.model = model
    cutoff = digest.foldCutoffs[fold]
    champion = decision.isContested && decision.champion == model
    outcome = score.outcome
    selection = (
      score.scaledLoss ?? .nan, score.steadyLoss ?? .nan, score.outcome == .scored ? score.steadyShare : .nan,
      (decision.isContested ? decision.expected[model] : nil) ?? .nan
    )
    guard score.outcome == .scored else { return }
    let n = score.count
    scores = (
      score.scale > 0 ? score.sumAbsoluteError / n / score.scale : .nan,
      score.sumAbsoluteActual > 0 ? 2 * score.sumPinball / (Float(Levels.count) * score.sumAbsoluteActual) : .nan,
      (score.sumSquaredError / n).squareRoot(),
      -score.sumError / n, score.inside80 / n
    )
  }
}

/// Rows of `leaderboard.parquet`: one for each series, model and fold.
private struct LeaderboardRows {
  private var server = KeyColumn()
  private var resource = KeyColumn()
  private var model = KeyColumn()
  private var cutoff: [Int64] = []
  private var status = KeyColumn()
  private var reason: [String?] = []
  private var selection = [[Double]](repeating: [], count: 4)
  private var scores = [[Float]](repeating: [], count: 5)
  private var champion: [Bool] = []

  var count: Int { cutoff.count }

  mutating func append(_ rows: [LeaderboardRow], of name: SeriesName, settings: DecisionSettings) {
    for row in rows {
      server.append(name.server)
      resource.append(name.resource)
      model.append(settings.cards[row.model].name)
      cutoff.append(settings.step.microseconds(of: row.cutoff))
      champion.append(row.champion)
      let (choice, scored) = (row.selection, row.scores)
      for (column, value) in [choice.loss, choice.steadyLoss, choice.steadyShare, choice.expectedRatio].enumerated() {
        selection[column].append(value)
      }
      for (column, value) in [scored.mase, scored.wql, scored.rmse, scored.bias, scored.coverage].enumerated() {
        scores[column].append(value)
      }
      switch row.outcome {
      case .scored:
        status.append("scored")
        reason.append(nil)
      case .empty:
        status.append("refused")
        reason.append(nothingToScore)
      case .refused(let error):
        status.append(error == .notFinite || error == .singular ? "failed" : "refused")
        reason.append(error.description)
      }
    }
  }

  var columns: [ColumnValues] {
    [server.values, resource.values, model.values, .times(cutoff), status.values, .text(reason)]
      + selection.map { .doubles($0) } + scores.map { .floats($0) } + [.bools(champion)]
  }
}
