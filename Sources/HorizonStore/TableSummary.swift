import ArrowBridge

/// What a file holds, found from its first bytes and not from its name.
package struct TableSummary: Sendable {
  package enum Format: Sendable, Hashable {
    case parquet
    /// Delimited text, plain or gzip; the delimiter is guessed from the header among `,` `;` tab and `|`.
    case csv(delimiter: UInt8)
  }

  package struct Field: Sendable, Hashable {
    package let name: String
    /// `double` for all numbers, `time` for timestamps and dates, `text`, `bool`; nil where nothing fits, as for lists.
    package let type: ColumnType?
    /// No value in the file, as far as statistics or the first block tell.
    package let isAllNull: Bool
  }

  package let format: Format
  /// In the order of the file; names may repeat.
  package let fields: [Field]
  /// Known for Parquet only.
  package let rowCount: Int?

  /// - Throws: `StoreError` when the file is missing, empty, or neither Parquet nor delimited text.
  package static func of(path: String) throws(StoreError) -> TableSummary {
    try checkReadable(path)
    var found: UnsafeMutablePointer<ab_summary>?
    try native(path) { ab_summary_of(path, &found, $0) }
    defer { ab_summary_free(found) }
    guard let summary = found?.pointee else { throw StoreError(.defect, path: path, message: "no summary came back") }
    let fields = UnsafeBufferPointer(start: summary.fields, count: Int(summary.field_count)).map {
      Field(name: String(cString: $0.name), type: ColumnType($0.type), isAllNull: $0.all_null)
    }
    return TableSummary(
      format: summary.is_parquet ? .parquet : .csv(delimiter: UInt8(bitPattern: summary.delimiter)), fields: fields,
      rowCount: summary.is_parquet ? Int(summary.rows) : nil)
  }
}
