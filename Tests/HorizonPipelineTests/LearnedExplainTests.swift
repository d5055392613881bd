import Foundation
import HorizonCore
import HorizonModels
import HorizonPipeline
import Testing

@Suite struct LearnedExplainTests {
  private let percent = AmountWords(ceiling: 100, unit: "%")
  private let wide = TerminalStyle(width: 100, isUnicode: true, hasColour: false)

  private func lesson(_ amounts: [(String, String?, Double)], added: Double) -> Lesson {
    Lesson(
      model: "xgboost", teacher: "what other series of the fleet teach", alone: 61.04, added: added,
      contributions: amounts.map { Contribution(family: $0.0, words: $0.1, amount: $0.2) })
  }

  @Test func theLargestFamiliesAreNamedAndTheRestIsOne() {
    let made = lesson(
      [
        ("recent", "recent errors", 2.1), ("year", "the same time last year", 0.9), ("week", "the week", -0.6),
        ("headroom", "headroom", 0.5), ("lead", "how far ahead it is", 0.4), ("interpolation", nil, -0.1),
      ], added: 3.2)
    #expect(
      made.sentence(percent, date: "2026-03-30")
        == "harmonic-ar alone says 61.0 % on 2026-03-30; what other series of the fleet teach adds 3.2 points: "
        + "recent errors +2.1, the same time last year +0.9, the week -0.6, headroom +0.5, the rest +0.3.")
  }

  @Test func whatIsTakenAwayAndWhatIsNothingIsSaid() {
    #expect(
      lesson([], added: -4).sentence(percent, date: "d")
        == "harmonic-ar alone says 61.0 % on d; what other series of the fleet teach takes 4.0 points away.")
    #expect(
      lesson([("recent", "recent errors", 0.01)], added: 0.01).sentence(percent, date: "d")
        .hasSuffix("adds nothing to speak of."))
    #expect(
      lesson([("recent", "recent errors", 2), ("year", "last year", -2)], added: 0).sentence(percent, date: "d")
        .hasSuffix("adds nothing in sum: recent errors +2.0, last year -2.0."))
  }

  /// A trend of 3 points a month with a week of its own, and noise that no model foresees: the baseline is beaten everywhere.
  private let fleet = dailyCSV((0..<16).map { "web-\($0)" }, days: 300) { server, day in
    let week = [4, 4, 3, 3, 2, -7, -9][(day + server) % 7]
    return "\(15 + 0.1 * Double(day) + Double(week) + 0.8 * sin(Double(day * day + 31 * server)))"
  }

  private func filled(_ model: String) async throws -> Sandbox {
    let sandbox = try Sandbox()
    _ = try await sandbox.run(try sandbox.file("fleet.csv", fleet)) {
      $0.models = [model]
      $0.horizon = 60
    }
    return sandbox
  }

  private func explained(_ sandbox: Sandbox, by model: String) throws -> Explanation {
    for server in 0..<16 {
      let found = try HorizonPipeline.explained(
        SeriesName(server: "web-\(server)", resource: "cpu"), run: nil, workspace: sandbox.workspace)
      if found.contest.publishedBy == model { return found }
    }
    throw Failure(.unusableData, "\(model) publishes no series.", remedy: "Look at the data of this test.")
  }

  @Test(arguments: ["xgboost", "lstm", "lstm-zero-shot"])
  func aSeriesIsExplainedByWhatItsModelHasLearnt(model: String) async throws {
    let explanation = try explained(try await filled(model), by: model)
    let made = try #require(explanation.components)
    #expect(made.note == nil && made.model == model)
    #expect(made.parts.last?.kind == "learned" && made.parts.last?.ahead.count == 60)
    let sum = try #require(made.sums.last)
    #expect(abs(sum.amounts.reduce(0, +) - sum.total) < 1e-9)
    let learned = try #require(made.learned.first)
    #expect(made.learned.count == 1 && learned.model == model && learned.time == sum.time)
    #expect(abs(learned.alone + learned.added - sum.total) < 1e-6)
    #expect(learned.contributions.isEmpty == (model != "xgboost"))
    if model == "xgboost" {
      #expect(abs(learned.contributions.reduce(0) { $0 + $1.amount } - learned.added) < 1e-6)
    }
    #expect(made.parts.last?.words == learned.words && learned.words.hasPrefix("harmonic-ar alone says "))
    #expect(made.words.contains { $0.hasPrefix("\(model) learnt ") } == (model != "lstm-zero-shot"))
    let text = explanation.text(wide).replacing("\n  ", with: " ")
    #expect(text.contains("learned: harmonic-ar alone says"), "\(text)")
    let object = try JSONSerialization.jsonObject(with: Data(try explanation.json().utf8)) as? [String: Any]
    let list = (object?["components"] as? [String: Any])?["learned"] as? [[String: Any]]
    #expect(Set(try #require(list?.first).keys) == ["model", "time", "alone", "added", "contributions", "words"])
  }

  @Test func whatWasLearntAndCannotBeReadIsSaid() async throws {
    let sandbox = try await filled("xgboost")
    let run = sandbox.workspace.runs.appending(path: try explained(sandbox, by: "xgboost").run)
    let file = run.appending(path: "xgboost.trees")
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count / 2] ^= 0x20
    try bytes.write(to: file)
    func note() throws -> String {
      let explanation = try explained(sandbox, by: "xgboost")
      let made = try #require(explanation.components)
      #expect(made.parts.isEmpty && made.learned.isEmpty && made.words.isEmpty)
      #expect(explanation.text(wide).contains("What xgboost learnt in this run cannot be read"))
      #expect(!explanation.risks.isEmpty && !explanation.forecast.isEmpty)
      return try #require(made.note)
    }
    let damaged = try note()
    #expect(damaged.contains("xgboost.trees: the saved trees are damaged"))
    #expect(damaged.contains("'horizonscale forecast'"))
    try FileManager.default.removeItem(at: file)
    #expect(try note().contains("xgboost.trees: the file is missing or not readable."))
  }

  @Test func everyMemberThatHasLearntSaysWhatItAdds() throws {
    let values = (0..<(24 * 300)).map { at -> Float in
      let (server, day) = (at / 300, at % 300)
      return 40 + 0.05 * Float(day) + Float((day + server) % 7) + Float(sin(Double(day * day + 31 * server)))
    }
    let panel = Panel(
      step: .day, firstIndex: 20_000, length: 300, values: values, seeds: (0..<24).map { UInt64($0 + 1) })
    let contestants = try Catalog.all.map { contestant in
      guard case .learner(let learner) = contestant, contestant.card.name == "xgboost" else { return contestant }
      return learner.contestant(
        Training(cutoff: .min, result: .success(try learner.trained(on: panel, horizon: 30, seed: 1))))
    }
    let cutoffs = [Int](repeating: 20_299, count: 24)
    let refit = Refit(panel, cutoffs: cutoffs, contestants: contestants, horizon: 30)
    let publisher = Publisher(
      publishedBy: "ensemble", champion: "ensemble",
      members: ["theta", "harmonic", "xgboost", "lstm-zero-shot", "lstm"])
    let made = try #require(refit.compositions([Publisher](repeating: publisher, count: 24))[1])
    #expect(made.model == "harmonic" && made.membersWithParts == ["harmonic", "xgboost", "lstm-zero-shot"])
    let lessons = refit.lessons(publisher, series: 1, lead: 20)
    #expect(lessons.map(\.model) == ["xgboost", "lstm-zero-shot"])
    #expect(lessons[0].alone == lessons[1].alone && lessons[0].added != lessons[1].added)
    let mean = try #require(refit.mean(Publisher(publishedBy: "xgboost", champion: "xgboost", members: []), series: 1))
    #expect(abs(lessons[0].alone + lessons[0].added - Double(mean[19])) < 1e-3)
  }
}
