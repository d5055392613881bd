import Foundation
import HorizonCore
import HorizonModels
import HorizonNumerics
import Testing

private let start = 19_000

/// A rising line with a week on it and seeded noise.
private func readings(_ count: Int) -> [Float] {
  var random = SplitMix64(seed: 11)
  return (0..<count).map { t in
    Float(30 + 10 * Double(t) / Double(max(1, count)) + 3 * sin(2 * Double.pi * Double(t) / 7) + random.normal())
  }
}

private func forecast(
  _ values: [Float], step: Step = .day, horizon: Int = 30, ceiling: Double = .nan, holidays: [Holidays.Entry] = [],
  regressors: [[Float]] = [], options change: (inout ProphetOptions) -> Void = { _ in }
) -> ForecastBlock {
  var options = ProphetOptions()
  change(&options)
  let known = regressors.enumerated().map { Regressor(name: "r\($0)", firstIndex: start, values: $1) }
  let panel = Panel(
    step: step, firstIndex: start, length: values.count, values: values, seeds: [1], ceilings: [ceiling],
    covariates: Covariates(holidays: Holidays(holidays), regressors: known.isEmpty ? [] : [known]))
  return Prophet(options).checkedForecast(of: panel, horizon: horizon)
}

/// What users give by mistake: a refusal with its reason, or a fall-back, never a crash.
@Suite struct ProphetTests {
  @Test func oneReadingIsRefusedAndTwoMakeALine() {
    #expect(forecast([5]).refusals == [.tooShort(readings: 1, needed: 2)])
    #expect(forecast([.nan, 5, .nan]).refusals == [.tooShort(readings: 1, needed: 2)])
    let two = forecast([5, 6], horizon: 3)
    #expect(two.refusals == [nil])
    #expect(two.mean[0] > 5 && two.mean[2] > two.mean[0])
  }

  @Test(arguments: [Float(0), 42], ProphetOptions.Growth.allCases)
  func aConstantStaysWhatItIs(level: Float, growth: ProphetOptions.Growth) {
    let block = forecast([Float](repeating: level, count: 100), ceiling: 100) { $0.growth = growth }
    #expect(block.refusals == [nil])
    // Saturating growth has no curve at 0, only curves close to it.
    #expect(block.mean.allSatisfy { abs($0 - level) < (growth == .logistic ? 0.5 : 1e-3) })
  }

  @Test func logisticGrowthWithoutACapIsRefused() {
    #expect(forecast(readings(100)) { $0.growth = .logistic }.refusals == [.noCap])
    #expect(forecast(readings(100), ceiling: 100) { $0.growth = .logistic }.refusals == [nil])
  }

  @Test func aCapThatIsNotAboveTheFloorIsRefused() {
    let block = forecast(readings(100)) {
      $0.growth = .logistic
      $0.cap = 10
      $0.floor = 10
    }
    #expect(block.refusals == [.capBelowFloor])
    #expect(forecast(readings(100), ceiling: 0) { $0.growth = .logistic }.refusals == [.capBelowFloor])
  }

  @Test func aCapBelowTheHistoryHoldsTheTrendAtTheCap() {
    let block = forecast(readings(200)) {
      $0.growth = .logistic
      $0.cap = 20
      $0.weekly = .waves(0)
    }
    #expect(block.refusals == [nil])
    #expect(block.mean.allSatisfy { $0 > 18 && $0 <= 20 })
  }

  @Test func changepointsOutsideTheHistoryAreLeftOut() {
    var values = readings(200)
    for t in 90..<200 { values[t] += 0.3 * Float(t - 90) }
    let day = Int64(86_400_000_000)
    let inside = (Int64(start) + 90) * day
    let only = forecast(values) { $0.changepoints = [inside] }
    let more = forecast(values) { $0.changepoints = [inside - 400 * day, inside, inside + 4_000 * day] }
    #expect(only.mean == more.mean && only.quantiles == more.quantiles)
    let none = forecast(values) { $0.changepoints = [] }
    #expect(none.mean == forecast(values) { $0.changepoints = [inside + 4_000 * day] }.mean)
    #expect(none.mean != only.mean)
  }

