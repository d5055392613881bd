import ArrowBridge

/// Bytes as a gzip member, as HTTP sends them.
package enum Gzip {
  /// - Parameter level: 1 is fast, 9 is small.
  package static func packed(_ bytes: UnsafeBufferPointer<UInt8>, level: Int = 1) throws(StoreError) -> [UInt8] {
    var packed: UnsafeMutablePointer<UInt8>?
    var count: Int64 = 0
    try native("bytes in memory") { ab_gzip(bytes.baseAddress, Int64(bytes.count), Int32(level), &packed, &count, $0) }
    defer { ab_free(packed) }
    return Array(UnsafeBufferPointer(start: packed, count: Int(count)))
  }

  package static func packed(_ bytes: [UInt8], level: Int = 1) throws(StoreError) -> [UInt8] {
    try bytes.withUnsafeBufferPointer { buffer throws(StoreError) in try packed(buffer, level: level) }
  }

  /// - Parameter count: Of the bytes that were packed.
  package static func unpacked(_ packed: [UInt8], count: Int) throws(StoreError) -> [UInt8] {
    var failure: StoreError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(StoreError) {
        try native("bytes in memory") {
          ab_gunzip(packed, Int64(packed.count), buffer.baseAddress, Int64(count), $0)
        }
        filled = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }
}
