import HorizonCore
import HorizonStore

/// All routes; finds the one that a request means and checks what it was given.
struct RouteTable: Sendable {
  let routes: [Route]
  private let segments: [[Substring?]]

  init(_ routes: [Route]) {
    self.routes = routes
    segments = routes.map(\.segments)
  }

  enum Match {
    case route(Int, [String: String])
    /// The path is known, the method is not: those that are.
    case otherMethod([String])
    case none
  }

  /// - Parameter path: Its decoded parts.
  func match(_ method: String, _ path: [String]) -> Match {
    var allowed: [String] = []
    var fitting = segments.indices.filter { i in
      segments[i].count == path.count && zip(segments[i], path).allSatisfy { $0 == nil || $0! == $1[...] }
    }
    // A path that is written out comes before one with parameters.
    let literal = fitting.filter { !segments[$0].contains(nil) }
    if !literal.isEmpty { fitting = literal }
    for i in fitting {
      let (route, segments) = (routes[i], segments[i])
      let asked = method == "HEAD" ? "GET" : method
      if route.method.rawValue == asked {
        let values = zip(segments, path).filter { $0.0 == nil }.map(\.1)
        return .route(i, Dictionary(uniqueKeysWithValues: zip(route.names, values)))
      }
      allowed += route.method == .get ? ["GET", "HEAD"] : [route.method.rawValue]
    }
    return allowed.isEmpty ? .none : .otherMethod(allowed)
  }

  /// Parameters as they may be; all that is unknown or out of range is refused.
  func checked(
    _ pairs: [(name: String, value: String)], for route: Route, _ snapshot: Snapshot?
  ) throws(Problem) -> (query: [String: [String]], groups: [String: [String]]) {
    var query: [String: [String]] = [:]
    var groups: [String: [String]] = [:]
    for (name, value) in pairs {
      if route.takesGroups, name.hasPrefix("group.") {
        let column = String(name.dropFirst(6))
        if let snapshot, snapshot.inventory.column(column) == nil {
          throw .bad(
            name, "The inventory has no column '\(column)'.",
            remedy: "There are \(listed(snapshot.inventory.columns.map(\.name))).")
        }
        groups[column, default: []].append(value)
        continue
      }
      guard let parameter = route.parameters.first(where: { $0.name == name }) else {
        throw .bad(
          name, "There is no parameter '\(name)' here.", remedy: "There are \(listed(route.parameters.map(\.name))).")
      }
      try RouteTable.check(value, parameter, snapshot)
      if !parameter.repeats, query[name] != nil { throw .bad(name, "'\(name)' stands twice.") }
      query[name, default: []].append(value)
    }
    return (query, groups)
  }

  private static func check(_ value: String, _ parameter: Parameter, _ snapshot: Snapshot?) throws(Problem) {
    switch parameter.kind {
    case .text(let most):
      guard value.unicodeScalars.count <= most else {
        throw .bad(parameter.name, "It is longer than \(most) characters.")
      }
    case .cursor:
      let parts = value.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].count == 12, (1...9).contains(parts[1].count),
        parts[0].allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
        parts[1].allSatisfy({ (48...57).contains($0) })
      else { throw .bad(parameter.name, "This is no cursor.", remedy: "Use 'next' of the answer before.") }
    case .choice(let choices):
      let known = choices(snapshot)
      guard known.contains(value) else {
        throw .bad(parameter.name, "'\(value)' is not understood.", remedy: "Use \(listed(known)).")
      }
    case .integer(let range):
      guard let number = Int(value), range.contains(number), value.utf8.first != UInt8(ascii: "+") else {
        throw .bad(
          parameter.name, "'\(value)' is no whole number from \(range.lowerBound) to \(range.upperBound).")
      }
    case .date:
      guard value.utf8.count == 10, ISOTime.parse(value) != nil else {
        throw .bad(parameter.name, "'\(value)' is no date.", remedy: "Write it as 2026-02-28.")
      }
    case .flag:
      guard value == "true" || value == "false" else {
        throw .bad(parameter.name, "'\(value)' is neither true nor false.")
      }
    }
  }
}

/// The first of some names, for a sentence.
func listed(_ names: [String]) -> String {
  names.isEmpty ? "none" : names.prefix(30).joined(separator: ", ") + (names.count > 30 ? ", ..." : "")
}

/// An address in its parts, decoded.
package struct Address: Sendable {
  let path: [String]
  let query: [(name: String, value: String)]

  /// - Throws: For what is no UTF-8 or not percent-encoded as it should be.
  init(_ target: String) throws(Problem) {
    let cut = target.utf8.firstIndex(of: UInt8(ascii: "?"))
    let path = cut.map { target[..<$0] } ?? target[...]
    guard path.utf8.first == UInt8(ascii: "/") else {
      throw Problem(.badParameter, "The address does not begin with a slash.")
    }
    var parts: [String] = []
    let raw = path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for part in raw {
      guard let text = Address.decoded(part, plusIsBlank: false) else {
        throw Problem(.badParameter, "The path is not percent-encoded UTF-8.")
      }
      parts.append(text)
    }
    if parts == [""] { parts = [] }
    self.path = parts
    var query: [(String, String)] = []
    if let cut {
      for pair in target.utf8[target.utf8.index(after: cut)...].split(separator: UInt8(ascii: "&")) {
        let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
        let value = equals == pair.endIndex ? pair[equals...] : pair[pair.index(after: equals)...]
        guard let name = Address.decoded(pair[..<equals], plusIsBlank: true),
          let text = Address.decoded(value, plusIsBlank: true)
        else { throw Problem(.badParameter, "The query is not percent-encoded UTF-8.") }
        query.append((name, text))
        guard query.count <= 200 else { throw Problem(.badParameter, "There are more than 200 parameters.") }
      }
    }
    self.query = query
  }

  /// Nil when a `%` is not followed by two digits, or what comes out is no UTF-8 or has a zero in it.
  static func decoded(_ text: some Collection<UInt8>, plusIsBlank: Bool) -> String? {
    func digit(_ byte: UInt8) -> UInt8? {
      switch byte {
      case 48...57: byte - 48
      case 65...70: byte - 55
      case 97...102: byte - 87
      default: nil
      }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var iterator = text.makeIterator()
    while let byte = iterator.next() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = iterator.next().flatMap(digit), let low = iterator.next().flatMap(digit) else { return nil }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsBlank: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    guard !bytes.contains(0) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// A name as one part of a path.
  package static func encoded(_ text: String) -> String {
    String(decoding: percentEncoded(text, besides: "-_.~"), as: UTF8.self)
  }
}
