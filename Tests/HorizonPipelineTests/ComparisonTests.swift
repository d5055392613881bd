import Foundation
import HorizonPipeline
import HorizonStore
import Testing

@Suite struct ComparisonTests {
  @Test func aRunIsComparedWithTheOneBeforeItAndFreshWithNone() async throws {
    let sandbox = try Sandbox()
    // A quiet server, and one that fills by a point a day.
    let input = try sandbox.file(
      "filling.csv", dailyCSV(["web-1", "web-2"]) { s, day in "\(s == 0 ? 20 + day % 7 : 30 + max(0, day - 20))" })
    let later = try await sandbox.run(input)
    #expect(later.manifest.compared == nil)
    let past = try await sandbox.run(input) { $0.asOf = "2024-11-01" }
    // A run in the past does not know what came after it.
    #expect(past.manifest.compared == nil)
    let again = try await sandbox.run(input)
    #expect(again.manifest.compared?.run == later.folder.lastPathComponent)
    #expect(again.manifest.compared?.digest == later.manifest.digest)
    #expect(again.manifest.compared?.newRisks == 0 && again.manifest.compared?.goneRisks == 0)
    #expect(again.manifest.digest != later.manifest.digest)
    #expect(again.summary().contains("Since run \(later.folder.lastPathComponent): 0 new, 0 gone"))

    let fresh = try await sandbox.run(input) { $0.fresh = true }
    #expect(fresh.manifest.compared == nil && fresh.manifest.digest == later.manifest.digest)
  }

  @Test func aRunThatCannotBeReadIsNoReasonToFail() async throws {
    let sandbox = try Sandbox()
    let input = try sandbox.file("quiet.csv", quietCSV)
    let first = try await sandbox.run(input)
    try Data("not a table".utf8).write(to: first.folder.appending(path: "risks.parquet"))
    #expect(try await sandbox.run(input).manifest.compared == nil)
  }
}
