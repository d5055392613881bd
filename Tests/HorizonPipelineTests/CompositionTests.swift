import Foundation
import HorizonCore
import HorizonModels
import HorizonPipeline
import HorizonStore
import Testing

@Suite struct CompositionTests {
  private let wide = TerminalStyle(width: 100, isUnicode: true, hasColour: false)
  private let title = "What the forecast is made of"

  /// A trend of 3 points a month with a week, and a little that no model foresees.
  private let usual = dailyCSV(["web-1"], days: 400) { _, day in
    "\(30 + 0.1 * Double(day) + [4, 4, 4, 3, 3, -8, -10][day % 7] + 0.4 * sin(Double(day * day)))"
  }

  private func explained(_ sandbox: Sandbox) throws -> Explanation {
    try HorizonPipeline.explained(
      SeriesName(server: "web-1", resource: "cpu"), run: nil, workspace: sandbox.workspace)
  }

  private func filled(_ models: [String]) async throws -> Sandbox {
    let sandbox = try Sandbox()
    _ = try await sandbox.run(try sandbox.file("usual.csv", usual)) { $0.models = models }
    return sandbox
  }

  @Test func aForecastIsTakenApartIntoPartsThatAddUp() async throws {
    let explanation = try explained(try await filled(["harmonic"]))
    let made = try #require(explanation.components)
    #expect(made.model == "harmonic" && made.note == nil && made.members.isEmpty)
    #expect(made.parts.map(\.name) == ["trend", "week"])
    #expect(abs(try #require(made.trend).perMonth - 3.044) < 0.1)
    #expect(made.parts[1].pattern?.places.first == "Monday" && made.parts[1].pattern?.values.count == 7)
    for sum in made.sums { #expect(abs(sum.amounts.reduce(0, +) - sum.total) < 1e-9) }
    #expect(made.sums.map(\.what).first == "as_of")
    let text = explanation.text(wide)
    for part in [title, "trend: rises by 3.", "week: ", "the trend)", " are trend, "] {
      #expect(text.contains(part), "no '\(part)' in:\n\(text)")
    }
  }

  @Test func aModelWithoutPartsHasNoSuchSection() async throws {
    let explanation = try explained(try await filled(["theta"]))
    #expect(explanation.components == nil)
    #expect(!explanation.text(wide).contains(title))
    #expect(try explanation.json().contains("\"components\" : null"))
  }

  @Test func aForecastThatCannotBeRepeatedIsNotTakenApart() async throws {
    let sandbox = try await filled(["harmonic"])
    let other = dailyCSV(["web-1"], days: 400) { _, day in "\(20 + day % 7)" }
    _ = try ingestLocked(
      inputs: [try sandbox.file("other.csv", other)], workspace: sandbox.workspace, settings: RunSettings(),
      execution: Execution(threads: 1, chunk: 64, progress: .silent))
    let explanation = try explained(sandbox)
    let made = try #require(explanation.components)
    #expect(made.parts.isEmpty && made.sums.isEmpty)
    #expect(try #require(made.note).contains("gives another forecast than this run published"))
    #expect(explanation.text(wide).replacing("\n", with: " ").contains("its parts would mislead"))
  }

  @Test func everySeriesIsFittedAgainAsTheRunFittedIt() async throws {
    let sandbox = try Sandbox()
    let run = try await sandbox.run(try await sandbox.fleet(servers: 10, days: 500)) { $0.models = allModels }
    let reader = try TableReader(
      parquet: run.folder.appending(path: "decisions.parquet").path,
      columns: [Column("server", .key), Column("resource", .key)])
    var names: [SeriesName] = []
    while let batch = try reader.next() {
      let (servers, resources) = (reader.keyNames(0), reader.keyNames(1))
      for i in 0..<batch.rowCount {
        names.append(
          SeriesName(server: servers[Int(batch.codes(0)[i])], resource: resources[Int(batch.codes(1)[i])]))
      }
    }
    var takenApart = 0
    for name in names {
      let made = try HorizonPipeline.explained(name, run: nil, workspace: sandbox.workspace).components
      #expect(made?.note == nil, "\(name)")
      if made != nil { takenApart += 1 }
    }
    #expect(takenApart > 10, "\(takenApart) of \(names.count)")
  }

  @Test func ofACombinationTheFirstMemberThatCanTellIsShown() throws {
    let values = (0..<300).map { t -> Float in 40 + Float(t) * 0.05 + Float(t % 7) }
    let panel = Panel(step: .day, firstIndex: 20_000, length: 300, values: values, seeds: [1])
    let refit = Refit(panel, cutoffs: [20_299], contestants: Catalog.all, horizon: 30)
    func publisher(_ members: [String]) -> Publisher {
      Publisher(publishedBy: "ensemble", champion: "ensemble", members: members)
    }
    let three = publisher(["theta", "harmonic", "harmonic-ar"])
    let made = try #require(refit.compositions([three])[0])
    #expect(made.model == "harmonic" && made.membersWithParts == ["harmonic", "harmonic-ar"])
    let told = CompositionWords(
      made, words: AmountWords(ceiling: 100, unit: "%"), size: 100, target: 20_320)
    let attribution = try #require(told.attribution)
    #expect(attribution.contains("averages theta, harmonic and harmonic-ar"))
    #expect(attribution.contains("shown is harmonic,"))
    let mean = try #require(refit.mean(three, series: 0))
    let members = try ["theta", "harmonic", "harmonic-ar"].map {
      try #require(refit.mean(Publisher(publishedBy: $0, champion: $0, members: []), series: 0))
    }
    let average: Float = members.reduce(0) { $0 + $1[9] } / 3
    #expect(abs(mean[9] - average) < 1e-3)
    let shares: [Float] = [0.5, 0.3, 0.2]
    let unequal = Publisher(
      publishedBy: "ensemble-weighted", champion: "ensemble-weighted", members: ["theta", "harmonic", "harmonic-ar"],
      blend: .average(shares))
    let weighted = try #require(refit.mean(unequal, series: 0))
    let expected: Float = zip(shares, members).reduce(0) { $0 + $1.0 * $1.1[9] }
    #expect(abs(weighted[9] - expected) < 1e-3)
    let words = CompositionWords(
      try #require(refit.compositions([unequal])[0]), words: AmountWords(ceiling: 100, unit: "%"), size: 100,
      target: 20_320)
    #expect(try #require(words.attribution).contains("averages 50 % theta, 30 % harmonic and 20 % harmonic-ar. "))
    #expect(refit.compositions([publisher(["theta", "ets", "naive"])])[0] == nil)
  }

  @Test func whatDecisionsParquetSaysOfABlendIsThatBlend() {
    for blend in [Blend.average([0.123_456_79, 0.876_543_2]), .equal(2), .median] {
      #expect(Blend(blend.text, members: 2) == blend)
    }
    #expect(Blend("0.5 0.5", members: 3) == nil)
    #expect(Blend.median.words(["a", "b", "c"]) == "is the median of a, b and c")
    #expect(Blend.equal(3).words(["a", "b", "c"], what: "the quantiles") == "averages the quantiles of a, b and c")
    #expect(Blend.average([0.2, 0.799, 0.001]).words(["a", "b", "c"]) == "averages 80 % b and 20 % a")
  }

  /// 100 days of trend 50, ten ahead; a release on every step of the horizon, a campaign by a regressor, a share of the trend.
  private func composition() -> Composition {
    func part(_ name: String, _ kind: Composition.Part.Kind, _ past: Double, _ ahead: [Double]) -> Composition.Part {
      Composition.Part(
        name: name, kind: kind, isMultiplicative: name == "quarter", past: [Double](repeating: past, count: 100),
        ahead: ahead)
    }
    let trend: [Double] = [51, 52, 53, 54, 55, 56, 57, 58, 59, 60]
    let quarter: [Double] = [1, 2, 3, 0, 1, 2, 3, 0, 1, 2]
    let holidays: [Double] = [0, 0, 0, 0, -8, 0, 0, 0, 0, 0]
    let memory: [Double] = [0.2, 0.1, 0, 0, 0, 0, 0, 0, 0, 0]
    return Composition(
      model: "prophet", membersWithParts: ["prophet"], step: .day, firstIndex: 20_001, cutoff: 20_100,
      parts: [
        part("trend", .trend, 50, trend), part("quarter", .cycle, 1, quarter),
        part("holidays", .holidays, 0, holidays), part("orders", .regressor, 2, [Double](repeating: 3.3, count: 10)),
        part("memory", .memory, 0.4, memory),
      ], holidays: Holidays([.init(name: "new-year", day: 20_105), .init(name: "past", day: 20_050)]))
  }

  @Test func holidaysRegressorsAndCustomCyclesAreToldWithTheirEffect() {
    let told = CompositionWords(composition(), words: AmountWords(ceiling: 100, unit: "%"), size: 100, target: 20_105)
    #expect(told.parts.map(\.name) == ["trend", "quarter", "holidays", "orders", "newest errors"])
    #expect(told.parts[1].sentence == "between +0.0 and +3.0 points beside the trend; it grows with the trend.")
    #expect(told.parts[2].sentence == "next new-year on \(CivilDate(daysSinceEpoch: 20_105)) (-8.0 points).")
    #expect(
      told.parts[3].sentence
        == "+2.0 points at the as-of, +3.3 points on \(CivilDate(daysSinceEpoch: 20_105)).")
    #expect(
      told.parts[4].sentence
        == "the newest reading lies 0.4 points above the other parts; one day ahead +0.2 points are expected of it, half of that after 3 days."
    )
    #expect(
      told.sums(why: "the end")[1]
        == "Of 51.3 % forecast for \(CivilDate(daysSinceEpoch: 20_105)), the end, 55.0 are trend, +1.0 quarter, -8.0 holidays, +3.3 orders."
    )
  }

  @Test func shownFiguresAddUpThoughEachIsRounded() throws {
    func part(_ name: String, _ value: Double) -> Composition.Part {
      Composition.Part(
        name: name, kind: name == "trend" ? .trend : .cycle, isMultiplicative: false, past: [value], ahead: [value])
    }
    let made = Composition(
      model: "m", membersWithParts: ["m"], step: .day, firstIndex: 20_000, cutoff: 20_000,
      parts: [part("trend", 50.04), part("a", 1.04), part("b", 1.04), part("c", 1.04)])
    let told = CompositionWords(made, words: AmountWords(ceiling: 100, unit: "%"), size: 100, target: 20_001)
    // 53.16 in all; 50.0 + 3 x 1.0 would be 53.0.
    #expect(told.sums(why: "then")[1].contains("Of 53.2 %"))
    #expect(told.sums(why: "then")[1].contains("50.2 are trend, +1.0 a, +1.0 b, +1.0 c."))
  }

  @Test func withoutACeilingAmountsAreInTheUnitOfTheReadings() {
    let words = AmountWords(ceiling: nil, unit: "GB")
    let told = CompositionWords(composition(), words: words, size: 50, target: 20_110)
    #expect(told.sums(why: "then")[1].contains("forecast for") && told.sums(why: "then")[1].contains("60 are trend"))
    #expect(told.parts[3].sentence.contains("+3.30 GB on"))
  }
}

