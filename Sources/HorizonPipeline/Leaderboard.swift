import Foundation
import HorizonContest
import HorizonCore
import HorizonModels
import HorizonStore

/// Writes `leaderboard.parquet` from the digests that were decided on.
func writeLeaderboard(_ spill: DigestSpill, decisions: Decisions, settings: DecisionSettings, to file: URL) throws {
  let writer = try TableWriter(parquet: file.path, schema: Tables.leaderboard)
  var rows = LeaderboardRows()
  var at = 0
  try spill.stream { digest in
    rows.append(digest, decision: decisions.series[at], settings: settings)
    at += 1
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

/// Rows of `leaderboard.parquet`: one for each series, model and fold.
private struct LeaderboardRows {
  private var server = KeyColumn()
  private var resource = KeyColumn()
  private var model = KeyColumn()
  private var cutoff: [Int64] = []
  private var status = KeyColumn()
  private var reason: [String?] = []
  /// What selection uses.
  private var selection = [[Double]](repeating: [], count: 4)
  private var scores = [[Float]](repeating: [], count: 5)
  private var champion: [Bool] = []

  var count: Int { cutoff.count }

  mutating func append(_ digest: SeriesDigest, decision: Decision, settings: DecisionSettings) {
    for m in settings.cards.indices {
      for f in digest.foldCutoffs.indices {
        let score = digest.score(model: m, fold: f)
        server.append(digest.name.server)
        resource.append(digest.name.resource)
        model.append(settings.cards[m].name)
        cutoff.append(settings.step.microseconds(of: digest.foldCutoffs[f]))
        champion.append(decision.isContested && decision.champion == m)
        let isScored = score.outcome == .scored
        selection[0].append(score.scaledLoss ?? .nan)
        selection[1].append(score.steadyLoss ?? .nan)
        selection[2].append(isScored ? score.steadyShare : .nan)
        selection[3].append((decision.isContested ? decision.expected[m] : nil) ?? .nan)
        let n = score.count
        switch score.outcome {
        case .scored:
          status.append("scored")
          reason.append(nil)
          scores[0].append(score.scale > 0 ? score.sumAbsoluteError / n / score.scale : .nan)
          scores[1].append(
            score.sumAbsoluteActual > 0
              ? 2 * score.sumPinball / (Float(Levels.count) * score.sumAbsoluteActual) : .nan)
          scores[2].append((score.sumSquaredError / n).squareRoot())
          // Bias is forecast minus actual: positive means forecasts are too high.
          scores[3].append(-score.sumError / n)
          scores[4].append(score.inside80 / n)
        case .empty:
          status.append("refused")
          reason.append(nothingToScore)
          for k in scores.indices { scores[k].append(.nan) }
        case .refused(let error):
          status.append(error == .notFinite || error == .singular ? "failed" : "refused")
          reason.append(error.description)
          for k in scores.indices { scores[k].append(.nan) }
        }
      }
    }
  }

  var columns: [ColumnValues] {
    [server.values, resource.values, model.values, .times(cutoff), status.values, .text(reason)]
      + selection.map { .doubles($0) } + scores.map { .floats($0) } + [.bools(champion)]
  }
}
