import ArrowBridge

/// Some rows of a table, column by column. Buffers are valid while the batch lives.
package final class TableBatch {
  package let rowCount: Int
  private let batch: OpaquePointer
  private let columns: [Column]

  init(_ batch: OpaquePointer, columns: [Column]) {
    self.batch = batch
    self.columns = columns
    rowCount = Int(ab_batch_rows(batch))
  }

  deinit { ab_batch_free(batch) }

  private func values<Value>(_ column: Int, _ type: ColumnType) -> UnsafeBufferPointer<Value> {
    precondition(columns[column].type == type, "column \(column) was asked as \(columns[column].type), not as \(type)")
    let start = ab_batch_values(batch, Int32(column))?.assumingMemoryBound(to: Value.self)
    return UnsafeBufferPointer(start: start, count: valueCount(column))
  }

  /// Values of a column: one a row, in a list column as many as all rows hold.
  private func valueCount(_ column: Int) -> Int {
    columns[column].isList ? Int(ab_batch_offsets(batch, Int32(column))[rowCount]) : rowCount
  }

  /// Of a list column: row i holds the values `offsets[i]..<offsets[i + 1]`.
  package func offsets(_ column: Int) -> UnsafeBufferPointer<Int32> {
    precondition(columns[column].isList, "column \(column) was not asked as lists")
    return UnsafeBufferPointer(start: ab_batch_offsets(batch, Int32(column)), count: rowCount + 1)
  }

  /// Null is NaN.
  package func doubles(_ column: Int) -> UnsafeBufferPointer<Double> { values(column, .double) }
  /// Null is NaN.
  package func floats(_ column: Int) -> UnsafeBufferPointer<Float> { values(column, .float) }
  /// Indices into `TableReader.keyNames`; null is -1.
  package func codes(_ column: Int) -> UnsafeBufferPointer<Int32> { values(column, .key) }
  /// Microseconds since 1970, UTC; null is `Int64.min`.
  package func times(_ column: Int) -> UnsafeBufferPointer<Int64> { values(column, .time) }
  /// Days since 1970; null is `Int32.min`.
  package func dates(_ column: Int) -> UnsafeBufferPointer<Int32> { values(column, .date) }
  /// Null, and what does not fit, is `Int32.min`.
  package func int32s(_ column: Int) -> UnsafeBufferPointer<Int32> {
    columns[column].type == .date ? values(column, .date) : values(column, .int32)
  }
  /// Null, and what does not fit, is `Int64.min`.
  package func int64s(_ column: Int) -> UnsafeBufferPointer<Int64> { values(column, .int64) }
  /// 0, 1, or 2 for null.
  package func bools(_ column: Int) -> UnsafeBufferPointer<UInt8> { values(column, .bool) }

  package func strings(_ column: Int) -> [String?] {
    precondition(columns[column].type == .text, "column \(column) was asked as \(columns[column].type), not as text")
    let strings = ab_batch_strings(batch, Int32(column))
    return (0..<valueCount(column)).map { i in
      if let isNull = strings.is_null, isNull[i] != 0 { return nil }
      return strings.string(i)
    }
  }

  /// The bytes of one row; nil for null.
  package func bytes(_ column: Int, row: Int) -> UnsafeRawBufferPointer? {
    precondition(columns[column].type == .binary, "column \(column) was asked as \(columns[column].type), not as bytes")
    let strings = ab_batch_strings(batch, Int32(column))
    if let isNull = strings.is_null, isNull[row] != 0 { return nil }
    let (start, end) = (Int(strings.offsets[row]), Int(strings.offsets[row + 1]))
    return UnsafeRawBufferPointer(start: strings.bytes.map { $0 + start }, count: end - start)
  }
}
