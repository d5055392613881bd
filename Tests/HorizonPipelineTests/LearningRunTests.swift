import Foundation
import HorizonCore
import HorizonLearning
import HorizonModels
import HorizonPipeline
import HorizonStore
import Testing

/// Runs with models that learn from the fleet, on fleets and files that make it hard for them.
@Suite struct LearningRunTests {
  private static let learned = ["xgboost", "lstm", "lstm-zero-shot"]

  /// Servers with a week, some noise and a level of their own.
  private func busy(servers: Int, days: Int, resource: String = "cpu") -> String {
    dailyCSV((0..<servers).map { "s-\($0)" }, resource: resource, days: days) { s, day in
      "\(20 + s + 3 * (day % 7) + (day * (day + s) * 7_919) % 5)"
    }
  }

  /// Rows of the leaderboard by model: status and reason.
  private func standings(_ run: RunOutcome) throws -> [String: [(status: String, reason: String?)]] {
    let reader = try TableReader(
      parquet: run.folder.appending(path: "leaderboard.parquet").path,
      columns: [Column("model", .key), Column("status", .key), Column("reason", .text, nullable: true)])
    var rows: [String: [(String, String?)]] = [:]
    while let batch = try reader.next() {
      let (models, statuses, reasons) = (reader.keyNames(0), reader.keyNames(1), batch.strings(2))
      for i in 0..<batch.rowCount {
        rows[models[Int(batch.codes(0)[i])], default: []].append((statuses[Int(batch.codes(1)[i])], reasons[i]))
      }
    }
    return rows
  }

  private func run(_ sandbox: Sandbox, _ text: String, models: [String]? = nil) async throws -> RunOutcome {
    try await sandbox.run(try sandbox.file("fleet.csv", text)) {
      $0.models = ["seasonal-naive", "harmonic-ar", "ensemble"] + (models ?? LearningRunTests.learned)
      $0.horizon = 30
    }
  }

  private func expectWholeForecasts(_ run: RunOutcome) throws {
    #expect(run.manifest.counts.forecastRows == run.manifest.counts.series * run.manifest.horizon)
    #expect(run.manifest.counts.standIns == 0)
  }

  // MARK: - What a run keeps

  @Test func whatWasLearntIsKeptWithTheRunAndTold() async throws {
    let sandbox = try Sandbox()
    let run = try await run(sandbox, busy(servers: 12, days: 150))
    try expectWholeForecasts(run)
    #expect(run.manifest.outputs.map(\.name).contains("xgboost.trees"))
    let kept = try Data(contentsOf: run.folder.appending(path: "lstm.safetensors"))
    #expect(try LSTMWeights(kept)[.day] != nil)
    for told in ["xgboost learnt", "rounds of trees from", "lstm learnt"] {
      #expect(run.manifest.notes.contains { $0.contains(told) }, "\(run.manifest.notes)")
    }
    let rows = try standings(run)
    for name in LearningRunTests.learned {
      #expect(try #require(rows[name]).contains { $0.status == "scored" })
      #expect(run.manifest.contest.contains { $0.model == name && $0.lossRatio != nil })
    }
    // What a run kept is where the next one may start.
    let file = run.folder.appending(path: "lstm.safetensors").path
    let next = try await sandbox.run(sandbox.path("fleet.csv"), in: sandbox.workspace("next")) {
      $0.models = ["lstm-zero-shot"]
      $0.horizon = 30
      $0.lstmWeights = file
    }
    #expect(next.manifest.contest.first { $0.model == "lstm-zero-shot" }?.lossRatio != nil)
    #expect(!next.manifest.notes.contains { $0.contains("use the shipped one") })
  }

  @Test func oneModelAloneMeetsTheBaseline() async throws {
    let sandbox = try Sandbox()
    let input = try sandbox.file("fleet.csv", busy(servers: 12, days: 150))
    let outcome = try Executable.run(
      ["run", input, "--models", "xgboost", "--horizon", "20"], workspace: sandbox.workspace.folder.path)
    #expect(outcome.code == 0, "\(outcome.talk)")
    let run = try RunManifest(readingFrom: sandbox.workspace.latest)
    #expect(run.contest.map(\.model) == ["seasonal-naive", "xgboost"])
    #expect(!FileManager.default.fileExists(atPath: sandbox.workspace.latest.appending(path: "lstm.safetensors").path))
  }

  // MARK: - Fleets that teach little

  struct Fleet: CustomTestStringConvertible {
    let testDescription: String
    let text: String
    /// Models that have enough to learn from; nil where it may come out either way.
    let teaches: Bool?
  }

