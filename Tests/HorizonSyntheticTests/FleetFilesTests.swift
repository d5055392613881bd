import Foundation
import HorizonSynthetic
import Testing

@Suite struct FleetFilesTests {
  private static let names = ["metrics.parquet", "inventory.parquet", "truth.parquet"]

  /// The bytes of the three files of a fleet that fills several blocks.
  private func files(threads: Int, progress: (Int) -> Void = { _ in }) async throws -> [Data] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "horizonscale-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try await SyntheticFleet(FleetPlan(servers: 150, days: 20)).write(
      to: folder.path, threads: threads, progress: progress)
    return try FleetFilesTests.names.map { try Data(contentsOf: folder.appending(path: $0)) }
  }

  @Test func theBytesAreTheSameForAnyNumberOfThreads() async throws {
    let alone = try await files(threads: 1)
    #expect(alone.allSatisfy { $0.count > 1_000 })
    #expect(try await files(threads: 2) == alone)
    #expect(try await files(threads: 5) == alone)
  }

  @Test func progressCountsServersUpToAll() async throws {
    var counts: [Int] = []
    _ = try await files(threads: 2) { counts.append($0) }
    #expect(counts.last == 150 && counts == counts.sorted())
  }

  @Test func aFolderThatCannotBeMadeIsSaid() async throws {
    let fleet = try SyntheticFleet(FleetPlan(servers: 1, days: 2))
    await #expect(throws: (any Error).self) { try await fleet.write(to: "/dev/null/fleet", threads: 1) }
  }
}
