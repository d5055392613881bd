/// What went wrong while something was trained, or loaded after training.
package enum LearningError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The library that trees are grown with is not there, or another one than is needed; which file, and what is wrong.
  case libraryMissing(String)
  /// A native call failed; what the library said.
  case failed(String)
  /// Bytes that are no saved model, or one of another shape; what is wrong with them.
  case badWeights(String)

  package var description: String {
    switch self {
    case .libraryMissing(let places): "the XGBoost library cannot be used: \(places)"
    case .failed(let what): what
    case .badWeights(let what): what
    }
  }
}
