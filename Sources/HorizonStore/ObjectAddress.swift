import Foundation
package import HorizonCore

/// `s3://bucket/key?region=...&endpoint=...`: where something lies in an object store.
package struct ObjectAddress: Sendable, Hashable, CustomStringConvertible {
  package let bucket: String
  /// Without a slash at either end; empty for the bucket itself.
  package let key: String
  /// As given; nil leaves it to the environment.
  package let region: String?
  /// `http://host:port` or `https://host`; nil leaves it to the environment, and that to AWS.
  package let endpoint: String?
  /// Whether requests go out unsigned, for buckets that everybody may read.
  package let isAnonymous: Bool

  /// Whether a text on the command line means an object store.
  package static func isMeant(by text: String) -> Bool { text.lowercased().hasPrefix("s3://") }

  private init(bucket: String, key: String, region: String?, endpoint: String?, isAnonymous: Bool) {
    (self.bucket, self.key, self.region, self.endpoint) = (bucket, key, region, endpoint)
    self.isAnonymous = isAnonymous
  }

  /// - Throws: `.badUsage` for what is no such address.
  package init(_ text: String) throws(Failure) {
    func failure(_ what: String, _ remedy: String = "Write it as s3://bucket/name.") -> Failure {
      // What could be a secret is not repeated.
      Failure(.badUsage, "The address '\(text.contains("@") ? "s3://..." : text)' \(what).", remedy: remedy)
    }
    var rest = text.dropFirst("s3://".count)
    var options: [String: String] = [:]
    if let mark = rest.firstIndex(of: "?") {
      for part in rest[rest.index(after: mark)...].split(separator: "&") {
        let pair = part.split(separator: "=", maxSplits: 1)
        guard pair.count == 2, ["region", "endpoint", "anonymous"].contains(pair[0]) else {
          throw failure("has an option '\(part)' that is not understood", "Use region=, endpoint= or anonymous=true.")
        }
        options[String(pair[0])] = pair[1].removingPercentEncoding ?? String(pair[1])
      }
      rest = rest[..<mark]
    }
    let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let bucket = String(parts.first ?? "")
    guard !bucket.contains("@"), !bucket.contains(":") else {
      throw failure(
        "holds more than a bucket before its first slash",
        "Addresses are shown and written down: keep keys in the environment or in ~/.aws/credentials, and give the server with ?endpoint=."
      )
    }
    let plain = bucket.utf8.allSatisfy {
      (97...122).contains($0) || (48...57).contains($0) || [45, 46, 95].contains($0)
    }
    guard (3...63).contains(bucket.utf8.count), plain else {
      throw failure("names no bucket", "A bucket has 3 to 63 of a-z, 0-9, '-' and '.': s3://bucket/name.")
    }
    let key = parts.count == 2 ? parts[1].split(separator: "/").joined(separator: "/") : ""
    guard !key.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
      throw failure("has '.' or '..' as the name of a folder")
    }
    if let endpoint = options["endpoint"], ObjectAddress.server(endpoint) == nil {
      throw failure("names no server with '\(endpoint)'", "Write it as endpoint=http://host:port.")
    }
    if let flag = options["anonymous"], Bool(flag) == nil {
      throw failure("has anonymous=\(flag)", "Write anonymous=true.")
    }
    self.init(
      bucket: bucket, key: key, region: options["region"], endpoint: options["endpoint"],
      isAnonymous: options["anonymous"].flatMap(Bool.init) ?? false)
  }

  /// What an endpoint names; nil when it is none.
  static func server(_ endpoint: String) -> (scheme: String, authority: String)? {
    for scheme in ["http", "https"] {
      let start = scheme + "://"
      guard endpoint.hasPrefix(start) else { continue }
      var authority = endpoint.dropFirst(start.count)
      if authority.hasSuffix("/") { authority.removeLast() }
      guard !authority.isEmpty, !authority.contains(where: { "/?@ ".contains($0) }) else { return nil }
      return (scheme, String(authority))
    }
    return nil
  }

  /// The bucket and the key as Arrow writes them.
  package var path: String { key.isEmpty ? bucket : "\(bucket)/\(key)" }

  /// The address below this one.
  package func appending(_ name: String) -> ObjectAddress { at(key.isEmpty ? name : "\(key)/\(name)") }

  /// Another key of the same bucket.
  package func at(_ key: String) -> ObjectAddress {
    ObjectAddress(bucket: bucket, key: key, region: region, endpoint: endpoint, isAnonymous: isAnonymous)
  }

  /// Without its options.
  package var description: String { "s3://\(path)" }
}
