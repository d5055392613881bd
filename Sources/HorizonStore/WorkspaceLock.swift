package import Foundation
package import HorizonCore

/// The right to write into a workspace: a file with host, process and start; given back when released or when the process is gone.
package final class WorkspaceLock {
  private let url: URL

  /// Who holds, or held, the right to write.
  package struct Owner: Codable, Sendable, Hashable {
    package let host: String
    package let process: Int32
    package let started: String

    /// False when its process is known to be gone; another host's processes cannot be asked.
    package var isAlive: Bool { host != ProcessInfo.processInfo.hostName || kill(process, 0) == 0 || errno == EPERM }
  }

  /// Where the lock of a workspace lies, held or not.
  package static func file(in workspace: Workspace) -> URL { workspace.folder.appending(path: "lock") }

  /// Who a lock file names; nil when there is none or it cannot be read.
  package static func owner(of workspace: Workspace) -> Owner? {
    (try? Data(contentsOf: file(in: workspace))).flatMap { try? JSONDecoder().decode(Owner.self, from: $0) }
  }

  /// - Throws: `.workspaceInUse` while another living process holds it.
  package init(_ workspace: Workspace) throws(Failure) {
    try workspace.create()
    url = WorkspaceLock.file(in: workspace)
    let host = ProcessInfo.processInfo.hostName
    let owner = Owner(
      host: host, process: ProcessInfo.processInfo.processIdentifier,
      started: Date.now.formatted(.iso8601))
    let data = try! JSONEncoder().encode(owner)
    for _ in 0..<2 {
      let file = open(url.path, O_CREAT | O_EXCL | O_WRONLY, 0o644)
      if file >= 0 {
        _ = data.withUnsafeBytes { write(file, $0.baseAddress!, $0.count) }
        close(file)
        return
      }
      guard errno == EEXIST else {
        throw Failure(
          .cannotCreate, "The workspace \(workspace.folder.path) cannot be written to.",
          remedy: "Check its permissions or choose another with --workspace.")
      }
      if let holder = WorkspaceLock.owner(of: workspace), holder.isAlive {
        throw Failure(
          .workspaceInUse,
          "The workspace is in use by process \(holder.process) on \(holder.host) since \(holder.started).",
          remedy: "Wait for it, or remove \(url.path) if that process is gone.")
      }
      // The owner died without giving the lock back, or while writing it.
      try? FileManager.default.removeItem(at: url)
    }
    throw Failure(.workspaceInUse, "The workspace is in use.", remedy: "Wait, or remove \(url.path).")
  }

  package func release() { try? FileManager.default.removeItem(at: url) }
}
