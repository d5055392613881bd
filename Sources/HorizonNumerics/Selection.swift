/// Brings the elements at some places where sorting would put them; what lies between stays on its side of them.
///
/// Quickselect (Hoare, 1961) for all places at once; a range that does not shrink is sorted.
///
/// - Parameters:
///   - places: Ascending, within `values`.
///   - values: Without NaN.
/// - Complexity: O(*n* log *p*) for *p* places on average, O(*n* log *n*) at worst.
package func select(_ places: [Int], in values: inout [Float]) { selectPlaces(places, &values) }

package func select(_ places: [Int], in values: inout [Double]) { selectPlaces(places, &values) }

/// Brings everything in place that `quantile(sorted:level:)` reads.
package func selectQuantiles(_ levels: [Float], in values: inout [Float]) {
  guard !values.isEmpty else { return }
  var places: [Int] = []
  for level in levels {
    let low = Int(level * Float(values.count - 1))
    places += [low, min(low + 1, values.count - 1)]
  }
  // A few dozen at most.
  places.sort()
  selectPlaces(places, &values)
}

/// Elements below which a range is sorted by insertion.
private let fewElements = 24

@inline(__always)
private func selectPlaces<Value: Comparable>(_ places: [Int], _ values: inout [Value]) {
  let depth = 2 * (Int.bitWidth - values.count.leadingZeroBitCount)
  values.withUnsafeMutableBufferPointer { values in
    guard let base = values.baseAddress else { return }
    places.withUnsafeBufferPointer { select(base, 0, values.count, places: $0, 0, $0.count, depth: depth) }
  }
}

/// - Parameters:
///   - low: First element of the range.
///   - high: Behind its last one.
///   - first: First place that lies in the range.
///   - last: Behind the last one that does.
@_specialize(where Value == Float)
@_specialize(where Value == Double)
private func select<Value: Comparable>(
  _ v: UnsafeMutablePointer<Value>, _ low: Int, _ high: Int, places: UnsafeBufferPointer<Int>, _ first: Int,
  _ last: Int, depth: Int
) {
  var (low, high, first, last, depth) = (low, high, first, last, depth)
  while first < last {
    if high - low <= fewElements { return sortByInsertion(v, low, high) }
    if depth == 0 {
      var rest = UnsafeMutableBufferPointer(start: v + low, count: high - low)
      return rest.sort()
    }
    depth -= 1
    let cut = partition(v, low, high)
    var middle = first
    while middle < last, places[middle] < cut { middle += 1 }
    select(v, low, cut, places: places, first, middle, depth: depth)
    (low, first) = (cut, middle)
  }
}

/// Hoare's partition around the median of three. - Returns: Where the second part begins; neither is empty.
@inline(__always)
private func partition<Value: Comparable>(_ v: UnsafeMutablePointer<Value>, _ low: Int, _ high: Int) -> Int {
  let middle = low + (high - low) / 2
  let (a, b, c) = (v[low], v[middle], v[high - 1])
  let pivot = max(min(a, b), min(max(a, b), c))
  var (i, j) = (low, high - 1)
  while true {
    while v[i] < pivot { i += 1 }
    while pivot < v[j] { j -= 1 }
    if i >= j { break }
    (v[i], v[j]) = (v[j], v[i])
    i += 1
    j -= 1
  }
  // Everything before `i` is at most, everything from it on at least the pivot; of the three two are on either side.
  return i
}

@inline(__always)
private func sortByInsertion<Value: Comparable>(_ v: UnsafeMutablePointer<Value>, _ low: Int, _ high: Int) {
  for k in stride(from: low + 1, to: high, by: 1) {
    let value = v[k]
    var j = k
    while j > low, value < v[j - 1] {
      v[j] = v[j - 1]
      j -= 1
    }
    v[j] = value
  }
}
