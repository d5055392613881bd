private let digits = Array("0123456789ABCDEF".utf8)

/// A name for a place where only some bytes stand for themselves: the rest as a percent sign and two hexadecimal digits (RFC 3986,
/// section 2.1).
///
/// - Parameter besides: What stands for itself besides letters and digits of ASCII.
package func percentEncoded(_ name: some StringProtocol, besides: StaticString) -> [UInt8] {
  let others = besides.withUTF8Buffer { Array($0) }
  var encoded: [UInt8] = []
  for byte in name.utf8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      encoded.append(byte)
    case let byte where others.contains(byte): encoded.append(byte)
    default: encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
  return encoded
}
