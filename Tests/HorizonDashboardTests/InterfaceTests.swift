import CDashboardPages
import Foundation
import HorizonDashboard
import HorizonStore
import Testing

@Suite struct InterfaceTests {
  @Test func everyRouteIsDescribedAndEveryReferenceLeadsSomewhere() async throws {
    let dashboard = try await Fixture.dashboard()
    let answer = await dashboard.get("/api/v1/openapi.json")
    let json = try answer.json()
    #expect(json["openapi"] as? String == "3.1.0")
    let paths = json["paths"] as! [String: [String: Any]]
    var described = 0
    var operations: Set<String> = []
    for (_, methods) in paths {
      for (_, operation) in methods {
        described += 1
        operations.insert((operation as! [String: Any])["operationId"] as! String)
      }
    }
    #expect(described == Route.all.count && operations.count == described)
    let schemas = (json["components"] as! [String: Any])["schemas"] as! [String: Any]
    for part in answer.text.components(separatedBy: "#/components/schemas/").dropFirst() {
      #expect(schemas[String(part.prefix { $0 != "\"" })] != nil)
    }
    let risks = paths["/api/v1/risks"]!["get"] as! [String: Any]
    let names = Set((risks["parameters"] as! [[String: Any]]).map { $0["name"] as! String })
    #expect(names.isSuperset(of: ["severity", "cursor", "group.region", "format"]))
  }

