import Crypto
import Foundation
import HorizonStore

/// Signs requests as AWS asks for it: Signature Version 4, one chunk.
///
/// Reference: AWS, "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
package struct SignatureV4: Sendable {
  private let key: String
  private let secret: String
  /// Of keys that run out; nil for lasting ones.
  private let token: String?
  private let region: String
  private let service = "s3"

  package init(key: String, secret: String, token: String?, region: String) {
    (self.key, self.secret, self.token, self.region) = (key, secret, token, region)
  }

  /// The headers that make a request a signed one, those given included.
  ///
  /// - Parameters:
  ///   - path: Percent-encoded, from the slash on.
  ///   - query: Percent-encoded names and values.
  ///   - headers: With `host`; names in lower case.
  ///   - payload: SHA-256 of the body in hexadecimal digits.
  ///   - time: Seconds since 1970.
  package func headers(
    method: String, path: String, query: [(String, String)] = [], headers: [(String, String)], payload: String,
    time: Int
  ) -> [(String, String)] {
    let stamp = SignatureV4.stamp(time)
    var all = headers + [("x-amz-content-sha256", payload), ("x-amz-date", stamp)]
    if let token { all.append(("x-amz-security-token", token)) }
    all.sort { $0.0 < $1.0 }
    let names = all.map(\.0).joined(separator: ";")
    let request = [
      method, path, query.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }.joined(separator: "&"),
      all.map { "\($0.0):\($0.1.trimmingCharacters(in: .whitespaces))\n" }.joined(), names, payload,
    ].joined(separator: "\n")
    let scope = "\(stamp.prefix(8))/\(region)/\(service)/aws4_request"
    let text = ["AWS4-HMAC-SHA256", stamp, scope, sha256(of: request.utf8)]
      .joined(separator: "\n")
    var signing = Array("AWS4\(secret)".utf8)
    for part in [String(stamp.prefix(8)), region, service, "aws4_request", text] {
      signing = Array(HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: SymmetricKey(data: signing)))
    }
    let authorization =
      "AWS4-HMAC-SHA256 Credential=\(key)/\(scope),SignedHeaders=\(names),Signature=\(hexadecimal(signing))"
    return all + [("authorization", authorization)]
  }

  /// `20130524T000000Z`.
  static func stamp(_ time: Int) -> String {
    var seconds = time_t(time)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return String(
      format: "%04d%02d%02dT%02d%02d%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
      parts.tm_min, parts.tm_sec)
  }

  /// Percent-encodes a key for the path of a request: all but letters, digits, `-._~` and the slashes between its parts.
  package static func path(_ key: String) -> String {
    String(decoding: percentEncoded(key, besides: "-._~/"), as: UTF8.self)
  }
}
