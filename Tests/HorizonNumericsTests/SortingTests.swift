import HorizonNumerics
import Testing

@Suite struct SortingTests {
  @Test(arguments: [0, 1, 7, 96, 97, 365, 5_000])
  func agreesWithComparing(_ count: Int) {
    var random = SplitMix64(seed: UInt64(count))
    let extremes: [Float] = [
      .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0, 1, 1,
    ]
    var values = (0..<count).map { i in
      i < extremes.count
        ? extremes[i] : Float(random.uniform(-1, 1)) * Float(sign: .plus, exponent: i % 40 - 20, significand: 1)
    }
    let expected = values.sorted()
    sortAscending(&values)
    #expect(values == expected)
  }
}
