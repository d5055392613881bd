/// What went wrong while something was trained, or loaded after training.
package enum LearningError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The library that trees are grown with is not there; where it was looked for.
  case libraryMissing(String)
  /// A native call failed; what the library said.
  case failed(String)
  /// Bytes that are no saved model, or one of another shape; what is wrong with them.
  case badWeights(String)

  package var description: String {
    switch self {
    case .libraryMissing(let places): "the XGBoost library is not there (\(places))"
    case .failed(let what): what
    case .badWeights(let what): what
    }
  }
}
