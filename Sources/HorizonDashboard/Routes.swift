import HorizonCore
import HorizonPipeline
import HorizonStore

extension Route {
  /// Every route that there is, in the order in which they are described.
  package static let all: [Route] = fleet + lists + series + why + whatIf + session + machines

  static let machines: [Route] = [
    Route(
      method: .get, path: "/api/v1/openapi.json", summary: "This interface, as OpenAPI 3.1.", answer: "OpenAPI",
      handle: { call in
        Answer(.bytes(OpenAPI.json(call.server.table.routes, call.snapshot)), version: call.snapshot?.id ?? "none")
      }),
    Route(
      method: .get, path: "/healthz", summary: "Whether the server runs.", isOpen: true,
      handle: { _ in Answer(.bytes(Array("ok\n".utf8)), type: "text/plain; charset=utf-8") }),
    Route(
      method: .get, path: "/readyz", summary: "Whether a finished run is answered from.", isOpen: true,
      handle: { call in
        _ = try call.run
        return Answer(.bytes(Array("ready\n".utf8)), type: "text/plain; charset=utf-8")
      }),
    Route(
      method: .get, path: "/metrics", summary: "What the server has done, for Prometheus.",
      handle: { call in
        let counts = call.server.store.counts
        let text = call.server.metrics.text(
          call.snapshot, reloads: counts.reloads, failedReloads: counts.failures)
        return Answer(.bytes(Array(text.utf8)), type: "text/plain; version=0.0.4; charset=utf-8")
      }),
  ]

  static let session: [Route] = [
    Route(
      method: .get, path: "/api/v1/session", summary: "Whether a token is asked for, and whether it was given.",
      answer: "Session", isOpen: true, handle: { Answer(sessionJSON($0, isSignedIn: $0.isSignedIn)) }),
    Route(
      method: .post, path: "/api/v1/session", summary: "Signs a browser in: the token becomes a cookie.",
      body: "SignIn",
      answer: "Session", isOpen: true,
      handle: { call in
        let token = try SignIn(json: call.body).token
        guard let digest = call.server.settings.tokenDigest else {
          return Answer(sessionJSON(call, isSignedIn: true))
        }
        guard Token.matches(token, digest: digest) else {
          throw Problem(.signIn, "This is not the token.", remedy: "Ask whoever has started the server.")
        }
        var answer = Answer(sessionJSON(call, isSignedIn: true))
        answer.headers.append(("set-cookie", cookie(token, call)))
        return answer
      }),
    Route(
      method: .delete, path: "/api/v1/session", summary: "Signs a browser out.", answer: "Session", isOpen: true,
      handle: { call in
        var answer = Answer(sessionJSON(call, isSignedIn: call.server.settings.tokenDigest == nil))
        answer.headers.append(("set-cookie", cookie("", call) + "; Max-Age=0"))
        return answer
      }),
  ]

  private static func cookie(_ value: String, _ call: Call) -> String {
    "\(Gate.cookie)=\(value); Path=/; HttpOnly; SameSite=Strict"
      + (call.server.settings.scheme == "https" ? "; Secure" : "")
  }

  private static func sessionJSON(_ call: Call, isSignedIn: Bool) -> JSONText {
    var json = JSONText(capacity: 64)
    json.beginObject()
    json.field("token_required", call.server.settings.tokenDigest != nil)
    json.field("signed_in", isSignedIn)
    json.endObject()
    return json
  }
}

/// A page of a list: where it begins, how long it is, and the cursor behind it.
struct Paging: Sendable {
  let offset: Int
  let limit: Int

  init(_ call: Call, _ run: Snapshot, limit: Int = 100) throws(Problem) {
    self.limit = call.integer("limit") ?? limit
    guard let cursor = call.text("cursor") else {
      offset = call.integer("offset") ?? 0
      return
    }
    let parts = cursor.split(separator: ".")
    guard parts.count == 2, let place = Int(parts[1]), place >= 0 else {
      throw .bad("cursor", "This is no cursor.", remedy: "Use 'next' of the answer before.")
    }
    guard parts[0] == run.id.prefix(12) else {
      throw Problem(
        .runReplaced, "The cursor is of a run that is no longer the newest.", remedy: "Begin the list anew.",
        parameter: "cursor")
    }
    offset = place
  }

  func range(of count: Int) -> Range<Int> { min(offset, count)..<min(count, offset + limit) }

  func next(_ count: Int, _ run: Snapshot) -> String? {
    offset + limit < count ? "\(run.id.prefix(12)).\(offset + limit)" : nil
  }

  func write(total: Int, _ run: Snapshot, into json: inout JSONText) {
    json.field("total", total)
    json.field("offset", offset)
    json.field("next", next(total, run))
  }
}

extension JSONText {
  /// Begins an answer about a run.
  init(about run: Snapshot, capacity: Int = 4_096) {
    self.init(capacity: capacity)
    beginObject()
    key("run")
    string(run.run)
    key("as_of")
    string(run.asOf)
  }
}
