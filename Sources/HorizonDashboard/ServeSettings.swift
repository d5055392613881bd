import Crypto
import Foundation
package import HorizonCore
import HorizonStore

/// How the dashboard is served.
package struct ServeSettings: Sendable {
  /// Address and port to listen on; port 0 takes a free one.
  package var host: String
  package var port: Int
  /// Names besides the listening address that `Host` may have, with or without a port.
  package var hostNames: [String] = []
  /// SHA-256 of the token that is asked for; nil where none is.
  package var tokenDigest: [UInt8]?
  /// Files of a certificate chain and its key, in PEM; both or none.
  package var certificate: String?
  package var key: String?
  package var limits = Limits()

  /// What one client may take.
  package struct Limits: Sendable {
    package var headerBytes = 16_384
    package var addressBytes = 8_192
    package var bodyBytes = 262_144
    package var connections = 512
    /// Requests that wait for a thread.
    package var waiting = 256
    /// Rows of an answer that is a file, and of forecasts as JSON.
    package var fileRows = 1_000_000
    package var jsonRows = 20_000
    /// Seconds for a header, for a body, without progress in reading an answer, and between two requests.
    package var headerSeconds = 10.0
    package var bodySeconds = 20.0
    package var readSeconds = 30.0
    package var idleSeconds = 60.0

    package init() {}
  }

  package init(host: String = "127.0.0.1", port: Int = 8_080) {
    self.host = host
    self.port = port
  }

  /// Reads `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`; nil for anything else.
  package init?(listen text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65_535).contains(port)
    else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("[") && host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty else { return nil }
    self.init(host: host, port: port)
  }

  /// Whether only this machine can reach it.
  package var isLoopback: Bool {
    host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.split(separator: ".").count == 4)
  }

  package var scheme: String { certificate == nil ? "http" : "https" }

  /// - Throws: `.badUsage` where others could reach it and nothing protects it, or half of a certificate is given.
  package func checked(isInsecure: Bool) throws(Failure) {
    if (certificate == nil) != (key == nil) {
      throw Failure(
        .badUsage, "A certificate needs its key.", remedy: "Give both --tls-certificate and --tls-key, or neither.")
    }
    guard isLoopback || tokenDigest != nil || isInsecure else {
      throw Failure(
        .badUsage, "\(host) can be reached from other machines, and nobody would be asked who they are.",
        remedy: "Make a token with --new-token FILE and give --token-file FILE, or say --insecure.")
    }
  }
}

/// The token that a server asks for: 256 random bits, of which the disk holds only the digest.
package enum Token {
  /// A new token and what its file holds.
  package static func make() -> (token: String, file: String) {
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    let token = Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
      .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    return (token, "sha256:\(sha256(of: Array(token.utf8)))\n")
  }

  /// Writes the digest of a new token to a file that only its owner can read. - Returns: The token.
  package static func write(to path: String) throws -> String {
    let (token, text) = make()
    guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
      FileManager.default.isWritableFile(atPath: path)
    else {
      throw Failure(.cannotCreate, "\(path) cannot be written.", remedy: "Choose another file.")
    }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return token
  }

  /// Reads a file as `write` leaves it.
  package static func digest(readingFrom path: String) throws(Failure) -> [UInt8] {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw Failure(.missingInput, "\(path) cannot be read.", remedy: "Make it with --new-token \(path).")
    }
    let line = text.trimmingCharacters(in: .whitespacesAndNewlines)
    let digits = Array(line.dropFirst(7).utf8)
    guard line.hasPrefix("sha256:"), digits.count == 64, let bytes = bytes(ofDigits: digits) else {
      throw Failure(
        .unusableData, "\(path) does not hold the digest of a token.",
        remedy: "Make it with --new-token \(path); a token itself does not belong on the disk.")
    }
    return bytes
  }

  private static func bytes(ofDigits digits: [UInt8]) -> [UInt8]? {
    let values = digits.compactMap { Character(UnicodeScalar($0)).hexDigitValue.map(UInt8.init) }
    guard values.count == digits.count else { return nil }
    return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
  }

  /// Whether a token is the one with this digest; takes as long for a wrong one as for the right one.
  package static func matches(_ token: String, digest: [UInt8]) -> Bool {
    let found = Array(SHA256.hash(data: Array(token.utf8)))
    guard found.count == digest.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(found, digest) { difference |= a ^ b }
    return difference == 0
  }
}
