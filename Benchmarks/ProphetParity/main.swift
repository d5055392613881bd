import Foundation
import HorizonCore
import HorizonModels
import HorizonTestKit

// Our `prophet` on the cases of scripts/parity/prophet:
//   prophet-parity CASES                what it makes of each case, a JSON line a case
//   prophet-parity CASES REFERENCES     how far that is from what the package made of it
//   prophet-parity --time CASES         CPU seconds of fits and forecasts, one thread, panels of 64 series as in the product

func lines<Value: Decodable>(of path: String, as type: Value.Type) throws -> [Value] {
  try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: UInt8(ascii: "\n"))
    .map { try ProphetCase.read(type, from: Data($0)) }
}

func write(_ row: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  FileHandle.standardOutput.write(try encoder.encode(row) + [UInt8(ascii: "\n")])
}

/// CPU seconds of this process, all threads.
func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

struct Agreement: Encodable {
  let name: String
  let kind: String
  let refused: String?
  let packageRefused: String?
  let logPosterior: Double?
  let against: ProphetAgreement?
}

struct Timing: Encodable {
  let kind: String
  let series: Int
  /// CPU seconds a series, fit and forecast of a whole panel: the median over repetitions.
  let cpuS: Double
  let fitCpuS: Double
  let forecastCpuS: Double
  /// Of fits run one by one.
  let slowestOverMedian: Double
  let medianAloneCpuS: Double
  let slowest: String
}

func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return (sorted[sorted.count / 2] + sorted[(sorted.count - 1) / 2]) / 2
}

func time(_ cases: [ProphetCase], repetitions: Int) -> Timing {
  let model = Prophet(cases[0].options)
  var whole: [Double] = []
  var fits: [Double] = []
  for _ in 0..<repetitions {
    var fit = 0.0
    var forecast = 0.0
    for start in stride(from: 0, to: cases.count, by: 64) {
      // Tiles of 64 rows always, as the product's: the last one is filled up from the first ones.
      let tile = (start..<(start + 64)).map { cases[$0 % cases.count] }
      let panel = ProphetCase.panel(of: tile)
      let begin = cpuSeconds()
      let fitted = model.fitted(to: panel)
      let between = cpuSeconds()
      _ = fitted.forecast(horizon: cases[0].horizon)
      fit += between - begin
      forecast += cpuSeconds() - between
    }
    let rows = Double((cases.count + 63) / 64 * 64)
    whole.append((fit + forecast) / rows)
    fits.append(fit / rows)
  }
  let alone = cases.map { one in
    let panel = one.panel
    return median(
      (0..<3).map { _ in
        let begin = cpuSeconds()
        _ = model.fitted(to: panel)
        return cpuSeconds() - begin
      })
  }
  let slowest = alone.indices.max { alone[$0] < alone[$1] }!
  return Timing(
    kind: cases[0].kind, series: cases.count, cpuS: median(whole), fitCpuS: median(fits),
    forecastCpuS: median(whole) - median(fits), slowestOverMedian: alone[slowest] / median(alone),
    medianAloneCpuS: median(alone), slowest: cases[slowest].name)
}

let arguments = CommandLine.arguments.dropFirst()
if arguments.first == "--time", arguments.count == 2 {
  let cases = try lines(of: arguments.last!, as: ProphetCase.self)
  // One panel has one set of options; groups come in the order of their first case.
  var groups: [(options: ProphetOptions, cases: [ProphetCase])] = []
  for one in cases {
    if let at = groups.firstIndex(where: { $0.options == one.options }) {
      groups[at].cases.append(one)
    } else {
      groups.append((one.options, [one]))
    }
  }
  for group in groups { try write(time(group.cases, repetitions: 7)) }
} else if arguments.count == 1 {
  for one in try lines(of: arguments.first!, as: ProphetCase.self) { try write(ProphetOutcome(of: one)) }
} else if arguments.count == 2 {
  let cases = try lines(of: arguments.first!, as: ProphetCase.self)
  let references = try lines(of: arguments.last!, as: ProphetReference.self)
  guard cases.map(\.name) == references.map(\.name) else { fatalError("a reference for each case, in the same order") }
  for (one, reference) in zip(cases, references) {
    let outcome = ProphetOutcome(of: one, reference: reference)
    try write(
      Agreement(
        name: one.name, kind: one.kind, refused: outcome.refused, packageRefused: reference.refused,
        logPosterior: outcome.parameters?.logPosterior, against: outcome.against))
  }
} else {
  FileHandle.standardError.write(Data("usage: prophet-parity [--time] CASES [REFERENCES]\n".utf8))
  exit(64)
}
