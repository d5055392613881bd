import Foundation
package import HorizonCore

/// What a master holds and how it was decided; `master/manifest.json`, written last.
package struct MasterManifest: Codable, Sendable, Hashable {
  package static let currentVersion = 1
  package static let fileName = "manifest.json"

  package var version = MasterManifest.currentVersion
  package var step: Step
  /// Where a day begins, an identifier of the time zone database.
  package var timezone: String
  /// In order of the name.
  package var resources: [Resource]
  package var seriesCount: Int
  package var readingCount: Int
  /// Step index of the oldest and of the newest reading.
  package var firstIndex: Int
  package var lastIndex: Int
  package var inputs: [Input]
  /// Sentences on decisions that a reader should know of.
  package var notes: [String]
  /// Columns that stand before the server in its name, because they tell series apart; nil for none.
  package var nameColumns: [String]?

  package init(
    step: Step, timezone: String, resources: [Resource], seriesCount: Int, readingCount: Int, firstIndex: Int,
    lastIndex: Int, inputs: [Input], notes: [String], nameColumns: [String]? = nil
  ) {
    self.step = step
    self.timezone = timezone
    self.resources = resources
    self.seriesCount = seriesCount
    self.readingCount = readingCount
    self.firstIndex = firstIndex
    self.lastIndex = lastIndex
    self.inputs = inputs
    self.notes = notes
    self.nameColumns = nameColumns
  }

  package struct Resource: Codable, Sendable, Hashable {
    package var name: String
    package var kind: ResourceKind
    /// Name of the Hive folder inside the master.
    package var folder: String
    /// Unit of the readings, nil when nothing said it.
    package var unit: String?
    package var ceiling: Ceiling
    package var aggregation: Aggregation
    /// What 100 % is and why, as a sentence without its full stop.
    package var decision: String
    package var seriesCount: Int
    package var readingCount: Int
    /// Of the stored readings.
    package var minimum: Double
    package var maximum: Double
    /// How often readings were appended since the resource was written whole; nil for never.
    package var appends: Int?
    /// Whether readings are rates made of counts; nil for no.
    package var isCounter: Bool?

    /// Whether readings are shares of the capacity of their time, as percentages are; readings in the unit of the capacity are the
    /// demand itself.
    package var readingsAreShares: Bool { if case .constant = ceiling { true } else { false } }

    package init(
      name: String, kind: ResourceKind, folder: String, unit: String?, ceiling: Ceiling, aggregation: Aggregation,
      decision: String, seriesCount: Int, readingCount: Int, minimum: Double, maximum: Double, appends: Int? = nil,
      isCounter: Bool? = nil
    ) {
      self.name = name
      self.kind = kind
      self.folder = folder
      self.unit = unit
      self.ceiling = ceiling
      self.aggregation = aggregation
      self.decision = decision
      self.seriesCount = seriesCount
      self.readingCount = readingCount
      self.minimum = minimum
      self.maximum = maximum
      self.appends = appends
      self.isCounter = isCounter
    }
  }

  /// A file that was read, by content.
  package struct Input: Codable, Sendable, Hashable {
    package var path: String
    package var bytes: Int
    package var sha256: String

    package init(path: String, bytes: Int, sha256: String) {
      self.path = path
      self.bytes = bytes
      self.sha256 = sha256
    }

    /// Reads the whole file once.
    package static func of(path: String, named name: String? = nil) throws(StoreError) -> Input {
      let digest = try HorizonStore.sha256(ofFile: path)
      let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
      return Input(path: name ?? path, bytes: size, sha256: digest)
    }
  }

  /// Writes `manifest.json` into a master folder.
  package func write(into folder: String) throws {
    try atomicWrite(try JSONEncoder.pretty.encode(self), to: "\(folder)/\(MasterManifest.fileName)")
  }

  /// Reads the manifest of a master folder.
  package static func read(from folder: String) throws(Failure) -> MasterManifest {
    let path = "\(folder)/\(fileName)"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(
        .missingInput, "There is no master in \(folder).",
        remedy: "Fill it with 'horizonscale ingest INPUT' or do all at once with 'horizonscale run INPUT'.")
    }
    struct Version: Decodable { let version: Int }
    if let found = try? JSONDecoder().decode(Version.self, from: data), found.version > currentVersion {
      throw Failure(
        .unusableData, "\(path) was written by a newer HorizonScale (version \(found.version) of the master).",
        remedy: "Update HorizonScale, or ingest into another workspace.")
    }
    do { return try JSONDecoder().decode(MasterManifest.self, from: data) } catch {
      throw Failure(
        .unusableData, "\(path) is damaged.", remedy: "Fill the master anew with 'horizonscale ingest INPUT'.")
    }
  }
}
