import ArrowBridge

/// Text of one row group as codes into the names it uses, in the order of their first rows.
struct PackedText {
  var codes: [Int32]
  var bytes: [CChar] = []
  var offsets: [Int32] = [0]

  mutating func add(_ name: some Sequence<UInt8>) {
    bytes.append(contentsOf: name.lazy.map { CChar(bitPattern: $0) })
    offsets.append(Int32(bytes.count))
  }

  func withNative(_ body: (ab_values) throws(StoreError) -> Void) throws(StoreError) {
    try codes.withUnsafeBufferPointer { codes throws(StoreError) in
      try offsets.withUnsafeBufferPointer { offsets throws(StoreError) in
        try bytes.withUnsafeBufferPointer { bytes throws(StoreError) in
          let names = ab_strings(
            count: Int64(offsets.count - 1), offsets: offsets.baseAddress, bytes: bytes.baseAddress, is_null: nil)
          try body(ab_values(values: codes.baseAddress, names: names, offsets: nil))
        }
      }
    }
  }
}

/// Packs the text of one column, row group after row group, at a cost that does not grow with names that are not used.
struct TextPacker {
  /// Per code handed in, its code in the row group at hand; -1 between row groups.
  private var places: [Int32] = []

  mutating func packed(_ codes: [Int32], _ names: [String]) -> PackedText {
    if places.count < names.count { places.append(contentsOf: repeatElement(-1, count: names.count - places.count)) }
    var packed = PackedText(codes: codes)
    var used: [Int] = []
    for row in codes.indices {
      let code = Int(codes[row])
      if code < 0 { continue }
      if places[code] < 0 {
        places[code] = Int32(used.count)
        used.append(code)
        packed.add(names[code].utf8)
      }
      packed.codes[row] = places[code]
    }
    for code in used { places[code] = -1 }
    return packed
  }

  func packed(_ texts: [String?]) -> PackedText {
    var packed = PackedText(codes: Array(repeating: -1, count: texts.count))
    var codes: [String: Int32] = [:]
    var last = ""
    var lastCode: Int32 = -1
    for (row, text) in texts.enumerated() {
      guard let text else { continue }
      if lastCode < 0 || text != last {
        let next = Int32(codes.count)
        lastCode = codes[text, default: next]
        last = text
        if lastCode == next {
          codes[text] = next
          packed.add(text.utf8)
        }
      }
      packed.codes[row] = lastCode
    }
    return packed
  }
}
