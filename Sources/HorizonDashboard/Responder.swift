import HTTPTypes
package import Hummingbird
import Logging
import NIOCore

/// What the server knows of a connection.
package struct ConnectionContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  /// Address that the connection came in on.
  let localAddress: String?

  package init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    localAddress = source.channel.localAddress?.ipAddress
  }
}

/// Carries requests to the dashboard and its answers back.
package struct Responder: HTTPResponder {
  let dashboard: Dashboard

  /// Nothing but what comes from here, nothing inline, in no frame, no guessing of types, no address told to others.
  static let headers: HTTPFields = {
    var fields = HTTPFields()
    fields[HTTPField.Name("content-security-policy")!] =
      "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    fields[HTTPField.Name("x-content-type-options")!] = "nosniff"
    fields[HTTPField.Name("x-frame-options")!] = "DENY"
    fields[HTTPField.Name("referrer-policy")!] = "no-referrer"
    fields[HTTPField.Name("cross-origin-opener-policy")!] = "same-origin"
    fields[HTTPField.Name("cross-origin-resource-policy")!] = "same-origin"
    fields[HTTPField.Name("permissions-policy")!] = "camera=(), geolocation=(), microphone=()"
    return fields
  }()

  package func respond(to request: Request, context: ConnectionContext) async throws -> Response {
    let fields = request.headers
    let wire = WireRequest(
      method: request.method.rawValue, target: request.head.path ?? "", authority: request.head.authority,
      localAddress: context.localAddress,
      header: { name in HTTPField.Name(name).flatMap { fields[$0] } },
      body: { limit in
        if let length = fields[.contentLength].flatMap({ Int($0) }), length > limit { throw Responder.tooLarge(limit) }
        var bytes: [UInt8] = []
        for try await part in request.body {
          bytes.append(contentsOf: part.readableBytesView)
          if bytes.count > limit { throw Responder.tooLarge(limit) }
        }
        return bytes
      })
    let answer = await dashboard.answer(wire)
    var headers = Responder.headers
    for (name, value) in answer.headers {
      if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
    }
    // What is left of a body that was refused is not waited for.
    if answer.status == 413 { headers[.connection] = "close" }
    switch answer.body {
    case .bytes(let bytes):
      if answer.status != 304 && answer.status != 204 { headers[.contentLength] = String(bytes.count) }
      let isBare = request.method == .head || bytes.isEmpty
      return Response(
        status: .init(code: answer.status), headers: headers,
        body: isBare ? .init() : .init(byteBuffer: ByteBuffer(bytes: bytes)))
    case .chunks(let next):
      if request.method == .head { return Response(status: .init(code: answer.status), headers: headers) }
      return Response(
        status: .init(code: answer.status), headers: headers,
        body: ResponseBody { writer in
          while let chunk = next() { try await writer.write(ByteBuffer(bytes: chunk)) }
          try await writer.finish(nil)
        })
    }
  }

  private static func tooLarge(_ limit: Int) -> Problem {
    Problem(.tooLarge, "The body is longer than \(limit) bytes.")
  }
}
