package import Foundation
package import HorizonCore

/// A workspace folder: where everything of one fleet stands.
package struct Workspace: Sendable {
  package let folder: URL

  package init(_ path: String) { folder = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL }

  package var settings: URL { folder.appending(path: "horizonscale.yaml") }
  package var master: URL { folder.appending(path: "master", directoryHint: .isDirectory) }
  package var inventory: URL { folder.appending(path: "inventory.parquet") }
  package var quality: URL { folder.appending(path: "quality.json") }
  package var runs: URL { folder.appending(path: "runs", directoryHint: .isDirectory) }
  package var backtests: URL { folder.appending(path: "backtests", directoryHint: .isDirectory) }
  package var ledger: URL { folder.appending(path: "ledger", directoryHint: .isDirectory) }
  package var replay: URL { folder.appending(path: "replay", directoryHint: .isDirectory) }
  package var latest: URL { folder.appending(path: "latest") }
  /// What an unfinished run can be continued from.
  package var unfinishedRun: URL { runs.appending(path: ".unfinished", directoryHint: .isDirectory) }
  /// What the next run can use of the contest of the last one; it can be removed at any time.
  package var finishedFolds: URL { folder.appending(path: ".folds", directoryHint: .isDirectory) }
  package var scratch: URL { folder.appending(path: ".scratch", directoryHint: .isDirectory) }

  /// Creates the folder where it is missing.
  package func create() throws(Failure) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw Failure(
        .cannotCreate, "The workspace \(folder.path) cannot be created: \(error.localizedDescription)",
        remedy: "Choose another with --workspace.")
    }
  }

  /// The folder of the newest finished run.
  package func latestRun() throws(Failure) -> URL {
    if let best = finishedRuns().last { return best.url }
    throw Failure(
      .missingInput, "There is no finished run in \(folder.path).",
      remedy: "Make one with 'horizonscale run INPUT --workspace \(folder.path)'.")
  }

  /// Finished runs by as-of, then number.
  package func finishedRuns() -> [RunFolder] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: runs.path)) ?? []
    return names.compactMap { RunFolder(url: runs.appending(path: $0, directoryHint: .isDirectory)) }
      .filter { FileManager.default.fileExists(atPath: $0.url.appending(path: "run.json").path) }
      .sorted { ($0.asOf, $0.number) < ($1.asOf, $1.number) }
  }

  /// The finished run before the one that is about to be placed at an as-of: the newest one made for it or for an earlier one.
  package func runBefore(asOf: String) -> RunFolder? {
    var number = 1
    while FileManager.default.fileExists(atPath: runs.appending(path: RunFolder.name(asOf, number)).path) {
      number += 1
    }
    return finishedRuns().last { ($0.asOf, $0.number) < (asOf, number) }
  }

  /// Moves a finished folder to its place under `parent`: `<asOf>`, or `<asOf>.2` and so on when that is taken.
  package func place(_ temporary: URL, under parent: URL, asOf: String) throws(Failure) -> URL {
    var number = 1
    while true {
      let target = parent.appending(path: RunFolder.name(asOf, number), directoryHint: .isDirectory)
      if !FileManager.default.fileExists(atPath: target.path) {
        do { try FileManager.default.moveItem(at: temporary, to: target) } catch {
          throw Failure(
            .writingFailed, "The finished run cannot be moved to \(target.path): \(error.localizedDescription)",
            remedy: "Check permissions and free disk, then run again.")
        }
        return target
      }
      number += 1
    }
  }

  /// Moves a finished folder to `<asOf>` under `parent`; what was there before goes when the new one has its place.
  package func replace(_ temporary: URL, under parent: URL, asOf: String) throws(Failure) -> URL {
    let target = parent.appending(path: asOf, directoryHint: .isDirectory)
    if exchange(temporary.path, target.path) {
      try? FileManager.default.removeItem(at: temporary)
      return target
    }
    let aside = parent.appending(path: ".tmp-\(ProcessInfo.processInfo.processIdentifier)-old")
    try? FileManager.default.moveItem(at: target, to: aside)
    do {
      let place = try place(temporary, under: parent, asOf: asOf)
      try? FileManager.default.removeItem(at: aside)
      return place
    } catch {
      try? FileManager.default.moveItem(at: aside, to: target)
      throw error
    }
  }

  /// Points `latest` at the newest run; a run in the past does not move it.
  package func updateLatest() throws(Failure) {
    guard let newest = finishedRuns().last else { return }
    let temporary = folder.appending(path: ".latest-\(ProcessInfo.processInfo.processIdentifier)")
    try? FileManager.default.removeItem(at: temporary)
    do {
      try FileManager.default.createSymbolicLink(
        atPath: temporary.path, withDestinationPath: "runs/\(newest.url.lastPathComponent)")
    } catch {
      throw Failure(
        .writingFailed, "\(latest.path) cannot be written: \(error.localizedDescription)", remedy: "Check permissions.")
    }
    guard rename(temporary.path, latest.path) == 0 else {
      throw Failure(.writingFailed, "\(latest.path) cannot be replaced.", remedy: "Remove it, then run again.")
    }
  }

  /// Removes what killed processes have left; only for the holder of the lock.
  func removeLeftovers() {
    let files = FileManager.default
    func names(in parent: URL) -> [String] { (try? files.contentsOfDirectory(atPath: parent.path)) ?? [] }
    for name in names(in: folder) where name.hasPrefix(".") {
      let url = folder.appending(path: name)
      if name.hasPrefix(".master-") && name.hasSuffix(".old") && !files.fileExists(atPath: master.path) {
        _ = rename(url.path, master.path)
      } else if name == scratch.lastPathComponent || name.hasPrefix(".master-") || name.hasPrefix(".latest-")
        || name.hasSuffix(AtomicFile.partial)
      {
        try? files.removeItem(at: url)
      }
    }
    for parent in [runs, backtests, ledger, replay, replay.appending(path: "ledger")] {
      for name in names(in: parent) where name.hasPrefix(".tmp-") {
        try? files.removeItem(at: parent.appending(path: name))
      }
    }
  }

  /// A new empty folder for work in progress under `parent`.
  package func temporaryFolder(under parent: URL) throws(Failure) -> URL {
    let url = parent.appending(path: ".tmp-\(ProcessInfo.processInfo.processIdentifier)", directoryHint: .isDirectory)
    do { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) } catch {
      throw Failure(
        .cannotCreate, "\(url.path) cannot be created: \(error.localizedDescription)",
        remedy: "Check permissions and free disk.")
    }
    return url
  }
}

/// The place of one run: `runs/2025-12-31`, the second at the same as-of `runs/2025-12-31.2`.
package struct RunFolder: Sendable {
  package let url: URL
  package let asOf: String
  package let number: Int

  static func name(_ asOf: String, _ number: Int) -> String { number == 1 ? asOf : "\(asOf).\(number)" }

  /// - Returns: Nil for a folder that is not called as runs are.
  package init?(url: URL) {
    let name = url.lastPathComponent
    guard !name.hasPrefix(".") else { return nil }
    let parts = name.split(separator: ".", maxSplits: 1)
    self.url = url
    asOf = String(parts[0])
    number = parts.count == 2 ? Int(parts[1]) ?? 0 : 1
    if number < 1 { return nil }
  }
}
