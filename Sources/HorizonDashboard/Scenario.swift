import Foundation
import HorizonCore
import HorizonRisk

/// What if: changes of capacity, load or thresholds, each for some series or all.
struct Scenario: Hashable, Sendable {
  var title: String?
  var changes: [Change]

  struct Change: Hashable, Sendable {
    var scope = Scope()
    /// Percent of today's capacity that comes on top, negative when it is taken away.
    var capacityPercent: Double?
    /// The same in the unit of the readings.
    var capacityAdd: Double?
    /// Percent by which the load grows from `loadFrom` on; nil from the first lead on.
    var loadPercent: Double?
    var loadFrom: String?
    /// Percent of capacity by name.
    var thresholds: [String: Double]?
  }

  /// Nil asks for nothing.
  struct Scope: Hashable, Sendable {
    var server: [String]?
    var resource: [String]?
    var group: [String: [String]]?
  }

  static let mostChanges = 50
}

extension Scenario {
  /// - Throws: What is wrong with the text, at its place.
  init(json bytes: [UInt8]) throws(Problem) {
    do { self = try JSONDecoder().decode(Scenario.self, from: Data(bytes)) } catch let problem as Problem {
      throw problem
    } catch let error as DecodingError {
      throw Problem(.badBody, Scenario.words(error), remedy: "See /api/v1/openapi.json for what a scenario looks like.")
    } catch {
      throw Problem(.badBody, "The body is no JSON.")
    }
    try check()
  }

  private func check() throws(Problem) {
    func require(_ holds: Bool, _ detail: String) throws(Problem) {
      if !holds { throw Problem(.badBody, detail) }
    }
    try require((title ?? "").count <= 200, "The title is longer than 200 characters.")
    try require(!changes.isEmpty, "A scenario needs a change.")
    try require(changes.count <= Scenario.mostChanges, "A scenario has at most \(Scenario.mostChanges) changes.")
    for (i, change) in changes.enumerated() {
      let place = "changes[\(i)]"
      try require(
        change.capacityPercent != nil || change.capacityAdd != nil || change.loadPercent != nil
          || change.thresholds != nil,
        "\(place) changes nothing: give capacity_percent, capacity_add, load_percent or thresholds.")
      try require(
        change.capacityPercent.map { (-99...10_000).contains($0) } ?? true,
        "\(place).capacity_percent is not in -99...10000.")
      try require(
        change.capacityAdd.map { abs($0) <= 1e15 } ?? true, "\(place).capacity_add is no usable number.")
      try require(
        change.loadPercent.map { (-100...10_000).contains($0) } ?? true, "\(place).load_percent is not in -100...10000."
      )
      try require(
        change.loadFrom.map { ISOTime.parse($0) != nil && $0.utf8.count <= 30 } ?? true,
        "\(place).load_from is no date; write it as 2026-03-01.")
      try require(
        change.loadFrom == nil || change.loadPercent != nil, "\(place).load_from needs load_percent.")
      try require(change.thresholds?.isEmpty != true, "\(place).thresholds is empty.")
      try require(
        (change.thresholds ?? [:]).values.allSatisfy { $0 > 0 && $0 <= 1_000 },
        "\(place).thresholds: a percentage is not in (0, 1000].")
      let scope = change.scope
      let names =
        (scope.server ?? []).count + (scope.resource ?? []).count
        + (scope.group ?? [:]).values.reduce(0) { $0 + $1.count }
      try require(names <= 5_000, "\(place).scope names more than 5,000 things.")
    }
  }

  private static func words(_ error: DecodingError) -> String {
    func place(_ path: [any CodingKey]) -> String {
      var text = ""
      for key in path {
        if let index = key.intValue {
          text += "[\(index)]"
        } else {
          text += (text.isEmpty ? "" : ".") + key.stringValue
        }
      }
      return text.isEmpty ? "the body" : text
    }
    switch error {
    case .typeMismatch(_, let context): return "\(place(context.codingPath)) has another type than expected."
    case .valueNotFound(_, let context): return "\(place(context.codingPath)) is null."
    case .keyNotFound(let key, let context): return "\(place(context.codingPath)) lacks '\(key.stringValue)'."
    case .dataCorrupted(let context):
      return context.codingPath.isEmpty ? "The body is no JSON." : "\(place(context.codingPath)) is not understood."
    @unknown default: return "The body is not understood."
    }
  }