  static let fleets: [Fleet] = {
    func one(_ days: Int) -> String {
      dailyCSV(["db-1"], days: days) { _, day in "\(40 + day % 7 + (day * day * 31) % 4)" }
    }
    let names = (0..<30).map { "s-\($0)" }
    let header = "server,resource,time,value\n"
    let weeks = (0..<20).map { s in
      (0..<150).map { week in
        "s-\(s),cpu,\(CivilDate(daysSinceEpoch: 19_000 + 7 * week)),\(30 + s + (week * (week + s) * 31) % 9)\n"
      }.joined()
    }.joined()
    let hours = (0..<6).map { s in
      (0..<600).map { hour in
        let day = CivilDate(daysSinceEpoch: 20_000 + hour / 24)
        let clock = hour % 24 < 10 ? "0\(hour % 24)" : "\(hour % 24)"
        return "s-\(s),cpu,\(day)T\(clock):00Z,\(30 + s + hour % 24 + (hour * (hour + s) * 31) % 9)\n"
      }.joined()
    }.joined()
    return [
      Fleet(testDescription: "one series of 40 days", text: one(40), teaches: false),
      Fleet(testDescription: "one series of three years", text: one(1_095), teaches: nil),
      Fleet(testDescription: "all constant", text: dailyCSV(names, days: 200) { s, _ in "\(10 + s)" }, teaches: false),
      Fleet(testDescription: "all zero", text: dailyCSV(names, days: 200) { _, _ in "0" }, teaches: false),
      Fleet(
        testDescription: "many series of ten days", text: dailyCSV(names, days: 10) { s, day in "\(s + day * 7 % 5)" },
        teaches: false),
      Fleet(testDescription: "weeks", text: header + weeks, teaches: true),
      Fleet(testDescription: "hours", text: header + hours, teaches: true),
    ]
  }()

  @Test(arguments: fleets) func anyFleetIsForecastAndTheReasonIsTold(_ fleet: Fleet) async throws {
    let sandbox = try Sandbox()
    let run = try await run(sandbox, fleet.text)
    try expectWholeForecasts(run)
    let rows = try standings(run)
    for name in ["xgboost", "lstm"] {
      let told = run.manifest.notes.filter { $0.hasPrefix("\(name) ") }
      #expect(told.count == 1, "\(run.manifest.notes)")
      if fleet.teaches ?? told.joined().contains("learnt") {
        #expect(told[0].contains("learnt"), "\(told)")
        #expect(try #require(rows[name]).contains { $0.status == "scored" })
      } else {
        #expect(told[0].contains("takes no part: needs "), "\(told)")
        for row in rows[name] ?? [] {
          let reason = row.reason ?? ""
          #expect(row.status == "refused" && (reason.contains("needs ") || reason.contains("is flat")), "\(row)")
        }
        #expect(!run.manifest.outputs.contains { ["xgboost.trees", "lstm.safetensors"].contains($0.name) })
      }
    }
  }

  @Test func leadsBeyondThoseOfADayRunAreForecast() async throws {
    // 300 steps: the leads that the trees are asked for are stretched, and still begin with the first.
    let hours = try #require(LearningRunTests.fleets.last)
    let sandbox = try Sandbox()
    let run = try await sandbox.run(try sandbox.file("hours.csv", hours.text)) {
      $0.models = ["xgboost"]
      $0.horizon = 300
    }
    try expectWholeForecasts(run)
    #expect(run.manifest.horizon == 300)
    #expect(run.manifest.contest.contains { $0.model == "xgboost" && $0.champions > 0 })
  }

  // MARK: - The library of the trees

