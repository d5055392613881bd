import COpenBLAS

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

  /// Fills this matrix with the product, or adds the product to it.
  package func set(_ a: Matrix, times b: Matrix, adding: Bool = false) {
    precondition(a.rows == rows && b.columns == columns && a.columns == b.rows && !isTransposed)
    Scalar.multiply(a, b, into: self, adding: adding)
  }
}
