import AsyncHTTPClient
import Foundation
import HorizonCore
package import HorizonStore
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// Small objects over S3's own protocol, for what Arrow's file systems cannot do: writes under a condition, the tag of what
/// was read, and removals that leave nothing behind.
package final class ObjectDoor: Sendable {
  let settings: ObjectSettings
  private let bucket: ObjectAddress
  private let region: String
  private let client: HTTPClient
  private let keys: Mutex<ObjectStore>
  private let scheme: String
  private let host: String
  /// Of the bucket, before the slash of the key.
  private let base: String

  /// What must hold for a write to happen; the store decides it in one step.
  enum Condition: Sendable {
    case none
    case isAbsent
    case hasTag(String)
  }

  /// - Parameter address: Any of the bucket.
  init(_ address: ObjectAddress, _ settings: ObjectSettings) throws(Failure) {
    let store = try ObjectStore(address, settings)
    bucket = address.at("")
    self.settings = settings
    region = store.region
    keys = Mutex(store)
    scheme = settings.scheme
    if let endpoint = settings.endpoint {
      (host, base) = (endpoint, "/\(address.bucket)")
    } else if address.bucket.contains(".") {
      // No certificate covers a bucket with dots in its name.
      (host, base) = ("s3.\(region).amazonaws.com", "/\(address.bucket)")
    } else {
      (host, base) = ("\(address.bucket).s3.\(region).amazonaws.com", "")
    }
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    configuration.httpVersion = .http1Only
    // Who refuses is asked again by our own numbers.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.timeout = .init(connect: .seconds(Int64(min(10, settings.timeout.rounded(.up)))))
    if let file = settings.certificates {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .file(file)
      configuration.tlsConfiguration = tls
    }
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  func close() async { try? await client.shutdown() }

  /// - Returns: Content and tag; nil where there is no such object.
  func get(_ address: ObjectAddress) async throws -> (bytes: [UInt8], tag: String)? {
    do {
      let answer = try await send(.GET, address)
      return (answer.bytes, answer.tag)
    } catch let trouble as ObjectTrouble {
      if trouble.kind == .noObject { return nil }
      throw trouble.failure(.reading, address, settings)
    }
  }

  /// - Returns: The tag of the new content; nil when the condition does not hold.
  func put(_ bytes: [UInt8], to address: ObjectAddress, if condition: Condition = .none) async throws -> String? {
    let headers: [(String, String)] =
      switch condition {
      case .none: []
      case .isAbsent: [("if-none-match", "*")]
      case .hasTag(let tag): [("if-match", tag)]
      }
    do { return try await send(.PUT, address, bytes, headers).tag } catch let trouble as ObjectTrouble {
      if trouble.kind == .refused { return nil }
      // The object that was to have the tag is gone.
      if case .hasTag = condition, trouble.kind == .noObject { return nil }
      throw trouble.failure(.writing, address, settings)
    }
  }

  /// Removes an object; one that is not there is removed.
  func remove(_ address: ObjectAddress) async throws {
    do { _ = try await send(.DELETE, address) } catch let trouble as ObjectTrouble {
      if trouble.kind != .noObject { throw trouble.failure(.writing, address, settings) }
    }
  }

  // MARK: Requests

  private struct Answer {
    let bytes: [UInt8]
    let tag: String
  }

  /// More than any small object has.
  private static let most = 256 << 20

  /// Tries again what may pass, with pauses that double, until attempts or patience are used up.
  private func send(
    _ method: HTTPMethod, _ address: ObjectAddress, _ body: [UInt8] = [], _ headers: [(String, String)] = []
  ) async throws -> Answer {
    let end = ContinuousClock.now + .seconds(settings.patience)
    var attempt = 1
    var pause = Duration.milliseconds(200)
    while true {
      do { return try await sendOnce(method, address, body, headers) } catch let trouble as ObjectTrouble {
        guard trouble.isPassing, attempt < settings.attempts, ContinuousClock.now + pause < end else { throw trouble }
      }
      try await Task.sleep(for: pause)
      attempt += 1
      pause = min(pause * 2, .seconds(10))
    }
  }

  private func sendOnce(
    _ method: HTTPMethod, _ address: ObjectAddress, _ body: [UInt8], _ headers: [(String, String)]
  ) async throws -> Answer {
    let path = base + "/" + SignatureV4.path(address.key)
    var request = HTTPClientRequest(url: "\(scheme)://\(host)\(path)")
    request.method = method
    var all = headers + [("host", host)]
    if let keys = try keys.withLock({ store throws(Failure) in try store.keys() }) {
      let signature = SignatureV4(key: keys.key, secret: keys.secret, token: keys.token, region: region)
      all = signature.headers(
        method: method.rawValue, path: path, headers: all, payload: sha256(of: body),
        time: Int(Date.now.timeIntervalSince1970))
    }
    for (name, value) in all { request.headers.add(name: name, value: value) }
    if method == .PUT { request.body = .bytes(ByteBuffer(bytes: body)) }
    do {
      let deadline = NIODeadline.now() + .nanoseconds(Int64(settings.timeout * 1e9))
      let response = try await client.execute(request, deadline: deadline)
      let buffer = try await response.body.collect(upTo: ObjectDoor.most)
      let bytes = [UInt8](buffer.readableBytesView)
      let status = Int(response.status.code)
      guard (200..<300).contains(status) else { throw ObjectDoor.trouble(status: status, body: bytes) }
      return Answer(bytes: bytes, tag: response.headers.first(name: "etag") ?? "")
    } catch let trouble as ObjectTrouble { throw trouble } catch { throw ObjectDoor.trouble(error) }
  }

  /// From an answer that is none of success, with a small XML body or none.
  package static func trouble(status: Int, body: [UInt8]) -> ObjectTrouble {
    let text = String(decoding: body.prefix(1 << 16), as: UTF8.self)
    func element(_ name: String) -> String? {
      guard let start = text.range(of: "<\(name)>"), let end = text.range(of: "</\(name)>"),
        start.upperBound <= end.lowerBound
      else { return nil }
      return String(text[start.upperBound..<end.lowerBound])
    }
    return ObjectTrouble(status: status, code: element("Code"), message: element("Message") ?? "")
  }

  private static func trouble(_ error: any Error) -> ObjectTrouble {
    switch error {
    case let error as HTTPClientError
    where [.connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .tlsHandshakeTimeout].contains(error):
      ObjectTrouble(error == .connectTimeout ? .unreachable : .slow, error.description)
    // Its own words name the call that failed, which is nothing to a reader.
    case let error as IOError: ObjectTrouble(.unreachable, String(cString: strerror(error.errnoCode)))
    default: ObjectTrouble(.unreachable, "\(error)")
    }
  }
}
