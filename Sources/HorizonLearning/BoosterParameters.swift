/// How trees are grown.
package struct BoosterParameters: Sendable, Hashable {
  /// How several levels share a round.
  package enum Trees: String, Sendable, Hashable, Codable {
    /// A tree for each level.
    case onePerLevel = "one_output_per_tree"
    /// One tree whose leaves hold a value for every level.
    case shared = "multi_output_tree"
  }

  /// Quantile levels in (0, 1), ascending; all are trained at once.
  package var levels: [Float]
  /// At most this many rounds.
  package var rounds = 60
  /// Rounds without a better loss on the validation rows after which training stops; nil trains all rounds.
  package var patience: Int? = 8
  package var trees = Trees.shared
  package var depth = 6
  /// What each round's leaves are multiplied by.
  package var learningRate: Float = 0.15
  /// Weight of rows that a leaf holds at least.
  package var leastChildWeight: Float = 20
  /// Penalty on squared leaf values (lambda).
  package var penalty: Float = 1
  /// Share of rows and of features that each tree sees.
  package var rowShare: Float = 1
  package var featureShare: Float = 1
  /// Histogram bins a feature.
  package var bins = 256
  package var seed: UInt64 = 0
  /// Threads that grow one tree. Other counts than 1 may give other bytes.
  package var threads = 1

  package init(levels: [Float]) { self.levels = levels }

  /// - Throws: `LearningError.failed` for what cannot be meant.
  func check() throws(LearningError) {
    guard !levels.isEmpty, levels.allSatisfy({ $0 > 0 && $0 < 1 }), zip(levels, levels.dropFirst()).allSatisfy(<) else {
      throw .failed("quantile levels must ascend between 0 and 1: \(levels)")
    }
    guard rounds >= 1, patience ?? 1 >= 1, (1...16).contains(depth), (2...65_536).contains(bins), threads >= 1,
      learningRate > 0, leastChildWeight >= 0, penalty >= 0, rowShare > 0, rowShare <= 1, featureShare > 0,
      featureShare <= 1
    else { throw .failed("trees cannot be grown like this: \(self)") }
  }

  /// As XGBoost calls them.
  var settings: [(String, String)] {
    [
      ("objective", "reg:quantileerror"), ("quantile_alpha", "\(levels)"), ("multi_strategy", trees.rawValue),
      ("tree_method", "hist"), ("max_depth", "\(depth)"), ("eta", "\(learningRate)"),
      ("min_child_weight", "\(leastChildWeight)"), ("lambda", "\(penalty)"), ("subsample", "\(rowShare)"),
      ("colsample_bytree", "\(featureShare)"), ("max_bin", "\(bins)"), ("seed", "\(seed % 0x7fff_ffff)"),
      ("nthread", "\(threads)"),
    ]
  }
}
