import ArrowBridge
import Glibc

/// How a column is stored. `text` and `key` are both UTF-8 strings in a file; `key` is handed over as codes into a growing
/// list of distinct names.
package enum ColumnType: String, Sendable, Hashable, CaseIterable {
  case text, key, double, float, int32, int64, bool
  /// Microseconds since 1970, UTC.
  case time
  /// Days since 1970.
  case date
  /// Any bytes; in an Arrow stream only.
  case binary
}

package struct Column: Sendable, Hashable {
  package let name: String
  package let type: ColumnType
  package let nullable: Bool
  /// Whether a row holds any number of values; in an Arrow stream only.
  package let isList: Bool

  package init(_ name: String, _ type: ColumnType, nullable: Bool = false, isList: Bool = false) {
    self.name = name
    self.type = type
    self.nullable = nullable
    self.isList = isList
  }
}

package struct TableSchema: Sendable, Hashable {
  package let columns: [Column]

  package init(_ columns: [Column]) { self.columns = columns }
}

extension ColumnType {
  var native: ab_type {
    switch self {
    case .text: ab_text
    case .key: ab_key
    case .double: ab_double
    case .float: ab_float
    case .int32: ab_int32
    case .int64: ab_int64
    case .bool: ab_bool
    case .time: ab_time
    case .date: ab_date
    case .binary: ab_binary
    }
  }

  init?(_ native: ab_type) {
    guard let type = Self.allCases.first(where: { $0.native == native }) else { return nil }
    self = type
  }
}

/// `columns` in the native form, valid inside `body`.
func withNative<Result>(
  _ columns: [Column], _ body: (UnsafePointer<ab_column>, Int32) -> Result
) -> Result {
  withCStrings(columns.map(\.name)) { names in
    let native = zip(columns, names).map {
      ab_column(name: $1, type: $0.type.native, nullable: $0.nullable, is_list: $0.isList)
    }
    return native.withUnsafeBufferPointer { buffer in
      var none = ab_column()
      return withUnsafePointer(to: &none) { body(buffer.baseAddress ?? $0, Int32(native.count)) }
    }
  }
}

/// `texts` as C strings, valid inside `body`.
func withCStrings<Result>(_ texts: [String], _ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
  let copies = texts.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies.map { UnsafePointer($0) })
}
