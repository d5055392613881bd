import COpenBLAS

/// Replaces the lower triangle of a symmetric matrix by its Cholesky factor; column-major.
///
/// - Parameter matrix: At least `size * size`.
/// - Returns: False when it is not positive definite.
func choleskyInPlace(_ matrix: inout [Double], size: Int) -> Bool {
  // For a handful of rows the call costs more than the work.
  if size > 16 {
    var n = Int32(size)
    var lda = n
    var info: Int32 = 0
    var uplo = CChar(UInt8(ascii: "L"))
    scipy_dpotrf_(&uplo, &n, &matrix, &lda, &info)
    return info == 0
  }
  return matrix.withUnsafeMutableBufferPointer { a in
    for j in 0..<size {
      var pivot = a[j * size + j]
      for k in 0..<j { pivot -= a[k * size + j] * a[k * size + j] }
      guard pivot > 0 else { return false }
      let root = pivot.squareRoot()
      a[j * size + j] = root
      for i in (j + 1)..<max(size, j + 1) {
        var value = a[j * size + i]
        for k in 0..<j { value -= a[k * size + i] * a[k * size + j] }
        a[j * size + i] = value / root
      }
    }
    return true
  }
}

/// Solves L y = x in place; L lower, column-major.
func solveLower(_ factor: [Double], size: Int, _ x: inout [Double]) {
  factor.withUnsafeBufferPointer { l in
    x.withUnsafeMutableBufferPointer { x in
      for j in 0..<size {
        let value = x[j] / l[j * size + j]
        x[j] = value
        for i in (j + 1)..<max(size, j + 1) { x[i] -= l[j * size + i] * value }
      }
    }
  }
}

/// Solves L' y = x in place; L lower, column-major.
func solveUpper(_ factor: [Double], size: Int, _ x: inout [Double]) {
  factor.withUnsafeBufferPointer { l in
    x.withUnsafeMutableBufferPointer { x in
      for j in stride(from: size - 1, through: 0, by: -1) {
        var value = x[j]
        for i in (j + 1)..<max(size, j + 1) { value -= l[j * size + i] * x[i] }
        x[j] = value / l[j * size + j]
      }
    }
  }
}

/// Solves L Y = X in place; L lower, X of `columns` columns, both column-major.
func solveLower(_ factor: [Double], size: Int, matrix: inout [Double], columns: Int) {
  factor.withUnsafeBufferPointer { f in
    scipy_cblas_dtrsm(
      CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, Int32(size), Int32(columns), 1, f.baseAddress!,
      Int32(size), &matrix, Int32(size))
  }
}

/// Gram matrix X' X of columns that lie `stride` apart, `count` rows each; the result is symmetric.
package func gramMatrix(
  _ columns: UnsafePointer<Double>, count: Int, columns p: Int, stride: Int
) -> [Double] {
  var gram = [Double](repeating: 0, count: p * p)
  guard p > 0, count > 0 else { return gram }
  scipy_cblas_dsyrk(
    CblasColMajor, CblasLower, CblasTrans, Int32(p), Int32(count), 1, columns, Int32(stride), 0, &gram, Int32(p))
  for j in 0..<p { for i in (j + 1)..<max(p, j + 1) { gram[i * p + j] = gram[j * p + i] } }
  return gram
}
