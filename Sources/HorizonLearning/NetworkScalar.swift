import COpenBLAS
import HorizonNumerics

/// What networks calculate with: `Float` for work, `Double` to check gradients through the same code.
package protocol NetworkScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable where RawSignificand: FixedWidthInteger {
  associatedtype Lanes: NetworkLanes where Lanes.Scalar == Self

  /// C = A B, or C += A B when `adding`; both may be read transposed. The shapes have been checked.
  static func multiply(_ a: Matrix<Self>, _ b: Matrix<Self>, into c: Matrix<Self>, adding: Bool)
}

extension Float: NetworkScalar {
  package typealias Lanes = SIMD16<Float>

  package static func multiply(_ a: Matrix<Float>, _ b: Matrix<Float>, into c: Matrix<Float>, adding: Bool) {
    scipy_cblas_sgemm(
      CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
      Int32(c.rows), Int32(c.columns), Int32(a.columns), 1, a.base, Int32(a.stride), b.base, Int32(b.stride),
      adding ? 1 : 0, c.base, Int32(c.stride))
  }
}

extension Double: NetworkScalar {
  package typealias Lanes = SIMD8<Double>

  package static func multiply(_ a: Matrix<Double>, _ b: Matrix<Double>, into c: Matrix<Double>, adding: Bool) {
    scipy_cblas_dgemm(
      CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans, b.isTransposed ? CblasTrans : CblasNoTrans,
      Int32(c.rows), Int32(c.columns), Int32(a.columns), 1, a.base, Int32(a.stride), b.base, Int32(b.stride),
      adding ? 1 : 0, c.base, Int32(c.stride))
  }
}

/// A view of memory that someone else owns: rows of numbers, `stride` apart.
package struct Matrix<Scalar: NetworkScalar> {
  package let base: UnsafeMutablePointer<Scalar>
  package let rows: Int
  package let columns: Int
  package let stride: Int
  /// Rows and columns are those after transposing; `stride` stays that of the memory.
  package let isTransposed: Bool

  package init(
    _ base: UnsafeMutablePointer<Scalar>, rows: Int, columns: Int, stride: Int? = nil, isTransposed: Bool = false
  ) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
    self.isTransposed = isTransposed
    precondition(self.stride >= (isTransposed ? rows : columns))
  }

  package var transposed: Matrix {
    Matrix(base, rows: columns, columns: rows, stride: stride, isTransposed: !isTransposed)
  }

  @inline(__always)
  func row(_ index: Int) -> UnsafeMutablePointer<Scalar> { base + index * stride }

  /// The rows from `first` on.
  func rows(from first: Int) -> Matrix {
    precondition(!isTransposed && first <= rows)
    return Matrix(row(first), rows: rows - first, columns: columns, stride: stride)
  }

  func columns(_ first: Int, count: Int) -> Matrix {
    precondition(!isTransposed && first + count <= columns)
    return Matrix(base + first, rows: rows, columns: count, stride: stride)
  }

  /// Fills this matrix with the product, or adds the product to it.
  package func set(_ a: Matrix, times b: Matrix, adding: Bool = false) {
    precondition(a.rows == rows && b.columns == columns && a.columns == b.rows && !isTransposed)
    Scalar.multiply(a, b, into: self, adding: adding)
  }

  /// The same, by products of so many columns each.
  func set(_ a: Matrix, times b: Matrix, adding: Bool = false, width: Int) {
    for first in Swift.stride(from: 0, to: columns, by: width) {
      columns(first, count: width).set(a, times: b.columns(first, count: width), adding: adding)
    }
  }

  /// The most columns that a product of this size may take at once for equal columns to have equal bits; it divides `columns`.
  ///
  /// Not every kernel of the matrix library sums all columns in the same order: that for Haswell and Zen treats the first and
  /// last eight unlike those between. So it is tried out, with numbers whose sums show the order.
  package static func evenWidth(rows: Int, inner: Int, columns: Int, adding: Bool) -> Int {
    var random = SplitMix64(seed: 1)
    var a = (0..<rows * inner).map { _ in Scalar(random.uniform(-1, 1)) }
    var b: [Scalar] = []
    for _ in 0..<inner { b += repeatElement(Scalar(random.uniform(-1, 1)), count: columns) }
    return a.withUnsafeMutableBufferPointer { a in
      b.withUnsafeMutableBufferPointer { b in
        let left = Matrix(a.baseAddress!, rows: rows, columns: inner)
        let right = Matrix(b.baseAddress!, rows: inner, columns: columns)
        var width = columns
        while width > 1 {
          var c = [Scalar](repeating: 0, count: rows * width)
          c.withUnsafeMutableBufferPointer { c in
            Matrix(c.baseAddress!, rows: rows, columns: width)
              .set(left, times: right.columns(0, count: width), adding: adding)
          }
          if c.indices.allSatisfy({ c[$0] == c[$0 / width * width] }) { return width }
          width = (1..<width).last { columns % $0 == 0 }!
        }
        return 1
      }
    }
  }
}
