import Foundation
package import HorizonCore
package import HorizonStore

/// `index.json`: what a workspace in an object store consists of. It is replaced in one step, last, so that a reader sees one
/// state of the whole, never parts of two.
package struct RemoteIndex: Codable, Sendable, Hashable {
  static let fileName = "index.json"
  static let currentVersion = 1

  package struct Entry: Codable, Sendable, Hashable {
    /// In the workspace.
    package var path: String
    /// Key below the workspace's address: the path, or for what is replaced under its name the path with a part of the digest.
    package var object: String
    package var bytes: Int
    package var sha256: String

    package init(path: String, object: String, bytes: Int, sha256: String) {
      (self.path, self.object, self.bytes, self.sha256) = (path, object, bytes, sha256)
    }
  }

  var version = RemoteIndex.currentVersion
  /// By path.
  package var files: [Entry] = []

  /// - Throws: `.unusableData` for what is no index, or that of a newer version.
  package init(json: [UInt8], at address: ObjectAddress) throws(Failure) {
    struct Version: Decodable { let version: Int }
    let data = Data(json)
    if let found = try? JSONDecoder().decode(Version.self, from: data), found.version > RemoteIndex.currentVersion {
      throw Failure(
        .unusableData, "\(address) was written by a newer HorizonScale (version \(found.version) of the index).",
        remedy: "Update HorizonScale, or use another workspace.")
    }
    do { self = try JSONDecoder().decode(RemoteIndex.self, from: data) } catch {
      throw Failure(
        .unusableData, "\(address) is no index of a workspace.",
        remedy: "Use another workspace, or restore the object from an earlier version.")
    }
    // A path leads nowhere but into the folder that it is fetched to.
    for entry in files where !RemoteIndex.isPath(entry.path) {
      throw Failure(
        .unusableData, "\(address) names '\(entry.path)', which is no file of a workspace.",
        remedy: "Use another workspace, or restore the object from an earlier version.")
    }
  }

  package init(files: [Entry] = []) { self.files = files }

  package func json() throws -> [UInt8] {
    return Array(try JSONEncoder.pretty.encode(self))
  }

  static func isPath(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return roots.contains(String(parts[0]))
      && !parts.dropFirst().contains { $0.isEmpty || $0.hasPrefix(".") || $0.utf8.contains(0) }
  }

  /// Whether a key below the address can be one that we have put.
  package static func isObject(_ key: String) -> Bool {
    let stems = roots.map { $0.hasPrefix(".") ? $0[...] : $0.split(separator: ".")[0] }
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    return stems.contains { key.hasPrefix($0) }
      && !parts.dropFirst().contains { $0.isEmpty || $0.hasPrefix(".") }
  }

  /// What of a workspace is kept in a store; settings are an object of their own, which users edit.
  static let roots: Set<String> = [
    "master", "inventory.parquet", "quality.json", "runs", "backtests", "ledger", "replay", ".folds",
  ]

  /// Names of finished runs, by as-of, then number.
  package var runs: [String] {
    files.compactMap { entry -> RunFolder? in
      let parts = entry.path.split(separator: "/")
      guard parts.count == 3, parts[0] == "runs", parts[2] == "run.json" else { return nil }
      return RunFolder(url: URL(fileURLWithPath: "/runs/\(parts[1])"))
    }
    .sorted { ($0.asOf, $0.number) < ($1.asOf, $1.number) }.map(\.url.lastPathComponent)
  }

  /// What has to be done so that a store holds what a folder holds.
  package struct Plan: Sendable, Hashable {
    /// To be sent, in this order: manifests of runs last.
    package var uploads: [Entry]
    /// What stands then.
    package var index: RemoteIndex
    /// Objects that nobody needs then, in the order of removal: manifests of runs first.
    package var garbage: [String]
  }

  /// A file of a folder.
  package struct File: Sendable, Hashable {
    let path: String
    let bytes: Int
    let sha256: String

    package init(path: String, bytes: Int, sha256: String) {
      (self.path, self.bytes, self.sha256) = (path, bytes, sha256)
    }
  }

  /// - Parameters:
  ///   - files: What the folder holds now.
  ///   - fetched: Paths that it was given before the work; what is missing of them was removed.
  package func plan(for files: [File], fetched: Set<String>) -> Plan {
    let known = Dictionary(uniqueKeysWithValues: self.files.map { ($0.path, $0) })
    let present = Set(files.map(\.path))
    let written = Set(files.filter { !fetched.contains($0.path) }.map { RemoteIndex.group($0.path) })
    let given = Set(fetched.map(RemoteIndex.group))
    var taken: [String: String] = [:]
    for entry in self.files { taken[entry.object] = entry.sha256 }

    var entries: [Entry] = []
    var uploads: [Entry] = []
    for file in files {
      if let entry = known[file.path], entry.sha256 == file.sha256 {
        entries.append(entry)
        continue
      }
      let object = RemoteIndex.object(file, taken: taken)
      let entry = Entry(path: file.path, object: object, bytes: file.bytes, sha256: file.sha256)
      entries.append(entry)
      if taken[object] != file.sha256 { uploads.append(entry) }
    }
    for entry in self.files where !present.contains(entry.path) && !fetched.contains(entry.path) {
      let group = RemoteIndex.group(entry.path)
      let isReplaced = written.contains(group) && !given.contains(group)
      let manifest = "\(group)/run.json"
      let isRemoved = fetched.contains(manifest) && !present.contains(manifest)
      if !isReplaced && !isRemoved { entries.append(entry) }
    }
    entries.sort { utf8Less($0.path, $1.path) }
    let needed = Set(entries.map(\.object))
    let garbage = self.files.map(\.object).filter { !needed.contains($0) }
    return Plan(
      uploads: uploads.filter { !RemoteIndex.isManifest($0.path) } + uploads.filter { RemoteIndex.isManifest($0.path) },
      index: RemoteIndex(files: entries),
      garbage: garbage.filter(RemoteIndex.isManifest) + garbage.filter { !RemoteIndex.isManifest($0) })
  }

  private static func isManifest(_ path: String) -> Bool { path.hasSuffix("/run.json") }

  /// What is written as one: a run, a backtest, a replayed month, the master.
  static func group(_ path: String) -> String {
    let parts = path.split(separator: "/")
    return parts[0] == "master" || parts.count < 3 ? String(parts[0]) : "\(parts[0])/\(parts[1])"
  }

  /// The files of a run keep their names, for others who look for them: a run is never changed. All else is replaced under its
  /// name, and a reader of the old must still find the old.
  private static func object(_ file: File, taken: [String: String]) -> String {
    if file.path.hasPrefix("runs/"), taken[file.path] == nil || taken[file.path] == file.sha256 { return file.path }
    let slash = file.path.lastIndex(of: "/").map { file.path.index(after: $0) } ?? file.path.startIndex
    let dot = file.path[slash...].lastIndex(of: ".") ?? file.path.endIndex
    return "\(file.path[..<dot])-\(file.sha256.prefix(16))\(file.path[dot...])"
  }
}
