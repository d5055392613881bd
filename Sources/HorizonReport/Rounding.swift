import Foundation

/// The value with so many significant digits; nil when it is not finite, which JSON cannot say.
package func significant(_ value: Double, digits: Int) -> Double? {
  guard value.isFinite else { return nil }
  guard value != 0 else { return 0 }
  let exponent = digits - 1 - Int(log10(abs(value)).rounded(.down))
  // Dividing by a power of ten gives the double nearest to the decimal; multiplying by its inverse does not.
  if exponent >= 0 {
    let scale = pow(10, Double(min(exponent, 300)))
    return (value * scale).rounded() / scale
  }
  let scale = pow(10, Double(-exponent))
  return (value / scale).rounded() * scale
}

/// The value in steps of 1 / `scale`; nil when it is not finite.
func decimal(_ value: Double?, _ scale: Double) -> Double? {
  guard let value, value.isFinite else { return nil }
  return (value * scale).rounded() / scale
}

func greatestCommonDivisor(_ a: Int64, _ b: Int64) -> Int64 {
  var (a, b) = (abs(a), abs(b))
  while b != 0 { (a, b) = (b, a % b) }
  return a
}
