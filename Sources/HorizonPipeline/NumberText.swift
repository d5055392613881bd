import Foundation

/// A number with a fixed count of decimals, `-0.0` written without its sign.
func fixed(_ x: Double, digits: Int) -> String {
  let text = String(format: "%.\(digits)f", x)
  return text.first == "-" && text.allSatisfy { "-0.".contains($0) } ? String(text.dropFirst()) : text
}

/// Three significant digits at least, no exponent below a quadrillion.
func plainNumber(_ x: Double) -> String {
  guard x.isFinite else { return "-" }
  let size = abs(x)
  if size >= 1e15 || (size > 0 && size < 1e-4) { return String(format: "%.3g", x) }
  return fixed(x, digits: size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4)
}
