/// Refusals as whole numbers, for files that a run writes and reads back.
extension ModelError {
  /// The kind, and what belongs to it.
  package var words: (kind: Int, details: [Int]) {
    switch self {
    case .tooShort(let readings, let needed): (0, [readings, needed])
    case .notFinite: (1, [])
    case .singular: (2, [])
    case .noCycle: (3, [])
    case .noCap: (4, [])
    case .capBelowFloor: (5, [])
    case .tooLittleToLearn(let examples, let needed): (6, [examples, needed])
    case .beforeTraining: (7, [])
    case .noLibrary: (8, [])
    case .trainingFailed: (9, [])
    case .nothingToGain: (10, [])
    }
  }

  /// - Parameter next: The next of the details.
  /// - Returns: Nil for a kind that there is not.
  package init?(kind: Int, next: () -> Int) {
    switch kind {
    case 0: self = .tooShort(readings: next(), needed: next())
    case 1: self = .notFinite
    case 2: self = .singular
    case 3: self = .noCycle
    case 4: self = .noCap
    case 5: self = .capBelowFloor
    case 6: self = .tooLittleToLearn(examples: next(), needed: next())
    case 7: self = .beforeTraining
    case 8: self = .noLibrary
    case 9: self = .trainingFailed
    case 10: self = .nothingToGain
    default: return nil
    }
  }
}
