import Foundation
import HorizonCore
import HorizonNumerics
import HorizonRisk
import Testing

/// Series whose law is known, forecast with exactly that law: what is promised must then happen as often.
@Suite struct CalibrationTests {
  /// All series of a run share the 256 paths of one bank, whose own luck moves chances around a half by 1 to 2 points: several
  /// banks, so that it is the method that is judged.
  private static let banks = (7..<13).map { RankPathBank(seed: $0, horizon: 90, step: .day) }

  /// Promised chances and what happened, for a trend plus a disturbance that stays and one that comes and goes.
  private func trial(share: Double, persistence: Float, series: Int) throws -> [(chance: Double, breached: Bool)] {
    var random = SplitMix64(seed: 2_024)
    let horizon = 90
    let deviation = 5.0
    return try (0..<series).map { s in
      let start = random.uniform(58, 84)
      let slope = random.uniform(-0.05, 0.12)
      let lasting = random.normal()
      var fast = random.normal()
      var actual = [Float]()
      for lead in 1...horizon {
        let disturbance = share.squareRoot() * lasting + (1 - share).squareRoot() * fast
        actual.append(Float(start + slope * Double(lead) + deviation * disturbance))
        fast = 0.3 * fast + (1 - 0.3 * 0.3).squareRoot() * random.normal()
      }
      let row = try assessRisk(
        input(
          line(Float(start), slope: Float(slope), deviation: Float(deviation), horizon: horizon),
          history: [Float](repeating: 50, count: 20), persistence: persistence), settings: RiskSettings(),
        bank: CalibrationTests.banks[s % CalibrationTests.banks.count])[0]
      let truth = BreachRule(count: 4, of: 7).firstBreach(
        in: ([Float](repeating: 50, count: 7) + actual)[...], threshold: 80, from: 7)
      return (Double(row.pBreach90!), truth != nil)
    }
  }

  private func brier(_ trial: [(chance: Double, breached: Bool)]) -> Double {
    trial.reduce(0) { $0 + pow($1.chance - ($1.breached ? 1 : 0), 2) } / Double(trial.count)
  }

  @Test(arguments: [0.0, 0.5, 0.95]) func promisedChancesComeTrueAsOften(share: Double) throws {
    let results = try trial(share: share, persistence: Float(share), series: 8_000)
    for low in stride(from: 0.0, to: 1.0, by: 0.25) {
      let bin = results.filter { $0.chance >= low && ($0.chance < low + 0.25 || low == 0.75) }
      guard bin.count >= 60 else { continue }
      let promised = bin.reduce(0) { $0 + $1.chance } / Double(bin.count)
      let happened = Double(bin.count { $0.breached }) / Double(bin.count)
      #expect(abs(promised - happened) < 0.03 + 2.5 * (promised * (1 - promised) / Double(bin.count)).squareRoot())
    }
    let base = Double(results.count { $0.breached }) / Double(results.count)
    #expect(brier(results) < 0.6 * base * (1 - base))
  }

  @Test func theRightPersistencePromisesBetterThanTheWrongOne() throws {
    let right = brier(try trial(share: 0.95, persistence: 0.95, series: 3_000))
    let wrong = brier(try trial(share: 0.95, persistence: 0, series: 3_000))
    #expect(right < wrong)
  }
}
