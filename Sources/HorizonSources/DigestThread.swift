import Dispatch
import HorizonStore
import Synchronization

/// Digests of the inputs, computed beside the reading of rows.
final class DigestThread: Sendable {
  private let group = DispatchGroup()
  private let result = Mutex<Result<[MasterManifest.Input], any Error>>(.success([]))

  init(_ files: [(path: String, shown: String)]) {
    DispatchQueue.global().async(group: group) {
      let inputs = Result<[MasterManifest.Input], any Error> {
        try files.map { try MasterManifest.Input.of(path: $0.path, named: $0.shown) }
      }
      self.result.withLock { $0 = inputs }
    }
  }

  func wait() { group.wait() }

  func value() throws -> [MasterManifest.Input] {
    wait()
    return try result.withLock { $0 }.get()
  }
}
