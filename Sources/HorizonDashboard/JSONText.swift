import HorizonStore

/// JSON written straight into bytes: what is asked for often is not worth an encoder's detours.
///
/// Commas are put where they belong; the caller sees to it that brackets match.
package struct JSONText {
  package private(set) var bytes: [UInt8] = []

  package init(capacity: Int = 4_096) { bytes.reserveCapacity(capacity) }

  private mutating func separate() {
    switch bytes.last {
    case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"), UInt8(ascii: ","): break
    default: bytes.append(UInt8(ascii: ","))
    }
  }

  package mutating func beginObject() {
    separate()
    bytes.append(UInt8(ascii: "{"))
  }

  package mutating func endObject() { bytes.append(UInt8(ascii: "}")) }

  package mutating func beginArray() {
    separate()
    bytes.append(UInt8(ascii: "["))
  }

  package mutating func endArray() { bytes.append(UInt8(ascii: "]")) }

  /// - Parameter name: Needs no escape.
  package mutating func key(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  mutating func key(of text: String) {
    string(text)
    bytes.append(UInt8(ascii: ":"))
  }

  package mutating func null() {
    separate()
    bytes.append(contentsOf: [0x6e, 0x75, 0x6c, 0x6c])
  }

  package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

  /// A value that is JSON already.
  mutating func raw(_ json: String) {
    separate()
    bytes.append(contentsOf: json.utf8)
  }

  mutating func raw(_ json: some Collection<UInt8>) {
    separate()
    bytes.append(contentsOf: json)
  }

  package mutating func string(_ text: String?) {
    guard let text else { return null() }
    separate()
    bytes.append(UInt8(ascii: "\""))
    JSONText.escape(text, into: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  package mutating func int(_ value: Int?) {
    guard let value else { return null() }
    separate()
    digits(value)
  }

  private mutating func digits(_ value: Int) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    if rest < 10 {
      bytes.append(48 + UInt8(rest))
      return
    }
    let start = bytes.count
    while rest > 0 {
      bytes.append(48 + UInt8(rest % 10))
      rest /= 10
    }
    bytes[start...].reverse()
  }

  /// A number rounded to thousandths, as `horizonscale risk` writes it; null when it is not finite.
  package mutating func number(_ value: Double?) {
    guard let value, value.isFinite else { return null() }
    let thousandths = (value * 1_000).rounded()
    guard abs(thousandths) < 9e15 else {
      separate()
      bytes.append(contentsOf: value.description.utf8)
      return
    }
    separate()
    let whole = Int(thousandths)
    if whole < 0 { bytes.append(UInt8(ascii: "-")) }
    let size = Int(whole.magnitude)
    digits(size / 1_000)
    var rest = size % 1_000
    if rest == 0 { return }
    bytes.append(UInt8(ascii: "."))
    var unit = 100
    while rest > 0 {
      bytes.append(48 + UInt8(rest / unit))
      rest %= unit
      unit /= 10
    }
  }

  mutating func number(_ value: Float) { number(Double(value)) }

  /// A reading or a quantile with the digits of a single-precision number.
  mutating func exact(_ value: Float) {
    guard value.isFinite else { return null() }
    separate()
    if let whole = Int32(exactly: value) { return digits(Int(whole)) }
    bytes.append(contentsOf: value.description.utf8)
  }

  mutating func exact(_ value: Double?) {
    guard let value, value.isFinite else { return null() }
    separate()
    if let whole = Int32(exactly: value) { return digits(Int(whole)) }
    bytes.append(contentsOf: value.description.utf8)
  }

  /// Text between quotation marks. `<`, `>` and `&` are escaped too, so that a name is inert wherever the text ends up.
  static func escape(_ text: String, into bytes: inout [UInt8]) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), 0x7f:
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "u"), 48, 48])
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
  }
}

extension JSONText {
  package mutating func field(_ name: StaticString, _ value: String?) {
    key(name)
    string(value)
  }

  package mutating func field(_ name: StaticString, _ value: Int?) {
    key(name)
    int(value)
  }

  package mutating func field(_ name: StaticString, _ value: Bool) {
    key(name)
    bool(value)
  }

  /// Rounded as `number` does.
  package mutating func field(_ name: StaticString, _ value: Double?) {
    key(name)
    number(value)
  }

  mutating func field(_ name: StaticString, _ value: Float) { field(name, Double(value)) }

  mutating func field(_ name: StaticString, exact value: Float) {
    key(name)
    exact(value)
  }

  mutating func field(_ name: StaticString, exact value: Double?) {
    key(name)
    exact(value)
  }

  /// As a gzip member. The next level takes 60 % longer and saves 3 % of the bytes.
  func packed() throws(StoreError) -> [UInt8] { try Gzip.packed(bytes, level: 4) }
}

/// Texts as JSON strings end to end, ready to be copied into an answer.
struct JSONStrings: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  init(_ texts: some Sequence<String>) {
    for text in texts {
      bytes.append(UInt8(ascii: "\""))
      JSONText.escape(text, into: &bytes)
      bytes.append(UInt8(ascii: "\""))
      ends.append(bytes.count)
    }
  }

  subscript(_ index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }
}
