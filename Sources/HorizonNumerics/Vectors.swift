/// Inner product in Double with eight partial sums in a fixed order, so that the result depends on the values alone.
///
/// - Complexity: O(*n*), no allocation.
package func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, count: Int) -> Double {
  var lanes = SIMD8<Double>.zero
  var i = 0
  let rawA = UnsafeRawPointer(a)
  let rawB = UnsafeRawPointer(b)
  while i + 8 <= count {
    let x = rawA.loadUnaligned(fromByteOffset: i * 8, as: SIMD8<Double>.self)
    let y = rawB.loadUnaligned(fromByteOffset: i * 8, as: SIMD8<Double>.self)
    lanes += x * y
    i += 8
  }
  var sum = lanes.sum()
  while i < count {
    sum += a[i] * b[i]
    i += 1
  }
  return sum
}

/// Value at a fraction of sorted values by linear interpolation between order statistics.
///
/// - Parameters:
///   - sorted: Ascending, not empty.
///   - level: In [0, 1].
package func quantile(sorted: UnsafeBufferPointer<Float>, level: Float) -> Float {
  let place = level * Float(sorted.count - 1)
  let low = Int(place)
  let high = min(low + 1, sorted.count - 1)
  return sorted[low] + (place - Float(low)) * (sorted[high] - sorted[low])
}
