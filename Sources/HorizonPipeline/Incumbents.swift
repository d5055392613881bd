import Foundation
import HorizonCore
import HorizonStore

/// Who published each series in the run before, so that a tie does not change the champion from run to run.
struct Incumbents: Sendable {
  /// Champions by series.
  let champions: [SeriesName: String]
  /// What was read, for `run.json`.
  let item: RunManifest.Item

  /// - Parameter run: A finished run.
  /// - Returns: nil where its decisions cannot be read: a damaged past is no reason to lose a run.
  init?(of run: RunFolder) {
    let file = run.url.appending(path: "decisions.parquet")
    guard
      let reader = try? TableReader(
        parquet: file.path, columns: [Column("server", .key), Column("resource", .key), Column("champion", .key)]),
      let digest = try? sha256(ofFile: file.path)
    else { return nil }
    var champions: [SeriesName: String] = [:]
    do {
      while let batch = try reader.next() {
        let names = (0..<3).map { reader.keyNames($0) }
        for i in 0..<batch.rowCount {
          let name = SeriesName(server: names[0][Int(batch.codes(0)[i])], resource: names[1][Int(batch.codes(1)[i])])
          champions[name] = names[2][Int(batch.codes(2)[i])]
        }
      }
    } catch { return nil }
    let bytes = (try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int) ?? 0
    self.champions = champions
    item = RunManifest.Item(name: run.url.lastPathComponent, bytes: bytes, sha256: digest)
  }
}
