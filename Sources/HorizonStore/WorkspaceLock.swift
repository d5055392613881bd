package import Foundation
package import HorizonCore

/// The right to write into a workspace: a file with host, process and start, locked while the process lives.
///
/// The kernel gives a lock back however its process ends, so that neither a dead owner nor a process that got
/// its number is taken for a living one. An owner on another host is always believed.
package final class WorkspaceLock: Sendable {
  private let path: String
  private let descriptor: Int32

  /// Who holds, or held, the right to write.
  package struct Owner: Codable, Sendable, Hashable {
    package let host: String
    package let process: Int32
    package let started: String

    static var own: Owner {
      Owner(
        host: ProcessInfo.processInfo.hostName, process: ProcessInfo.processInfo.processIdentifier,
        started: Date.now.formatted(.iso8601))
    }

    /// False when its process is known to be gone; another host's processes cannot be asked.
    package var isAlive: Bool { host != ProcessInfo.processInfo.hostName || kill(process, 0) == 0 || errno == EPERM }

    /// Nil when nobody has written it whole.
    init?(readingFrom descriptor: Int32) {
      var bytes = [UInt8](repeating: 0, count: 4_096)
      let count = pread(descriptor, &bytes, bytes.count, 0)
      guard count > 0, let owner = try? JSONDecoder().decode(Owner.self, from: Data(bytes[..<count])) else {
        return nil
      }
      self = owner
    }

    private init(host: String, process: Int32, started: String) {
      (self.host, self.process, self.started) = (host, process, started)
    }
  }

  /// Where the lock of a workspace lies, held or not.
  package static func file(in workspace: Workspace) -> URL { workspace.folder.appending(path: "lock") }

  /// Who a lock file names; nil when there is none or it cannot be read.
  package static func owner(of workspace: Workspace) -> Owner? {
    let file = open(file(in: workspace).path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return Owner(readingFrom: file)
  }

  /// Takes the lock, then removes what killed processes have left in the workspace.
  ///
  /// - Throws: `.workspaceInUse` while another living process holds it.
  package init(_ workspace: Workspace) throws(Failure) {
    try workspace.create()
    path = WorkspaceLock.file(in: workspace).path
    descriptor = try WorkspaceLock.claim(path)
    workspace.removeLeftovers()
  }

  private static func claim(_ path: String) throws(Failure) -> Int32 {
    while true {
      let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard file >= 0 else {
        throw Failure(
          .cannotCreate, "The lock file \(path) cannot be made: \(systemError()).",
          remedy: "Check the permissions of the workspace, or choose another with --workspace.")
      }
      // Where the file system keeps no locks, the process itself is asked for.
      let isFree = flock(file, LOCK_EX | LOCK_NB) == 0
      let isHeld = !isFree && errno == EWOULDBLOCK
      if isFree && !isStill(file, at: path) {
        // Its owner gave it back between our two calls.
        close(file)
        continue
      }
      let holder = Owner(readingFrom: file)
      let own = Owner.own
      if isHeld || (holder.map { $0.host != own.host || (!isFree && $0.isAlive) } ?? false) {
        close(file)
        let who = holder.map { " by process \($0.process) on \($0.host) since \($0.started)" } ?? ""
        throw Failure(
          .workspaceInUse, "The workspace is in use\(who).",
          remedy: "Wait for it, or remove \(path) if that process is gone.")
      }
      do throws(Failure) { try write(own, to: file, path) } catch {
        unlink(path)
        close(file)
        throw error
      }
      return file
    }
  }

  private static func isStill(_ descriptor: Int32, at path: String) -> Bool {
    var (open, named) = (stat(), stat())
    return fstat(descriptor, &open) == 0 && stat(path, &named) == 0 && open.st_ino == named.st_ino
      && open.st_dev == named.st_dev
  }

  private static func write(_ owner: Owner, to descriptor: Int32, _ path: String) throws(Failure) {
    let data = [UInt8](try! JSONEncoder().encode(owner))
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, data, data.count, 0) == data.count else {
      throw Failure(
        .writingFailed, "The lock file \(path) cannot be written: \(systemError()).",
        remedy: "Free some disk, or choose another workspace with --workspace.")
    }
  }

  /// Gives the lock back; once.
  package func release() {
    unlink(path)
    close(descriptor)
  }
}
