import Foundation
import HorizonPipeline
import HorizonStore
import Testing

@Suite struct DeterminismTests {
  @Test func threadsChunksAndRepetitionChangeNoByte() async throws {
    let sandbox = try Sandbox()
    let fleet = try await sandbox.fleet(servers: 20, days: 200)
    func run(_ workspace: String, threads: Int, chunk: Int) async throws -> RunOutcome {
      try await sandbox.run(fleet, in: sandbox.workspace(workspace), threads: threads, chunk: chunk) {
        $0.models = allModels
      }
    }
    let first = try await run("workspace", threads: 1, chunk: 1_024)
    for (place, (threads, chunk)) in [(2, 64), (8, 4_096), (2, 1)].enumerated() {
      let other = try await run("other-\(place)", threads: threads, chunk: chunk)
      #expect(other.manifest.digest == first.manifest.digest)
      #expect(try digests(other) == digests(first))
    }
    // What an earlier run has left is an input as well, unless it is not read.
    let again = try await sandbox.run(fleet) {
      $0.models = allModels
      $0.fresh = true
    }
    #expect(again.manifest.digest == first.manifest.digest)
  }

  @Test func anotherSeedIsAnotherRun() async throws {
    let sandbox = try Sandbox()
    let input = try sandbox.file("quiet.csv", quietCSV)
    let first = try await sandbox.run(input)
    let other = try await sandbox.run(input) { $0.seed = 43 }
    #expect(other.manifest.digest != first.manifest.digest)
  }

  /// Files whose bytes are promised, from the disk rather than from what the run says of them.
  private func digests(_ run: RunOutcome) throws -> [String: String] {
    let names = run.manifest.outputs.map(\.name).filter { $0 != "timings.parquet" }
    return try Dictionary(
      uniqueKeysWithValues: names.map { ($0, try sha256(ofFile: run.folder.appending(path: $0).path)) })
  }
}
