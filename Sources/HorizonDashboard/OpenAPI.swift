import HorizonPipeline

/// The interface as OpenAPI 3.1, written from the table that answers requests.
enum OpenAPI {
  /// - Parameter snapshot: Names the thresholds and the inventory's columns that parameters may have now.
  static func json(_ routes: [Route], _ snapshot: Snapshot?) -> [UInt8] {
    var json = JSONText(capacity: 65_536)
    json.beginObject()
    json.field("openapi", "3.1.0")
    json.key("info")
    json.beginObject()
    json.field("title", "HorizonScale")
    json.field("version", productVersion)
    json.field(
      "description", "One finished run of a workspace: risks, forecasts, what made them, and what would change them.")
    json.endObject()
    json.key("security")
    json.raw(#"[{}, {"token": []}, {"cookie": []}]"#)
    json.key("paths")
    json.beginObject()
    var paths: [String] = []
    for route in routes where !paths.contains(route.path) { paths.append(route.path) }
    for path in paths {
      json.key(of: path)
      json.beginObject()
      for route in routes where route.path == path {
        json.key(of: route.method.rawValue.lowercased())
        write(route, snapshot, into: &json)
      }
      json.endObject()
    }
    json.endObject()
    json.key("components")
    json.beginObject()
    json.key("securitySchemes")
    json.raw(
      #"{"token": {"type": "http", "scheme": "bearer"}, "cookie": {"type": "apiKey", "in": "cookie", "name": "\#(Gate.cookie)"}}"#
    )
    json.key("schemas")
    json.beginObject()
    for (name, schema) in Schema.all.sorted(by: { $0.key < $1.key }) {
      json.key(of: name)
      schema.write(into: &json)
    }
    json.endObject()
    json.endObject()
    json.endObject()
    return json.bytes
  }

  private static func write(_ route: Route, _ snapshot: Snapshot?, into json: inout JSONText) {
    json.beginObject()
    json.key("operationId")
    let words = route.path.split { "/.{}-".contains($0) }.filter { !["api", "v1", "json"].contains($0) }
    json.string(([route.method.rawValue.lowercased()] + words.map(String.init)).joined(separator: "_"))
    json.field("summary", route.summary)
    json.key("parameters")
    json.beginArray()
    for name in route.names {
      json.raw(#"{"in": "path", "required": true, "schema": {"type": "string", "minLength": 1}, "name": "\#(name)"}"#)
    }
    for parameter in route.parameters { write(parameter, snapshot, into: &json) }
    for column in route.takesGroups ? snapshot?.inventory.columns ?? [] : [] {
      write(
        Parameter(
          name: "group.\(column.name)", kind: .text(1_000),
          summary: "Servers with this value of the inventory's column; empty: without one.", repeats: true), snapshot,
        into: &json)
    }
    if route.method != .get {
      json.raw(
        #"{"in": "header", "name": "Origin", "required": true, "schema": {"type": "string"}, "description": "Scheme and authority of this server."}"#
      )
    }
    json.endArray()
    if let body = route.body {
      json.key("requestBody")
      json.raw(
        ##"{"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/\##(body)"}}}}"##
      )
    }
    json.key("responses")
    json.beginObject()
    var successes = [route.success]
    if route.method == .put { successes.append(201) }
    for status in successes {
      json.key(of: String(status))
      json.beginObject()
      json.field("description", status == 204 ? "Done." : status == 201 ? "It is new." : "The answer.")
      if status != 204 {
        json.key("content")
        json.beginObject()
        if let answer = route.answer {
          json.key("application/json")
          json.raw(##"{"schema": {"$ref": "#/components/schemas/\##(answer)"}}"##)
        } else {
          json.key("text/plain")
          json.raw(#"{"schema": {"type": "string"}}"#)
        }
        for format in route.alsoAs {
          json.key(of: String(format.mediaType.prefix { $0 != ";" }))
          json.raw("{}")
        }
        json.endObject()
      }
      json.endObject()
    }
    json.key("default")
    json.raw(
      ##"{"description": "It is refused.", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}"##
    )
    json.endObject()
    if route.isOpen {
      json.key("security")
      json.raw("[]")
    }
    json.endObject()
  }

  private static func write(_ parameter: Parameter, _ snapshot: Snapshot?, into json: inout JSONText) {
    json.beginObject()
    json.field("in", "query")
    json.field("name", parameter.name)
    json.field("description", parameter.summary)
    let schema: Schema =
      switch parameter.kind {
      case .text(let most): .raw(#"{"type": "string", "maxLength": \#(most)}"#)
      case .cursor: .raw(#"{"type": "string", "pattern": "^[0-9a-f]{12}\\.[0-9]{1,9}$"}"#)
      case .choice(let choices):
        choices(snapshot).isEmpty ? .string : .choice(choices(snapshot))
      case .integer(let range):
        .raw(#"{"type": "integer", "minimum": \#(range.lowerBound), "maximum": \#(range.upperBound)}"#)
      case .date: .raw(#"{"type": "string", "format": "date"}"#)
      case .flag: .raw(#"{"type": "boolean"}"#)
      }
    json.key("schema")
    (parameter.repeats ? .array(schema) : schema).write(into: &json)
    json.endObject()
  }
}

/// What a part of an answer or of a body looks like.
indirect enum Schema: Sendable {
  case string, number, integer, flag
  case choice([String])
  case array(Schema)
  /// All keys are there.
  case object([(String, Schema)])
  /// Keys that nobody foresees.
  case map(Schema)
  case ref(String)
  case nullable(Schema)
  case raw(String)

  func write(into json: inout JSONText) {
    switch self {
    case .string: json.raw(#"{"type": "string"}"#)
    case .number: json.raw(#"{"type": "number"}"#)
    case .integer: json.raw(#"{"type": "integer"}"#)
    case .flag: json.raw(#"{"type": "boolean"}"#)
    case .choice(let names):
      json.beginObject()
      json.key("enum")
      json.beginArray()
      for name in names { json.string(name) }
      json.endArray()
      json.endObject()
    case .array(let element):
      json.beginObject()
      json.field("type", "array")
      json.key("items")
      element.write(into: &json)
      json.endObject()
    case .object(let keys):
      json.beginObject()
      json.field("type", "object")
      json.key("required")
      json.beginArray()
      for (name, _) in keys { json.string(name) }
      json.endArray()
      json.key("properties")
      json.beginObject()
      for (name, schema) in keys {
        json.key(of: name)
        schema.write(into: &json)
      }
      json.endObject()
      json.endObject()
    case .map(let value):
      json.beginObject()
      json.field("type", "object")
      json.key("additionalProperties")
      value.write(into: &json)
      json.endObject()
    case .ref(let name): json.raw(##"{"$ref": "#/components/schemas/\##(name)"}"##)
    case .nullable(let schema):
      json.beginObject()
      json.key("anyOf")
      json.beginArray()
      schema.write(into: &json)
      json.raw(#"{"type": "null"}"#)
      json.endArray()
      json.endObject()
    case .raw(let text): json.raw(text)
    }
  }
}
