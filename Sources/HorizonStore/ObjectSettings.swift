package import HorizonCore

/// How a store is reached: what an address says, else what the environment says, by the names that AWS's own tools know.
package struct ObjectSettings: Sendable, Hashable {
  /// `http` or `https`.
  package let scheme: String
  /// Host and, where it is not the usual one, port; nil for AWS.
  package let endpoint: String?
  /// Nil: that of the bucket is asked for.
  package let region: String?
  package let isAnonymous: Bool
  /// File of certificates to trust; nil for the system's.
  package let certificates: String?
  /// Seconds without a byte after which a request has failed.
  package let timeout: Double
  /// Of one request.
  package let attempts: Int
  /// Seconds for all attempts of one request, pauses included.
  package let patience: Double

  /// - Throws: `.badSetting` for what is not understood.
  package init(_ address: ObjectAddress, environment: [String: String]) throws(Failure) {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    func number(_ name: String, _ standard: Double, atLeast least: Double) throws(Failure) -> Double {
      guard let text = value(name) else { return standard }
      guard let number = Double(text), number >= least, number <= 86_400 else {
        throw Failure(
          .badSetting, "\(name): '\(text)' is not understood.", remedy: "Write a number from \(Int(least)) to 86400.")
      }
      return number
    }
    if let given = address.endpoint ?? value("AWS_ENDPOINT_URL_S3") ?? value("AWS_ENDPOINT_URL") {
      guard let server = ObjectAddress.server(given) else {
        throw Failure(
          .badSetting, "AWS_ENDPOINT_URL: '\(given)' names no server.", remedy: "Write it as http://host:port.")
      }
      (scheme, endpoint) = (server.scheme, server.authority)
    } else {
      (scheme, endpoint) = ("https", nil)
    }
    // Other servers do not care, but requests are signed for one.
    region =
      address.region ?? value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? (endpoint == nil ? nil : "us-east-1")
    isAnonymous = address.isAnonymous
    certificates = value("AWS_CA_BUNDLE")
    timeout = try number("HORIZONSCALE_S3_TIMEOUT", 30, atLeast: 1)
    attempts = Int(try number("HORIZONSCALE_S3_ATTEMPTS", 6, atLeast: 1))
    patience = try number("HORIZONSCALE_S3_PATIENCE", 120, atLeast: 1)
  }
}
