import Foundation
import HorizonCore
import HorizonSources
import HorizonStore
import Testing

/// A folder for one test, removed afterwards.
final class Sandbox {
  let folder: String

  init() {
    folder = FileManager.default.temporaryDirectory.path + "/horizonscale-sources-\(UUID().uuidString)"
    try! FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var workspace: String { folder + "/workspace" }

  /// Writes a file and gives its path.
  @discardableResult
  func file(_ name: String, _ text: String) -> String { file(name, Data(text.utf8)) }

  @discardableResult
  func file(_ name: String, _ data: Data) -> String {
    let path = "\(folder)/\(name)"
    try! FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
    try! data.write(to: URL(fileURLWithPath: path))
    return path
  }

  func gzipped(_ name: String, _ text: String) throws -> String {
    let plain = file("plain-\(UUID().uuidString)", text)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-n", plain]
    try process.run()
    process.waitUntilExit()
    try FileManager.default.moveItem(atPath: plain + ".gz", toPath: "\(folder)/\(name)")
    return "\(folder)/\(name)"
  }

  func options(_ inputs: String...) -> IngestOptions {
    IngestOptions(inputs: inputs, workspace: workspace, scratch: folder + "/scratch")
  }

  @discardableResult
  func run(_ inputs: String..., change: (inout IngestOptions) -> Void = { _ in }) throws -> IngestResult {
    var options = IngestOptions(inputs: inputs, workspace: workspace, scratch: folder + "/scratch")
    change(&options)
    return try ingest(options)
  }

  /// What ingest says when it refuses.
  func failure(_ inputs: String..., change: (inout IngestOptions) -> Void = { _ in }) -> Failure? {
    var options = IngestOptions(inputs: inputs, workspace: workspace, scratch: folder + "/scratch")
    change(&options)
    do { _ = try ingest(options) } catch { return error as? Failure }
    return nil
  }

  /// Every stored series, as `server/resource`.
  func stored() throws -> [String: MasterSeries] {
    let manifest = try MasterManifest.read(from: workspace + "/master")
    let reader = MasterReader(folder: workspace + "/master", manifest: manifest, asOf: manifest.lastIndex)
    var names: [SeriesName] = []
    while let tile = try reader.next() {
      names += tile.servers.map { SeriesName(server: $0, resource: manifest.resources[tile.resource].name) }
    }
    let series = try MasterIndex(folder: workspace + "/master", manifest: manifest).read(
      names, asOf: manifest.lastIndex)
    return Dictionary(uniqueKeysWithValues: series.map { ("\($0.key)", $0.value) })
  }

  /// Bytes of every file of the master, by its place in it.
  func masterBytes() throws -> [String: Data] {
    let master = workspace + "/master"
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: master) where name.hasSuffix(".parquet") {
      files[name] = FileManager.default.contents(atPath: "\(master)/\(name)")
    }
    return files
  }
}

extension MasterSeries {
  /// Times as text.
  var dates: [String] { times.map { ISOTime.string($0) } }
}

extension IngestResult {
  func resource(_ name: String) -> MasterManifest.Resource? { manifest.resources.first { $0.name == name } }
}

/// `count` daily rows, `line` filled with the date and the number of the day.
func daily(_ header: String, count: Int, from first: Int = 19_000, _ line: (String, Int) -> String) -> String {
  ([header] + (0..<count).map { line(CivilDate(daysSinceEpoch: first + $0).description, $0) }).joined(separator: "\n")
    + "\n"
}
