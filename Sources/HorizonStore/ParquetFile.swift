import ArrowBridge

/// A Parquet file with its footer read; what is read from it later is the same file, also when another has taken its name.
package final class ParquetFile: @unchecked Sendable {  // the handle is never changed, and any thread may read by it
  package let path: String
  let handle: OpaquePointer

  /// - Throws: `StoreError` with code `missingFile` or `unreadable`, `foreign` when it is not Parquet or damaged.
  package init(_ path: String) throws(StoreError) {
    try checkReadable(path)
    var file: OpaquePointer?
    try native(path) { ab_file_open(path, &file, $0) }
    guard let file else { throw StoreError(.defect, path: path, message: "no file came back") }
    self.path = path
    handle = file
  }

  deinit { ab_file_free(handle) }

  /// Per row group the rows and, where the file has statistics, bounds of a column's values: strings as they are, numbers,
  /// times and dates as the stored number.
  package func rowGroups(column: String) throws(StoreError) -> [(rows: Int, min: String?, max: String?)] {
    var groups: UnsafeMutablePointer<ab_row_group>?
    var count: Int64 = 0
    try native(path) { ab_row_groups(handle, column, &groups, &count, $0) }
    defer { ab_row_groups_free(groups, count) }
    return UnsafeBufferPointer(start: groups, count: Int(count)).map {
      (Int($0.rows), $0.min.map { String(cString: $0) }, $0.max.map { String(cString: $0) })
    }
  }

  /// Row groups that can hold a row with one of these values, by the file's statistics; a group without statistics can.
  package func rowGroups(column: String, holding values: some Collection<String>) throws(StoreError) -> [Int] {
    let groups = try rowGroups(column: column)
    return groups.indices.filter { group in
      guard let low = groups[group].min, let high = groups[group].max else { return true }
      return values.contains { !utf8Less($0, low) && !utf8Less(high, $0) }
    }
  }

  /// What the file says of itself under a key that its writer chose; nil when it says nothing.
  package func metadata(key: String) throws(StoreError) -> String? {
    var value: UnsafeMutablePointer<CChar>?
    try native(path) { ab_metadata(handle, key, &value, $0) }
    defer { ab_free(value) }
    return value.map { String(cString: $0) }
  }
}

/// Order of bytes, in which Parquet keeps its statistics.
package func utf8Less(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
