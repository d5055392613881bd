import Foundation
import HorizonLearning
import HorizonNumerics
import Testing

@Suite struct NetworkLanesTests {
  @Test func floatActivationsAreExactToAFewUnitsInTheLastPlace() {
    let (sigmoid, tangent) = largestErrors(of: Float.self)
    #expect(sigmoid < 3e-7 && tangent < 4e-7, "sigmoid \(sigmoid), tanh \(tangent)")
  }

  @Test func doubleActivationsAreExactToTwelveDigits() {
    let (sigmoid, tangent) = largestErrors(of: Double.self)
    #expect(sigmoid < 1e-15 && tangent < 1e-15, "sigmoid \(sigmoid), tanh \(tangent)")
  }

  @Test func activationsOfExtremesStayInRange() {
    for x: Float in [1e-30, 20, 79, 1e4, .greatestFiniteMagnitude, .infinity] {
      #expect(SIMD16(repeating: x).hyperbolicTangent()[0] <= 1)
      #expect(SIMD16(repeating: -x).hyperbolicTangent()[0] >= -1)
      #expect(SIMD16(repeating: x).sigmoid()[0] <= 1)
      #expect(SIMD16(repeating: -x).sigmoid()[0] >= 0)
    }
    #expect(SIMD16<Float>(repeating: .nan).sigmoid()[0].isNaN)
    #expect(SIMD16<Float>(repeating: .nan).hyperbolicTangent()[0].isNaN)
  }

  /// Relative to the true value, over small and large arguments of both signs.
  private func largestErrors<Scalar: NetworkScalar>(of: Scalar.Type) -> (sigmoid: Double, tangent: Double) {
    var random = SplitMix64(seed: 1)
    var worst = (sigmoid: 0.0, tangent: 0.0)
    for _ in 0..<20_000 {
      let x = Scalar(random.uniform(-1, 1) * pow(10, random.uniform(-6, 1.4)))
      let s = first(Scalar.Lanes(repeating: x).sigmoid(), of: Scalar.self)
      let t = first(Scalar.Lanes(repeating: x).hyperbolicTangent(), of: Scalar.self)
      let sigmoid = 1 / (1 + exp(-Double(x)))
      worst.sigmoid = max(worst.sigmoid, abs(Double(s) - sigmoid) / sigmoid)
      worst.tangent = max(worst.tangent, abs(Double(t) / tanh(Double(x)) - 1))
    }
    return worst
  }

  private func first<Lanes, Scalar: NetworkScalar>(_ lanes: Lanes, of: Scalar.Type) -> Scalar {
    withUnsafeBytes(of: lanes) { $0.load(as: Scalar.self) }
  }
}
