import Foundation
import HorizonCore
import HorizonDashboard
import Logging
import ServiceLifecycle
import Testing

/// What only a real connection shows.
@Suite struct LiveTests {
  private func live(
    change: (inout ServeSettings) -> Void = { _ in },
    _ body: @escaping @Sendable (Dashboard, Int) async throws -> Void
  ) async throws {
    let dashboard = try await Fixture.dashboard {
      $0.port = 0
      $0.hostNames = ["localhost"]
      change(&$0)
    }
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let group = ServiceGroup(
      services: [try dashboard.application(logger: logger) { port.yield($0) }], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      defer { tasks.cancelAll() }
      try await body(dashboard, try #require(await ports.first { _ in true }))
      await group.triggerGracefulShutdown()
    }
  }

  /// Sends bytes and returns all that comes back until the server closes, and how long that took.
  private func exchange(_ port: Int, _ text: String, timeout: Int = 10, drip: Bool = false)
    async throws -> (
      String, Duration
    )
  {
    let clock = ContinuousClock.now
    // On a thread of its own: the server needs those that tests share.
    let answer = await withCheckedContinuation { (done: CheckedContinuation<String, Never>) in
      Thread.detachNewThread {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var wait = timeval(tv_sec: timeout, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
        #expect(connected == 0)
        let bytes = Array(text.utf8)
        if drip {
          // A byte now and then, without an end.
          for byte in bytes {
            var one = byte
            if send(socket, &one, 1, Int32(MSG_NOSIGNAL)) < 0 { break }
            usleep(50_000)
          }
        } else {
          _ = bytes.withUnsafeBytes {
            send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
          }
        }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
          let count = recv(socket, &buffer, buffer.count, 0)
          if count <= 0 { break }
          received += buffer[..<count]
        }
        done.resume(returning: String(decoding: received, as: UTF8.self))
      }
    }
    return (answer, ContinuousClock.now - clock)
  }

  @Test func everyAnswerCarriesThePolicy() async throws {
    try await live { _, port in
      for target in ["/", "/api/v1/risks", "/api/v1/nothing", "/healthz"] {
        let (answer, _) = try await exchange(
          port, "GET \(target) HTTP/1.1\r\nHost: localhost:\(port)\r\nConnection: close\r\n\r\n")
        let head = answer.components(separatedBy: "\r\n\r\n")[0].lowercased()
        for field in [
          "content-security-policy: default-src 'self'; script-src 'self'; style-src 'self';",
          "frame-ancestors 'none'",
          "x-content-type-options: nosniff", "x-frame-options: deny",
          "referrer-policy: no-referrer",
        ] { #expect(head.contains(field), "\(target): no \(field)") }
        #expect(
          !head.contains("unsafe-inline") && !head.contains("access-control")
            && !head.contains("\r\nserver:"))
      }
    }
  }

  @Test func wrongHostsAreRefusedOnTheWire() async throws {
    try await live { _, port in
      for host in ["Host: evil.example", "Host: localhost:1", "X: y"] {
        let (answer, _) = try await exchange(
          port, "GET /api/v1/risks HTTP/1.1\r\n\(host)\r\nConnection: close\r\n\r\n")
        #expect(
          answer.hasPrefix("HTTP/1.1 421 ") || answer.hasPrefix("HTTP/1.1 400 "),
          "\(host): \(answer.prefix(60))")
      }
    }
  }

  @Test func largeHeadersAndWhatIsNoHTTPAreRefused() async throws {
    try await live { _, port in
      let (large, _) = try await exchange(
        port,
        "GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: \(String(repeating: "x", count: 40_000))\r\n\r\n"
      )
      #expect(large.hasPrefix("HTTP/1.1 431 "), "\(large.prefix(80))")
      let (many, _) = try await exchange(
        port,
        "GET / HTTP/1.1\r\nHost: localhost\r\n\((0..<300).map { "X-\($0): y\r\n" }.joined())\r\n")
      #expect(many.hasPrefix("HTTP/1.1 431 "), "\(many.prefix(80))")
      let (nonsense, _) = try await exchange(port, "\u{1}\u{2}\u{3} nonsense\r\n\r\n")
      #expect(nonsense.hasPrefix("HTTP/1.1 400 ") || nonsense.isEmpty, "\(nonsense.prefix(80))")
    }
  }

  @Test func bodiesThatAreTooLargeAreNotReadToTheirEnd() async throws {
    try await live { _, port in
      let head =
        "PUT /api/v1/scenarios/x HTTP/1.1\r\nHost: localhost:\(port)\r\nOrigin: http://localhost:\(port)\r\nContent-Type: application/json\r\n"
      let (said, _) = try await exchange(
        port, "\(head)Content-Length: 100000000\r\n\r\n")
      #expect(said.hasPrefix("HTTP/1.1 413 "), "\(said.prefix(80))")
    }
  }