  @Test func aChangepointGivenTwiceCountsAsOne() {
    let values = readings(200)
    let at = (Int64(start) + 90) * 86_400_000_000
    let once = forecast(values) { $0.changepoints = [at] }
    let twice = forecast(values) { $0.changepoints = [at, at] }
    #expect(once.mean == twice.mean && once.quantiles == twice.quantiles)
  }

  @Test func moreChangepointsThanReadingsAreFewer() {
    let block = forecast(readings(8)) { $0.changepointCount = 500 }
    #expect(block.refusals == [nil])
    #expect(block.mean == forecast(readings(8)) { $0.changepointCount = 5 }.mean)
  }

  @Test func holidaysOutsideReadingsAndHorizonChangeNothing() {
    let values = readings(200)
    let plain = forecast(values)
    let far = forecast(values, holidays: [.init(name: "old", day: 100), .init(name: "far", day: start + 9_000)])
    for (a, b) in zip(plain.mean, far.mean) { #expect(abs(a - b) < 1e-3) }
  }

  @Test func aRegressorThatIsNowhereKnownIsLeftOut() {
    let values = readings(200)
    let block = forecast(values, regressors: [[Float](repeating: .nan, count: 230)])
    #expect(block.mean == forecast(values).mean)
  }

  /// In the package a regressor needs a value at each step; ours falls back on what is usual.
  @Test func aRegressorWithoutFutureValuesStaysAtItsMean() {
    let values = readings(200)
    let drivers: [[Float]] = [
      (0..<200).map { Float($0 % 5) }, (0..<200).map { $0 % 9 == 0 ? 1 : 0 }, [Float](repeating: 70, count: 200),
    ]
    for driver in drivers {
      let block = forecast(values, regressors: [driver])
      #expect(block.refusals == [nil])
      for (a, b) in zip(block.mean, forecast(values).mean) { #expect(abs(a - b) < 1.5) }
    }
  }

  @Test func aConstantRegressorMovesNothing() {
    let values = readings(200)
    for level: Float in [0, 1, 70] {
      let block = forecast(values, regressors: [[Float](repeating: level, count: 230)])
      for (a, b) in zip(block.mean, forecast(values).mean) { #expect(abs(a - b) < 0.5) }
    }
  }

  @Test func aRegressorGivenTwiceSharesItsEffect() {
    let driver = (0..<230).map { Float(($0 * 7) % 13) }
    let values = zip(readings(200), driver).map { $0 + 2 * $1 }
    let once = forecast(values, regressors: [driver])
    let twice = forecast(values, regressors: [driver, driver])
    #expect(twice.refusals == [nil])
    for (a, b) in zip(once.mean, twice.mean) { #expect(abs(a - b) < 0.1) }
  }

  @Test(arguments: [Step.hour, Step(seconds: 604_800), Step(seconds: 900)])
  func everyStepIsTaken(step: Step) {
    for count in [3, 40, 400] {
      let block = forecast(readings(count), step: step)
      #expect(block.refusals == [nil], "\(count) readings")
    }
  }

  @Test func twentyYearsOfDaysAreTaken() {
    let block = forecast(readings(7_300), horizon: 365)
    #expect(block.refusals == [nil])
    #expect(block.mean.allSatisfy { $0 > 30 && $0 < 50 })
  }

  @Test func moreWavesThanReadingsAreHeldByTheirPrior() {
    for count in [2, 10, 60] {
      let block = forecast(readings(count)) {
        $0.yearly = .waves(40)
        $0.weekly = .waves(20)
        $0.seasonalities = [.init(name: "monthly", period: 30.5, order: 30)]
      }
      #expect(block.refusals == [nil])
      #expect(block.mean.allSatisfy { abs($0) < 500 })
    }
  }

  @Test(arguments: ProphetOptions.Growth.allCases, ProphetOptions.Mode.allCases)
  func gapsAndNegativeReadingsAreTaken(growth: ProphetOptions.Growth, mode: ProphetOptions.Mode) {
    var values = readings(120).map { $0 - 35 }
    for t in 40..<80 { values[t] = .nan }
    values[119] = .nan
    let block = forecast(values, ceiling: 100) {
      $0.growth = growth
      $0.seasonalityMode = mode
    }
    #expect(block.refusals == [nil])
  }
}
