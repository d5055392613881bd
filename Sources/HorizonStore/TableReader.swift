import ArrowBridge

/// Streams chosen columns of a Parquet or CSV file in batches, in the order of the file, with bounded memory.
///
/// Columns are cast to what is asked: any number to `double`, `float`, `int32` or `int64`; timestamps of any unit and zone, and
/// dates, to `time` or `date`; strings of any kind to `text` or `key`; numbers asked as `text` or `key` are formatted.
package final class TableReader {
  package struct SkippedRow: Sendable, Hashable {
    /// The data record in the file, counted from 0.
    package let record: Int
    /// Fields in the header.
    package let expected: Int
    /// Fields in the row; 0 when a quoted value never ends.
    package let actual: Int
    package let text: String
  }

  package let path: String
  package let columns: [Column]
  private let reader: OpaquePointer
  private var names: [[String]]
  /// Kept so that buffers of a batch that nobody holds do not dangle before the next one is read.
  private var latest: TableBatch?

  /// - Parameters:
  ///   - rowGroups: Which row groups to read, in this order; all when nil.
  ///   - threads: With more than one, columns are decoded in parallel.
  package init(_ file: ParquetFile, columns: [Column], rowGroups: [Int]? = nil, threads: Int = 2) throws(StoreError) {
    let groups = rowGroups?.map { Int32($0) }
    reader = try Self.opened(file.path) { reader, message in
      withNative(columns) { native, count in
        (groups ?? []).withUnsafeBufferPointer { wanted in
          ab_reader_parquet(
            file.handle, native, count, wanted.baseAddress, groups.map { Int32($0.count) } ?? -1, Int32(threads),
            reader,
            message)
        }
      }
    }
    path = file.path
    self.columns = columns
    names = Array(repeating: [], count: columns.count)
  }

  package convenience init(parquet path: String, columns: [Column], rowGroups: [Int]? = nil, threads: Int = 2)
    throws(StoreError)
  {
    try self.init(ParquetFile(path), columns: columns, rowGroups: rowGroups, threads: threads)
  }

  /// Text stays as it is, also when empty; the usual spellings of a missing value are null in other columns.
  ///
  /// - Parameters:
  ///   - lenient: A second look at a file that failed with `conversion`: rows with a wrong number of fields are skipped and
  ///     kept in `skippedRows`, bytes that are not UTF-8 are repaired. Ask for text then.
  ///   - threads: As many blocks are parsed at a time; one when lenient.
  package init(csv path: String, columns: [Column], delimiter: UInt8, lenient: Bool = false, threads: Int = 2)
    throws(StoreError)
  {
    try checkReadable(path)
    reader = try Self.opened(path) { reader, message in
      withNative(columns) { native, count in
        ab_reader_csv(
          path, native, count, CChar(bitPattern: delimiter), lenient, Int32(threads), reader, message)
      }
    }
    self.path = path
    self.columns = columns
    names = Array(repeating: [], count: columns.count)
  }

  /// An Arrow IPC stream that comes through an open descriptor, which stays the caller's. Nothing in it is trusted.
  ///
  /// - Parameter name: What messages call it.
  package init(stream descriptor: Int32, named name: String, columns: [Column]) throws(StoreError) {
    reader = try Self.opened(name) { reader, message in
      withNative(columns) { native, count in ab_reader_stream(descriptor, native, count, reader, message) }
    }
    path = name
    self.columns = columns
    names = Array(repeating: [], count: columns.count)
  }

  /// The same in memory that outlives the reader.
  package init(stream bytes: UnsafeRawBufferPointer, named name: String, columns: [Column]) throws(StoreError) {
    reader = try Self.opened(name) { reader, message in
      withNative(columns) { native, count in
        ab_reader_stream_memory(
          bytes.bindMemory(to: UInt8.self).baseAddress, Int64(bytes.count), native, count, reader, message)
      }
    }
    path = name
    self.columns = columns
    names = Array(repeating: [], count: columns.count)
  }

  deinit { ab_reader_free(reader) }

  private static func opened(
    _ path: String,
    _ open: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> ab_status
  ) throws(StoreError) -> OpaquePointer {
    var reader: OpaquePointer?
    try native(path) { open(&reader, $0) }
    guard let reader else { throw StoreError(.defect, path: path, message: "no reader came back") }
    return reader
  }

  /// The next batch of at most 131,072 rows; nil at the end.
  ///
  /// - Throws: `StoreError` with code `conversion` when a value is not of the asked type or a CSV row has a wrong number of
  ///   fields, `foreign` when the file is damaged.
  package func next() throws(StoreError) -> TableBatch? {
    var batch: OpaquePointer?
    try native(path) { ab_reader_next(reader, &batch, $0) }
    latest = batch.map { TableBatch($0, columns: columns) }
    return latest
  }

  /// The distinct names seen so far in a key column, in the order of their first rows; a code is an index into it.
  package func keyNames(_ column: Int) -> [String] {
    let added = ab_reader_keys(reader, Int32(column), Int64(names[column].count))
    for i in 0..<Int(added.count) { names[column].append(added.string(i)) }
    return names[column]
  }

  package func keyCount(_ column: Int) -> Int { Int(ab_reader_key_count(reader, Int32(column))) }

  /// The first 1,000 rows that a lenient reader has left out so far.
  package var skippedRows: [SkippedRow] {
    (0..<ab_reader_skipped_kept(reader)).map {
      let row = ab_reader_skipped(reader, $0)
      return SkippedRow(
        record: Int(row.record), expected: Int(row.expected), actual: Int(row.actual),
        text: decoded(row.text, count: Int(row.text_length)))
    }
  }

  package var skippedCount: Int { Int(ab_reader_skipped_count(reader)) }

  /// The data records, counted from 0, of all rows that a lenient reader has left out so far, ascending.
  package var skippedRecords: [Int] {
    UnsafeBufferPointer(start: ab_reader_skipped_records(reader), count: skippedCount).map { Int($0) }
  }
}

/// Threads that the native library may use for reading and writing, for the whole process.
package func setNativeThreads(_ count: Int) { ab_set_threads(Int32(count)) }

/// Gives memory that is free back to the system: after much was held for a while.
package func releaseMemory() { ab_release_memory() }

/// UTF-8 as a string, bad bytes repaired.
func decoded(_ bytes: UnsafePointer<CChar>?, count: Int) -> String {
  String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
}

extension ab_strings {
  func string(_ i: Int) -> String {
    decoded(bytes.map { $0 + Int(offsets[i]) }, count: Int(offsets[i + 1] - offsets[i]))
  }
}
