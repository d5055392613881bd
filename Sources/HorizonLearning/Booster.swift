import CXGBoost
import Synchronization

/// Trees that give quantiles for a row of features; grown once, never changed.
///
/// Any number of threads may ask one booster at the same time: XGBoost documents its prediction as safe for that once it is
/// configured, which the initialisers see to. What a row gets does not depend on the other rows of the call.
package final class Booster: Sendable {
  /// What one round of training left.
  package struct Round: Sendable, Hashable, Codable {
    /// Mean pinball loss over all levels, on the rows trained on.
    package let trainingLoss: Double
    /// The same on the validation rows; nil when there were none.
    package let validationLoss: Double?
  }

  /// What is saved beside the trees.
  struct Description: Sendable, Hashable, Codable {
    /// Of the features, in the order of the columns.
    var features: [String]
    var levels: [Float]
    var trees: BoosterParameters.Trees
    /// Rounds whose trees are kept; `log` also has those after the best one.
    var rounds: Int
    var log: [Round]
  }

  /// The library gives its result in a buffer of each thread that lives as long as the thread: blocks bound its size.
  private static let predictionBlock = 4_096

  let handle: BoosterHandle
  let description: Description
  /// The same trees, one a level, when contributions have been asked for.
  let twin = Mutex<Booster?>(nil)

  /// Names of the features, in the order of a row.
  package var features: [String] { description.features }
  /// Quantile levels, ascending.
  package var levels: [Float] { description.levels }
  /// Rounds of trees, up to the best one.
  package var rounds: Int { description.rounds }
  /// Every round that was trained, with its losses.
  package var log: [Round] { description.log }

  init(_ handle: consuming BoosterHandle, _ description: Description) throws(LearningError) {
    self.handle = handle
    self.description = description
    // The first prediction configures the booster, which no two threads may do.
    _ = try predict(rows: [Float](repeating: .nan, count: features.count), count: 1)
  }

  /// Quantiles, in order.
  ///
  /// - Parameter rows: [row][feature], NaN where a value is missing.
  /// - Returns: [row][level], ascending in a row.
  /// - Throws: `LearningError.failed` when sizes do not fit, and for infinite values.
  package func predict(rows: [Float], count: Int) throws(LearningError) -> [Float] {
    var out = try blocks(of: rows, count: count, block: Booster.predictionBlock, width: levels.count) {
      block, count throws(LearningError) in
      try handle.library.calling("predict") { functions in
        var (shape, dimensions, result) = (UnsafePointer<UInt64>?.none, UInt64(0), UnsafePointer<Float>?.none)
        let code = withArrayInterface(block, shape: [count, features.count]) {
          functions.predictArray(
            handle.raw, $0, Booster.configuration(type: 0), nil, &shape, &dimensions, &result)
        }
        return (code, Booster.values(result, shape, dimensions))
      }
    }
    let width = levels.count
    for start in stride(from: 0, to: out.count, by: width) { out[start..<(start + width)].sort() }
    return out
  }

  static func configuration(type: Int) -> String {
    #"{"type": \#(type), "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": true, "missing": NaN}"#
  }

  /// What the library left for this thread, copied.
  static func values(
    _ result: UnsafePointer<Float>?, _ shape: UnsafePointer<UInt64>?, _ dimensions: UInt64
  ) -> [Float] {
    guard let result, let shape else { return [] }
    let count = (0..<Int(dimensions)).reduce(1) { $0 * Int(shape[$1]) }
    return Array(UnsafeBufferPointer(start: result, count: count))
  }

  /// Runs `body` over blocks of rows and puts the results together, each checked for its size.
  func blocks(
    of rows: [Float], count: Int, block: Int, width: Int,
    _ body: (ArraySlice<Float>, Int) throws(LearningError) -> [Float]
  ) throws(LearningError) -> [Float] {
    guard count >= 0, rows.count == count * features.count else {
      throw .failed("\(count) rows of \(features.count) features do not go with \(rows.count) values")
    }
    // XGBoost takes them in one kind of prediction and not in the other.
    if let bad = rows.firstIndex(where: \.isInfinite) {
      throw .failed("feature '\(features[bad % features.count])' of row \(bad / features.count) is \(rows[bad])")
    }
    var out: [Float] = []
    out.reserveCapacity(count * width)
    for start in stride(from: 0, to: count, by: block) {
      let size = min(block, count - start)
      let part = try body(rows[(start * features.count)..<((start + size) * features.count)], size)
      guard part.count == size * width else {
        throw .failed("XGBoost gave \(part.count) values for \(size) rows, \(size * width) were expected")
      }
      out += part
    }
    return out
  }
}

extension BoosterHandle {
  /// The library's own copy of rows of features.
  static func matrix(
    _ rows: ArraySlice<Float>, shape: [Int], threads: Int = 1, in library: BoosterLibrary
  ) throws(LearningError) -> BoosterHandle {
    try BoosterHandle(.matrix, "take the rows", in: library) { functions, out in
      withArrayInterface(rows, shape: shape) {
        functions.makeMatrix($0, #"{"missing": NaN, "nthread": \#(threads)}"#, out)
      }
    }
  }
}
