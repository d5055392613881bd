import Foundation
import HorizonCore
import Synchronization

/// What the server has done, for Prometheus.
final class ServerMetrics: Sendable {
  private struct State {
    /// By route, the last one for what no route answers, then status.
    var requests: [[Int: Int]]
    /// By route: how many took at most each bound, and seconds together.
    var took: [[Int]]
    var seconds: [Double]
    var failures = 0
    var lastFailure = ""
    var connections = 0
    var accepted = 0
    var dropped: [String: Int] = [:]
  }

  private let names: [String]
  private let state: Mutex<State>
  private static let bounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5]

  init(routes: [Route]) {
    names = routes.map { "\($0.method.rawValue) \($0.path)" } + ["other"]
    let count = names.count
    state = Mutex(
      State(
        requests: Array(repeating: [:], count: count),
        took: Array(repeating: Array(repeating: 0, count: ServerMetrics.bounds.count + 1), count: count),
        seconds: Array(repeating: 0, count: count)))
  }

  func count(route: Int?, status: Int, took: Duration) {
    let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) * 1e-18
    let bound = ServerMetrics.bounds.firstIndex { seconds <= $0 } ?? ServerMetrics.bounds.count
    state.withLock { state in
      let place = route ?? state.requests.count - 1
      state.requests[place][status, default: 0] += 1
      state.took[place][bound] += 1
      state.seconds[place] += seconds
    }
  }

  /// Keeps what went wrong for whoever looks after the server.
  ///
  /// - Returns: Whether it is another failure than the one before.
  @discardableResult
  func note(failure: any Error) -> Bool {
    let text = (failure as? Failure)?.description ?? "\(failure)"
    return state.withLock { state in
      state.failures += 1
      defer { state.lastFailure = text }
      return state.lastFailure != text
    }
  }

  var lastFailure: String { state.withLock { $0.lastFailure } }

  func connected() {
    state.withLock {
      $0.connections += 1
      $0.accepted += 1
    }
  }

  func disconnected() { state.withLock { $0.connections -= 1 } }

  /// A connection that was closed because its client took too long.
  func dropped(_ why: String) { state.withLock { $0.dropped[why, default: 0] += 1 } }

  /// The text format of Prometheus.
  func text(_ snapshot: Snapshot?, reloads: Int, failedReloads: Int) -> String {
    let state = self.state.withLock { $0 }
    var lines: [String] = []
    func family(_ name: String, _ type: String, _ help: String, _ samples: [(String, String)]) {
      lines += ["# HELP horizonscale_\(name) \(help)", "# TYPE horizonscale_\(name) \(type)"]
      lines += samples.map { "horizonscale_\(name)\($0.0) \($0.1)" }
    }
    func labels(_ pairs: [(String, String)]) -> String {
      let inside = pairs.map { name, value in
        let safe = value.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
          .replacingOccurrences(of: "\n", with: "\\n")
        return "\(name)=\"\(safe)\""
      }
      return "{\(inside.joined(separator: ","))}"
    }
    family(
      "requests_total", "counter", "Requests by route and status.",
      names.indices.flatMap { i in
        state.requests[i].sorted { $0.key < $1.key }.map { status, count in
          (labels([("route", names[i]), ("status", String(status))]), String(count))
        }
      })
    var samples: [(String, String)] = []
    for i in names.indices where !state.requests[i].isEmpty {
      var sum = 0
      for (b, bound) in ServerMetrics.bounds.enumerated() {
        sum += state.took[i][b]
        samples.append(("_bucket" + labels([("route", names[i]), ("le", "\(bound)")]), String(sum)))
      }
      sum += state.took[i].last!
      samples.append(("_bucket" + labels([("route", names[i]), ("le", "+Inf")]), String(sum)))
      samples.append(("_sum" + labels([("route", names[i])]), String(state.seconds[i])))
      samples.append(("_count" + labels([("route", names[i])]), String(sum)))
    }
    family("request_seconds", "histogram", "Time to make an answer, by route.", samples)
    family("connections", "gauge", "Open connections.", [("", String(state.connections))])
    family("connections_total", "counter", "Connections accepted.", [("", String(state.accepted))])
    family(
      "connections_dropped_total", "counter", "Connections closed because the client took too long.",
      state.dropped.sorted { $0.key < $1.key }.map { (labels([("why", $0.key)]), String($0.value)) })
    family("failures_total", "counter", "Answers that could not be made.", [("", String(state.failures))])
    family("run_loads_total", "counter", "Runs read.", [("", String(reloads))])
    family("run_load_failures_total", "counter", "Runs that could not be read.", [("", String(failedReloads))])
    family("run_loaded", "gauge", "Whether a run is answered from.", [("", snapshot == nil ? "0" : "1")])
    if let snapshot {
      family("run_info", "gauge", "The run that is answered from.", [(labels([("run", snapshot.run)]), "1")])
      family(
        "run_as_of_seconds", "gauge", "As-of of the run, seconds since 1970.",
        [("", String(snapshot.fleet.asOfTime / 1_000_000))])
      family("run_load_seconds", "gauge", "Time to read the run.", [("", String(snapshot.loadSeconds))])
      family("series", "gauge", "Series of the run.", [("", String(snapshot.series.count))])
      let counts = snapshot.answers.counts
      family(
        "series_cache_requests_total", "counter", "Answers about series, kept and not.",
        [("{found=\"true\"}", String(counts.hits)), ("{found=\"false\"}", String(counts.misses))])
      family("series_cache_bytes", "gauge", "Kept answers about series.", [("", String(counts.cost))])
    }
    family("resident_memory_bytes", "gauge", "Memory in use.", [("", String(residentMemory()))])
    return lines.joined(separator: "\n") + "\n"
  }

  private func residentMemory() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) : 0
  }
}
