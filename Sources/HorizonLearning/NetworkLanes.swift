/// Several numbers that the processor treats alike.
///
/// Its operators are those of the concrete vectors, which compile to vector instructions; generic code over `SIMD` would run
/// lane by lane.
package protocol NetworkLanes: BitwiseCopyable, Sendable {
  associatedtype Scalar: BinaryFloatingPoint

  static var count: Int { get }

  init(repeating value: Scalar)

  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self

  /// The lanes from first to last.
  func sum() -> Scalar

  /// 1 in lanes above 0, 0 in the others.
  func isPositive() -> Self

  /// Lanes beyond `bound` become `bound`, those below `-bound` become `-bound`; NaN stays.
  func held(within bound: Scalar) -> Self

  /// e^x - 1 of each lane, to a few units in the last place, near 0 too; x from -80 to 80.
  ///
  /// x = n ln 2 + r with the whole number n; the Taylor series of e^r - 1 is put together with 2^n.
  /// Source: Cody and Waite, "Software Manual for the Elementary Functions", 1980, chapter 6.
  func exponentialMinusOne() -> Self
}

extension NetworkLanes {
  /// 1 / (1 + e^-x); x beyond 80 counts as 80.
  @inline(__always)
  package func sigmoid() -> Self {
    let x = (Self(repeating: 0) - self).held(within: 80)
    return Self(repeating: 1) / (Self(repeating: 2) + x.exponentialMinusOne())
  }

  /// The hyperbolic tangent; it is 1 to the last bit from 20 on.
  @inline(__always)
  package func hyperbolicTangent() -> Self {
    let e = (self + self).held(within: 40).exponentialMinusOne()
    return e / (e + Self(repeating: 2))
  }
}

extension SIMD16: NetworkLanes where Scalar == Float {
  package static var count: Int { 16 }

  @inline(__always)
  package func isPositive() -> Self {
    Self(repeating: 0).replacing(with: Self(repeating: 1), where: self .> Self(repeating: 0))
  }

  @inline(__always)
  package func held(within bound: Float) -> Self {
    let high = Self(repeating: bound)
    let low = Self(repeating: -bound)
    let below = replacing(with: high, where: self .> high)
    return below.replacing(with: low, where: below .< low)
  }

  @inline(__always)
  package func exponentialMinusOne() -> Self {
    // Adding 1.5 x 2^23 leaves the rounded n in the lowest bits.
    let shift = Self(repeating: 12_582_912)
    let shifted = self * Self(repeating: 1.442_695_04) + shift
    let n = shifted - shift
    let r = self - n * Self(repeating: 0.693_359_375) - n * Self(repeating: -2.121_944_4e-4)
    let bits = unsafeBitCast(shifted, to: SIMD16<UInt32>.self)
    let power = unsafeBitCast((bits &+ SIMD16<UInt32>(repeating: 127)) &<< 23, to: Self.self)
    var tail = Self(repeating: 1 / 5_040)
    tail = tail * r + Self(repeating: 1 / 720)
    tail = tail * r + Self(repeating: 1 / 120)
    tail = tail * r + Self(repeating: 1 / 24)
    tail = tail * r + Self(repeating: 1 / 6)
    tail = tail * r + Self(repeating: 0.5)
    let small = tail * r * r + r
    return power * small + (power - Self(repeating: 1))
  }
}

extension SIMD8: NetworkLanes where Scalar == Double {
  package static var count: Int { 8 }

  @inline(__always)
  package func isPositive() -> Self {
    Self(repeating: 0).replacing(with: Self(repeating: 1), where: self .> Self(repeating: 0))
  }

  @inline(__always)
  package func held(within bound: Double) -> Self {
    let high = Self(repeating: bound)
    let low = Self(repeating: -bound)
    let below = replacing(with: high, where: self .> high)
    return below.replacing(with: low, where: below .< low)
  }

  @inline(__always)
  package func exponentialMinusOne() -> Self {
    // Adding 1.5 x 2^52 leaves the rounded n in the lowest bits.
    let shift = Self(repeating: 6_755_399_441_055_744)
    let shifted = self * Self(repeating: 1.442_695_040_888_963_4) + shift
    let n = shifted - shift
    let high = n * Self(repeating: 6.931_471_803_691_238_2e-1)
    let r = self - high - n * Self(repeating: 1.908_214_929_270_587_7e-10)
    let bits = unsafeBitCast(shifted, to: SIMD8<UInt64>.self)
    let power = unsafeBitCast((bits &+ SIMD8<UInt64>(repeating: 1_023)) &<< 52, to: Self.self)
    var tail = Self(repeating: 1 / 6_227_020_800)
    tail = tail * r + Self(repeating: 1 / 479_001_600)
    tail = tail * r + Self(repeating: 1 / 39_916_800)
    tail = tail * r + Self(repeating: 1 / 3_628_800)
    tail = tail * r + Self(repeating: 1 / 362_880)
    tail = tail * r + Self(repeating: 1 / 40_320)
    tail = tail * r + Self(repeating: 1 / 5_040)
    tail = tail * r + Self(repeating: 1 / 720)
    tail = tail * r + Self(repeating: 1 / 120)
    tail = tail * r + Self(repeating: 1 / 24)
    tail = tail * r + Self(repeating: 1 / 6)
    tail = tail * r + Self(repeating: 0.5)
    let small = tail * r * r + r
    return power * small + (power - Self(repeating: 1))
  }
}
