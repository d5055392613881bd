package import Foundation
package import HorizonCore
package import HorizonModels

/// A series with options, holidays and regressors, as scripts/parity/prophet reads and writes it: names of options are the package's.
package struct ProphetCase: Decodable, Sendable {
  package let name: String
  package let kind: String
  package let horizon: Int
  package let options: ProphetOptions
  package let step: Step
  let firstIndex: Int
  let values: [Float]
  let holidays: Holidays
  let regressors: [Regressor]
  /// Readings that followed, where they are known.
  package let actual: [Float]

  private enum Key: String, CodingKey {
    case name, kind, start, stepSeconds, values, horizon, options, holidays, regressors, actual
  }

  /// Reads cases, references and golden files.
  package static func read<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: data)
  }

  package init(from decoder: any Decoder) throws {
    let all = try decoder.container(keyedBy: Key.self)
    name = try all.decode(String.self, forKey: .name)
    kind = try all.decode(String.self, forKey: .kind)
    horizon = try all.decode(Int.self, forKey: .horizon)
    values = try all.decode([Float?].self, forKey: .values).map { $0 ?? .nan }
    actual = try (all.decodeIfPresent([Float?].self, forKey: .actual) ?? []).map { $0 ?? .nan }
    let start = try Moment(try all.decode(String.self, forKey: .start))
    let seconds = try all.decode(Int64.self, forKey: .stepSeconds)
    step = Step(seconds: seconds, phase: start.seconds % seconds)
    firstIndex = step.index(ofMicroseconds: start.seconds * 1_000_000)

    let holidays = try all.decodeIfPresent([Holiday].self, forKey: .holidays) ?? []
    self.holidays = Holidays(try holidays.map { try $0.entry })
    let written = try all.decodeIfPresent([WrittenRegressor].self, forKey: .regressors) ?? []
    let first = firstIndex
    regressors = written.map { Regressor(name: $0.name, firstIndex: first, values: $0.values) }
    var options = try all.decodeIfPresent(WrittenOptions.self, forKey: .options)?.options ?? ProphetOptions()
    for r in written {
      options.regressors[r.name] = .init(priorScale: r.priorScale, mode: r.mode, standardize: r.standardize)
    }
    self.options = options
  }

  /// The series alone on its calendar.
  package var panel: Panel { Self.panel(of: [self]) }

  /// Cases of one calendar and one list of holidays as one panel.
  package static func panel(of cases: [ProphetCase]) -> Panel {
    let one = cases[0]
    precondition(
      cases.allSatisfy {
        ($0.step, $0.firstIndex, $0.values.count) == (one.step, one.firstIndex, one.values.count)
          && $0.holidays == one.holidays
      },
      "cases of one panel share calendar and holidays")
    return Panel(
      step: one.step, firstIndex: one.firstIndex, length: one.values.count, values: cases.flatMap(\.values),
      seeds: cases.map { stableHash($0.name, seed: 7) },
      covariates: Covariates(
        holidays: one.holidays,
        regressors: cases.allSatisfy(\.regressors.isEmpty) ? [] : cases.map(\.regressors)))
  }
}

/// A date, or a date with time of day, in UTC.
private struct Moment {
  let seconds: Int64
  var day: Int { Int((Double(seconds) / 86_400).rounded(.down)) }

  init(_ text: String) throws {
    let parts = text.split { "-T:Z ".contains($0) }.compactMap { Int($0) }
    guard parts.count >= 3, let days = CivilDate.daysSinceEpoch(year: parts[0], month: parts[1], day: parts[2]) else {
      throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "'\(text)' is not a date"))
    }
    let clock = Array(parts.dropFirst(3)) + [0, 0, 0]
    seconds = Int64(days) * 86_400 + Int64(clock[0] * 3_600 + clock[1] * 60 + clock[2])
  }
}

private struct Holiday: Decodable {
  let name: String
  let date: String
  let lowerWindow: Int?
  let upperWindow: Int?
  let priorScale: Double?

