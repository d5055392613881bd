import ArrowBridge

/// The values of one column. In a nullable column NaN, `Int32.min`, `Int64.min`, nil and the code -1 are null.
package enum ColumnValues: Sendable {
  case text([String?])
  /// Indices into `names`; names that no row uses are not written.
  case keys(codes: [Int32], names: [String])
  case doubles([Double])
  case floats([Float])
  case int32s([Int32])
  case int64s([Int64])
  case bools([Bool])
  /// 0, 1, or 2 for null.
  case flags([UInt8])
  /// Microseconds since 1970, UTC.
  case times([Int64])
  /// Days since 1970.
  case dates([Int32])
  case binary([[UInt8]])
  /// Row i holds the values `offsets[i]..<offsets[i + 1]`.
  indirect case lists(offsets: [Int32], ColumnValues)
}

/// Writes a Parquet file, zstd compressed, one row group per `append`. The bytes depend on the values and the row groups only.
package final class TableWriter {
  /// What a table in memory is written as.
  package enum Format: Sendable {
    case parquet
    /// An Arrow IPC stream, text plain, a record batch per `append`.
    case arrowStream
  }

  package let path: String
  package let schema: TableSchema
  private let writer: OpaquePointer
  private var packers: [TextPacker]

  package init(parquet path: String, schema: TableSchema, metadata: [String: String] = [:]) throws(StoreError) {
    let sorted = metadata.sorted { $0.key < $1.key }
    var opened: OpaquePointer?
    try native(path, writing: true) { message in
      withNative(schema.columns) { columns, count in
        withCStrings(sorted.map(\.key)) { keys in
          withCStrings(sorted.map(\.value)) { values in
            ab_writer_open(path, columns, count, keys, values, Int32(sorted.count), &opened, message)
          }
        }
      }
    }
    guard let opened else { throw StoreError(.defect, path: path, message: "no writer came back") }
    writer = opened
    self.path = path
    self.schema = schema
    packers = schema.columns.map { _ in TextPacker() }
  }

  /// Writes into memory: `finished()` returns the bytes.
  package init(inMemory format: Format, schema: TableSchema) throws(StoreError) {
    path = "a table in memory"
    var opened: OpaquePointer?
    try native(path, writing: true) { message in
      withNative(schema.columns) { columns, count in
        ab_writer_open_memory(format == .parquet ? ab_parquet : ab_arrow_stream, columns, count, &opened, message)
      }
    }
    guard let opened else { throw StoreError(.defect, path: path, message: "no writer came back") }
    writer = opened
    self.schema = schema
    packers = schema.columns.map { _ in TextPacker() }
  }

  /// Writes an Arrow IPC stream, a record batch per `append`, to an open descriptor, which stays the caller's.
  package init(stream descriptor: Int32, named name: String, schema: TableSchema) throws(StoreError) {
    path = name
    var opened: OpaquePointer?
    try native(path, writing: true) { message in
      withNative(schema.columns) { columns, count in
        ab_writer_open_stream(descriptor, columns, count, &opened, message)
      }
    }
    guard let opened else { throw StoreError(.defect, path: path, message: "no writer came back") }
    writer = opened
    self.schema = schema
    packers = schema.columns.map { _ in TextPacker() }
  }

  /// A writer that was not closed leaves a file that no reader takes for whole.
  deinit { ab_writer_free(writer) }

  /// Writes one row group; no row writes none.
  package func append(_ columns: [ColumnValues]) throws(StoreError) {
    guard columns.count == schema.columns.count, Set(columns.map(\.count)).count <= 1 else {
      throw StoreError(.defect, path: path, message: "columns of unequal length or number were handed over")
    }
    guard let rows = columns.first?.count, rows > 0 else { return }
    try write(columns[...], after: [], rows: rows)
  }

  /// Writes the footer and brings the file to the disk.
  package func close() throws(StoreError) { try native(path, writing: true) { ab_writer_close(writer, $0) } }

  /// Closes a writer into memory. - Returns: The whole table.
  package func finished() throws(StoreError) -> [UInt8] {
    try close()
    var count: Int64 = 0
    let bytes = ab_writer_bytes(writer, &count)
    return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
  }

  /// Pins the memory of one column after the other, then writes all.
  private func write(_ rest: ArraySlice<ColumnValues>, after pinned: [ab_values], rows: Int) throws(StoreError) {
    guard let column = rest.first else {
      return try native(path, writing: true) { ab_writer_append(writer, pinned, Int64(rows), $0) }
    }
    let index = rest.startIndex
    guard column.fits(schema.columns[index]) else {
      throw StoreError(.defect, path: path, message: "column '\(schema.columns[index].name)' was handed another type")
    }
    try pin(column, index) { values throws(StoreError) in
      try write(rest.dropFirst(), after: pinned + [values], rows: rows)
    }
  }

  private func pin(
    _ column: ColumnValues, _ index: Int, _ next: (ab_values) throws(StoreError) -> Void
  ) throws(StoreError) {
    func plain<Value>(_ array: [Value]) throws(StoreError) {
      try array.withUnsafeBufferPointer { buffer throws(StoreError) in
        try next(ab_values(values: buffer.baseAddress, names: ab_strings(), offsets: nil))
      }
    }
    switch column {
    case .text(let texts): try packers[index].packed(texts).withNative(next)
    case .keys(let codes, let names): try packers[index].packed(codes, names).withNative(next)
    case .doubles(let array): try plain(array)
    case .floats(let array): try plain(array)
    case .int32s(let array), .dates(let array): try plain(array)
    case .int64s(let array), .times(let array): try plain(array)
    case .bools(let array): try plain(array)
    case .flags(let array): try plain(array)
    case .binary(let blobs):
      var packed = PackedText(codes: (0..<Int32(blobs.count)).map { $0 })
      for blob in blobs { packed.add(blob) }
      try packed.withNative(next)
    case .lists(let offsets, let values):
      try offsets.withUnsafeBufferPointer { offsets throws(StoreError) in
        try pin(values, index) { pinned throws(StoreError) in
          try next(ab_values(values: pinned.values, names: pinned.names, offsets: offsets.baseAddress))
        }
      }
    }
  }
}

extension ColumnValues {
  var count: Int {
    switch self {
    case .text(let array): array.count
    case .keys(let codes, _): codes.count
    case .doubles(let array): array.count
    case .floats(let array): array.count
    case .int32s(let array), .dates(let array): array.count
    case .int64s(let array), .times(let array): array.count
    case .bools(let array): array.count
    case .flags(let array): array.count
    case .binary(let blobs): blobs.count
    case .lists(let offsets, _): offsets.count - 1
    }
  }

  func fits(_ column: Column) -> Bool {
    if case .lists(let offsets, let values) = self {
      return column.isList && values.fits(column.type) && offsets.last.map(Int.init) == values.count
    }
    return !column.isList && fits(column.type)
  }

  private func fits(_ type: ColumnType) -> Bool {
    switch self {
    case .text, .keys: type == .text || type == .key
    case .doubles: type == .double
    case .floats: type == .float
    case .int32s: type == .int32
    case .int64s: type == .int64
    case .bools, .flags: type == .bool
    case .times: type == .time
    case .dates: type == .date
    case .binary: type == .binary
    case .lists: false
    }
  }
}
