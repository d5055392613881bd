import Foundation
import HorizonCore
package import HorizonStore
import NIOPosix
import Synchronization

/// Answers requests from a workspace; knows nothing of sockets.
package final class Dashboard: Sendable {
  let workspace: Workspace
  let settings: ServeSettings
  package let store: SnapshotStore
  let scenarios: ScenarioFolder
  let table: RouteTable
  let pages: PageFiles
  let metrics: ServerMetrics
  let pool: WorkPool
  /// What is listened on; known once it is.
  let port: Atomic<Int>

  package init(_ workspace: Workspace, settings: ServeSettings) {
    self.workspace = workspace
    self.settings = settings
    store = SnapshotStore(workspace)
    scenarios = ScenarioFolder(workspace.folder.appending(path: "scenarios", directoryHint: .isDirectory))
    table = RouteTable(Route.all)
    pages = PageFiles()
    metrics = ServerMetrics(routes: table.routes)
    port = Atomic(settings.port)
    pool = WorkPool(threads: max(2, ProcessInfo.processInfo.activeProcessorCount), waiting: settings.limits.waiting)
  }

  /// Reads the newest run, if there is one.
  ///
  /// - Throws: When it cannot be read.
  package func load() throws { try store.refresh() }

  /// Name of the run that is answered from.
  package var run: String? { store.current?.run }

  /// Answers one request, with a problem where it is refused.
  package func answer(_ request: WireRequest) async -> WireAnswer {
    let clock = ContinuousClock.now
    var route: Int?
    var made: WireAnswer
    do {
      made = try await checkedAnswer(request, &route)
    } catch let problem as Problem {
      made = WireAnswer(problem)
    } catch is CancellationError {
      made = WireAnswer(Problem(.busy, "The server is ending."))
    } catch {
      metrics.note(failure: error)
      made = WireAnswer(
        Problem(.failed, "The answer could not be made.", remedy: "See what the server says; try again."))
    }
    metrics.count(route: route, status: made.status, took: ContinuousClock.now - clock)
    return made
  }

  /// Methods that change something; those that nobody knows are refused by the table.
  private static let unsafe: Set<String> = ["POST", "PUT", "DELETE", "PATCH"]

  private func checkedAnswer(_ request: WireRequest, _ found: inout Int?) async throws -> WireAnswer {
    let gate = Gate(settings, port: port.load(ordering: .relaxed))
    try gate.checkHost(request)
    let address = try Address(request.target)
    let isRead = request.method == "GET" || request.method == "HEAD"
    if isRead, let (page, isPinned) = pages.find(address.path) { return page.answer(request, isPinned: isPinned) }
    if Dashboard.unsafe.contains(request.method) { try gate.checkOrigin(request) }
    let isSignedIn = gate.isSignedIn(request)
    switch table.match(request.method, address.path) {
    case .none:
      try gate.require(isSignedIn)
      throw Problem(
        .notFound, "There is nothing at this address.", remedy: "See /api/v1/openapi.json for what there is.")
    case .otherMethod(let allowed):
      try gate.require(isSignedIn)
      throw Problem(
        .method, "\(request.method) is not possible here.", remedy: "Use \(allowed.joined(separator: " or ")).",
        allow: allowed.joined(separator: ", "))
    case .route(let place, let path):
      found = place
      let route = table.routes[place]
      if !route.isOpen { try gate.require(isSignedIn) }
      let body = isRead ? [] : try await request.body(settings.limits.bodyBytes)
      func answer(_ snapshot: Snapshot?) async throws -> WireAnswer {
        let (query, groups) = try table.checked(address.query, for: route, snapshot)
        let answer = try await route.handle(
          Call(
            snapshot: snapshot, server: self, path: path, query: query, groups: groups,
            accept: request.header("accept") ?? "", body: body, isSignedIn: isSignedIn))
        return try WireAnswer(answer, to: request)
      }
      let asked = store.current
      do { return try await answer(asked) } catch let error where !(error is Problem || error is CancellationError) {
        // A run that was removed while it was read has a successor: the answer is of that one then.
        _ = try? await pool.run { [store] in try store.refresh() }
        let now = store.current
        guard now?.id != asked?.id else {
          if let failure = error as? Failure { throw Problem(failure) }
          throw error
        }
        return try await answer(now)
      }
    }
  }
}

/// Threads for what reads files or computes for long, so that short answers do not wait for it.
final class WorkPool: Sendable {
  private let pool: NIOThreadPool
  private let limit: Int
  private let waiting = Atomic(0)

  init(threads: Int, waiting limit: Int) {
    pool = NIOThreadPool(numberOfThreads: threads)
    pool.start()
    self.limit = limit
  }

  deinit { pool.shutdownGracefully { _ in } }

  /// - Throws: `.busy` when too much is waiting, and what the body throws.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    defer { waiting.subtract(1, ordering: .relaxed) }
    guard waiting.add(1, ordering: .relaxed).newValue <= limit else {
      throw Problem(.busy, "Too many requests are waiting.", remedy: "Try again in a second.")
    }
    return try await pool.runIfActive(body)
  }
}
