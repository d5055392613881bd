import HorizonCore

/// What a request is refused with: `application/problem+json` of RFC 9457.
package struct Problem: Error, Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    case badParameter = "bad-parameter"
    case badBody = "bad-body"
    case signIn = "sign-in"
    case forbidden
    case notFound = "not-found"
    case method
    case notAcceptable = "not-acceptable"
    case runReplaced = "run-replaced"
    case conflict
    case tooLarge = "too-large"
    case uriTooLong = "uri-too-long"
    case wrongHost = "wrong-host"
    case tooManyRows = "too-many-rows"
    case headerTooLarge = "header-too-large"
    case failed
    case busy
    case noRun = "no-run"

    var status: Int {
      switch self {
      case .badParameter, .badBody: 400
      case .signIn: 401
      case .forbidden: 403
      case .notFound: 404
      case .method: 405
      case .notAcceptable: 406
      case .runReplaced, .conflict: 409
      case .tooLarge: 413
      case .uriTooLong: 414
      case .wrongHost: 421
      case .tooManyRows: 422
      case .headerTooLarge: 431
      case .failed: 500
      case .busy, .noRun: 503
      }
    }

    var title: String {
      switch self {
      case .badParameter: "A parameter cannot be used"
      case .badBody: "The body cannot be used"
      case .signIn: "A token is needed"
      case .forbidden: "Not from here"
      case .notFound: "There is no such thing"
      case .method: "Not with this method"
      case .notAcceptable: "Not in this format"
      case .runReplaced: "A newer run has taken its place"
      case .conflict: "It does not fit the run"
      case .tooLarge: "Too large"
      case .uriTooLong: "The address is too long"
      case .wrongHost: "Not this server's name"
      case .tooManyRows: "Too many rows"
      case .headerTooLarge: "The header is too large"
      case .failed: "It went wrong here"
      case .busy: "Too much to do"
      case .noRun: "No finished run yet"
      }
    }
  }

  var kind: Kind
  var detail: String
  var remedy: String
  var parameter: String?
  /// Methods that are allowed, for `.method`.
  var allow: String?

  package init(_ kind: Kind, _ detail: String, remedy: String = "", parameter: String? = nil, allow: String? = nil) {
    self.kind = kind
    self.detail = detail
    self.remedy = remedy
    self.parameter = parameter
    self.allow = allow
  }

  init(_ failure: Failure) {
    self.init(failure.code == .missingInput ? .notFound : .failed, failure.message, remedy: failure.remedy)
  }

  static func bad(_ parameter: String, _ detail: String, remedy: String = "") -> Problem {
    Problem(.badParameter, detail, remedy: remedy, parameter: parameter)
  }

  var json: [UInt8] {
    var json = JSONText(capacity: 256)
    json.beginObject()
    json.field("type", "urn:horizonscale:\(kind.rawValue)")
    json.field("title", kind.title)
    json.field("status", kind.status)
    json.field("detail", detail)
    if !remedy.isEmpty {
      json.field("remedy", remedy)
    }
    if let parameter {
      json.field("parameter", parameter)
    }
    json.endObject()
    return json.bytes
  }
}
