/// Open-addressing map from 64-bit keys to codes, for one lookup a row.
final class FlatTable {
  private var keys: UnsafeMutablePointer<UInt64>
  private var values: UnsafeMutablePointer<Int32>
  private var shift: UInt64
  private(set) var count = 0
  private var capacity: Int

  init() {
    capacity = 1_024
    shift = 54
    keys = .allocate(capacity: capacity)
    values = .allocate(capacity: capacity)
    values.initialize(repeating: -1, count: capacity)
  }

  deinit {
    keys.deallocate()
    values.deallocate()
  }

  @inline(__always)
  private func slot(_ key: UInt64) -> Int {
    var at = Int((key &* 0x9e37_79b9_7f4a_7c15) >> shift)
    while values[at] >= 0 && keys[at] != key { at = (at &+ 1) & (capacity &- 1) }
    return at
  }

  /// -1 when the key is unknown.
  @inline(__always)
  func find(_ key: UInt64) -> Int32 { values[slot(key)] }

  func insert(_ key: UInt64, _ value: Int32) {
    if count * 2 >= capacity { grow() }
    let at = slot(key)
    if values[at] < 0 { count += 1 }
    keys[at] = key
    values[at] = value
  }

  private func grow() {
    let (oldKeys, oldValues, old) = (keys, values, capacity)
    capacity *= 4
    shift -= 2
    keys = .allocate(capacity: capacity)
    values = .allocate(capacity: capacity)
    values.initialize(repeating: -1, count: capacity)
    for k in 0..<old where oldValues[k] >= 0 {
      let at = slot(oldKeys[k])
      keys[at] = oldKeys[k]
      values[at] = oldValues[k]
    }
    oldKeys.deallocate()
    oldValues.deallocate()
  }
}

/// A growing array whose elements hot loops reach without checks.
final class FlatArray<Element: BitwiseCopyable> {
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var count = 0
  private var capacity = 1_024

  init() { base = .allocate(capacity: capacity) }
  deinit { base.deallocate() }

  func append(_ element: Element) {
    if count == capacity { reserve(capacity * 2) }
    base[count] = element
    count += 1
  }

  /// Makes room for `wanted` elements, keeping those that are there.
  func reserve(_ wanted: Int) {
    guard wanted > capacity else { return }
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: wanted)
    larger.update(from: base, count: count)
    base.deallocate()
    base = larger
    capacity = wanted
  }

  /// Makes room for `wanted` elements, keeping the first `used`, whatever `count` says.
  func reserveKeeping(_ wanted: Int, used: Int) {
    guard wanted > capacity else { return }
    count = used
    reserve(max(wanted, capacity * 2))
  }

  /// Room for exactly `wanted` elements whose old values do not matter.
  func renew(_ wanted: Int) -> UnsafeMutablePointer<Element> {
    count = 0
    if wanted > capacity {
      base.deallocate()
      capacity = wanted + wanted / 4
      base = .allocate(capacity: capacity)
    }
    return base
  }

  subscript(i: Int) -> Element {
    @inline(__always) get { base[i] }
    @inline(__always) set { base[i] = newValue }
  }
}
