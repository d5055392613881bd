import COpenBLAS

/// Keeps the matrix library on the calling thread: the parallelism is ours, and one thread gives the same bits everywhere.
package func useOneThreadForMatrices() { scipy_openblas_set_num_threads(1) }

/// Cholesky factor of a symmetric positive definite matrix, by LAPACK.
package struct Cholesky: Sendable {
  package let size: Int
  private let factor: [Double]

  /// - Parameter matrix: `size * size`, symmetric, any storage order.
  /// - Returns: nil when the matrix is not positive definite.
  package init?(_ matrix: [Double], size: Int) {
    var copy = matrix
    var n = Int32(size)
    var lda = n
    var info: Int32 = 0
    var uplo = CChar(UInt8(ascii: "L"))
    scipy_dpotrf_(&uplo, &n, &copy, &lda, &info)
    guard info == 0 else { return nil }
    self.size = size
    factor = copy
  }

  /// Solves A x = b.
  package func solve(_ right: [Double]) -> [Double] {
    var x = right
    var n = Int32(size)
    var one: Int32 = 1
    var lda = n
    var ldb = n
    var info: Int32 = 0
    var uplo = CChar(UInt8(ascii: "L"))
    factor.withUnsafeBufferPointer { f in
      scipy_dpotrs_(&uplo, &n, &one, f.baseAddress!, &lda, &x, &ldb, &info)
    }
    return x
  }
}

/// Version and build of the matrix library, such as `0.3.31 HASWELL`.
package func matrixLibrary() -> String {
  let words = String(cString: scipy_openblas_get_config()).split(separator: " ")
  return "\(words.dropFirst().first ?? "unknown") \(String(cString: scipy_openblas_get_corename()))"
}