  /// Checks a value against the small part of JSON Schema that the interface uses. - Returns: What is wrong.
  private func violations(_ value: Any, _ schema: [String: Any], _ all: [String: Any], _ place: String) -> [String] {
    if let reference = schema["$ref"] as? String {
      return violations(value, all[String(reference.split(separator: "/").last!)] as! [String: Any], all, place)
    }
    if let options = schema["anyOf"] as? [[String: Any]], schema["type"] == nil {
      let found = options.map { violations(value, $0, all, place) }
      return found.contains { $0.isEmpty } ? [] : found.first!
    }
    if let choices = schema["enum"] as? [String] {
      return choices.contains(value as? String ?? "") ? [] : ["\(place): \(value) is none of \(choices)"]
    }
    let number = value as? NSNumber
    let isFlag = number.map { numberType($0) == "bool" } ?? false
    switch schema["type"] as? String {
    case "string": return value is String ? [] : ["\(place) is no string"]
    case "number": return number != nil && !isFlag ? [] : ["\(place) is no number"]
    case "integer":
      return number.map { !isFlag && $0.doubleValue == $0.doubleValue.rounded() } ?? false
        ? [] : ["\(place) is no integer"]
    case "boolean": return isFlag ? [] : ["\(place) is no boolean"]
    case "null": return value is NSNull ? [] : ["\(place) is not null"]
    case "array":
      guard let values = value as? [Any] else { return ["\(place) is no array"] }
      let items = schema["items"] as? [String: Any] ?? [:]
      return values.prefix(50).enumerated().flatMap { violations($1, items, all, "\(place)[\($0)]") }
    case "object":
      guard let object = value as? [String: Any] else { return ["\(place) is no object"] }
      var found = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }.map { "\(place) lacks \($0)" }
      let known = schema["properties"] as? [String: Any] ?? [:]
      for (key, value) in object {
        if let schema = known[key] as? [String: Any] {
          found += violations(value, schema, all, "\(place).\(key)")
        } else if let rest = schema["additionalProperties"] as? [String: Any] {
          found += violations(value, rest, all, "\(place).\(key)")
        }
      }
      return found
    default: return []
    }
  }

  private func numberType(_ number: NSNumber) -> String { String(cString: number.objCType) == "c" ? "bool" : "number" }

  @Test func answersAreAsTheyAreDescribed() async throws {
    let dashboard = try await Fixture.dashboard()
    let description = try await dashboard.get("/api/v1/openapi.json").json()
    let all = (description["components"] as! [String: Any])["schemas"] as! [String: Any]
    let parts = ["{server}": "fill-3", "{resource}": "disk", "{name}": "none"]
    for route in Route.all where route.method == .get {
      guard let answer = route.answer, !route.path.contains("{name}") else { continue }
      let target = parts.reduce(route.path) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
      let query = target.hasSuffix("/forecasts") ? "?server=fill-1" : ""
      let seen = await dashboard.get(target + query)
      #expect(seen.status == 200, "\(target)")
      let found = violations(try seen.json(), all[answer] as! [String: Any], all, target)
      #expect(found.isEmpty, "\(found.prefix(5))")
    }
    let evaluation = await dashboard.send(
      "POST", "/api/v1/scenarios/evaluate", body: #"{"changes": [{"load_percent": 30}]}"#)
    let found = violations(try evaluation.json(), all["Evaluation"] as! [String: Any], all, "evaluation")
    #expect(found.isEmpty, "\(found.prefix(5))")
    let problem = await dashboard.get("/api/v1/risks?tier=x")
    #expect(violations(try problem.json(), all["Problem"] as! [String: Any], all, "problem").isEmpty)
  }

  @Test func numbersAreWrittenAsTheyAreRounded() throws {
    for value in [
      0, 1, -1, 0.5, 0.001, 0.0004, -0.0006, 12.3456, 99.9995, 1e6, -123_456.789, 1e15, 1e300, .nan, .infinity,
    ] {
      var json = JSONText()
      json.number(value)
      let text = String(decoding: json.bytes, as: UTF8.self)
      if !value.isFinite {
        #expect(text == "null")
      } else {
        #expect(Double(text) == (abs(value) < 1e12 ? (value * 1_000).rounded() / 1_000 : value), "\(text)")
      }
    }
    var json = JSONText()
    json.beginObject()
    json.key("a")
    json.string("\u{1}\"\\<\u{2028}é")
    json.key("b")
    json.beginArray()
    json.int(-7)
    json.null()
    json.bool(true)
    json.endArray()
    json.endObject()
    let back = try JSONSerialization.jsonObject(with: Data(json.bytes)) as! [String: Any]
    #expect(back["a"] as? String == "\u{1}\"\\<\u{2028}é" && (back["b"] as? [Any])?.count == 3)
  }

  @Test func thePagesAreTheFiles() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/HorizonDashboard/Pages").standardizedFileURL
    var files: [String: Data] = [:]
    for case let name as String in try #require(FileManager.default.enumerator(atPath: folder.path)) {
      // Some files are the report's, by a link.
      let file = folder.appending(path: name).resolvingSymlinksInPath()
      if !name.hasSuffix(".md"), (try file.resourceValues(forKeys: [.isRegularFileKey])).isRegularFile == true {
        files[name] = try Data(contentsOf: file)
      }
    }
    var count: UInt = 0
    let table = hs_pages(&count)
    let embedded = Dictionary(
      uniqueKeysWithValues: UnsafeBufferPointer(start: table, count: Int(count)).map {
        (String(cString: $0.name), Data(UnsafeBufferPointer(start: $0.bytes, count: Int($0.count))))
      })
    #expect(embedded == files, "run scripts/embed-pages after a file has come or gone")
  }

  @Test func pagesAndTheirFilesAreServed() async throws {
    let dashboard = try await Fixture.dashboard()
    for target in ["/", "/risks?tier=high", "/servers/a%2Fb", "/series/x/y", "/what-if", "/idle", "/models"] {
      let page = await dashboard.get(target)
      #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
      let again = await dashboard.get(target, ["if-none-match": page.headers["etag"] ?? ""])
      #expect(again.status == 304)
    }
    let pages = PageFiles([
      ("index.html", Array(#"<script type="module" src="/assets/app.js"></script>"#.utf8)), ("app.js", Array("1".utf8)),
      ("sub/x.css", Array("2".utf8)),
    ])
    let request = WireRequest(
      method: "GET", target: "", authority: nil, localAddress: nil, header: { _ in nil }, body: { _ in [] })
    func answer(_ path: [String]) -> WireAnswer? {
      pages.find(path).map { $0.page.answer(request, isPinned: $0.isPinned) }
    }
    func field(_ answer: WireAnswer?, _ name: String) -> String? { answer?.headers.first { $0.name == name }?.value }
    let index = try #require(answer([]))
    guard case .bytes(let html) = index.body else { return }
    #expect(String(decoding: html, as: UTF8.self).contains("src=\"/assets/\(pages.digest)/app.js\""))
    let pinned = answer(["assets", pages.digest, "app.js"])
    #expect(field(pinned, "cache-control")?.contains("immutable") == true)
    #expect(field(pinned, "content-type") == "text/javascript; charset=utf-8")
    #expect(field(answer(["assets", "app.js"]), "cache-control") == "no-cache")
    #expect(field(answer(["assets", pages.digest, "sub", "x.css"]), "content-type") == "text/css; charset=utf-8")
    #expect(pages.find(["assets", "0123456789abcdef", "app.js"]) == nil)
    #expect(pages.find(["assets", "..", "app.js"]) == nil)
  }

  @Test func theCacheForgetsWhatIsOld() {
    let cache = RecentCache<Int, Int>(limit: 100)
    for i in 0..<1_000 { cache.insert(i, i, cost: 10) }
    #expect(cache[999] == 999 && cache[0] == nil && cache.counts.cost <= 100)
    cache.insert(5, 5, cost: 60)
    #expect(cache[5] == nil)
    cache.insert(7, 7, cost: 10)
    for i in 0..<8 {
      cache.insert(100 + i, i, cost: 10)
      #expect(cache[7] == 7)
    }
  }
}
