import HorizonLearning
import HorizonNumerics
import Testing

@Suite struct MatrixTests {
  @Test(arguments: [(1, 1, 1), (64, 97, 33), (5, 64, 130)], [false, true])
  func productsAgreeWithTheSlowTwin(size: (Int, Int, Int), isTransposed: Bool) {
    useOneThreadForMatrices()
    check(Float.self, size, isTransposed, tolerance: 1e-4)
    check(Double.self, size, isTransposed, tolerance: 1e-12)
  }

  private func check<Scalar: NetworkScalar>(
    _: Scalar.Type, _ size: (Int, Int, Int), _ isTransposed: Bool, tolerance: Double
  ) {
    let (m, n, k) = size
    var random = SplitMix64(seed: 11)
    func numbers(_ count: Int) -> [Scalar] { (0..<count).map { _ in Scalar(random.normal()) } }
    // Rows lie further apart than they are long.
    var a = numbers((isTransposed ? k : m) * ((isTransposed ? m : k) + 3))
    var b = numbers((isTransposed ? n : k) * ((isTransposed ? k : n) + 5))
    var c = numbers(m * (n + 2))
    let before = c
    a.withUnsafeMutableBufferPointer { a in
      b.withUnsafeMutableBufferPointer { b in
        c.withUnsafeMutableBufferPointer { c in
          let left =
            isTransposed
            ? Matrix(a.baseAddress!, rows: k, columns: m, stride: m + 3).transposed
            : Matrix(a.baseAddress!, rows: m, columns: k, stride: k + 3)
          let right =
            isTransposed
            ? Matrix(b.baseAddress!, rows: n, columns: k, stride: k + 5).transposed
            : Matrix(b.baseAddress!, rows: k, columns: n, stride: n + 5)
          Matrix(c.baseAddress!, rows: m, columns: n, stride: n + 2).set(left, times: right, adding: true)
        }
      }
    }
    for row in 0..<m {
      for column in 0..<n {
        var sum = Double(before[row * (n + 2) + column])
        for at in 0..<k {
          let left = isTransposed ? a[at * (m + 3) + row] : a[row * (k + 3) + at]
          let right = isTransposed ? b[column * (k + 5) + at] : b[at * (n + 5) + column]
          sum += Double(left) * Double(right)
        }
        #expect(abs(Double(c[row * (n + 2) + column]) - sum) < tolerance)
      }
      #expect(c[row * (n + 2) + n] == before[row * (n + 2) + n])
    }
  }

  @Test(arguments: [(96, 30), (256, 81), (1_274, 98)])
  func columnsOfTheEvenWidthAreTreatedAlike(rows: Int, inner: Int) {
    useOneThreadForMatrices()
    let width = Matrix<Float>.evenWidth(rows: rows, inner: inner, columns: 64, adding: false)
    #expect(width >= 8 && 64 % width == 0)
    // Two columns, in turn, with other numbers and in memory that is laid out otherwise.
    var random = SplitMix64(seed: 12)
    var a = (0..<rows * inner).map { _ in Float(random.normal()) }
    var b = [Float](repeating: 0, count: inner * (width + 9))
    for row in 0..<inner {
      let pair = [Float(random.normal()), Float(random.normal())]
      for column in 0..<width { b[row * (width + 9) + column] = pair[column % 2] }
    }
    var c = [Float](repeating: 0, count: rows * (width + 7))
    a.withUnsafeMutableBufferPointer { a in
      b.withUnsafeMutableBufferPointer { b in
        c.withUnsafeMutableBufferPointer { c in
          Matrix(c.baseAddress!, rows: rows, columns: width, stride: width + 7).set(
            Matrix(a.baseAddress!, rows: rows, columns: inner),
            times: Matrix(b.baseAddress!, rows: inner, columns: width, stride: width + 9))
        }
      }
    }
    for row in 0..<rows {
      let start = row * (width + 7)
      #expect((0..<width).allSatisfy { c[start + $0] == c[start + $0 % 2] })
    }
  }
}