  @Test func withoutTheLibraryAllElseIsAsIfXGBoostHadNotBeenAsked() throws {
    let sandbox = try Sandbox()
    let input = try sandbox.file("fleet.csv", busy(servers: 12, days: 150))
    func run(_ name: String, _ models: String, _ environment: [String: String] = [:]) throws -> URL {
      let workspace = sandbox.workspace(name)
      let outcome = try Executable.run(
        ["run", input, "--models", models, "--horizon", "20"], workspace: workspace.folder.path,
        environment: environment)
      #expect(outcome.code == 0, "\(outcome.talk)")
      return workspace.latest
    }
    let without = try run(
      "without", "harmonic-ar,xgboost,ensemble", [BoosterLibrary.variable: "/nonexistent/libxgboost.so"])
    let others = try run("others", "harmonic-ar,ensemble")
    for table in ["forecasts.parquet", "risks.parquet"] {
      let bytes = try [without, others].map { try sha256(ofFile: $0.appending(path: table).path) }
      #expect(bytes[0] == bytes[1], "\(table)")
    }
    let manifest = try RunManifest(readingFrom: without)
    #expect(manifest.notes.contains { $0.hasPrefix("xgboost takes no part: ") && $0.contains("/nonexistent") })
    #expect(manifest.contest.first { $0.model == "xgboost" }?.lossRatio == nil)
    let told = try Executable.run(["explain", "s-3", "cpu"], workspace: sandbox.workspace("without").folder.path)
    let words = told.output.replacing(#/\s+/#, with: " ")
    #expect(words.contains("'horizonscale doctor' says how to mend"), "\(told.output)")
  }

  // MARK: - Weights that are none

  struct BadWeights: CustomTestStringConvertible {
    let testDescription: String
    /// Nil where there is no file.
    let bytes: Data?
    let code: ExitCode
    let says: String
  }

  static let badWeights: [BadWeights] = {
    let good = LSTMWeights.shipped.bytes
    var flipped = good
    flipped[20] ^= 0xff
    let tiny = LSTMWeights([.day: LSTMWeights.untrained(.hour, hidden: 8, seed: 1)]).bytes
    var image = Data("\u{89}PNG\r\n\u{1a}\n".unicodeScalars.map { UInt8($0.value) })
    image.append(Data(repeating: 7, count: 900))
    return [
      BadWeights(testDescription: "no file", bytes: nil, code: .missingInput, says: "cannot be read"),
      BadWeights(testDescription: "an empty file", bytes: Data(), code: .unusableData, says: "0 bytes are too few"),
      BadWeights(testDescription: "a damaged header", bytes: flipped, code: .unusableData, says: "holds no weights"),
      BadWeights(
        testDescription: "cut short", bytes: good.prefix(good.count / 2), code: .unusableData,
        says: "should begin at byte"),
      BadWeights(
        testDescription: "a network of another shape", bytes: tiny, code: .unusableData,
        says: "tensor 'lstm.weight_ih_l0' is"),
      BadWeights(testDescription: "an image", bytes: image, code: .unusableData, says: "no safetensors file"),
    ]
  }()

  @Test(arguments: badWeights) func badWeightsAreToldBeforeAnythingIsRead(_ weights: BadWeights) throws {
    let sandbox = try Sandbox()
    let input = try sandbox.file("quiet.csv", quietCSV)
    let file = sandbox.folder.appending(path: "mine.safetensors")
    try weights.bytes?.write(to: file)
    let workspace = sandbox.workspace.folder.path
    let byFlag = try Executable.run(["run", input, "--lstm-weights", file.path], workspace: workspace)
    #expect(byFlag.code == weights.code.rawValue, "\(byFlag.talk)")
    for part in ["--lstm-weights: ", file.path, weights.says, "Give the lstm.safetensors of a run's folder"] {
      #expect(byFlag.talk.contains(part), "\(byFlag.talk)")
    }
    #expect(!FileManager.default.fileExists(atPath: sandbox.workspace.master.path))
    try sandbox.file("workspace/horizonscale.yaml", "seed: 4\nlstm_weights: \(file.path)\n")
    let bySetting = try Executable.run(["run", input], workspace: workspace)
    #expect(bySetting.code == weights.code.rawValue)
    #expect(bySetting.talk.contains("horizonscale.yaml, line 2, lstm_weights: \(file.path)"), "\(bySetting.talk)")
  }

  @Test func weightsForOtherStepsGiveWayToTheShippedOnesAndThatIsSaid() async throws {
    let sandbox = try Sandbox()
    let hours = sandbox.folder.appending(path: "hours.safetensors")
    try LSTMWeights([.hour: LSTMWeights.untrained(.hour, hidden: 8, seed: 1)]).bytes.write(to: hours)
    let input = try sandbox.file("fleet.csv", busy(servers: 3, days: 100))
    func run(_ name: String, weights: String?) async throws -> RunOutcome {
      try await sandbox.run(input, in: sandbox.workspace(name)) {
        $0.models = ["lstm-zero-shot"]
        $0.horizon = 20
        $0.lstmWeights = weights
      }
    }
    let (other, shipped) = (try await run("other", weights: hours.path), try await run("shipped", weights: nil))
    let note = "has no network for this step, day: lstm and lstm-zero-shot use the shipped one"
    #expect(other.manifest.notes.contains { $0.contains(note) })
    #expect(!shipped.manifest.notes.contains { $0.contains(note) })
    let digests = try [other, shipped].map { try sha256(ofFile: $0.folder.appending(path: "forecasts.parquet").path) }
    #expect(digests[0] == digests[1])
  }
}