@Suite struct TrendShapeTests {
  @Test func aStraightTrendHasNotChanged() {
    let line = (0..<900).map { t -> Double in Double(Float(40 + 0.02 * Double(t))) }
    let shape = TrendShape(past: Array(line.prefix(800)), ahead: Array(line.suffix(100)), month: 30.44, size: 100)
    #expect(shape.changes.isEmpty && abs(shape.slope - 0.6088) < 1e-3)
  }

  @Test func itsLargestBendsAreFoundWhereTheyAre() throws {
    // 0.02 a day, from day 300 on 0.08, from day 600 on -0.01; every value rounded as a model stores it.
    var level = 40.0
    let past = (0..<900).map { day -> Double in
      level += day <= 300 ? 0.02 : day <= 600 ? 0.08 : -0.01
      return Double(Float(level))
    }
    let shape = TrendShape(past: past, ahead: [Double](repeating: level, count: 30), month: 30, size: 100)
    #expect(shape.changes.map(\.at) == [600, 300])
    let newest = try #require(shape.changes.first)
    #expect(abs(newest.before - 2.4) < 0.01 && abs(newest.after + 0.3) < 0.01 && newest.jump == 0)
    #expect(shape.slope == 0 || abs(shape.slope) < 0.02)
  }

  @Test func aStepIsNoSlope() throws {
    let past = (0..<600).map { t -> Double in (t >= 400 ? 52 : 40) + 0.01 * Double(t) }
    let shape = TrendShape(past: past, ahead: [past.last! + 0.01], month: 30, size: 100)
    #expect(shape.changes.map(\.at) == [400])
    let step = try #require(shape.changes.first)
    #expect(abs(step.jump - 12) < 0.01 && abs(step.before - 0.3) < 0.01 && abs(step.after - 0.3) < 0.01)
  }

  @Test func aTrendOfOneValueIsNoTrouble() {
    #expect(TrendShape(past: [5], ahead: [], month: 30, size: 5).changes.isEmpty)
  }
}

@Suite struct LineTests {
  @Test func aLineIsDrawnInTheFewPointsThatShowIt() {
    let bent = (0..<1_000).map { (step: $0 - 900, value: $0 < 600 ? Double($0) : 600) }
    let line = Line(bent, most: 2_000).simplified
    #expect(line.map(\.step) == [-900, -300, 99])
    let wave = (0..<1_000).map { (step: $0, value: sin(Double($0) / 50)) }
    let drawn = Line(wave, most: 400).simplified
    #expect(drawn.count < 120 && drawn.last?.step == 999)
    for (a, b) in zip(drawn, drawn.dropFirst()) {
      for step in a.step..<b.step {
        let straight = a.value + (b.value - a.value) * Double(step - a.step) / Double(b.step - a.step)
        #expect(abs(straight - sin(Double(step) / 50)) < 0.011)
      }
    }
  }
}
