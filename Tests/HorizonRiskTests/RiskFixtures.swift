import HorizonCore
import HorizonNumerics
import HorizonRisk

let asOfDay = CivilDate.daysSinceEpoch(year: 2025, month: 12, day: 31)!

/// Normal quantiles around a line, [lead][level].
func line(_ start: Float, slope: Float, deviation: Float, horizon: Int) -> [Float] {
  (1...horizon).flatMap { lead in Levels.normal.map { start + slope * Float(lead) + $0 * deviation } }
}

func input(
  _ quantiles: [Float], history: [Float] = [Float](repeating: 10, count: 30), capacity: Double = 100,
  floor: Float? = 0, bounded: Bool = false, persistence: Float = 0.5, tiers: [TrustTier]? = nil, step: Step = .day,
  rule: BreachRule = BreachRule(count: 4, of: 7), name: String = "db-001"
) -> RiskInput {
  let horizon = quantiles.count / Levels.count
  return RiskInput(
    series: SeriesName(server: name, resource: "cpu"), quantiles: quantiles[...], history: history[...],
    capacity: capacity, floor: floor, bounded: bounded, persistence: persistence,
    tiers: tiers ?? [TrustTier](repeating: .high, count: horizon), step: step,
    asOf: step.index(ofMicroseconds: Int64(asOfDay) * 86_400_000_000), rule: rule)
}

let dayBank = RankPathBank(seed: 7, horizon: 180, step: .day)

func assess(_ input: RiskInput, settings: RiskSettings? = nil) throws -> [RiskRow] {
  try assessRisk(input, settings: settings ?? RiskSettings(), bank: dayBank)
}

/// A seeded series that wanders, jumps and has gaps, with a forecast that does too.
func wild(_ random: inout SplitMix64) -> RiskInput {
  let horizon = Int(random.uniform(1, 180))
  let start = Float(random.uniform(5, 95))
  let slope = Float(random.uniform(-0.2, 0.3))
  var quantiles = [Float]()
  for lead in 1...horizon {
    let spread = random.uniform() < 0.1 ? 0 : Float(random.uniform(0, 8))
    let middle = start + slope * Float(lead) + Float(random.normal())
    quantiles += Levels.normal.map { middle + $0 * spread }
  }
  let history = (0..<Int(random.uniform(1, 90))).map { _ in
    random.uniform() < 0.1 ? Float.nan : start + 5 * Float(random.normal())
  }
  let of = Int(random.uniform(1, 12))
  return input(
    quantiles, history: history + [start], floor: random.uniform() < 0.5 ? 0 : nil,
    persistence: Float(random.uniform()), rule: BreachRule(count: Int(random.uniform(1, Double(of) + 1)), of: of))
}

/// The slow, obvious way: every value of every path written out, and the readings of each window counted.
func slowBreached(_ input: RiskInput, threshold: Float, bank: RankPathBank) throws -> [Int] {
  let future = try FutureValues(quantiles: input.quantiles, floor: input.floor)
  let past = input.history.filter { !$0.isNaN }
  let classes = future.persistence(near: input.persistence).map(RankPathBank.classIndex)
  var first = [Int](repeating: .max, count: 256)
  for path in 0..<256 {
    let readings =
      past
      + (1...future.horizon).map {
        future.value(lead: $0, rank: bank.rank(classIndex: classes[$0 - 1], lead: $0, path: path))
      }
    for lead in 1...future.horizon {
      let window = readings[...(past.count + lead - 1)].suffix(input.rule.of).sorted(by: >)
      if window.count >= input.rule.count && window[input.rule.count - 1] >= threshold {
        first[path] = lead
        break
      }
    }
  }
  return (1...future.horizon).map { lead in first.filter { $0 <= lead }.count }
}
