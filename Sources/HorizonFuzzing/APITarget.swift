import Foundation
import HorizonCore
import HorizonDashboard
import HorizonPipeline
import HorizonStore
import Synchronization

extension FuzzTarget {
  /// Requests to the dashboard of a small fleet, one after the other: a line `METHOD target`, lines `field: value`, an empty line, the body.
  ///
  /// No request may fail for a reason that is the server's own.
  static let api = FuzzTarget("api", longestInput: 4_096) { input in
    let fleet = APIFleet.shared
    defer { fleet.folder.remove("workspace/scenarios") }
    for text in parts(of: input, atMost: 4) {
      let request = APIRequest(text)
      let answer = waited { await fleet.dashboard.answer(request.wire) }
      precondition(
        answer.status != 500 && (200..<600).contains(answer.status), "\(answer.status) for \(request.target)")
      if case .chunks(let next) = answer.body { while next() != nil {} }
    }
  }

  /// What an asynchronous function gives, on a thread that nothing else waits for.
  fileprivate static func waited<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) rethrows
    -> Value
  {
    let box = Mutex<Result<Value, any Error>?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    Task.detached {
      let result: Result<Value, any Error>
      do { result = .success(try await body()) } catch { result = .failure(error) }
      box.withLock { $0 = result }
      isDone.signal()
    }
    isDone.wait()
    return try! box.withLock { $0! }.get()
  }
}

/// A request as its text says it.
private struct APIRequest: Sendable {
  let method: String
  let target: String
  let fields: [String: String]
  let body: [UInt8]

  init(_ text: [UInt8]) {
    let end = text.firstRange(of: Array("\n\n".utf8))
    let head = String(decoding: text[..<(end?.lowerBound ?? text.endIndex)], as: UTF8.self)
    var lines = head.split(separator: "\n", omittingEmptySubsequences: false)[...]
    let first = (lines.popFirst() ?? "").split(separator: " ", maxSplits: 1)
    method = first.first.map(String.init) ?? "GET"
    target = first.count > 1 ? String(first[1]) : "/"
    var fields: [String: String] = [:]
    for line in lines {
      let sides = line.split(separator: ":", maxSplits: 1)
      if sides.count == 2 { fields[sides[0].lowercased()] = String(sides[1].drop { $0 == " " }) }
    }
    self.fields = fields
    body = end.map { Array(text[$0.upperBound...]) } ?? []
  }

  var wire: WireRequest {
    // What every program sends, so that inputs need not say it to come past the gate.
    let host = fields["host"] ?? "127.0.0.1:8080"
    let usual = ["origin": "http://\(host)", "content-type": "application/json"]
    return WireRequest(
      method: method, target: target, authority: host, localAddress: "127.0.0.1",
      header: { fields[$0] ?? usual[$0] }, body: { Array(body.prefix($0)) })
  }
}

private final class APIFleet: Sendable {
  let folder = FuzzFolder("api")
  let dashboard: Dashboard

  static let shared = APIFleet()

  /// Two runs over five disks and processors, with an inventory.
  private init() {
    let workspace = Workspace("\(folder.path)/workspace")
    let servers = ["fill-1", "fill-2", "flat-1", "a/b", "<b>&\"x"]
    let days = 160
    var metrics = "server,resource,time,value,capacity,unit\n"
    for (s, server) in servers.enumerated() {
      let name = "\"\(server.replacing("\"", with: "\"\""))\""
      for day in 0..<days {
        let date = CivilDate(daysSinceEpoch: 20_000 + day)
        let noise = 0.4 * Double((day * 7_919 + s * 31) % 11)
        metrics += "\(name),disk,\(date),\(50 + noise + (s < 2 ? 0.5 * Double(day) : 0)),200,GB\n"
        metrics += "\(name),cpu,\(date),\(20 + noise),100,percent\n"
      }
    }
    let table = "server,region,owner\nfill-1,north,ann\nfill-2,south,bob\nflat-1,north,\n"
    var settings = RunSettings()
    settings.models = ["seasonal-naive", "naive", "drift", "line-30"]
    settings.horizon = 60
    do {
      let input = try folder.write(metrics.utf8, to: "metrics.csv")
      settings.inventory = try folder.write(table.utf8, to: "inventory.csv")
      for last in [days - 31, days - 1] {
        settings.asOf = CivilDate(daysSinceEpoch: 20_000 + last).description
        let now = settings
        _ = try FuzzTarget.waited {
          try await runAll(
            inputs: [input], workspace: workspace, settings: now,
            execution: Execution(threads: 1, chunk: 64, progress: .silent))
        }
      }
      dashboard = Dashboard(workspace, settings: ServeSettings())
      try dashboard.load()
    } catch { preconditionFailure("the fleet of the API's inputs: \(error)") }
  }
}
