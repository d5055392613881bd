import Foundation
import HorizonCore
import HorizonNumerics
import HorizonPretraining
import HorizonSynthetic
import Testing

/// The family beside the fleets that forecasts are judged on.
@Suite struct IndependenceTests {
  private static let length = 365

  private static func family(seed: UInt64, count: Int = 300) -> [[Double]] {
    var found: [[Double]] = []
    var index = 0
    while found.count < count {
      let values = PretrainFamily(seed: seed).series(index, step: .day, length: length).values.map(Double.init)
      if values.allSatisfy(\.isFinite) { found.append(values) }
      index += 1
    }
    return found
  }

  /// Every scenario in turn, one server each until there are enough.
  private static func evaluation(seed: UInt64, count: Int = 300) throws -> [[Double]] {
    let servers = (count + 3) / 4
    let fleet = try SyntheticFleet(
      FleetPlan(servers: servers, days: length, seed: seed, scenarios: Scenario.allCases))
    return Array((0..<servers).flatMap { fleet.series($0).map(\.value) }.prefix(count))
  }

  @Test func theModuleSeesNothingOfTheEvaluation() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.appending(path: "Sources/HorizonPretraining")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
    #expect(files.count > 5)
    var imports: Set<String> = []
    for file in files {
      for line in try String(contentsOf: folder.appending(path: file), encoding: .utf8).split(separator: "\n") {
        let words = line.split(separator: " ")
        if let place = words.prefix(2).firstIndex(of: "import") { imports.insert(String(words[place + 1])) }
      }
    }
    #expect(imports == ["Foundation", "HorizonCore", "HorizonNumerics"])
    let manifest = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
    #expect(manifest.contains(#"module("HorizonPretraining", sees: ["HorizonCore", "HorizonNumerics"])"#))
  }

  @Test func noSeriesOfTheEvaluationIsNearOneOfTheFamily() throws {
    let family = IndependenceTests.family(seed: 2026).compactMap(\.fingerprint)
    let other = IndependenceTests.family(seed: 2027).compactMap(\.fingerprint)
    let evaluation = try IndependenceTests.evaluation(seed: 7)
    let judged = evaluation.compactMap(\.fingerprint)
    #expect(family.count > 120 && other.count > 120 && judged.count > 200)
    let near = nearest(judged, to: family)
    let byChance = nearest(other, to: family)
    #expect(near.max()! < 0.5 && byChance.max()! < 0.5)
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    #expect(mean(near) < 1.05 * mean(byChance), "\(mean(near)) beside \(mean(byChance)) between seeds of the family")

    // The measure finds a copy in another unit, with a trend and some noise of its own.
    var random = SplitMix64(seed: 1)
    let source = evaluation.first { $0.fingerprint != nil }!
    let spread = (source.centred.power / Double(source.count)).squareRoot()
    let copy = source.enumerated().map { t, value in
      1e6 + 400 * (value + 0.01 * spread * (Double(t) + random.normal()))
    }
    #expect(nearest([copy.fingerprint!], to: judged)[0] > 0.95)
  }

  @Test func theFamilyReachesBeyondTheEvaluationInEveryMeasure() throws {
    let family = IndependenceTests.family(seed: 2026, count: 1_500).compactMap { SeriesShape($0) }
    let judged = try IndependenceTests.evaluation(seed: 7).compactMap { SeriesShape($0) }
    #expect(family.count > 1_400 && judged.count > 250)
    for (name, measure) in SeriesShape.measures {
      let wide = family.map { $0[keyPath: measure] }.sorted()
      let narrow = judged.map { $0[keyPath: measure] }.sorted()
      func quantile(_ sorted: [Double], _ level: Double) -> Double { sorted[Int(level * Double(sorted.count - 1))] }
      let range = quantile(wide, 0.005)...quantile(wide, 0.995)
      let inside = Double(narrow.count(where: range.contains)) / Double(narrow.count)
      #expect(inside > 0.95, "\(name): \(inside) of the evaluation lie within \(range)")
    }
  }
}
