import Foundation
import HorizonCore
import HorizonSources
import HorizonStore
import Testing

/// Public exports beside the checkout, `../shared/data`; skipped where they are not.
@Suite struct RealDataTests {
  static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .appending(path: "../../../../shared/data").standardizedFileURL.path
  static var isThere: Bool { FileManager.default.fileExists(atPath: folder) }

  let box = Sandbox()

  @Test(.enabled(if: isThere, "../shared/data is not there"))
  func wideHourlyFleetHasNinetySixSeries() throws {
    let result = try box.run(Self.folder + "/fleet_hourly_bitbrains24.csv")
    #expect(result.manifest.seriesCount == 96)
    #expect(result.manifest.resources.map(\.name) == ["cpu", "disk", "mem", "net"])
    #expect(result.manifest.resources.map(\.ceiling) == [.constant(100), .none, .constant(100), .none])
  }

  @Test(.enabled(if: isThere, "../shared/data is not there"))
  func longDailyTableHasTwentyTwoSeries() throws {
    let result = try box.run(Self.folder + "/daily_long.csv")
    #expect(result.manifest.seriesCount == 22 && result.manifest.step == .day)
    #expect(result.quality.rowsRejected == 0)
  }

  @Test(.enabled(if: isThere, "../shared/data is not there"))
  func folderOfFilesHasASeriesAFile() throws {
    let result = try box.run(Self.folder + "/nab_aws")
    #expect(result.manifest.seriesCount == 17)
  }

  @Test(.enabled(if: isThere, "../shared/data is not there"))
  func cloudAggregatesHaveThirteenSeries() throws {
    let result = try box.run(Self.folder + "/cloud_aggregates_hourly.csv")
    #expect(result.manifest.seriesCount == 13)
  }
}
