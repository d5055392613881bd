import HorizonCore

/// What a request has to be before anybody looks at what it asks for.
struct Gate: Sendable {
  private let settings: ServeSettings
  /// What is listened on, also where any free one was asked for.
  private let port: Int

  static let cookie = "horizonscale_token"

  init(_ settings: ServeSettings, port: Int) {
    self.settings = settings
    self.port = port
  }

  /// The listening address or a configured name: another one is that of a page elsewhere which made its name point here.
  func checkHost(_ request: WireRequest) throws(Problem) {
    guard request.target.utf8.count <= settings.limits.addressBytes else {
      throw Problem(.uriTooLong, "The address is longer than \(settings.limits.addressBytes) bytes.")
    }
    guard let authority = request.authority?.lowercased(), isOwn(authority, request.localAddress) else {
      throw Problem(
        .wrongHost, "This server does not go by the name in 'Host'.",
        remedy: "Use the address it listens on, or start it with --host-name NAME.")
    }
  }

  private func isOwn(_ authority: String, _ local: String?) -> Bool {
    guard let (host, port) = Gate.split(authority) else { return false }
    for name in settings.hostNames {
      guard let (known, itsPort) = Gate.split(name.lowercased()) else { continue }
      if host == known && (port == nil || port == itsPort || port == self.port) { return true }
    }
    let usual = settings.scheme == "https" ? 443 : 80
    guard (port ?? usual) == self.port else { return false }
    if host == settings.host.lowercased() && !isEverywhere { return true }
    if settings.isLoopback { return ["localhost", "127.0.0.1", "::1"].contains(host) }
    // On all addresses, that which the connection came in on.
    return local.map { $0.lowercased() == host } ?? false
  }

  private var isEverywhere: Bool { settings.host == "0.0.0.0" || settings.host == "::" }

  /// `host`, `host:8080`, `[::1]:8080`.
  private static func split(_ authority: String) -> (host: String, port: Int?)? {
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      let host = String(authority[authority.index(after: authority.startIndex)..<end])
      let rest = authority[authority.index(after: end)...]
      if rest.isEmpty { return (host, nil) }
      guard rest.hasPrefix(":"), let port = Int(rest.dropFirst()) else { return nil }
      return (host, port)
    }
    let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
    guard let host = parts.first, !host.isEmpty, parts.count <= 2 else { return nil }
    if parts.count == 1 { return (String(host), nil) }
    guard let port = Int(parts[1]) else { return nil }
    return (String(host), port)
  }

  /// Unsafe methods only from this server's own pages, or from a program that says it knows: no form of another page can send either.
  func checkOrigin(_ request: WireRequest) throws(Problem) {
    let type = request.header("content-type").map { $0.prefix { $0 != ";" }.lowercased() }
    guard type?.filter({ $0 != " " }) == "application/json" else {
      throw Problem(
        .forbidden, "\(request.method) needs the content type application/json.",
        remedy: "Send 'Content-Type: application/json', for DELETE as well.")
    }
    let own = "\(settings.scheme)://\(request.authority ?? "")".lowercased()
    guard let origin = request.header("origin")?.lowercased(), let authority = request.authority?.lowercased(),
      origin == own || origin == "https://\(authority)"
    else {
      throw Problem(
        .forbidden, "\(request.method) needs an 'Origin' equal to 'Host'.", remedy: "Send 'Origin: \(own)'.")
    }
  }

  /// Whether the request brings the token, or none is asked for.
  func isSignedIn(_ request: WireRequest) -> Bool {
    guard let digest = settings.tokenDigest else { return true }
    if let given = request.header("authorization"), given.lowercased().hasPrefix("bearer ") {
      return Token.matches(String(given.dropFirst(7)), digest: digest)
    }
    for pair in (request.header("cookie") ?? "").split(separator: ";") {
      let pair = pair.drop { $0 == " " }
      if pair.hasPrefix("\(Gate.cookie)=") {
        return Token.matches(String(pair.dropFirst(Gate.cookie.count + 1)), digest: digest)
      }
    }
    return false
  }

  func require(_ isSignedIn: Bool) throws(Problem) {
    if isSignedIn { return }
    throw Problem(
      .signIn, "This server asks for a token.",
      remedy: "Send 'Authorization: Bearer TOKEN', or sign in on its page.")
  }
}
