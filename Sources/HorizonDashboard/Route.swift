import HorizonCore

/// One line of the table from which requests are answered and the interface is described.
package struct Route: Sendable {
  package enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
  }

  package let method: Method
  /// `/api/v1/series/{server}/{resource}`.
  package let path: String
  /// One sentence for people.
  let summary: String
  var parameters: [Parameter] = []
  /// Whether `group.COLUMN` may be given for each column of the inventory.
  var takesGroups = false
  /// Names of the schemas of what is sent and of what comes back; nil where that is no JSON.
  var body: String? = nil
  package var answer: String? = nil
  /// Types of what comes back besides JSON.
  var alsoAs: [Format] = []
  var success = 200
  /// Whether it can be asked for without a token.
  var isOpen = false
  let handle: @Sendable (Call) async throws -> Answer

  /// Parts of the path; nil stands for a parameter.
  var segments: [Substring?] { path.split(separator: "/").map { $0.first == "{" ? nil : $0 } }

  var names: [String] {
    path.split(separator: "/").filter { $0.first == "{" }.map { String($0.dropFirst().dropLast()) }
  }
}

/// A parameter of a query, with what it may be.
struct Parameter: Sendable {
  enum Kind: Sendable {
    /// At most so many characters.
    case text(Int)
    /// `next` of an answer: the run and a place in its list.
    case cursor
    case choice(@Sendable (Snapshot?) -> [String])
    case integer(ClosedRange<Int>)
    /// `2026-02-28`.
    case date
    case flag
  }

  let name: String
  let kind: Kind
  let summary: String
  /// Whether it may stand several times.
  var repeats = false

  static func choice(_ name: String, _ choices: [String], _ summary: String, repeats: Bool = false) -> Parameter {
    Parameter(name: name, kind: .choice { _ in choices }, summary: summary, repeats: repeats)
  }

  static let text = Parameter(
    name: "text", kind: .text(200),
    summary: "Part of the server's name, the resource's or an inventory value, upper and lower case alike.")
  static let server = Parameter(name: "server", kind: .text(1_000), summary: "Exactly this server.", repeats: true)
  static let resource = Parameter(
    name: "resource", kind: .text(1_000), summary: "Exactly this resource.", repeats: true)
  static let paging: [Parameter] = [
    Parameter(name: "limit", kind: .integer(1...1_000), summary: "Rows in an answer; 100 by default."),
    Parameter(name: "cursor", kind: .cursor, summary: "`next` of the answer before."),
    Parameter(name: "offset", kind: .integer(0...100_000_000), summary: "Place in the list; a cursor comes before it."),
  ]
  static let format = Parameter.choice(
    "format", Format.allCases.map(\.rawValue), "All rows as a file to keep, in place of what `Accept` says.")
}

/// What a list can be written as.
enum Format: String, Sendable, CaseIterable {
  case json, csv, parquet, arrow

  var mediaType: String {
    switch self {
    case .json: "application/json"
    case .csv: "text/csv; charset=utf-8"
    case .parquet: "application/vnd.apache.parquet"
    case .arrow: "application/vnd.apache.arrow.stream"
    }
  }
}

/// A request that the table knows, with parameters that are what they may be.
struct Call: Sendable {
  /// The run that is answered from; nil while there is none.
  let snapshot: Snapshot?
  let server: Dashboard
  /// By name, percent-decoded.
  let path: [String: String]
  let query: [String: [String]]
  /// Values of `group.COLUMN` by column.
  let groups: [String: [String]]
  let accept: String
  let body: [UInt8]
  var isSignedIn = true

  func text(_ name: String) -> String? { query[name]?.first }
  func texts(_ name: String) -> [String] { query[name] ?? [] }
  func integer(_ name: String) -> Int? { text(name).flatMap { Int($0) } }
  func flag(_ name: String) -> Bool { text(name) == "true" }

  /// - Throws: When no run is finished yet.
  var run: Snapshot {
    get throws(Problem) {
      guard let snapshot else {
        throw Problem(
          .noRun, "There is no finished run in the workspace.",
          remedy: "Make one with 'horizonscale run INPUT'; it appears here by itself."
        )
      }
      return snapshot
    }
  }

  /// What the list is to be written as, and whether as a file to keep.
  func format(among formats: [Format]) throws(Problem) -> (format: Format, isFile: Bool) {
    if let text = text("format"), let format = Format(rawValue: text) { return (format, true) }
    let accepted = accept.split(separator: ",").map { entry -> (type: Substring, weight: Double) in
      let parts = entry.split(separator: ";").map { $0.drop { $0 == " " } }
      let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
      return (parts.first.map { $0.prefix { $0 != " " } } ?? "", weight)
    }.filter { $0.weight > 0 }.enumerated().sorted {
      ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset)
    }.map(\.element.type)
    if accepted.isEmpty { return (.json, false) }
    for type in accepted {
      if type == "*/*" || type == "application/*" { return (.json, false) }
      if type == "text/*", formats.contains(.csv) { return (.csv, false) }
      let wanted = type.lowercased()
      if let format = formats.first(where: { $0.mediaType.prefix { $0 != ";" } == wanted }) { return (format, false) }
    }
    throw Problem(
      .notAcceptable, "None of the types in 'Accept' can be written.",
      remedy: "Ask for \(formats.map { String($0.mediaType.prefix { $0 != ";" }) }.joined(separator: ", ")).")
  }
}

/// What is sent back.
struct Answer: Sendable {
  enum Body: Sendable {
    case bytes([UInt8])
    /// Bytes of which only the packed form is at hand.
    case packed(PackedBody)
    /// Chunks in order, made while they are sent.
    case chunks(@Sendable () -> [UInt8]?)
  }

  var status = 200
  var type = "application/json"
  var body: Body
  /// What the answer depends on, for `ETag`; nil for what is not to be kept.
  var version: String?
  var headers: [(name: String, value: String)] = []

  init(_ body: Body, type: String = "application/json", version: String? = nil, status: Int = 200) {
    self.body = body
    self.type = type
    self.version = version
    self.status = status
  }

  init(_ json: JSONText, version: String? = nil, status: Int = 200) {
    self.init(.bytes(json.bytes), version: version, status: status)
  }
}

/// Bytes as a gzip member, which many clients take as it is.
package struct PackedBody: Sendable {
  let gzip: [UInt8]
  /// Unpacked.
  let count: Int
}
