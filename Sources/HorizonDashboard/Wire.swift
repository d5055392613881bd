import HorizonStore

/// A request as it came, without what brought it.
package struct WireRequest: Sendable {
  package let method: String
  /// Path and query, as they were sent.
  package let target: String
  /// `Host`.
  package let authority: String?
  /// Address that the connection came in on.
  package let localAddress: String?
  /// The value of a field by its name in lower case; of several the first.
  package let header: @Sendable (String) -> String?
  /// The body, up to a length.
  package let body: @Sendable (Int) async throws -> [UInt8]

  package init(
    method: String, target: String, authority: String?, localAddress: String?,
    header: @escaping @Sendable (String) -> String?, body: @escaping @Sendable (Int) async throws -> [UInt8]
  ) {
    self.method = method
    self.target = target
    self.authority = authority
    self.localAddress = localAddress
    self.header = header
    self.body = body
  }
}

/// An answer as it goes out.
package struct WireAnswer: Sendable {
  package enum Body: Sendable {
    case bytes([UInt8])
    case chunks(@Sendable () -> [UInt8]?)
  }

  package var status: Int
  package var headers: [(name: String, value: String)]
  package var body: Body
}

extension WireAnswer {
  init(_ problem: Problem) {
    status = problem.kind.status
    headers = [("content-type", "application/problem+json"), ("cache-control", "no-store")]
    if let allow = problem.allow { headers.append(("allow", allow)) }
    if problem.kind == .signIn { headers.append(("www-authenticate", "Bearer realm=\"horizonscale\"")) }
    if problem.kind == .busy || problem.kind == .noRun { headers.append(("retry-after", "1")) }
    body = .bytes(problem.json)
  }

  /// Smaller answers are not worth packing.
  private static let leastPacked = 1_024

  /// - Throws: When packing fails.
  init(_ answer: Answer, to request: WireRequest) throws {
    status = answer.status
    headers = answer.headers
    headers.append(("content-type", answer.type))
    let takesGzip = WireAnswer.takesGzip(request.header("accept-encoding") ?? "")
    if let version = answer.version {
      // Weak: the same content may be packed or not.
      let tag = "W/\"\(version)\""
      headers.append(("etag", tag))
      headers.append(("cache-control", "no-cache"))
      headers.append(("vary", "accept, accept-encoding"))
      if let known = request.header("if-none-match"), WireAnswer.matches(known, tag) {
        status = 304
        body = .bytes([])
        return
      }
    } else {
      headers.append(("cache-control", "no-store"))
    }
    switch answer.body {
    case .bytes(let bytes):
      if takesGzip, bytes.count >= WireAnswer.leastPacked, !answer.type.hasPrefix("application/vnd") {
        headers.append(("content-encoding", "gzip"))
        body = .bytes(try Gzip.packed(bytes))
      } else {
        body = .bytes(bytes)
      }
    case .packed(let packed):
      if takesGzip {
        headers.append(("content-encoding", "gzip"))
        body = .bytes(packed.gzip)
      } else {
        body = .bytes(try Gzip.unpacked(packed.gzip, count: packed.count))
      }
    case .chunks(let next): body = .chunks(next)
    }
  }

  static func takesGzip(_ accepted: String) -> Bool {
    accepted.split(separator: ",").contains { entry in
      let parts = entry.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
      guard parts.first == "gzip" || parts.first == "*" else { return false }
      return !parts.dropFirst().contains {
        $0.hasPrefix("q=0") && !$0.dropFirst(3).contains { ("1"..."9").contains($0) }
      }
    }
  }

  private static func matches(_ known: String, _ tag: String) -> Bool {
    known.split(separator: ",").contains {
      let one = $0.drop { $0 == " " }
      return one == "*" || one.prefix { $0 != " " } == tag[...] || "W/\(one.prefix { $0 != " " })" == tag
    }
  }
}
