import HorizonContest
import HorizonCore
import Testing

@Suite struct StandardScoreTests {
  private let even: [Float] = [5, 10, 25, 50, 75, 90, 95]

  private func curve<R>(_ quantiles: [Float], _ tail: TailShape, _ body: (StandardScore) -> R) -> R {
    quantiles.withUnsafeBufferPointer {
      body(StandardScore($0.baseAddress!, scale: 1, tail: tail, limits: tail.outerLimits($0)))
    }
  }

  @Test(arguments: TailShape.allCases) func scoresAndValuesAreInverse(tail: TailShape) {
    curve(even, tail) { curve in
      for value in stride(from: Float(-12), through: 112, by: 0.7) {
        let back: Float = curve.value(at: curve.score(of: value))
        #expect(abs(back - value) < 0.02, "\(value) came back as \(back)")
      }
    }
  }

  @Test func theStoredLevelsScoreAsInANormalDistribution() {
    curve(even, .bounded) { curve in
      for k in 0..<Levels.count {
        let error: Float = abs(curve.score(of: even[k]) - Levels.normal[k])
        #expect(error < 1e-4)
      }
    }
  }

  @Test func aWiderScoreReachesTheBoundButNotBeyond() {
    curve(even, .bounded) { curve in
      let widened: Float = curve.value(at: 2.3)
      #expect(widened > 95 && widened < 100)
    }
    curve(even, .exponential) { curve in
      let widened: Float = curve.value(at: 2.3)
      #expect(widened > 104)
    }
  }

  @Test func readingsBeyondTheBoundAreToldApart() {
    curve(even, .bounded) { curve in
      let near: Float = curve.score(of: 101)
      let far: Float = curve.score(of: 120)
      #expect(near > 2.3 && far > near + 1)
    }
  }

  @Test func equalQuantilesScoreInTheirMiddle() {
    curve([0, 0, 0, 0, 0, 10, 20], .bounded) { curve in
      let score: Float = curve.score(of: 0)
      #expect(score.isFinite && abs(score - (Levels.normal[0] + Levels.normal[4]) / 2) < 1e-5)
    }
    curve([Float](repeating: 3, count: 7), .bounded) { curve in
      for value in [-1, 3, 9] as [Float] { #expect(curve.score(of: value).isFinite) }
    }
  }
}
