/// Why a series has no risk to tell.
package enum RiskError: Error, Sendable, Hashable, CustomStringConvertible {
  case noReading
  case noCapacity
  case notFinite

  package var description: String {
    switch self {
    case .noReading: "has no reading up to the as-of"
    case .noCapacity: "has no capacity above 0"
    case .notFinite: "has a reading or a quantile that is not a finite number"
    }
  }
}
