import Foundation
import HorizonCore
import HorizonStore

/// The master that readings are appended to, and what it has decided for them.
struct MasterBase: Sendable {
  let manifest: MasterManifest
  let folder: String

  init(_ options: IngestOptions) throws(Failure) {
    folder = "\(options.workspace)/master"
    guard FileManager.default.fileExists(atPath: "\(folder)/\(MasterManifest.fileName)") else {
      throw Failure(
        .missingInput, "There is no master in \(folder) to append to.",
        remedy: "Leave --append away the first time.")
    }
    manifest = try MasterManifest.read(from: folder)
  }

  func resource(_ name: String) -> MasterManifest.Resource? { manifest.resources.first { $0.name == name } }

  /// How new readings are to be understood so that they continue the old ones.
  ///
  /// - Throws: When something else was asked for.
  func fixing(_ asked: IngestOptions) throws(Failure) -> IngestOptions {
    var options = asked
    if let step = asked.step, step.seconds != manifest.step.seconds {
      throw other("--step", step.name, "one reading per \(manifest.step.name)")
    }
    if asked.timezone != "UTC", asked.timezone != manifest.timezone {
      throw other("--timezone", asked.timezone, "days of \(manifest.timezone)")
    }
    options.step = manifest.step
    options.timezone = manifest.timezone
    for resource in manifest.resources {
      let name = resource.name
      if !asked.aggregation.isEmpty, asked.aggregation(of: name) != resource.aggregation {
        throw other("--aggregate", "\(name)=\(asked.aggregation(of: name).rawValue)", resource.aggregation.rawValue)
      }
      options.aggregation[name] = resource.aggregation
      if let unit = asked.units[name] ?? asked.units["*"], !MasterBase.isSame(unit, resource.unit) {
        throw other("--unit", "\(name)=\(unit)", resource.unit ?? "no unit")
      }
      options.units[name] = resource.unit
    }
    return options
  }

  private func other(_ flag: String, _ asked: String, _ found: String) -> Failure {
    Failure(
      .badUsage, "\(flag) \(asked): the master has \(found), and appended readings follow it.",
      remedy: "Leave \(flag) away, or ingest everything anew without --append.")
  }

  /// - Parameter units: As the new readings name them.
  /// - Throws: When they do not continue the old ones.
  func check(_ name: String, units: [String]) throws(Failure) {
    guard let resource = resource(name) else { return }
    if resource.isCounter == true {
      throw Failure(
        .unusableData, "\(name) holds rates made of counts, and the last count is not kept to go on from.",
        remedy: "Ingest everything anew without --append, or append rates as another resource.")
    }
    guard let odd = units.first(where: { !MasterBase.isSame($0, resource.unit) }) else { return }
    if resource.unit == nil && !UnitDecision.isRelative(odd) { return }
    // Units that differed from the start are no unit.
    if resource.unit?.contains(", ") == true { return }
    throw Failure(
      .unusableData,
      "\(name) comes in \(odd) now; the master holds it in \(resource.unit ?? "a unit that nothing named").",
      remedy: "Ingest everything anew without --append.")
  }

  /// - Parameter hasCapacity: Whether new readings of the resource come with capacities of their own.
  func check(_ name: String, hasCapacity: Bool) throws(Failure) {
    guard hasCapacity, let resource = resource(name), resource.ceiling != .capacity else { return }
    throw Failure(
      .unusableData, "\(name) comes with a capacity now, which changes what 100 % is for all its readings.",
      remedy: "Ingest everything anew without --append, or leave the column out.")
  }

  private static func isSame(_ unit: String, _ other: String?) -> Bool {
    unit == other || (UnitDecision.isPercent(unit) && other.map(UnitDecision.isPercent) == true)
  }

  /// Whether all of some files have been appended or ingested before.
  func holds(_ files: [InputFile], digests: () throws -> [MasterManifest.Input]) rethrows -> Bool {
    // Their sizes are known at once.
    let sizes = Set(manifest.inputs.map(\.bytes))
    let isNew = files.contains { file in
      let bytes = (try? FileManager.default.attributesOfItem(atPath: file.path))?[.size] as? Int
      return !sizes.contains(bytes ?? -1)
    }
    if isNew { return false }
    let known = Set(manifest.inputs.map(\.sha256))
    return try digests().allSatisfy { known.contains($0.sha256) }
  }
}
