import HorizonNumerics

/// Standard normal draws from one random word each: the quantile function on 1,024 cells, linear within a cell, exact in the
/// eight outermost cells of each tail.
package struct NormalTable: Sendable {
  private static let cells = 1_024
  private static let exact = 8
  private let edges: [Double]

  package init() {
    edges = (0...NormalTable.cells).map { i in
      normalQuantile(min(max(Double(i), 0.5), Double(NormalTable.cells) - 0.5) / Double(NormalTable.cells))
    }
  }

  /// The normal value that belongs to a uniformly drawn word.
  @inline(__always)
  package func value(_ word: UInt64) -> Double {
    let cell = Int(word >> 54)
    guard cell >= NormalTable.exact && cell < NormalTable.cells - NormalTable.exact else {
      return normalQuantile((Double(word >> 12) + 0.5) * 0x1p-52)
    }
    let place = Double(Int64(word & 0x003f_ffff_ffff_ffff)) * 0x1p-54
    return edges[cell] + (edges[cell + 1] - edges[cell]) * place
  }
}
