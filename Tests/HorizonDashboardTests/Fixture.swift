import Foundation
import HorizonCore
import HorizonDashboard
import HorizonPipeline
import HorizonStore
import Synchronization

/// A folder with a workspace, removed afterwards.
final class Sandbox: Sendable {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(
      path: "horizonscale-dashboard-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  var workspace: Workspace { Workspace(folder.appending(path: "fleet").path) }

  func file(_ name: String, _ text: String) throws -> String {
    let url = folder.appending(path: name)
    try Data(text.utf8).write(to: url)
    return url.path
  }

  /// Two runs of the fleet below, thirty days apart.
  func fill() async throws {
    let metrics = try file("metrics.csv", Fixture.metrics)
    let inventory = try file("inventory.csv", Fixture.inventory)
    for day in [Fixture.days - 31, Fixture.days - 1] {
      _ = try await run(metrics, inventory: inventory, asOf: CivilDate(daysSinceEpoch: 20_000 + day).description)
    }
  }

  @discardableResult
  func run(_ input: String, inventory: String? = nil, asOf: String? = nil) async throws -> URL {
    var settings = RunSettings()
    settings.models = ["seasonal-naive", "naive", "drift", "line-30"]
    settings.asOf = asOf
    settings.inventory = inventory
    settings.horizon = 120
    return try await runAll(
      inputs: [input], workspace: workspace, settings: settings,
      execution: Execution(threads: 2, chunk: 1_024, progress: .silent)
    ).folder
  }

  /// A copy of the shared workspace, to be changed.
  func copy(of shared: Sandbox) throws {
    try FileManager.default.copyItem(at: shared.workspace.folder, to: workspace.folder)
  }
}

/// A small fleet whose fate is known, and requests about it.
enum Fixture {
  static let days = 240

  /// Names that try to be something else.
  static let hostile = ["=HYPERLINK(1)", "<script>alert(1)</script>", "../../etc/passwd", "a/b", "na\"me,x"]

  /// Disks of 200 GB: `fill-N` grow by N tenths of a GB a day; `full-1` is over; `flat-N` are quiet.
  static let disks =
    (1...6).map { "fill-\($0)" } + ["full-1"] + (1...4).map { "flat-\($0)" } + hostile

  static let metrics: String = {
    var text = "server,resource,time,value,capacity,unit\n"
    for (s, disk) in disks.enumerated() {
      for day in 0..<days where !(disk == "flat-2" && (100..<105).contains(day)) {
        let noise = 0.4 * Double((day * 7_919 + s * 31) % 11)
        let rate = disk.hasPrefix("fill-") ? Double(disk.dropFirst(5))! / 10 : 0
        let value =
          disk == "full-1" ? 185 + noise / 4 : (disk.hasPrefix("fill-") ? 60 : 30) + rate * Double(day) + noise
        let capacity = disk == "flat-3" && day < 150 ? 100 : 200
        text += "\(quoted(disk)),disk,\(CivilDate(daysSinceEpoch: 20_000 + day)),\(value),\(capacity),GB\n"
        if disk.hasPrefix("flat-") {
          // Machines that hardly work.
          text +=
            "\(disk),cpu,\(CivilDate(daysSinceEpoch: 20_000 + day)),\(disk == "flat-1" ? 2 : 40 + noise),100,percent\n"
        }
      }
    }
    return text
  }()

  static let inventory =
    "server,region,owner\n"
    + disks.enumerated().map {
      "\(quoted($1)),\($0 % 2 == 0 ? "north" : "south"),\($1 == "flat-4" ? "" : "team \($0 % 3)")\n"
    }
    .joined()

  private static func quoted(_ text: String) -> String {
    "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\""
  }

  private static let shared = Task {
    let sandbox = try Sandbox()
    try await sandbox.fill()
    return sandbox
  }

  /// The workspace that most tests only read.
  static func sandbox() async throws -> Sandbox { try await shared.value }

  static func dashboard(change: (inout ServeSettings) -> Void = { _ in }) async throws -> Dashboard {
    try await dashboard(of: sandbox().workspace, change: change)
  }

  static func dashboard(of workspace: Workspace, change: (inout ServeSettings) -> Void = { _ in }) throws -> Dashboard {
    var settings = ServeSettings()
    change(&settings)
    let dashboard = Dashboard(workspace, settings: settings)
    try dashboard.load()
    return dashboard
  }
}

/// An answer as a test looks at it.
struct Seen {
  let status: Int
  let headers: [String: String]
  let bytes: [UInt8]

  var text: String { String(decoding: bytes, as: UTF8.self) }

  func json() throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
  }

  func rows() throws -> [[String: Any]] { try json()["rows"] as? [[String: Any]] ?? [] }
  func total() throws -> Int { try json()["total"] as? Int ?? -1 }
  func type() throws -> String { try json()["type"] as? String ?? "" }
}

extension Dashboard {
  func get(_ target: String, _ fields: [String: String] = [:], host: String? = "127.0.0.1:8080") async -> Seen {
    await send("GET", target, fields, host: host)
  }

  /// An unsafe request as the pages make it, unless fields say otherwise.
  func send(
    _ method: String, _ target: String, _ fields: [String: String] = [:], host: String? = "127.0.0.1:8080",
    body: String = ""
  ) async -> Seen {
    var fields = fields
    if method != "GET" && method != "HEAD" {
      if fields["origin"] == nil { fields["origin"] = "http://\(host ?? "")" }
      if fields["content-type"] == nil { fields["content-type"] = "application/json" }
    }
    let sent = fields
    let made = await answer(
      WireRequest(
        method: method, target: target, authority: host, localAddress: "127.0.0.1",
        header: { name in sent[name].flatMap { $0.isEmpty ? nil : $0 } },
        body: { limit in
          guard body.utf8.count <= limit else { throw Problem(.tooLarge, "") }
          return Array(body.utf8)
        }))
    var bytes: [UInt8] = []
    switch made.body {
    case .bytes(let all): bytes = all
    case .chunks(let next): while let chunk = next() { bytes += chunk }
    }
    return Seen(
      status: made.status, headers: Dictionary(made.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }),
      bytes: bytes)
  }
}
