import CXGBoost
import Foundation

extension Booster {
  /// The library gives its result in a buffer of each thread that lives as long as the thread: blocks bound its size.
  private static let contributionBlock = 256

  /// What each feature adds to or takes from the quantiles: SHAP values of the trees, by XGBoost.
  ///
  /// Costs about a thousand times a prediction. The first call of a booster whose levels share trees costs some ten milliseconds more.
  ///
  /// - Parameter rows: [row][feature], NaN where a value is missing.
  /// - Returns: [row][level][feature + 1]; the last of each is the mean over the rows trained on, and all of them add up to the
  ///   level's quantile before a row's quantiles are put in order.
  /// - Throws: As `predict`.
  package func contributions(rows: [Float], count: Int) throws(LearningError) -> [Float] {
    if description.trees == .shared { return try onePerLevel().contributions(rows: rows, count: count) }
    let width = levels.count * (features.count + 1)
    return try blocks(of: rows, count: count, block: Booster.contributionBlock, width: width) {
      block, count throws(LearningError) in
      let matrix = try BoosterHandle.matrix(block, shape: [count, features.count], in: handle.library)
      return try handle.library.calling("explain a prediction") { functions in
        var (shape, dimensions, result) = (UnsafePointer<UInt64>?.none, UInt64(0), UnsafePointer<Float>?.none)
        let code = functions.predictMatrix(
          handle.raw, matrix.raw, Booster.configuration(type: 2), &shape, &dimensions, &result)
        return (code, Booster.values(result, shape, dimensions))
      }
    }
  }

  /// XGBoost 3.2 explains no trees whose leaves hold several values, so each becomes a tree a level: same splits, one value a leaf.
  private func onePerLevel() throws(LearningError) -> Booster {
    try twin.withLock { (twin) throws(LearningError) in
      if let twin { return twin }
      let trees = try SharedTrees(json: handle.saved(as: "json")).onePerLevel(levels: levels, features: features.count)
      let handle = try BoosterHandle.reading(trees[...], in: handle.library)
      var description = description
      description.trees = .onePerLevel
      let made = try Booster(handle, description)
      twin = made
      return made
    }
  }
}

/// What XGBoost's JSON says of a model whose leaves hold one value a level.
private struct SharedTrees: Decodable {
  struct Learner: Decodable {
    let gradientBooster: GradientBooster
    /// Intercepts and counts, all of them as text.
    let learnerModelParam: [String: String]
  }

  struct GradientBooster: Decodable { let model: Model }

  struct Model: Decodable { let trees: [Tree] }

  /// By node, but for the values of the leaves. A leaf has no left child, and its right one says where its values lie.
  struct Tree: Decodable {
    let leftChildren: [Int]
    let rightChildren: [Int]
    let parents: [Int]
    let splitIndices: [Int]
    let splitConditions: [Float]
    let defaultLeft: [Int]
    let lossChanges: [Float]
    let sumHessian: [Float]
    /// [leaf][level]
    let leafWeights: [Float]

    /// A tree of one level as XGBoost reads it, where `split_conditions` holds the values of the leaves.
    func json(level: Int, of levels: Int, id: Int, features: Int) -> String {
      let leaf = leftChildren.map { $0 < 0 }
      let conditions = leaf.indices.map {
        leaf[$0] ? leafWeights[rightChildren[$0] * levels + level] : splitConditions[$0]
      }
      return """
        {"id":\(id),"left_children":\(leftChildren),\
        "right_children":\(leaf.indices.map { leaf[$0] ? -1 : rightChildren[$0] }),\
        "parents":\([Int(Int32.max)] + parents.dropFirst()),"split_indices":\(splitIndices),"split_conditions":\(conditions),\
        "default_left":\(defaultLeft),"split_type":\(leaf.map { _ in 0 }),"loss_changes":\(lossChanges),\
        "sum_hessian":\(sumHessian),"base_weights":\(conditions),"categories":[],"categories_nodes":[],\
        "categories_segments":[],"categories_sizes":[],"tree_param":{"num_deleted":"0","num_feature":"\(features)",\
        "num_nodes":"\(leaf.count)","size_leaf_vector":"1"}}
        """
    }
  }

  let learner: Learner
  /// Of the library that wrote it.
  let version: [Int]

  init(json: [UInt8]) throws(LearningError) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { self = try decoder.decode(SharedTrees.self, from: Data(json)) } catch {
      throw .failed("the trees cannot be explained, their JSON is another one than that of XGBoost 3.2: \(error)")
    }
  }

  /// The same model with a tree for each level.
  func onePerLevel(levels: [Float], features: Int) -> [UInt8] {
    var trees: [String] = []
    for tree in learner.gradientBooster.model.trees {
      for level in levels.indices {
        trees.append(tree.json(level: level, of: levels.count, id: trees.count, features: features))
      }
    }
    let parameters = learner.learnerModelParam.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }
    return Array(
      """
      {"version":\(version),"learner":{"attributes":{},"feature_names":[],"feature_types":[],\
      "learner_model_param":{\(parameters.joined(separator: ","))},\
      "objective":{"name":"reg:quantileerror","quantile_loss_param":{"quantile_alpha":"\(levels)"}},\
      "gradient_booster":{"name":"gbtree","model":{\
      "gbtree_model_param":{"num_parallel_tree":"1","num_trees":"\(trees.count)"},\
      "tree_info":\(trees.indices.map { $0 % levels.count }),\
      "iteration_indptr":\(Array(stride(from: 0, through: trees.count, by: levels.count))),\
      "trees":[\(trees.joined(separator: ","))]}}}}
      """.utf8)
  }
}
