import Foundation

/// The whole page: one HTML file with its style, script, chart library and data inside, which opens without a network.
///
/// Names from the data reach the page as JSON in which no character can end the element, and the page's script writes
/// them as text only. The page's own policy forbids every other script, style and request.
package func renderReport(_ data: ReportData) -> String {
  let policy = """
    default-src 'none'; img-src data:; script-src 'sha256-\(EmbeddedAssets.scriptDigest)'; \
    style-src 'sha256-\(EmbeddedAssets.styleDigest)'; base-uri 'none'; form-action 'none'
    """
  let parts = [
    "policy": policy, "title": escapedForHTML(data.title), "style": EmbeddedAssets.style,
    "script": EmbeddedAssets.script, "data": embeddedJSON(data),
  ]
  // Split once on the template's own marks, so that nothing in a part is ever taken for a mark.
  var page = ""
  page.reserveCapacity(parts.values.reduce(0) { $0 + $1.utf8.count } + EmbeddedAssets.template.utf8.count)
  for piece in EmbeddedAssets.template.components(separatedBy: "{{") {
    guard let end = piece.range(of: "}}") else {
      page += piece
      continue
    }
    page += parts[String(piece[..<end.lowerBound])] ?? ""
    page += piece[end.upperBound...]
  }
  return page
}

/// JSON that may stand inside a `<script type="application/json">` element whatever its strings hold.
package func embeddedJSON(_ data: ReportData) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "infinite", negativeInfinity: "infinite", nan: "unknown")
  guard let json = try? encoder.encode(data) else {
    preconditionFailure("report data is strings, integers and numbers, each of which can be encoded")
  }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(json.count + json.count / 64)
  var tail: (UInt8, UInt8) = (0, 0)
  for byte in json {
    switch byte {
    case UInt8(ascii: "<"): bytes += Array(#"\u003c"#.utf8)
    case UInt8(ascii: ">"): bytes += Array(#"\u003e"#.utf8)
    case UInt8(ascii: "&"): bytes += Array(#"\u0026"#.utf8)
    // U+2028 and U+2029 are E2 80 A8 and E2 80 A9.
    case 0xA8 where tail == (0xE2, 0x80), 0xA9 where tail == (0xE2, 0x80):
      bytes.removeLast(2)
      bytes += Array((byte == 0xA8 ? #"\u2028"# : #"\u2029"#).utf8)
    default: bytes.append(byte)
    }
    tail = (tail.1, byte)
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// Text for an element's content.
func escapedForHTML(_ text: String) -> String {
  var escaped = ""
  for character in text.unicodeScalars {
    switch character {
    case "&": escaped += "&amp;"
    case "<": escaped += "&lt;"
    case ">": escaped += "&gt;"
    case "\"": escaped += "&quot;"
    case "'": escaped += "&#39;"
    default: escaped.unicodeScalars.append(character)
    }
  }
  return escaped
}
