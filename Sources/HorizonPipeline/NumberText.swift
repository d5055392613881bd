import Foundation

/// A number with a fixed count of decimals, `-0.0` written without its sign.
func fixed(_ x: Double, digits: Int) -> String {
  let text = String(format: "%.\(digits)f", x)
  return text.first == "-" && text.allSatisfy { "-0.".contains($0) } ? String(text.dropFirst()) : text
}

/// Like `plainNumber`, whole numbers without decimals, rounded at the last digit that is shown.
func shortNumber(_ x: Double, _ rule: FloatingPointRoundingRule = .toNearestOrEven) -> String {
  let size = abs(x)
  if size == 0 { return "0" }
  guard size >= 1e-4, size < 1e15 else { return plainNumber(x) }
  let digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4
  let unit = pow(10, Double(digits))
  // What lies within a rounding error of a shown number is that number.
  let scaled = x * unit
  let near = scaled.rounded()
  let shown = (abs(scaled - near) <= 1e-5 * max(1, abs(scaled)) ? near : scaled.rounded(rule)) / unit
  return fixed(shown, digits: shown == shown.rounded() ? 0 : digits)
}

/// Three significant digits at least, no exponent below a quadrillion.
func plainNumber(_ x: Double) -> String {
  guard x.isFinite else { return "-" }
  let size = abs(x)
  if size >= 1e15 || (size > 0 && size < 1e-4) { return String(format: "%.3g", x) }
  return fixed(x, digits: size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4)
}
