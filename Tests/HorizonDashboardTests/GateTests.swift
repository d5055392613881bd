import Foundation
import HorizonCore
import HorizonDashboard
import Testing

@Suite struct GateTests {
  @Test(arguments: [
    ("127.0.0.1:8080", 200), ("localhost:8080", 200), ("[::1]:8080", 200), ("LOCALHOST:8080", 200),
    ("127.0.0.1:8081", 421), ("127.0.0.1", 421), ("evil.example:8080", 421), ("127.0.0.1.evil.example:8080", 421),
    ("127.0.0.1:8080@evil.example", 421), ("", 421), ("127.0.0.1:", 421), ("fleet.example:8080", 200),
    ("fleet.example", 200), ("fleet.example:9", 421), ("proxy.example:4443", 200),
  ])
  func onlyOwnNamesAreAnswered(_ host: String, _ status: Int) async throws {
    let dashboard = try await Fixture.dashboard { $0.hostNames = ["fleet.example", "proxy.example:4443"] }
    for target in ["/healthz", "/", "/api/v1/risks", "/nothing"] {
      let answer = await dashboard.get(target, host: host)
      #expect(
        answer.status == status || (target == "/nothing" && status == 200 && answer.status == 404), "\(host) \(target)")
    }
    #expect(await dashboard.get("/", host: nil).status == 421)
  }

  @Test func anAddressForAllIsThatOfTheConnection() async throws {
    let dashboard = try await Fixture.dashboard {
      $0.host = "0.0.0.0"
      $0.tokenDigest = [1]
    }
    // Tests come in on 127.0.0.1.
    #expect(await dashboard.get("/healthz", host: "127.0.0.1:8080").status == 200)
    #expect(await dashboard.get("/healthz", host: "0.0.0.0:8080").status == 421)
    #expect(await dashboard.get("/healthz", host: "localhost:8080").status == 421)
    #expect(await dashboard.get("/healthz", host: "10.0.0.1:8080").status == 421)
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "PATCH"])
  func unsafeMethodsNeedJSONAndTheirOwnOrigin(_ method: String) async throws {
    let dashboard = try await Fixture.dashboard()
    let target = "/api/v1/scenarios/\(method == "POST" ? "evaluate" : "none")"
    for fields in [
      ["origin": "http://evil.example"], ["origin": "null"], ["origin": ""], ["origin": "http://127.0.0.1:8081"],
      ["content-type": ""], ["content-type": "text/plain"], ["content-type": "application/x-www-form-urlencoded"],
      ["content-type": "application/jsonp"],
    ] {
      let answer = await dashboard.send(method, target, fields, body: "{}")
      #expect(answer.status == 403, "\(method) \(fields)")
      #expect(try answer.type() == "urn:horizonscale:forbidden")
    }
    #expect(
      await dashboard.send(method, target, ["content-type": "Application/JSON; charset=utf-8"], body: "{}").status
        != 403)
  }

  @Test func noAnswerInvitesOtherOrigins() async throws {
    let dashboard = try await Fixture.dashboard()
    for answer in [
      await dashboard.get("/api/v1/risks", ["origin": "http://evil.example"]),
      await dashboard.send("OPTIONS", "/api/v1/risks", ["access-control-request-method": "PUT"]),
    ] {
      #expect(!answer.headers.keys.contains { $0.hasPrefix("access-control") })
    }
  }

  @Test func aTokenIsAskedForAndItsDigestIsEnough() async throws {
    let (token, file) = Token.make()
    #expect(!file.contains(token) && token.utf8.count == 43)
    let sandbox = try Sandbox()
    let digest = try Token.digest(readingFrom: sandbox.file("token.txt", file))
    let dashboard = try await Fixture.dashboard { $0.tokenDigest = digest }
    for target in ["/api/v1/risks", "/api/v1/openapi.json", "/metrics", "/api/v1/nothing", "/nothing"] {
      let answer = await dashboard.get(target)
      #expect(answer.status == 401 && answer.headers["www-authenticate"]?.hasPrefix("Bearer") == true, "\(target)")
      #expect(await dashboard.get(target, ["authorization": "Bearer \(token.dropLast())x"]).status == 401)
      #expect(await dashboard.get("\(target)?token=\(token)").status == 401)
    }
    #expect(await dashboard.get("/api/v1/risks", ["authorization": "Bearer \(token)"]).status == 200)
    // What shows nothing needs nothing.
    for target in ["/", "/risks", "/healthz", "/readyz", "/api/v1/session"] {
      #expect(await dashboard.get(target).status == 200)
    }

    let wrong = await dashboard.send("POST", "/api/v1/session", body: #"{"token": "x"}"#)
    #expect(wrong.status == 401 && wrong.headers["set-cookie"] == nil)
    let right = await dashboard.send("POST", "/api/v1/session", body: #"{"token": "\#(token)"}"#)
    let cookie = try #require(right.headers["set-cookie"])
    #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
    let pair = String(cookie.prefix { $0 != ";" })
    #expect(await dashboard.get("/api/v1/risks", ["cookie": "a=b; \(pair)"]).status == 200)
    #expect(try await dashboard.get("/api/v1/session", ["cookie": pair]).json()["signed_in"] as? Bool == true)
    #expect(try await dashboard.get("/api/v1/session").json()["signed_in"] as? Bool == false)
    let out = await dashboard.send("DELETE", "/api/v1/session", ["cookie": pair])
    #expect(out.headers["set-cookie"]?.contains("Max-Age=0") == true)
    // A cookie alone does not let another page write.
    #expect(
      await dashboard.send("DELETE", "/api/v1/scenarios/x", ["cookie": pair, "origin": "http://evil.example"]).status
        == 403)
  }

  @Test func aTokenItselfIsNotTakenFromTheDisk() throws {
    let sandbox = try Sandbox()
    for text in ["", "secret", "sha256:12", "sha256:" + String(repeating: "g", count: 64)] {
      #expect(throws: Failure.self) { try Token.digest(readingFrom: sandbox.file("token.txt", text)) }
    }
    let path = sandbox.folder.appending(path: "new.txt").path
    let token = try Token.write(to: path)
    #expect(Token.matches(token, digest: try Token.digest(readingFrom: path)))
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
  }

  @Test(arguments: [
    ("127.0.0.1:8080", false, true), ("localhost:8080", false, true), ("[::1]:0", false, true),
    ("0.0.0.0:8080", false, false),
    ("10.1.2.3:80", false, false), ("0.0.0.0:8080", true, true), ("127.evil.example:80", false, false),
  ])
  func othersMayReachItOnlyWithATokenOrAWord(_ listen: String, _ isInsecure: Bool, _ isServed: Bool) throws {
    var settings = try #require(ServeSettings(listen: listen))
    func check() throws { try settings.checked(isInsecure: isInsecure) }
    if isServed { try check() } else { #expect(throws: Failure.self) { try check() } }
    settings.tokenDigest = [1]
    try check()
    settings.certificate = "chain.pem"
    #expect(throws: Failure.self) { try check() }
  }

  @Test(arguments: ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:99999", "::1:8080", "127.0.0.1:x"])
  func whatIsNoAddressIsNotListenedOn(_ text: String) { #expect(ServeSettings(listen: text) == nil) }
}

@Suite struct RefusalTests {
  @Test(arguments: [
    "/../../etc/passwd", "/assets/../../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd",
    "/assets/..%2f..%2fetc%2fpasswd",
    "/api/v1/series/..%2F..%2Fetc%2Fpasswd/cpu", "/api/v1/scenarios/..%2F..%2Fhorizonscale", "/api/v1/scenarios/%2e%2e",
    "/api/v1/series/../../x", "/assets//etc/passwd", "/api/v1/servers/\(String(repeating: "x", count: 300))",
    "/api/v1/scenarios/\(String(repeating: "x", count: 300))", "/api/v1/scenarios/UPPER", "/api/v1/risks/", "//",
    "/api",
    "/api/v1/series/fill-1", "/index.html", "/assets/index.html", "/Pages/index.html",
  ])
  func whatIsNotThereIsNotFound(_ target: String) async throws {
    let dashboard = try await Fixture.dashboard()
    let answer = await dashboard.get(target)
    #expect(answer.status == 404, "\(target): \(answer.status)")
    #expect(try answer.type() == "urn:horizonscale:not-found")
  }

  @Test(arguments: [
    "/%", "/api/v1/servers/%zz", "/api/v1/servers/%ff%fe", "/api/v1/risks?text=%ff", "/api/v1/risks?text=%0", "/a%00b",
    "x",
  ])
  func badEncodingsAreRefused(_ target: String) async throws {
    let dashboard = try await Fixture.dashboard()
    #expect(await dashboard.get(target).status == 400)
  }

  @Test func hostileNamesAreFoundAsTheyAre() async throws {
    let dashboard = try await Fixture.dashboard()
    for name in Fixture.hostile {
      let part = Address.encoded(name)
      let server = try await dashboard.get("/api/v1/servers/\(part)").json()
      #expect(server["server"] as? String == name)
      let series = try await dashboard.get("/api/v1/series/\(part)/disk").json()
      #expect(series["server"] as? String == name)
    }
    let near = await dashboard.get("/api/v1/servers/fill-11")
    #expect(near.status == 404 && near.text.contains("fill-1"))
  }

  @Test func otherMethodsAreTold() async throws {
    let dashboard = try await Fixture.dashboard()
    let answer = await dashboard.send("POST", "/api/v1/risks")
    #expect(answer.status == 405 && answer.headers["allow"] == "GET, HEAD")
    #expect(await dashboard.send("OPTIONS", "/api/v1/scenarios/evaluate").headers["allow"] == "POST")
    #expect(await dashboard.send("OPTIONS", "/api/v1/scenarios/x").headers["allow"] == "GET, HEAD, PUT, DELETE")
    #expect(await dashboard.send("HEAD", "/api/v1/risks").status == 200)
  }

  @Test func longAddressesAndBodiesAreRefused() async throws {
    let dashboard = try await Fixture.dashboard()
    let long = await dashboard.get("/api/v1/risks?text=\(String(repeating: "x", count: 9_000))")
    #expect(long.status == 414)
    let body = await dashboard.send(
      "PUT", "/api/v1/scenarios/x", body: String(repeating: " ", count: 300_000))
    #expect(body.status == 413)
  }

  @Test func whereThereIsNoRunEverythingSaysSo() async throws {
    let sandbox = try Sandbox()
    let dashboard = try Fixture.dashboard(of: sandbox.workspace)
    let answer = await dashboard.get("/api/v1/risks")
    #expect(answer.status == 503 && answer.headers["retry-after"] == "1")
    #expect(try answer.type() == "urn:horizonscale:no-run")
    #expect(await dashboard.get("/readyz").status == 503)
    #expect(await dashboard.get("/healthz").status == 200)
    #expect(await dashboard.get("/api/v1/openapi.json").status == 200)
    #expect(try await dashboard.get("/api/v1/models").json()["models"] as? [Any] != nil)
    #expect(try await dashboard.get("/api/v1/runs").json()["latest"] is NSNull)
  }
}
