package import HorizonCore

/// Why an object store did not do what it was asked for.
package struct ObjectTrouble: Error, Sendable, Hashable {
  package enum Kind: String, Sendable, CaseIterable {
    case noKeys
    /// The keys are unknown, wrong or have run out.
    case badKeys
    case denied
    case noBucket
    case noObject
    case wrongRegion
    case wrongClock
    /// Nobody answers at the address, or not in the way of the protocol.
    case unreachable
    /// It answered nothing for too long.
    case slow
    /// It asked to be left alone, more often than patience lasts.
    case busy
    /// It failed by its own account.
    case broken
    /// A condition of a request does not hold.
    case refused
    case other
  }

  package let kind: Kind
  /// What the store or the library said.
  package let detail: String

  package init(_ kind: Kind, _ detail: String) {
    self.kind = kind
    self.detail = detail
  }

  /// From an answer over HTTP.
  ///
  /// - Parameter code: Of the error's body, where it had one.
  package init(status: Int, code: String?, message: String) {
    let detail = [code, message.isEmpty ? nil : message, "HTTP status \(status)"].compactMap { $0 }
      .joined(separator: ", ")
    self.init(code.flatMap(ObjectTrouble.kind(ofCode:)) ?? ObjectTrouble.kind(ofStatus: status), detail)
  }

  /// From the text of Arrow's status, in which the SDK's name of the error stands: `AWS Error ACCESS_DENIED during HeadObject
  /// operation: ...`; nil when the failure was not the store's.
  package init?(arrow text: String) {
    if text.hasPrefix("Path does not exist") {
      self.init(.noObject, text)
      return
    }
    guard let mark = text.range(of: "AWS Error ") else { return nil }
    let rest = text[mark.upperBound...]
    let detail = rest.split(separator: " (Request ID").first.map(String.init) ?? String(rest)
    let code = String(rest.prefix { $0 != " " })
    if code == "NETWORK_CONNECTION" {
      self.init(rest.contains("curlCode: 28") ? .slow : .unreachable, detail)
      return
    }
    // ACCESS_DENIED and AccessDenied are one; an error that the SDK does not know is told by its status.
    let plain = code.lowercased().filter { $0 != "_" }
    if let known = ObjectTrouble.codes.first(where: { $0.key.lowercased() == plain }) {
      self.init(known.value, detail)
    } else if let at = rest.range(of: "HTTP status "), let status = Int(rest[at.upperBound...].prefix(3)) {
      self.init(ObjectTrouble.kind(ofStatus: status), detail)
    } else {
      self.init(.other, detail)
    }
  }

  /// By the codes of S3's error responses.
  private static let codes: [String: Kind] = [
    "AccessDenied": .denied, "AllAccessDisabled": .denied, "AccountProblem": .denied, "MethodNotAllowed": .denied,
    "InvalidAccessKeyId": .badKeys, "InvalidClientTokenId": .badKeys, "SignatureDoesNotMatch": .badKeys,
    "ExpiredToken": .badKeys, "InvalidToken": .badKeys, "TokenRefreshRequired": .badKeys,
    "UnrecognizedClient": .badKeys,
    "MissingAuthenticationToken": .noKeys, "NoSuchBucket": .noBucket, "NoSuchKey": .noObject,
    "ResourceNotFound": .noObject, "PermanentRedirect": .wrongRegion, "AuthorizationHeaderMalformed": .wrongRegion,
    "TemporaryRedirect": .wrongRegion, "IllegalLocationConstraintException": .wrongRegion,
    "RequestTimeTooSkewed": .wrongClock, "SlowDown": .busy, "Throttling": .busy, "ServiceUnavailable": .busy,
    "RequestTimeout": .slow, "InternalError": .broken, "InternalFailure": .broken, "PreconditionFailed": .refused,
    "ConditionalRequestConflict": .refused,
  ]

  private static func kind(ofCode code: String) -> Kind? { codes[code] }

  private static func kind(ofStatus status: Int) -> Kind {
    switch status {
    case 301, 307, 308: .wrongRegion
    case 401, 403: .denied
    case 404: .noObject
    case 408: .slow
    case 409, 412: .refused
    case 429, 503: .busy
    case 500...599: .broken
    default: .other
    }
  }

  /// Whether another try may succeed.
  package var isPassing: Bool { [.unreachable, .slow, .busy, .broken].contains(kind) }

  package enum Deed: Sendable { case reading, writing }

  /// What the user is told.
  ///
  /// - Parameters:
  ///   - address: What was asked for.
  ///   - settings: How it was asked for.
  package func failure(_ deed: Deed, _ address: ObjectAddress, _ settings: ObjectSettings) -> Failure {
    let server = settings.endpoint.map { "\(settings.scheme)://\($0)" } ?? "AWS"
    let verb = deed == .reading ? "read" : "written"
    let usual: ExitCode = deed == .reading ? .missingInput : .writingFailed
    func tell(_ code: ExitCode, _ what: String, _ remedy: String) -> Failure {
      Failure(code, "\(address) cannot be \(verb): \(what).", remedy: remedy)
    }
    switch kind {
    case .noKeys:
      return tell(
        .badSetting, "there are no keys to sign requests with",
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role; ?anonymous=true reads what everybody may."
      )
    case .badKeys:
      return tell(
        .badSetting, "\(server) does not take the keys (\(detail))",
        "Renew them: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, or the profile in ~/.aws/credentials."
      )
    case .denied:
      return tell(
        usual, "\(server) denies it (\(detail))",
        deed == .reading
          ? "Have the keys in use allowed s3:GetObject and s3:ListBucket on bucket \(address.bucket)."
          : "Have the keys in use allowed s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket on bucket \(address.bucket)."
      )
    case .noBucket:
      return tell(
        deed == .reading ? .missingInput : .cannotCreate, "there is no bucket '\(address.bucket)' at \(server)",
        "Check its name, the region and the endpoint, or create it.")
    case .noObject: return tell(usual, "there is no such object at \(server)", "Check the address.")
    case .wrongRegion:
      return tell(
        .badSetting, "the bucket is not in region '\(settings.region ?? "us-east-1")' (\(detail))",
        "Set AWS_REGION to the bucket's region, or write ?region= behind the address.")
    case .wrongClock:
      return tell(.badSetting, "this machine's clock differs too much from that of \(server)", "Set it right.")
    case .unreachable:
      return tell(
        usual, "\(server) cannot be reached (\(detail))",
        "Check the network, AWS_ENDPOINT_URL and proxies, then try again.")
    case .slow:
      return tell(
        usual, "\(server) sent nothing for \(plainNumber(settings.timeout)) s, \(settings.attempts) times at most",
        "Try again later; HORIZONSCALE_S3_TIMEOUT and HORIZONSCALE_S3_PATIENCE (seconds) wait longer.")
    case .busy:
      return tell(
        usual, "\(server) is too busy (\(detail))",
        "Try again later; HORIZONSCALE_S3_ATTEMPTS and HORIZONSCALE_S3_PATIENCE (seconds) try for longer.")
    case .broken: return tell(usual, "\(server) failed (\(detail))", "Try again later.")
    case .refused:
      return tell(.workspaceInUse, "somebody else has just written it (\(detail))", "Try again.")
    case .other: return tell(usual, detail, "See what the store says; 'horizonscale doctor' checks a workspace.")
    }
  }
}

private func plainNumber(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
