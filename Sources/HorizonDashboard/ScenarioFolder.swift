import Foundation
import HorizonCore
import HorizonStore

/// The one folder that the server writes: a JSON file a scenario.
struct ScenarioFolder: Sendable {
  private let folder: URL

  /// Files at most.
  private static let most = 500

  init(_ folder: URL) { self.folder = folder }

  struct Entry: Sendable {
    let name: String
    let scenario: Scenario
    /// Seconds since 1970.
    let modified: Int64
  }

  /// Lower-case letters, digits and hyphens: what else a request may say never becomes a name of a file.
  static func isName(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    // An address has this word for something else.
    guard (1...64).contains(bytes.count), bytes[0] != UInt8(ascii: "-"), text != "evaluate" else { return false }
    return bytes.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
  }

  private func file(_ name: String) throws(Problem) -> URL {
    guard ScenarioFolder.isName(name) else {
      throw Problem(
        .notFound, "No scenario can have this name.",
        remedy: "Names have 1 to 64 of a-z, 0-9 and '-', the first of which is no hyphen.")
    }
    return folder.appending(path: "\(name).json")
  }

  private func names() -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.filter(ScenarioFolder.isName).sorted()
  }

  /// By name; what somebody else has put there and is no scenario is passed over.
  func all() -> [Entry] { names().compactMap { try? read($0) } }

  func read(_ name: String) throws(Problem) -> Entry {
    let file = try file(name)
    var information = stat()
    guard stat(file.path, &information) == 0, information.st_mode & S_IFMT == S_IFREG,
      information.st_size <= 1 << 20, let data = FileManager.default.contents(atPath: file.path)
    else {
      throw Problem(.notFound, "There is no scenario '\(name)'.", remedy: "See /api/v1/scenarios for those there are.")
    }
    return Entry(name: name, scenario: try Scenario(json: Array(data)), modified: Int64(information.st_mtim.tv_sec))
  }

  /// - Returns: Whether it is a new one.
  func write(_ scenario: Scenario, named name: String) throws -> Bool {
    let file = try file(name)
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let known = names()
    let isNew = !known.contains(name)
    guard !isNew || known.count < ScenarioFolder.most else {
      throw Problem(
        .tooManyRows, "There are \(ScenarioFolder.most) scenarios already.", remedy: "Remove one first.")
    }
    try atomicWrite(scenario.json(), to: file.path)
    return isNew
  }

  func remove(_ name: String) throws(Problem) {
    let file = try file(name)
    guard names().contains(name), unlink(file.path) == 0 else {
      throw Problem(.notFound, "There is no scenario '\(name)'.", remedy: "See /api/v1/scenarios for those there are.")
    }
  }
}
