import ArrowBridge

/// Some rows of a table, column by column. Buffers are valid while the batch lives.
package final class TableBatch {
  package let rowCount: Int
  private let batch: OpaquePointer
  private let types: [ColumnType]

  init(_ batch: OpaquePointer, types: [ColumnType]) {
    self.batch = batch
    self.types = types
    rowCount = Int(ab_batch_rows(batch))
  }

  deinit { ab_batch_free(batch) }

  private func values<Value>(_ column: Int, _ type: ColumnType) -> UnsafeBufferPointer<Value> {
    precondition(types[column] == type, "column \(column) was asked as \(types[column]), not as \(type)")
    let start = ab_batch_values(batch, Int32(column))?.assumingMemoryBound(to: Value.self)
    return UnsafeBufferPointer(start: start, count: rowCount)
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
    types[column] == .date ? values(column, .date) : values(column, .int32)
  }
  /// Null, and what does not fit, is `Int64.min`.
  package func int64s(_ column: Int) -> UnsafeBufferPointer<Int64> { values(column, .int64) }
  /// 0, 1, or 2 for null.
  package func bools(_ column: Int) -> UnsafeBufferPointer<UInt8> { values(column, .bool) }

  package func strings(_ column: Int) -> [String?] {
    precondition(types[column] == .text, "column \(column) was asked as \(types[column]), not as text")
    let strings = ab_batch_strings(batch, Int32(column))
    return (0..<rowCount).map { i in
      if let isNull = strings.is_null, isNull[i] != 0 { return nil }
      return strings.string(i)
    }
  }
}
