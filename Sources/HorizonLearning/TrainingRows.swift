/// What trees are grown on: rows of features with the value that belongs to each.
package struct TrainingRows: Sendable {
  /// One name a feature, all different.
  package let names: [String]
  /// [row][feature]; NaN where a value is missing.
  package let features: [Float]
  /// One finite value a row.
  package let labels: [Float]
  /// One positive weight a row; nil when all count the same.
  package let weights: [Float]?

  package var count: Int { labels.count }

  /// - Throws: `LearningError.failed` when there is no row or feature, when sizes do not fit, and for a value that cannot be used.
  package init(names: [String], features: [Float], labels: [Float], weights: [Float]? = nil) throws(LearningError) {
    guard !names.isEmpty, Set(names).count == names.count else {
      throw .failed("features need names, each its own: \(names.count) names, \(Set(names).count) different")
    }
    guard !labels.isEmpty else { throw .failed("there are no rows to train on") }
    guard features.count == labels.count * names.count, weights.map({ $0.count == labels.count }) ?? true else {
      throw .failed(
        "\(labels.count) rows of \(names.count) features do not go with \(features.count) feature values"
          + (weights.map { " and \($0.count) weights" } ?? ""))
    }
    if let bad = labels.firstIndex(where: { !$0.isFinite }) {
      throw .failed("the label of row \(bad) is \(labels[bad])")
    }
    if let bad = features.firstIndex(where: \.isInfinite) {
      throw .failed("feature '\(names[bad % names.count])' of row \(bad / names.count) is \(features[bad])")
    }
    if let bad = weights?.firstIndex(where: { !($0.isFinite && $0 > 0) }) {
      throw .failed("the weight of row \(bad) is \(weights![bad])")
    }
    (self.names, self.features, self.labels, self.weights) = (names, features, labels, weights)
  }
}
