import HorizonNumerics
import HorizonSynthetic
import Testing

@Suite struct NormalTableTests {
  private let draws: [Double] = {
    var random = SplitMix64(seed: 11)
    let table = NormalTable()
    return (0..<1_000_000).map { _ in table.value(random.next()) }
  }()

  @Test func momentsAreThoseOfTheNormal() {
    let n = Double(draws.count)
    #expect(abs(draws.reduce(0, +) / n) < 0.004)
    #expect(abs(draws.reduce(0) { $0 + $1 * $1 } / n - 1) < 0.006)
    #expect(abs(draws.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n - 3) < 0.05)
  }

  @Test(arguments: [-4.0, -3, -2, -1, 0, 1, 2, 3, 4])
  func tailsAreThoseOfTheNormal(edge: Double) {
    let expected = normalProbability(-abs(edge))
    let found = Double(draws.count { edge < 0 ? $0 < edge : $0 > edge }) / Double(draws.count)
    #expect(abs(found - expected) < 4.5 * (expected / Double(draws.count)).squareRoot())
  }

  @Test func valuesRiseWithTheWord() {
    let table = NormalTable()
    let values = stride(from: UInt64(0), through: UInt64.max - 1 << 44, by: 1 << 44).map { table.value($0) }
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 <= $1 })
  }
}
