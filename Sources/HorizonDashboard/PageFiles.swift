import CDashboardPages
import HorizonStore

/// The pages' files, from the executable: no path of a request reaches the file system.
package struct PageFiles: Sendable {
  private let index: Page
  private let assets: [String: Page]
  /// Of all files: in the address of a file it makes the address one of this very content.
  package let digest: String

  /// First parts of addresses at which the page is; it finds out itself what is asked for.
  private static let places: Set<String> = [
    "risks", "servers", "series", "what-if", "idle", "models", "changes", "quality", "record", "sign-in",
  ]

  init() {
    var count: UInt = 0
    let table = hs_pages(&count)
    var files: [(name: String, bytes: [UInt8])] = []
    for file in UnsafeBufferPointer(start: table, count: Int(count)) {
      let bytes = UnsafeBufferPointer(start: file.bytes, count: Int(file.count))
      files.append((String(cString: file.name), Array(bytes)))
    }
    self.init(files)
  }

  package init(_ files: [(name: String, bytes: [UInt8])]) {
    var all: [UInt8] = []
    for file in files { all += Array(file.name.utf8) + [0] + file.bytes }
    let digest = String(sha256(of: all).prefix(16))
    self.digest = digest
    let html = files.first { $0.name == "index.html" }?.bytes ?? []
    // The page names its files as /assets/NAME.
    let text = String(decoding: html, as: UTF8.self)
      .split(separator: "\"/assets/", omittingEmptySubsequences: false).joined(separator: "\"/assets/\(digest)/")
    index = Page(Array(text.utf8), type: "text/html; charset=utf-8")
    assets = Dictionary(
      uniqueKeysWithValues: files.filter { $0.name != "index.html" }.map { ($0.name, Page($0.bytes, named: $0.name)) })
  }

  /// - Parameter path: The decoded parts of an address.
  package func find(_ path: [String]) -> (page: Page, isPinned: Bool)? {
    guard let first = path.first else { return (index, false) }
    if PageFiles.places.contains(first) { return (index, false) }
    guard first == "assets", path.count > 1 else { return nil }
    let isPinned = path[1] == digest
    return assets[path.dropFirst(isPinned ? 2 : 1).joined(separator: "/")].map { ($0, isPinned) }
  }
}

/// One file as it is sent.
package final class Page: Sendable {
  let bytes: [UInt8]
  let type: String
  private let tag: String
  private let packed: Once<[UInt8]>

  init(_ bytes: [UInt8], type: String) {
    self.bytes = bytes
    self.type = type
    tag = "\"\(sha256(of: bytes).prefix(20))\""
    packed = Once { try Gzip.packed(bytes, level: 9) }
  }

  convenience init(_ bytes: [UInt8], named name: String) {
    let type =
      switch name.split(separator: ".").last ?? "" {
      case "html": "text/html; charset=utf-8"
      case "css": "text/css; charset=utf-8"
      case "js", "mjs": "text/javascript; charset=utf-8"
      case "svg": "image/svg+xml"
      case "png": "image/png"
      case "woff2": "font/woff2"
      case "json": "application/json"
      case "webmanifest": "application/manifest+json"
      case "txt": "text/plain; charset=utf-8"
      default: "application/octet-stream"
      }
    self.init(bytes, type: type)
  }

  private var isText: Bool { !["image/png", "font/woff2", "application/octet-stream"].contains(type) }

  /// - Parameter isPinned: Whether the address holds the digest, so that what is there never changes.
  package func answer(_ request: WireRequest, isPinned: Bool) -> WireAnswer {
    var headers = [
      ("content-type", type), ("etag", tag), ("vary", "accept-encoding"),
      ("cache-control", isPinned ? "public, max-age=31536000, immutable" : "no-cache"),
    ]
    if let known = request.header("if-none-match"), known.contains(tag) {
      return WireAnswer(status: 304, headers: headers, body: .bytes([]))
    }
    if isText, bytes.count > 1_024, WireAnswer.takesGzip(request.header("accept-encoding") ?? ""),
      let packed = try? packed.value
    {
      headers[1].1 = "W/\(tag)"
      headers.append(("content-encoding", "gzip"))
      return WireAnswer(status: 200, headers: headers, body: .bytes(packed))
    }
    return WireAnswer(status: 200, headers: headers, body: .bytes(bytes))
  }
}
