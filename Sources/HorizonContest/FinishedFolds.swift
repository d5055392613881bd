package import HorizonCore
import HorizonModels

/// What the oldest folds of a series leave when all their readings have come: nothing that comes later changes it, so a later contest
/// goes on from there as long as its readings up to then and its models are the same.
package struct FinishedFolds: Sendable {
  /// Of everything that they depend on.
  package let key: UInt64
  /// How many of the plan's folds, from the oldest.
  let count: Int
  /// `[model][fold]`.
  let scores: [FoldScore]
  /// By fold.
  let past: [PastFolds.OfSeries]
  /// Medians of the newest of them by `[model][lead]`; nil where the model refused.
  let medians: [[Float]?]

  package func encode(into words: inout [UInt32]) {
    var out = WordWriter(words)
    words = []
    out.counted { out in
      out.add(Int(truncatingIfNeeded: key & 0xffff_ffff))
      out.add(Int(truncatingIfNeeded: key >> 32))
      out.add(count)
      out.add(scores.count)
      for score in scores { score.write(to: &out) }
      for fold in past { fold.write(to: &out) }
      out.add(medians.count)
      for medians in medians { out.add(medians) }
    }
    words = out.words
  }

  /// Reads those at `at`.
  package init(decoding words: UnsafeBufferPointer<UInt32>, at: Int) {
    var reader = WordReader(words, at: at + 1)
    let low = UInt64(UInt32(truncatingIfNeeded: reader.int()))
    key = low | UInt64(UInt32(truncatingIfNeeded: reader.int())) << 32
    let count = reader.int()
    self.count = count
    scores = (0..<reader.int()).map { _ in FoldScore(reading: &reader) }
    past = (0..<count).map { _ in PastFolds.OfSeries(reading: &reader) }
    medians = (0..<reader.int()).map { _ in reader.floats() }
  }

  init(key: UInt64, count: Int, scores: [FoldScore], past: [PastFolds.OfSeries], medians: [[Float]?]) {
    self.key = key
    self.count = count
    self.scores = scores
    self.past = past
    self.medians = medians
  }

  /// How many folds of a plan have come true as a whole at a step.
  static func count(_ plan: FoldPlan, at step: Int) -> Int { plan.cutoffs.count { $0 + plan.horizon <= step } }

  /// Of what the first folds of a series depend on besides what all series of a run have in common.
  ///
  /// - Parameters:
  ///   - panel: With the series at a row.
  ///   - changes: Steps at which it came to a new level.
  static func key(
    _ panel: Panel, row: Int, plan: FoldPlan, count: Int, changes: [Int], limit: BreachLimit?, isBusy: Bool,
    contestants: [Contestant]
  ) -> UInt64 {
    let cutoffs = plan.cutoffs.prefix(count)
    var parts = [plan.horizon, isBusy ? 1 : 0, limit.map { Int($0.value.bitPattern) } ?? -1]
    parts += limit.map { [$0.rule.count, $0.rule.of] } ?? []
    for cutoff in cutoffs {
      // Where the steady leads of a fold end.
      parts += [cutoff, min((changes.first { $0 > cutoff } ?? .max) - cutoff, plan.horizon + 1)]
      for contestant in contestants {
        guard case .model(let model) = contestant else { continue }
        parts.append(Int(truncatingIfNeeded: model.knowledge(at: cutoff)))
      }
    }
    let known = panel.selecting([row], cutoff: cutoffs.last! + plan.horizon).trimmed()
    return stableHash(parts.map { String($0) }.joined(separator: " "), seed: known.digest)
  }
}
