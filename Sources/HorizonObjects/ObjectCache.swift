package import Foundation
package import HorizonCore
package import HorizonStore
import Synchronization

/// What this machine keeps of a workspace in an object store: its files by digest, and for every command that runs a folder in
/// which they have their names.
///
/// The names are hard links, so that a folder costs nothing, and no command sees what another does to its own. What belongs to
/// a process that has ended is removed by the next one.
package struct ObjectCache: Sendable {
  package let folder: URL
  private var objects: URL { folder.appending(path: "objects", directoryHint: .isDirectory) }
  private var views: URL { folder.appending(path: "views", directoryHint: .isDirectory) }

  /// - Parameter parent: Where caches of all workspaces lie.
  package init(of address: ObjectAddress, endpoint: String?, under parent: URL) throws(Failure) {
    let name = sha256(of: Array("\(endpoint ?? "") \(address)".utf8)).prefix(16)
    folder = parent.appending(path: "\(address.bucket)-\(name)", directoryHint: .isDirectory)
    do {
      for folder in [objects, views] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      }
    } catch {
      throw Failure(
        .cannotCreate, "The cache \(folder.path) cannot be created: \(error.localizedDescription)",
        remedy: "Choose another folder with --cache.")
    }
  }

  /// Where caches lie when nothing is said: by the XDG Base Directory Specification.
  static func standard(environment: [String: String]) -> URL {
    let base =
      environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
      ?? (environment["HOME"] ?? NSTemporaryDirectory()) + "/.cache"
    return URL(fileURLWithPath: base + "/horizonscale", isDirectory: true)
  }

  /// A text that no other cache has; it is made when it is missing.
  func identity() throws -> String {
    let file = folder.appending(path: "identity")
    if let text = try? String(contentsOf: file, encoding: .utf8), !text.isEmpty { return text }
    try atomicWrite(UUID().uuidString, to: file.path)
    return try String(contentsOf: file, encoding: .utf8)
  }

  package func object(_ sha256: String) -> URL { objects.appending(path: sha256) }

  package func holds(_ entry: RemoteIndex.Entry) -> Bool {
    let size = (try? FileManager.default.attributesOfItem(atPath: object(entry.sha256).path))?[.size] as? Int
    return size == entry.bytes
  }

  /// A name for an object on its way.
  func incoming() -> URL { objects.appending(path: ".\(UUID().uuidString)") }

  /// Gives a file of the cache a second name. - Returns: False when the cache does not hold it any more.
  package func link(_ sha256: String, to file: URL) throws -> Bool {
    try? FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    let source = object(sha256).path
    if Glibc.link(source, file.path) == 0 { return true }
    if errno == ENOENT { return false }
    // A file system without second names.
    do { try FileManager.default.copyItem(atPath: source, toPath: file.path) } catch {
      throw Failure(
        .cannotCreate, "\(file.path) cannot be made: \(error.localizedDescription)", remedy: "Check the free disk.")
    }
    return true
  }

  /// Keeps a new file, so that it is not fetched later.
  func keep(_ file: URL, sha256: String) { _ = Glibc.link(file.path, object(sha256).path) }

  /// Removes what nobody needs: files of another state that no folder names, and what a killed process was fetching.
  package func prune(keeping index: RemoteIndex) {
    let needed = Set(index.files.map(\.sha256))
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: objects.path)) ?? [] where !needed.contains(name) {
      var information = stat()
      let path = objects.appending(path: name).path
      // Another process may have fetched it just now, and not named it yet.
      guard stat(path, &information) == 0, information.st_nlink == 1, time(nil) - information.st_mtim.tv_sec > 3_600
      else { continue }
      unlink(path)
    }
  }

  /// A new folder for a command.
  ///
  /// - Parameter name: Of the workspace, as people see it.
  package func view(named name: String) throws(Failure) -> CacheView {
    removeDead()
    return try CacheView(under: views, named: name)
  }

  private func removeDead() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: views.path)) ?? [] where name.hasSuffix(".alive")
    {
      let mark = views.appending(path: name).path
      let file = open(mark, O_RDWR | O_CLOEXEC)
      guard file >= 0 else { continue }
      defer { close(file) }
      guard flock(file, LOCK_EX | LOCK_NB) == 0 else { continue }
      try? FileManager.default.removeItem(at: views.appending(path: String(name.dropLast(".alive".count))))
      unlink(mark)
    }
  }

  /// Moves the folder of a command to where it stays. - Returns: Its new place.
  func saved(_ view: CacheView) throws -> URL {
    let place = folder.appending(path: "saved-\(UUID().uuidString.prefix(8))", directoryHint: .isDirectory)
    try FileManager.default.moveItem(at: view.folder, to: place)
    return place
  }
}

/// A folder that lives as long as the process that made it.
package final class CacheView: Sendable {
  package let folder: URL
  private let parent: URL
  private let mark: String
  private let descriptor: Int32

  init(under views: URL, named name: String) throws(Failure) {
    var opened: Int32 = -1
    var unique = ""
    // One that has just made its mark and has not locked it yet may be taken for dead.
    repeat {
      if opened >= 0 { close(opened) }
      unique = "\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString.prefix(8))"
      opened = open(views.appending(path: "\(unique).alive").path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      guard opened >= 0 else {
        throw Failure(
          .cannotCreate, "\(views.path) cannot be written to: \(String(cString: strerror(errno))).",
          remedy: "Check permissions and free disk, or choose another folder with --cache.")
      }
    } while flock(opened, LOCK_EX | LOCK_NB) != 0
      || access(views.appending(path: "\(unique).alive").path, F_OK) != 0
    descriptor = opened
    mark = views.appending(path: "\(unique).alive").path
    parent = views.appending(path: unique, directoryHint: .isDirectory)
    folder = parent.appending(path: name, directoryHint: .isDirectory)
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw Failure(
        .cannotCreate, "\(folder.path) cannot be created: \(error.localizedDescription)",
        remedy: "Check permissions and free disk, or choose another folder with --cache.")
    }
  }

  package func remove() {
    try? FileManager.default.removeItem(at: parent)
    unlink(mark)
    close(descriptor)
  }
}