  /// As it is kept and sent.
  func json(name: String? = nil) -> [UInt8] {
    var json = JSONText()
    json.beginObject()
    if let name {
      json.field("name", name)
    }
    json.field("title", title)
    json.key("changes")
    json.beginArray()
    for change in changes { change.write(into: &json) }
    json.endArray()
    json.endObject()
    return json.bytes
  }
}

extension Scenario.Change {
  fileprivate func write(into json: inout JSONText) {
    func texts(_ values: [String]) {
      json.beginArray()
      for value in values { json.string(value) }
      json.endArray()
    }
    json.beginObject()
    if scope != Scenario.Scope() {
      json.key("scope")
      json.beginObject()
      if let server = scope.server {
        json.key("server")
        texts(server)
      }
      if let resource = scope.resource {
        json.key("resource")
        texts(resource)
      }
      if let group = scope.group {
        json.key("group")
        json.beginObject()
        for (column, values) in group.sorted(by: { $0.key < $1.key }) {
          json.key(of: column)
          texts(values)
        }
        json.endObject()
      }
      json.endObject()
    }
    if let capacityPercent {
      json.field("capacity_percent", exact: capacityPercent)
    }
    if let capacityAdd {
      json.field("capacity_add", exact: capacityAdd)
    }
    if let loadPercent {
      json.field("load_percent", exact: loadPercent)
    }
    if let loadFrom {
      json.field("load_from", loadFrom)
    }
    if let thresholds {
      json.key("thresholds")
      json.beginObject()
      for (name, percent) in thresholds.sorted(by: { $0.key < $1.key }) {
        json.key(of: name)
        json.exact(percent)
      }
      json.endObject()
    }
    json.endObject()
  }
}

/// Any key, so that those that nobody knows are seen.
private struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension Decoder {
  /// A container that has no other keys than these.
  fileprivate func container<Key: CodingKey & CaseIterable>(only type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    let known = Set(Key.allCases.map(\.stringValue))
    if let stranger = try container(keyedBy: AnyKey.self).allKeys.first(where: { !known.contains($0.stringValue) }) {
      throw Problem(
        .badBody, "There is no key '\(stranger.stringValue)' here.",
        remedy: "Known are \(known.sorted().joined(separator: ", ")).")
    }
    return try container(keyedBy: type)
  }
}

extension Scenario: Decodable {
  private enum Key: String, CodingKey, CaseIterable { case name, title, changes }

  init(from decoder: any Decoder) throws {
    let box = try decoder.container(only: Key.self)
    title = try box.decodeIfPresent(String.self, forKey: .title)
    changes = try box.decode([Change].self, forKey: .changes)
  }
}

extension Scenario.Change: Decodable {
  private enum Key: String, CodingKey, CaseIterable {
    case scope
    case capacityPercent = "capacity_percent"
    case capacityAdd = "capacity_add"
    case loadPercent = "load_percent"
    case loadFrom = "load_from"
    case thresholds
  }

  init(from decoder: any Decoder) throws {
    let box = try decoder.container(only: Key.self)
    scope = try box.decodeIfPresent(Scenario.Scope.self, forKey: .scope) ?? Scenario.Scope()
    capacityPercent = try box.decodeIfPresent(Double.self, forKey: .capacityPercent)
    capacityAdd = try box.decodeIfPresent(Double.self, forKey: .capacityAdd)
    loadPercent = try box.decodeIfPresent(Double.self, forKey: .loadPercent)
    loadFrom = try box.decodeIfPresent(String.self, forKey: .loadFrom)
    thresholds = try box.decodeIfPresent([String: Double].self, forKey: .thresholds)
  }
}

extension Scenario.Scope: Decodable {
  private enum Key: String, CodingKey, CaseIterable { case server, resource, group }

  init(from decoder: any Decoder) throws {
    let box = try decoder.container(only: Key.self)
    server = try box.decodeIfPresent([String].self, forKey: .server)
    resource = try box.decodeIfPresent([String].self, forKey: .resource)
    group = try box.decodeIfPresent([String: [String]].self, forKey: .group)
  }
}
