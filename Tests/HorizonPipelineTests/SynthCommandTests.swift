import Foundation
import Testing

@Suite struct SynthCommandTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "horizonscale-\(UUID().uuidString)").path

  @Test func thePretrainingFamilyIsWrittenAndRead() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let script = #"""
      "$0" synth --family pretrain --servers 30 --days 90 --quiet --out "$1/in" && ls "$1/in" &&
      "$0" ingest "$1/in" --workspace "$1/workspace"
      """#
    let outcome = try Executable.shell(script, folder)
    #expect(outcome.code == 0)
    #expect(outcome.output.hasPrefix("metrics.parquet\n"))
    #expect((outcome.output + outcome.talk).contains("of 30 series"))
  }

  @Test func thePretrainingFamilyHasNoScenarios() throws {
    let script = #""$0" synth --family pretrain --scenario mixed --out "$1""#
    let outcome = try Executable.shell(script, folder)
    #expect(outcome.code == 64)
    #expect(outcome.talk.contains("--scenario: the family 'pretrain' has no scenarios."))
    #expect(!FileManager.default.fileExists(atPath: folder))
  }
}
