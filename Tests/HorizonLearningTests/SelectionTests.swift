import HorizonNumerics
import Testing

@Suite struct SelectionTests {
  /// Shapes on which careless partitions go wrong or slow.
  private func shapes(_ n: Int) -> [[Double]] {
    var state: UInt64 = 7
    func random() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40)
    }
    let noise = (0..<n).map { _ in random() }
    return [
      noise, noise.sorted(), noise.sorted(by: >), noise.map { $0.truncatingRemainder(dividingBy: 3) },
      [Double](repeating: 1, count: n), (0..<n).map { Double($0 % 2) }, (0..<n).map { Double(abs($0 - n / 2)) },
      (0..<n).map { $0 == n / 2 ? -1 : 1 }, noise.map { $0 < 8_000_000 ? -.infinity : .infinity },
    ]
  }

  @Test(arguments: [1, 2, 3, 24, 25, 26, 100, 1_095, 26_280])
  func placesHoldWhatSortingPutsThere(n: Int) {
    for values in shapes(n) {
      let sorted = values.sorted()
      for places in [[0], [n / 2], [n - 1], [0, n / 10, n / 10, n / 2, n - 1], Array(0..<min(n, 40))] {
        var some = values
        select(places, in: &some)
        #expect(places.allSatisfy { some[$0] == sorted[$0] })
        #expect(some.sorted() == sorted)
      }
    }
  }

  @Test func quantilesAreThoseOfTheSorted() {
    let levels: [Float] = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0, 1]
    for n in [1, 2, 30, 1_095] {
      for shape in shapes(n) {
        let values = shape.map { Float($0) }.filter(\.isFinite)
        guard !values.isEmpty else { continue }
        var some = values
        selectQuantiles(levels, in: &some)
        let sorted = values.sorted()
        for level in levels {
          let own = some.withUnsafeBufferPointer { quantile(sorted: $0, level: level) }
          let theirs = sorted.withUnsafeBufferPointer { quantile(sorted: $0, level: level) }
          #expect(own == theirs)
        }
      }
    }
  }

  @Test func nothingIsSelectedFromNothing() {
    var none: [Float] = []
    select([], in: &none)
    selectQuantiles([0.5], in: &none)
    #expect(none.isEmpty)
  }
}
