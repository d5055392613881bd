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
    let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.".utf8)
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for byte in resource.utf8 {
      if plain.contains(byte) {
        encoded.append(byte)
      } else {
        encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    // A file's name has at most 255 bytes.
    if encoded.count > 180 {
      encoded = encoded.prefix(150) + Array("~\(String(stableHash(resource), radix: 16))".utf8)
    }
    return "resource=" + String(decoding: encoded, as: UTF8.self)
  }

  package static func part(_ number: Int) -> String {
    let digits = String(number)
    return "part-\(String(repeating: "0", count: max(0, 5 - digits.count)))\(digits).parquet"
  }

  /// Paths of a resource's parts, in order.
  package static func parts(folder: String, resource: MasterManifest.Resource) throws(Failure) -> [String] {
    let path = "\(folder)/\(resource.folder)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let parts = names.filter { $0.hasPrefix("part-") && $0.hasSuffix(".parquet") }.sorted()
    if parts.isEmpty {
      throw Failure(
        .unusableData, "The master has lost its parts in \(path).",
        remedy: "Fill it anew with 'horizonscale ingest INPUT'.")
    }
    return parts.map { "\(path)/\($0)" }
  }
}
