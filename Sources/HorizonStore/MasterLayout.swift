import Foundation
package import HorizonCore

/// Where the parts of a master lie and what their tables look like.
package enum MasterLayout {
  /// The columns of every part; the resource is in the folder's name.
  package static let schema = TableSchema([
    Column("server", .key), Column("time", .time), Column("value", .double),
    Column("capacity", .double, nullable: true),
  ])

  /// A row group is closed with the series that brings it to this many rows.
  package static let rowsPerGroup = 65_536

  /// The Hive folder of a resource, `resource=` and the name percent-encoded; long names are cut and told apart by a hash.
  package static func folder(resource: String) -> String {
    var encoded = percentEncoded(resource, besides: "-_.")
    // A file's name has at most 255 bytes.
    if encoded.count > 180 {
      encoded = encoded.prefix(150) + Array("~\(String(stableHash(resource), radix: 16))".utf8)
    }
    return "resource=" + String(decoding: encoded, as: UTF8.self)
  }

  /// - Parameter append: Which append wrote it, counted from 1 within the resource; 0 for what stood before.
  package static func part(_ number: Int, append: Int = 0) -> String {
    append == 0 ? "part-\(padded(number)).parquet" : "part-a\(padded(append))-\(padded(number)).parquet"
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }

  /// The append that wrote a part.
  static func append(ofPart path: String) -> Int {
    guard let mark = path.range(of: "/part-a", options: .backwards) else { return 0 }
    return Int(path[mark.upperBound...].prefix { $0 != "-" }) ?? Int.max
  }

  /// Paths of a resource's parts by append, then server. Parts of an append that the manifest knows nothing of are not among them: it
  /// did not come to its end.
  package static func parts(folder: String, resource: MasterManifest.Resource) throws(Failure) -> [String] {
    let path = "\(folder)/\(resource.folder)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    // Digits stand before letters.
    let parts = names.filter { $0.hasPrefix("part-") && $0.hasSuffix(".parquet") }.sorted().map { "\(path)/\($0)" }
      .filter { append(ofPart: $0) <= resource.appends ?? 0 }
    if parts.isEmpty {
      throw Failure(
        .unusableData, "The master has lost its parts in \(path).",
        remedy: "Fill it anew with 'horizonscale ingest INPUT'.")
    }
    return parts
  }

  /// Parts of appends that did not come to their end.
  ///
  /// - Parameters:
  ///   - resource: Whose folder it is.
  ///   - known: What the manifest says of it; nil where it says nothing, so that nothing belongs there.
  package static func strayParts(
    folder: String, resource: MasterManifest.Resource, known: MasterManifest.Resource?
  ) throws -> [String] {
    let path = "\(folder)/\(resource.folder)"
    let appends = known.map { $0.appends ?? 0 } ?? -1
    return try FileManager.default.contentsOfDirectory(atPath: path).map { "\(path)/\($0)" }
      .filter { append(ofPart: $0) > appends }
  }

  /// The servers of a resource.
  ///
  /// - Complexity: Reads one column of the master.
  package static func servers(folder: String, resource: MasterManifest.Resource) throws -> Set<String> {
    var servers: Set<String> = []
    for part in try parts(folder: folder, resource: resource) {
      let reader = try TableReader(parquet: part, columns: [Column("server", .key)])
      while try reader.next() != nil {}
      servers.formUnion(reader.keyNames(0))
    }
    return servers
  }
}
