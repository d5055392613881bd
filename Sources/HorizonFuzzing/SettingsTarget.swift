import Foundation
import HorizonDashboard
import HorizonPipeline
import HorizonStore

extension FuzzTarget {
  /// Settings from three texts: `horizonscale.yaml`, then flags and then variables as lines `name=value`.
  static let settings = FuzzTarget("settings", longestInput: 4_096) { input in
    let texts = parts(of: input, atMost: 3)
    // A path that somebody gives is opened, and a device has no end.
    guard !texts.contains(where: { $0.contains(pair: "/dev") || $0.contains(pair: "/proc") }) else { return }
    _ = try SettingsFolder.shared.write(texts[0], to: "horizonscale.yaml")
    let lines = texts.dropFirst().map { pairs($0) }
    let flags = lines.first ?? [:]
    let sources = try SettingSources(
      flags: flags, environment: lines.count > 1 ? lines[1] : [:], workspace: Workspace(SettingsFolder.shared.path))
    // Each of these reads settings that the others do not.
    for read: () throws -> Void in [
      { _ = try sources.settings() }, { _ = try sources.threads() }, { _ = try sources.chunk() },
      { _ = try sources.keepRunsDays() }, { _ = try sources.stressFloors { $0.hasSuffix("recall") } },
      { try ServeSettings(listen: flags["listen"] ?? "")?.checked(isInsecure: false) },
    ] { try FuzzTarget.refusable(read) }
  }

  private static func pairs(_ text: [UInt8]) -> [String: String] {
    var pairs: [String: String] = [:]
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
      let sides = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if sides.count == 2 { pairs[String(sides[0])] = String(sides[1]) }
    }
    return pairs
  }
}

private enum SettingsFolder { static let shared = FuzzFolder("settings") }

extension [UInt8] {
  fileprivate func contains(pair text: String) -> Bool { firstRange(of: Array(text.utf8)) != nil }
}