  @Test func slowClientsAreDropped() async throws {
    try await live {
      $0.limits.headerSeconds = 0.4
      $0.limits.bodySeconds = 0.4
      $0.limits.idleSeconds = 0.4
    } _: { dashboard, port in
      let (nothing, waited) = try await exchange(port, "")
      #expect(nothing.isEmpty && waited < .seconds(5))
      let (header, dripped) = try await exchange(
        port, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: \(String(repeating: "x", count: 100))",
        drip: true)
      #expect(header.isEmpty && dripped < .seconds(9))
      let (body, _) = try await exchange(
        port,
        "POST /api/v1/scenarios/evaluate HTTP/1.1\r\nHost: localhost:\(port)\r\nOrigin: http://localhost:\(port)\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
      )
      #expect(!body.hasPrefix("HTTP/1.1 200"))
      let (idle, _) = try await exchange(
        port, "GET /healthz HTTP/1.1\r\nHost: localhost:\(port)\r\n\r\n")
      #expect(idle.hasPrefix("HTTP/1.1 200 "))
      let metrics = await dashboard.get("/metrics", host: "localhost").text
      #expect(
        metrics.contains("horizonscale_connections_dropped_total{why=\"header\"} 2"), "\(metrics)")
    }
  }

  @Test func theWireSaysWhatTheDashboardSays() async throws {
    try await live { dashboard, port in
      let direct = await dashboard.get("/api/v1/risks?severity=all", host: "localhost")
      func request(_ method: String, _ target: String) -> String {
        "\(method) \(target) HTTP/1.1\r\nHost: localhost:\(port)\r\nConnection: close\r\n\r\n"
      }
      let (sent, _) = try await exchange(port, request("GET", "/api/v1/risks?severity=all"))
      let parts = sent.components(separatedBy: "\r\n\r\n")
      #expect(
        parts[0].hasPrefix("HTTP/1.1 200 ")
          && parts[1...].joined(separator: "\r\n\r\n") == direct.text)
      let (head, _) = try await exchange(port, request("HEAD", "/api/v1/risks?severity=all"))
      #expect(
        head.hasSuffix("\r\n\r\n")
          && head.lowercased().contains("content-length: \(direct.bytes.count)\r\n"))
      // A file comes in chunks.
      let (csv, _) = try await exchange(
        port, request("GET", "/api/v1/risks?severity=all&format=csv"))
      #expect(
        csv.lowercased().contains("transfer-encoding: chunked")
          && csv.contains("server,resource,threshold"))
    }
  }

  @Test func certificateAndKeyAreLookedAtBeforeAnybodyConnects() async throws {
    let sandbox = try Sandbox()
    let (chain, key) = (try sandbox.file("chain.pem", Self.chain), try sandbox.file("key.pem", Self.key))
    let other = try sandbox.file("other.pem", Self.otherKey)
    func failure(_ chain: String, _ key: String) async throws -> String? {
      let dashboard = try await Fixture.dashboard { ($0.certificate, $0.key) = (chain, key) }
      do { _ = try dashboard.application(logger: Logger(label: "test")) { _ in } } catch let failure as Failure {
        return failure.message
      }
      return nil
    }
    #expect(try await failure(chain, key) == nil)
    #expect(try await failure("/nowhere.pem", key)?.contains("no certificate to be read at '/nowhere.pem'") == true)
    #expect(try await failure(chain, "/nowhere.pem")?.contains("no private key to be read") == true)
    #expect(try await failure(key, key)?.contains("holds no certificate") == true)
    #expect(try await failure(chain, chain)?.contains("holds no private key") == true)
    #expect(try await failure(chain, other)?.contains("is not that of the certificate") == true)
  }

  // Made for this test with openssl; nothing else knows them.
  private static let chain = """
    -----BEGIN CERTIFICATE-----
    MIIBdjCCARugAwIBAgIUd+O/A3lkU0y6+pWVhXOoYDjv7TcwCgYIKoZIzj0EAwIw
    DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMzAwNjIxNDJaGA8yMTI2MTEwNjA2MjE0
    MlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMmC
    3GMvmbQ561Ps22DO9oNcds23mfvvuY2ujt6CJ/mmK7fBH/LkmVQxBm7Rw67G9PtD
    C0HImM0Ac+s7rm2dvgyjUzBRMB0GA1UdDgQWBBSoy5xD49I+Q/i/LMLMdFA5TTbI
    9TAfBgNVHSMEGDAWgBSoy5xD49I+Q/i/LMLMdFA5TTbI9TAPBgNVHRMBAf8EBTAD
    AQH/MAoGCCqGSM49BAMCA0kAMEYCIQCGuPKAB3XMnb2KQODmsUQWoukgXHcWqSnQ
    fBQfEVTrjAIhAKI7Q+AvTtSjLt0GHqIU8fnEvW6csLMspqDb6eJm0LVo
    -----END CERTIFICATE-----
    """
  private static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgj9S/onTIaRAsDWlB
    lv+Z9PXuCg5AmMbQCvsh4XtFWF6hRANCAATJgtxjL5m0OetT7NtgzvaDXHbNt5n7
    77mNro7egif5piu3wR/y5JlUMQZu0cOuxvT7QwtByJjNAHPrO65tnb4M
    -----END PRIVATE KEY-----
    """
  private static let otherKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxHK4aJ+WjJM0wMB6
    m4jTvc6SsBDsoPSdSFlJcrUj8WmhRANCAAT0iweKeVpDDVQ3irTQu0MXkZSyIl1t
    Cj7cV3ggp4MVGy1sAG8aeAwZxUEQQyDDy/kIzxyA9c7ivafjyF60BD0f
    -----END PRIVATE KEY-----
    """
}