  var entry: Holidays.Entry {
    get throws {
      Holidays.Entry(
        name: name, day: try Moment(date).day, lowerWindow: lowerWindow ?? 0, upperWindow: upperWindow ?? 0,
        priorScale: priorScale)
    }
  }
}

private struct WrittenRegressor: Decodable {
  let name: String
  let values: [Float]
  let priorScale: Double?
  let mode: ProphetOptions.Mode?
  let standardize: Bool?
}

/// The number of waves, or `auto`.
private struct Waves: Decodable {
  let order: ProphetOptions.Order

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    order = if let count = try? value.decode(Int.self) { .waves(count) } else { .automatic }
  }
}

private struct WrittenOptions: Decodable {
  struct Seasonality: Decodable {
    let name: String
    let period: Double
    let fourierOrder: Int
    let priorScale: Double?
    let mode: ProphetOptions.Mode?
  }

  let growth: ProphetOptions.Growth?
  let cap: Double?
  let floor: Double?
  let changepoints: [String]?
  let nChangepoints: Int?
  let changepointRange: Double?
  let changepointPriorScale: Double?
  let yearly: Waves?
  let weekly: Waves?
  let daily: Waves?
  let seasonalityMode: ProphetOptions.Mode?
  let seasonalityPriorScale: Double?
  let holidaysMode: ProphetOptions.Mode?
  let holidaysPriorScale: Double?
  let scaling: ProphetOptions.Scaling?
  let seasonalities: [Seasonality]?

  var options: ProphetOptions {
    get throws {
      var made = ProphetOptions()
      made.growth = growth ?? made.growth
      made.cap = cap
      made.floor = floor
      made.changepoints = try changepoints?.map { try Moment($0).seconds * 1_000_000 }
      made.changepointCount = nChangepoints ?? made.changepointCount
      made.changepointRange = changepointRange ?? made.changepointRange
      made.changepointPriorScale = changepointPriorScale ?? made.changepointPriorScale
      made.yearly = yearly?.order ?? made.yearly
      made.weekly = weekly?.order ?? made.weekly
      made.daily = daily?.order ?? made.daily
      made.seasonalityMode = seasonalityMode ?? made.seasonalityMode
      made.seasonalityPriorScale = seasonalityPriorScale ?? made.seasonalityPriorScale
      made.holidaysMode = holidaysMode
      made.holidaysPriorScale = holidaysPriorScale ?? made.holidaysPriorScale
      made.scaling = scaling ?? made.scaling
      made.seasonalities = (seasonalities ?? []).map {
        .init(name: $0.name, period: $0.period, order: $0.fourierOrder, priorScale: $0.priorScale, mode: $0.mode)
      }
      return made
    }
  }
}

/// What the package said about a case.
package struct ProphetReference: Decodable, Sendable {
  package struct Component: Decodable, Sendable {
    package let name: String
    package let multiplicative: Bool
    package let ahead: [Double]
    package let past: [Double]
  }

  package let name: String
  /// The package's words where it fits nothing; everything below is nil then.
  package let refused: String?
  package let k: Double?
  package let m: Double?
  package let delta: [Double]?
  package let sigma: Double?
  package let beta: [Double]?
  package let columns: [String]?
  package let changepoints: [Double]?
  package let yScale: Double?
  package let logPosterior: Double?
  package let yhat: [Double]?
  package let fitted: [Double]?
  package let components: [Component]?
  let q05, q10, q25, q50, q75, q90, q95: [Double]?

  /// In the package's scaled units; nil for a refusal.
  package var parameters: ProphetParameters? {
    guard let k, let m, let delta, let sigma, let beta else { return nil }
    return ProphetParameters(k: k, m: m, delta: delta, sigma: sigma, beta: beta)
  }

  /// By level; empty for a refusal.
  package var quantiles: [[Double]] { [q05, q10, q25, q50, q75, q90, q95].compactMap { $0 } }
}

/// A case and what the package said about it, as the golden files hold them.
package struct ProphetGolden: Decodable, Sendable {
  package let `case`: ProphetCase
  package let reference: ProphetReference
}
