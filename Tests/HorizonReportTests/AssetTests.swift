import Foundation
import HorizonReport
import Testing

/// What is in the binary is what lies in `Assets/`, and the chart library is the release that the decision record names.
@Suite struct AssetTests {
  private static let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "../../Sources/HorizonReport/Assets").standardizedFileURL

  private func asset(_ name: String) throws -> String {
    try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
  }

  @Test(arguments: [
    ("uPlot.iife.min.js", "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"),
    ("uPlot.min.css", "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"),
    ("uPlot.LICENSE", "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd"),
  ])
  func theChartLibraryIsThePinnedRelease(name: String, digest: String) throws {
    #expect(hex(sha256(Array(try asset(name).utf8))) == digest)
  }

  @Test func embeddedPartsAreTheFiles() throws {
    let remedy: Comment = "run scripts/embed-report after changing a file in Assets/"
    #expect(EmbeddedAssets.template == (try asset("report.html")), remedy)
    #expect(EmbeddedAssets.style == (try asset("uPlot.min.css")) + (try asset("report.css")), remedy)
    let licence = "/*! uPlot 1.6.32\n" + (try asset("uPlot.LICENSE")) + "*/\n"
    let names = ["uPlot.iife.min.js", "fan-chart.js", "part-chart.js", "report.js"]
    let scripts = try names.map(asset).joined(separator: "\n")
    #expect(EmbeddedAssets.script == licence + scripts, remedy)
  }

  @Test func thePolicyKnowsStyleAndScriptByTheirDigests() {
    #expect(Data(sha256(Array(EmbeddedAssets.style.utf8))).base64EncodedString() == EmbeddedAssets.styleDigest)
    #expect(Data(sha256(Array(EmbeddedAssets.script.utf8))).base64EncodedString() == EmbeddedAssets.scriptDigest)
    #expect(hex(sha256(Array("abc".utf8))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  private func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }
}
