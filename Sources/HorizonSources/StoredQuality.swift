import Foundation
import HorizonCore
import HorizonStore

/// `quality.json` of a workspace, which an append goes on with: it counts for as long as its readings are in the master, also where a
/// process ends between writing the one and the other.
struct StoredQuality {
  /// What quality will be once the master holds some inputs.
  private struct Pending: Codable {
    /// SHA-256.
    let inputs: [String]
    let report: QualityReport
  }

  private let path: String
  private let pendingPath: String

  init(workspace: String) {
    path = "\(workspace)/quality.json"
    pendingPath = "\(workspace)/.quality.json"
  }

  /// What belongs to a master; of an earlier append that was cut short just before its end, too.
  func read(for master: MasterManifest) throws -> QualityReport {
    if let pending: Pending = decoded(pendingPath) {
      if Set(master.inputs.map(\.sha256)).isSuperset(of: pending.inputs) { try write(pending.report) }
      unlink(pendingPath)
    }
    return decoded(path) ?? QualityReport()
  }

  /// Notes what quality becomes when the master holds what `manifest` says.
  func prepare(_ report: QualityReport, for manifest: MasterManifest) throws {
    try atomicWrite(
      try JSONEncoder.pretty.encode(Pending(inputs: manifest.inputs.map(\.sha256), report: report)), to: pendingPath)
  }

  func write(_ report: QualityReport) throws {
    try atomicWrite(try JSONEncoder.pretty.encode(report), to: path)
    unlink(pendingPath)
  }

  private func decoded<Value: Decodable>(_ path: String) -> Value? {
    FileManager.default.contents(atPath: path).flatMap { try? JSONDecoder().decode(Value.self, from: $0) }
  }
}
