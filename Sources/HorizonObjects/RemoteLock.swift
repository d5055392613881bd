import Foundation
import HorizonCore
import HorizonStore

/// The right to write into a workspace of an object store: the object `lock`, which only one can create.
///
/// A store knows no dead processes. One that held the lock is known to be gone only where that can be seen: by whoever holds
/// the lock of the same cache folder, which the kernel gives back however a process ends, or by a process beside it on the same
/// machine. Any other owner is believed.
package struct RemoteLock: Sendable {
  static let fileName = "lock"

  package struct Owner: Codable, Sendable, Hashable {
    package let host: String
    let process: Int32
    let started: String
    /// Of the cache folder that it works in.
    let cache: String
    /// Of the running system and of the processes that see each other; nil where the system does not say.
    package let system: String?
    /// Unlike any other.
    let claim: String

    package init(host: String, process: Int32, started: String, cache: String, system: String?, claim: String) {
      (self.host, self.process, self.started) = (host, process, started)
      (self.cache, self.system, self.claim) = (cache, system, claim)
    }

    /// - Parameter cache: Of the cache folder whose lock this process holds.
    package static func own(cache: String) -> Owner {
      Owner(
        host: ProcessInfo.processInfo.hostName, process: ProcessInfo.processInfo.processIdentifier,
        started: Date.now.formatted(.iso8601), cache: cache, system: runningSystem(), claim: UUID().uuidString)
    }

    private static func runningSystem() -> String? {
      guard let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8),
        let space = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
      else { return nil }
      return boot.trimmingCharacters(in: .whitespacesAndNewlines) + " " + space
    }

    /// Whether `other` has ended for sure, as seen by this process.
    package func knowsGone(_ other: Owner) -> Bool {
      if other.cache == cache { return true }
      guard let system, other.system == system else { return false }
      return kill(other.process, 0) != 0 && errno == ESRCH
    }
  }

  private let door: ObjectDoor
  private let address: ObjectAddress
  private let own: Owner

  /// Takes the lock.
  ///
  /// - Parameters:
  ///   - workspace: Its address.
  ///   - cache: Of the cache folder whose lock this process holds.
  /// - Throws: `.workspaceInUse` while another holds it.
  init(_ workspace: ObjectAddress, through door: ObjectDoor, cache: String, say: @Sendable (String) -> Void)
    async throws
  {
    self.door = door
    address = workspace.appending(RemoteLock.fileName)
    own = Owner.own(cache: cache)
    let bytes = Array(try JSONEncoder().encode(own))
    // Each round somebody else has come or gone.
    for _ in 0..<10 {
      if try await door.put(bytes, to: address, if: .isAbsent) != nil {
        // A store that does not know conditions has let both in: whoever is read back has it.
        if try await holder()?.owner == own { return }
      }
      guard let holder = try await holder() else { continue }
      // The answer to our own request was lost.
      if holder.owner == own { return }
      guard let other = holder.owner, own.knowsGone(other) else { throw inUse(holder.owner) }
      if try await door.put(bytes, to: address, if: .hasTag(holder.tag)) != nil, try await self.holder()?.owner == own {
        say("The lock of process \(other.process) on \(other.host), which has ended, was taken over.")
        return
      }
    }
    throw inUse(try await holder()?.owner)
  }

  /// Who holds it; the owner is nil when what stands there cannot be read.
  private func holder() async throws -> (owner: Owner?, tag: String)? {
    guard let found = try await door.get(address) else { return nil }
    return (try? JSONDecoder().decode(Owner.self, from: Data(found.bytes)), found.tag)
  }

  private func inUse(_ owner: Owner?) -> Failure {
    let who = owner.map { " by process \($0.process) on \($0.host) since \($0.started)" } ?? ""
    return Failure(
      .workspaceInUse, "The workspace is in use\(who).",
      remedy: "Wait for it, or, if that process is gone, remove the object \(address): aws s3 rm \(address)")
  }

  /// Gives the lock back, unless somebody has taken it away.
  func release() async {
    if (try? await holder())?.owner == own { try? await door.remove(address) }
  }
}
